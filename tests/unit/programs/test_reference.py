from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from program_strategies import programs, rows_for

from vesto.programs import reference
from vesto.programs.bodies import F64, Linear, Network, nearest_centroid
from vesto.programs.program import Input, Output, Program, label_output, value_output
from vesto.programs.steps import Number

nan, inf = float("nan"), float("inf")
KINDS = {
    "bool": pa.bool_(), "int2": pa.int16(), "int4": pa.int32(), "int8": pa.int64(),
    "float4": pa.float32(), "float8": pa.float64(), "varchar": pa.string(), "bpchar": pa.string(),
}  # fmt: skip


def decided(output: Output, *margins: float) -> list[object]:
    """The predictions for rows of one margin each."""
    column = np.array(margins)[:, None]
    found = reference.decide(output, reference.link(output, column))
    assert found.type == KINDS[output.type]
    return list(found.to_pylist())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_program_gives_a_value_of_its_type_for_every_row(data: st.DataObject) -> None:
    program = data.draw(programs())
    columns = data.draw(rows_for(program))
    found = reference.score(program, columns)
    assert found.type == KINDS[program.output.type]
    assert len(found) == len(columns[0])
    assert found.null_count == 0
    if pa.types.is_floating(found.type):
        assert not np.isnan(found.to_numpy(zero_copy_only=False)).any()
    if program.output.labels:
        shares = reference.probabilities(program, columns)
        assert shares.shape == (len(found), len(program.output.labels))
        if program.output.link == "argmax":
            return
        np.testing.assert_allclose(shares.sum(axis=1), 1.0)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_row_scores_the_same_alone_and_among_others(data: st.DataObject) -> None:
    program = data.draw(programs())
    columns = data.draw(rows_for(program))
    together = reference.margins(program, columns)
    for row in range(len(together)):
        alone = reference.margins(program, [column.slice(row, 1) for column in columns])
        assert alone.tobytes() == together[row : row + 1].tobytes()


# --- Network --------------------------------------------------------------------------------------


def network(
    sizes: list[int], *members: tuple[list[float], list[float]], scale: float = 1, shift: float = 0
) -> Network:
    weights, bias = (np.array(part, np.float32) for part in zip(*members, strict=True))
    last = sizes[-1]
    return Network(
        np.array(sizes, np.int32), weights, bias, np.full(last, scale), np.full(last, shift)
    )


def test_hidden_numbers_below_zero_are_zero_and_outputs_are_not() -> None:
    # Hidden: 1 + 2x and -x; output: 3 * first - 5 * second - 4.
    body = network([1, 2, 1], ([2.0, -1.0, 3.0, -5.0], [1.0, 0.0, -4.0]))
    assert reference.run_body(body, np.array([[1.0], [-2.0]])).tolist() == [[5.0], [-14.0]]


def test_a_layer_is_summed_in_the_order_of_its_features_in_float32() -> None:
    body = network([3, 1], ([1e8, 1.0, -1e8], [0.5]))
    assert reference.run_body(body, np.ones((1, 3))).tolist() == [[0.0]]


def test_members_are_added_up_and_their_mean_costs_no_precision() -> None:
    members = [([1.0], [float(place)]) for place in range(3)]
    body = network([1, 1], *members, scale=100 / 3, shift=1.7e9 + 0.25)
    assert reference.run_body(body, np.array([[2.0]])).tolist() == [[1.7e9 + 0.25 + 100 / 3 * 9]]


def test_missing_and_infinite_features_count_as_zero_in_a_network() -> None:
    body = network([1, 1], ([2.0], [1.0]))
    x = np.array([[nan], [inf], [-1e300], [1.0]])
    assert reference.run_body(body, x).tolist() == [[1.0], [1.0], [1.0], [3.0]]


def test_a_network_that_overflows_predicts_nothing_strange() -> None:
    body = network([1, 2, 1], ([3e38, 3e38, 1.0, -1.0], [0.0, 0.0, 0.0]))
    inputs, output = (Input("x", "float8"),), value_output("float8")
    program = Program(inputs, (Number(0),), (1,), body, output)
    assert reference.score(program, [pa.array([1e30, 1.0])]).to_pylist() == [0.0, 0.0]


# --- Linear -------------------------------------------------------------------------------------


def test_a_linear_form_is_summed_in_the_order_of_its_features() -> None:
    body = Linear(np.array([[1e16, 1.0, -1e16]]), np.array([0.5]))
    want = ((0.5 + 1e16) + 1.0) + -1e16
    assert reference.run_body(body, np.ones((1, 3))).tolist() == [[want]]


def test_missing_and_infinite_features_count_as_zero_in_a_linear_form() -> None:
    body = Linear(np.array([[2.0], [3.0]]), np.array([1.0, -1.0]))
    x = np.array([[nan], [inf], [-inf], [1.0]])
    assert reference.run_body(body, x).tolist() == [[1, -1], [1, -1], [1, -1], [3, 2]]


def test_a_linear_form_without_features_is_its_bias() -> None:
    body = Linear(np.zeros((2, 0)), np.array([1.0, 2.0]))
    assert reference.run_body(body, np.zeros((3, 0))).tolist() == [[1.0, 2.0]] * 3


def test_sums_beyond_float64_still_give_a_number_and_a_label() -> None:
    body = Linear(np.array([[1e308, -1e308]]), np.array([0.0]))
    program = Program((Input("x", "float8"),), (Number(0),), (1, 1), body, value_output("float8"))
    column = [pa.array([1e308, 0.0])]
    assert reference.score(program, column).to_pylist() == [0.0, 0.0]
    two = replace(program, output=label_output("varchar", ("a", "b"), link="sigmoid"))
    assert reference.score(two, column).to_pylist() == ["a", "a"]


def test_what_is_no_body_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="int"):
        reference.run_body(1, np.zeros((1, 1)))  # type: ignore[arg-type]


# --- Values -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        ("int2", -(2**15), 2**15 - 1),
        ("int4", -(2**31), 2**31 - 1),
        ("int8", -(2**63), 2**63 - 1024),
    ],
)
def test_whole_numbers_are_rounded_half_to_even_and_held_in_range(
    kind: str, low: int, high: int
) -> None:
    got = decided(value_output(kind), 0.5, 1.5, -0.5, -2.5, 3.2, nan, inf, -inf, 1e300, -1e300)
    assert got == [0, 2, 0, -2, 3, 0, high, low, high, low]


def test_the_edge_of_int8_is_exact() -> None:
    below = np.nextafter(2.0**63, 0)
    got = decided(value_output("int8"), below, -(2.0**63), 2.0**53 + 2)
    assert got == [int(below), -(2**63), 2**53 + 2]


def test_float4_is_rounded_once_and_may_be_infinite() -> None:
    assert decided(value_output("float4"), 0.1, 1e39) == [float(np.float32(0.1)), inf]


def test_exp_overflows_to_infinity_unless_it_is_held() -> None:
    output = value_output("float8", "exp", factor=2.0)
    assert decided(output, 0.0, 1000.0, -1000.0) == [2.0, inf, 0.0]
    assert decided(replace(output, low=0.5, high=9.0), 0.0, 1000.0, -1000.0) == [2.0, 9.0, 0.5]


def test_a_sigmoid_without_labels_is_a_number_and_never_warns() -> None:
    got = decided(value_output("float8", "sigmoid"), 0.0, 1e4, -1e4, inf, -inf, nan)
    assert got == [0.5, 1.0, 0.0, 1.0, 0.0, 0.5]


# --- Labels -------------------------------------------------------------------------------------


def test_the_second_label_needs_more_than_the_threshold() -> None:
    output = label_output("varchar", ("False.", "True."), link="sigmoid")
    assert decided(output, 0.0, 1e-9, -1.0) == ["False.", "True.", "False."]
    assert decided(replace(output, threshold=0.2), -1.0, -2.0) == ["True.", "False."]


def test_soft_max_takes_the_first_of_equals_and_offsets_shift_it() -> None:
    output = label_output("int4", ("3", "-4", "5"))
    margins = np.array([[1.0, 1.0, 0.0], [0.0, 2.0, 2.0], [800.0, -800.0, 0.0], [nan, -1, -1]])
    after = reference.link(output, margins)
    assert reference.decide(output, after).to_pylist() == [3, -4, 3, 3]
    shifted = replace(output, offsets=np.array([0.0, 0.0, 0.5]))
    assert reference.decide(shifted, after).to_pylist() == [3, 5, 3, 3]


def test_soft_max_of_infinite_margins_is_no_nan() -> None:
    output = label_output("varchar", ("a", "b"))
    after = reference.link(output, np.array([[inf, -inf], [inf, inf], [-inf, -inf]]))
    assert after.tolist() == [[1.0, 0.0], [0.5, 0.5], [0.5, 0.5]]


@pytest.mark.parametrize(
    ("kind", "labels", "values"),
    [
        ("bool", ("f", "t"), [False, True]), ("bool", ("false", "true"), [False, True]), ("int2", ("-1", "1"), [-1, 1]),
        ("int8", ("1", "9223372036854775807"), [1, 2**63 - 1]), ("float4", ("0.5", "2"), [0.5, 2.0]),
        ("float8", ("0.1", "1e+20"), [0.1, 1e20]), ("varchar", ("", "ü "), ["", "ü "]),
        ("bpchar", ("a", "b"), ["a", "b"]),
    ],
)  # fmt: skip
def test_labels_are_values_of_the_target_type(
    kind: str, labels: tuple[str, ...], values: list[object]
) -> None:
    assert decided(label_output(kind, labels, link="sigmoid"), -1.0, 1.0) == values


def test_no_rows_give_no_predictions_of_the_right_type() -> None:
    body = Linear(np.ones((1, 1)), np.zeros(1))
    output = label_output("bool", ("false", "true"), link="sigmoid")
    program = Program((Input("x", "int4"),), (Number(0),), (1,), body, output)
    found = reference.score(program, [pa.array([], pa.int32())])
    assert (found.type, len(found)) == (pa.bool_(), 0)


def test_the_greatest_margin_wins_and_the_first_of_equals() -> None:
    output = label_output("varchar", ("a", "b", "c"), link="argmax")
    margin = np.array([[1.0, 1.0, 0.0], [-3.0, -2.0, -np.inf], [np.nan, -1.0, -1.0]])
    assert reference.decide(output, reference.link(output, margin)).to_pylist() == ["a", "b", "a"]


@settings(max_examples=50, deadline=None)
@given(
    arrays(float, (7, 3), elements=st.floats(-5, 5)),
    arrays(float, (4, 3), elements=st.floats(-5, 5)),
)
def test_the_nearest_centroid_has_the_greatest_margin(x: F64, centroids: F64) -> None:
    distance = ((x[:, None, :] - centroids) ** 2).sum(axis=2)
    chosen = reference.run_body(nearest_centroid(centroids), x).argmax(axis=1)
    np.testing.assert_allclose(distance[np.arange(7), chosen], distance.min(axis=1), atol=1e-9)

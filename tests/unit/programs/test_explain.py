"""The reference of explanations against the definition of Shapley values."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from program_strategies import forests, programs, rows_for
from shapley import brute_force, expected_margin

from vesto.programs.bodies import Forest, Linear
from vesto.programs.explain import explain, quadrature, shares, unexplained
from vesto.programs.program import Input, Program, value_output
from vesto.programs.steps import DateParts, Difference, Number, OneHot

INPUTS = tuple(Input(name, "float8") for name in "abc")
NUMBERS = tuple(Number(place) for place in range(3))
values = st.none() | st.sampled_from([0.0, -0.0, 1.0, 2.0, 6.0, np.inf]) | st.floats(-6, 6)


def on_three_numbers(forest: Forest) -> Program:
    return Program(INPUTS, NUMBERS, (3, 4, 5), forest, value_output("float8"))


def with_covers(forest: Forest) -> Forest:
    cover = np.random.default_rng(len(forest.feature)).integers(0, 9, len(forest.feature))
    parts = {n: getattr(forest, n) for n in forest.__dataclass_fields__ if n != "kind"}
    return Forest(**parts | {"cover": (cover + 1).astype(np.float32)})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(forests(3, 2).map(with_covers), st.tuples(values, values, values))
def test_a_forests_contributions_are_the_shapley_values(
    forest: Forest, row: tuple[float | None, ...]
) -> None:
    columns = [pa.array([value], pa.float64()) for value in row]
    found = explain(on_three_numbers(forest), columns)
    with np.errstate(over="ignore"):
        x = np.array([np.nan if value is None else value for value in row], np.float32)
    wanted = brute_force(forest, x)
    assert np.allclose(found.contributions[0], wanted, rtol=1e-9, atol=1e-9)
    assert np.allclose(found.base, expected_margin(forest, x, frozenset()), rtol=1e-9, atol=1e-9)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_contributions_and_base_sum_to_the_margin(data: st.DataObject) -> None:
    program = data.draw(programs().filter(lambda p: not unexplained(p)))
    columns = data.draw(rows_for(program))
    found = explain(program, columns)
    total = found.base + found.contributions.sum(axis=2)
    size = np.abs(found.base) + np.abs(found.contributions).sum(axis=2) + 1
    if isinstance(program.body, Linear):
        # Features as great as 1e25 may cancel in the margin and not in its parts.
        assert found.contributions.shape == (*found.margins.shape, len(program.inputs))
        return
    assert (np.abs(total - found.margins) < 1e-5 * size).all()


def test_a_linear_forms_contributions_are_weighted_distances_from_the_mean() -> None:
    body = Linear(np.array([[2.0, -1.0, 0.5]]), np.array([3.0]), np.array([1.0, 1.0, 4.0]))
    program = Program(INPUTS, NUMBERS, (3, 4, 5), body, value_output("float8"))
    found = explain(program, [pa.array([2.0]), pa.array([None], pa.float64()), pa.array([4.0])])
    assert found.base.tolist() == [6.0]
    assert found.contributions.tolist() == [[[2.0, 1.0, 0.0]]]
    assert found.margins.tolist() == [[9.0]]


def test_a_difference_is_shared_by_its_two_columns_and_parts_are_their_columns() -> None:
    inputs = (Input("began", "date"), Input("ended", "date"), Input("n", "int4"))
    steps = (
        DateParts(0, ("year", "epoch")), DateParts(1, ("epoch",)), Difference(5, 4),
        Number(2), OneHot(7, 2), Difference(6, 7),
    )  # fmt: skip
    body = Linear(np.zeros((1, 5)), np.zeros(1), np.zeros(5))
    program = Program(inputs, steps, (3, 6, 9, 5, 10), body, value_output("float8"))
    assert shares(program).tolist() == [
        [1, 0, 0], [0.5, 0.5, 0], [0, 0, 1], [0, 1, 0], [0.25, 0.25, 0.5],
    ]  # fmt: skip


@pytest.mark.parametrize("points", range(1, 33))
def test_quadrature_is_exact_for_the_degrees_that_paths_have(points: int) -> None:
    found, weights = quadrature(points)
    for degree in range(2 * points):
        assert (weights * found**degree).sum() == pytest.approx(1 / (degree + 1), rel=1e-12)


def test_what_training_left_unknown_is_not_explained() -> None:
    split = np.array([0, -1, -1], np.int32)
    leaves = np.array([0.5, 1.0, 2.0], np.float32)
    none, no_words = np.zeros(3, np.int32), np.empty(0, np.int32)
    one, tree = np.zeros(1, np.float32), np.zeros(1, np.int32)
    left, right = np.array([1, 0, 0], np.int32), np.array([2, 0, 0], np.int32)
    for cover in (np.empty(0, np.float32), np.zeros(3, np.float32)):
        forest = Forest(split, leaves, np.zeros(3, np.uint8), left, right, none, none, no_words,
                        tree, tree, one, cover)  # fmt: skip
        assert "rows behind each branch" in unexplained(on_three_numbers(forest))
    line = Linear(np.ones((1, 3)), np.zeros(1))
    program = Program(INPUTS, NUMBERS, (3, 4, 5), line, value_output("float8"))
    assert "means" in unexplained(program)

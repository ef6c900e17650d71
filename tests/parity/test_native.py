"""The compiled kernel against the reference scorer and XGBoost, on every code path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
import xgboost
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from program_strategies import programs, rows_for

from vesto import _native
from vesto.algorithms.xgboost import to_forest
from vesto.programs import reference, storage
from vesto.programs.bodies import LEAF, Body, Forest, Linear, Network, nearest_centroid
from vesto.programs.image import image
from vesto.programs.program import Input, Program, label_output, value_output
from vesto.programs.steps import Normalize, Number, Project

PATHS = [path for path in ("portable", "avx2", "avx512") if _native.has_kernel(path)]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
QUIET = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
# Repeated so often, a few rows fill a block and a part of the next one.
REPEATS = (1, 257)


@pytest.fixture(autouse=True)
def _automatic_afterwards() -> Iterator[None]:
    yield
    _native.use_kernel("automatic")


def compiled(program: Program) -> _native.Program:
    return _native.Program(image(program, storage.content_hash(storage.dump(program))))


def number_program(body: Body, features: int) -> Program:
    """Its features are columns of numbers; it predicts the margin, or the class of the greatest."""
    outputs = body.outputs
    labels = tuple(f"c{number}" for number in range(outputs))
    output = label_output("varchar", labels) if outputs > 1 else value_output("float8")
    inputs = tuple(Input(f"x{place}", "float8") for place in range(features))
    steps = tuple(Number(place) for place in range(features))
    return Program(inputs, steps, tuple(range(features, 2 * features)), body, output)


def columns_of(x: NDArray[np.floating]) -> list[pa.Array]:
    return [pa.array(np.ascontiguousarray(x[:, place], np.float64)) for place in range(x.shape[1])]


def ulp_apart(a: F64, b: F64) -> F64:
    """How many float64 lie between two numbers; equal ones, and NaN twice, are 0 apart."""
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore", over="ignore"):
        step = np.spacing(np.minimum(np.abs(a), np.abs(b)))
        return np.where(same, 0.0, np.abs(a - b) / step)


# --- Random programs -----------------------------------------------------------------------------


@QUIET
@given(st.data())
def test_random_programs_equal_the_reference(data: st.DataObject) -> None:
    program = data.draw(programs())
    repeat = data.draw(st.sampled_from(REPEATS))
    columns = [pa.concat_arrays([column] * repeat) for column in data.draw(rows_for(program))]
    native = compiled(program)
    with np.errstate(all="ignore"):
        features, margins = (
            reference.features(program, columns),
            reference.margins(program, columns),
        )
        after = reference.link(program.output, margins)
    for path in PATHS:
        _native.use_kernel(path)
        np.testing.assert_array_equal(native.features(columns), features)
        np.testing.assert_array_equal(native.margins(columns), margins)
        found = native.probabilities(columns)
        check_values(program, found, after)
        check_predictions(program, pa.array(native.predict(columns)), found)


def check_values(program: Program, found: F64, after: F64) -> None:
    """Values are the reference's, within 4 ulp where exp has a part in them."""
    if program.output.link == "sigmoid" and program.output.labels:
        # What rounding does to the second share is far more ulp of a first one that is small.
        np.testing.assert_array_equal(found[:, 0], 1.0 - found[:, 1])
        found, after = found[:, 1:], after[:, 1:]
    most = 0 if program.output.link in {"identity", "argmax"} else 4
    assert ulp_apart(found, after).max(initial=0) <= most


def check_predictions(program: Program, found: pa.Array, after: F64) -> None:
    """Predictions are what follows from the values after the link, but for ties of probabilities."""
    expected = reference.decide(program.output, after)
    if program.output.link != "softmax":
        assert found.equals(expected)
        return
    assert found.type == expected.type
    values = reference.label_values(program.output).to_pylist()
    for row, pair in enumerate(zip(found.to_pylist(), expected.to_pylist(), strict=True)):
        places = [values.index(value) for value in pair]
        with np.errstate(divide="ignore"):
            scores = np.log(after[row]) + program.output.offsets
        np.testing.assert_allclose(*scores[places], rtol=1e-12, atol=1e-12)


# --- The nearest centroid ------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("centroids", [2, 5, 20, 64, 65, 700])
def test_the_nearest_centroid_is_the_references_however_close_the_second_is(
    path: str, centroids: int
) -> None:
    rng = np.random.default_rng(centroids)
    form = nearest_centroid(rng.normal(size=(centroids, 6)) + 3)
    a, b = (form.weights[rng.integers(0, centroids, 5_000)] for _ in range(2))
    share = rng.choice([0.0, 0.25, 0.5, 0.5 + 1e-12, 0.5 - 1e-7, 0.5 + 1e-3], (5_000, 1))
    x = a + share * (b - a)
    # Halfway, far off, and beyond float32; missing ones count as 0.
    x[::50] *= 1e12
    x[::333] = rng.choice([np.nan, np.inf, -1e300, 1e-300, 0.0], x[::333].shape)
    labels = tuple(str(number) for number in range(centroids))
    inputs = tuple(Input(f"x{place}", "float8") for place in range(6))
    output = label_output("int4", labels, link="argmax")
    steps = tuple(Number(place) for place in range(6))
    program = Program(inputs, steps, tuple(range(6, 12)), form, output)
    _native.use_kernel(path)
    found = pa.array(compiled(program).predict(columns_of(x)))
    assert found.equals(reference.score(program, columns_of(x)))


# --- Networks and projections ----------------------------------------------------------------------

WIDTHS = [[1, 1], [3, 4, 1], [50, 128, 64, 1], [7, 5, 6, 9, 3], [65, 33, 2], [0, 2, 1]]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("sizes", WIDTHS, ids=str)
def test_networks_of_any_shape_have_the_references_margins(path: str, sizes: list[int]) -> None:
    rng = np.random.default_rng(sum(sizes))
    weights, bias = sum(a * b for a, b in pairwise(sizes)), sum(sizes[1:])
    body = Network(
        np.array(sizes, np.int32), rng.normal(size=(2, weights)).astype(np.float32),
        rng.normal(size=(2, bias)).astype(np.float32), rng.normal(size=sizes[-1]),
        rng.normal(size=sizes[-1]),
    )  # fmt: skip
    features = max(sizes[0], 1)
    x = rng.normal(size=(1100, features))
    x[rng.random(x.shape) < 0.05] = np.nan
    x[rng.random(x.shape) < 0.02] = rng.choice(EDGES)
    program = replace(
        number_program(body, features), features=tuple(range(features, features + sizes[0]))
    )
    _native.use_kernel(path)
    for rows in (1, 15, 16, 17, 63, 64, 65, 512, 513, 1100):
        columns = columns_of(x[:rows])
        want = reference.margins(program, columns)
        np.testing.assert_array_equal(compiled(program).margins(columns), want)


@pytest.mark.parametrize("path", PATHS)
def test_steps_over_many_registers_have_the_references_numbers(path: str) -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(700, 70)) * 10
    x[rng.random(x.shape) < 0.05] = np.nan
    x[3] = np.inf
    x[4] = 0
    several = tuple(range(70, 140))
    project = Project(several, rng.normal(size=70), rng.normal(size=(9, 70)))
    program = number_program(Linear(np.zeros((1, 70)), np.zeros(1)), 70)
    program = replace(program, steps=(*program.steps, Normalize(several), project))
    program = replace(program, features=(*several, *range(140, 219)))
    program = replace(program, body=Linear(np.zeros((1, 149)), np.zeros(1)))
    _native.use_kernel(path)
    with np.errstate(all="ignore"):
        want = reference.features(program, columns_of(x))
    np.testing.assert_array_equal(compiled(program).features(columns_of(x)), want)


# --- Forests of XGBoost --------------------------------------------------------------------------

EDGES = np.array([np.nan, np.inf, -np.inf, 1e-40, -1e-42, -0.0, 0.0, 3e38, -3e38], np.float32)
ROWS = 1_000_000


def hostile_rows(forest: Forest, rows: int, features: int) -> F32:
    """Random numbers, a tenth of them on a threshold and a tenth at an edge of float32."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(rows, features)).astype(np.float32)
    for feature in range(features):
        cuts = forest.threshold[forest.feature == feature]
        on = rng.random(rows) < 0.1
        x[on, feature] = rng.choice(cuts if len(cuts) else EDGES, on.sum())
        at_edge = rng.random(rows) < 0.1
        x[at_edge, feature] = rng.choice(EDGES, at_edge.sum())
    return x


def trained(rows: int, features: int, rounds: int, **parameters: object) -> xgboost.Booster:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(rows, features)).astype(np.float32)
    x[rng.random(x.shape) < 0.05] = np.nan
    z = np.nan_to_num(x)
    y = z[:, 0] * z[:, 1] + np.sin(3 * z[:, 2]) + z[:, 3]
    if parameters.get("num_class"):
        y = np.digitize(y, np.linspace(-2, 2, int(str(parameters["num_class"])) - 1))
    chosen = {"tree_method": "hist", "nthread": 1, **parameters}
    return xgboost.train(chosen, xgboost.DMatrix(x, y), rounds)


def xgboost_margins(booster: xgboost.Booster, x: F32) -> F32:
    # XGBoost takes no infinities when it trains, and Vesto takes them for missing.
    known = np.where(np.isinf(x), np.float32(np.nan), x)
    margin = booster.inplace_predict(known, predict_type="margin")
    return np.asarray(margin, np.float32).reshape(len(x), -1)


@pytest.mark.parametrize("path", PATHS)
def test_a_million_rows_have_xgboosts_margins(path: str) -> None:
    booster = trained(20_000, 8, 30, max_depth=6)
    forest = to_forest(booster)
    x = hostile_rows(forest, ROWS, 8)
    _native.use_kernel(path)
    program = number_program(forest, 8)
    found = compiled(program).margins(columns_of(x))
    np.testing.assert_array_equal(found, xgboost_margins(booster, x))
    if path == PATHS[-1]:
        np.testing.assert_array_equal(found, reference.margins(program, columns_of(x)))


SHAPES: dict[str, dict[str, object]] = {
    "stumps": {"max_depth": 1},
    "shallow": {"max_depth": 3},
    "eight levels": {"max_depth": 8, "min_child_weight": 0},
    "sixteen levels": {"max_depth": 16, "min_child_weight": 0},
    "leaf by leaf": {"grow_policy": "lossguide", "max_leaves": 200, "max_depth": 0},
    "a chain": {"grow_policy": "lossguide", "max_leaves": 40, "max_depth": 0, "min_child_weight": 0, "gamma": 0.1},
    "every threshold": {"tree_method": "exact", "max_depth": 10, "min_child_weight": 0},
    "many bins": {"max_bin": 60_000, "max_depth": 9, "min_child_weight": 0},
    "ten classes": {"objective": "multi:softprob", "num_class": 10, "max_depth": 5},
    "several trees a round": {"num_parallel_tree": 4, "subsample": 0.6, "max_depth": 5},
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES.values(), ids=list(SHAPES))
def test_trees_of_any_shape_have_xgboosts_margins(shape: dict[str, object]) -> None:
    booster = trained(8_000, 5, 6, **shape)
    forest = to_forest(booster)
    x = hostile_rows(forest, 3_000, 5)
    expected = xgboost_margins(booster, x)
    native = compiled(number_program(forest, 5))
    for path in PATHS:
        _native.use_kernel(path)
        for rows in (1, 5, 13, 64, 511, 513, 3_000):
            np.testing.assert_array_equal(native.margins(columns_of(x[:rows])), expected[:rows])


def random_forest(rng: np.random.Generator, trees: int, depth: int, categories: int) -> Forest:
    """Full trees whose nodes split three features by thresholds, and a fourth by categories."""
    nodes = 2 ** (depth + 1) - 1
    inner = np.arange(nodes) < 2**depth - 1
    feature = np.where(inner, rng.integers(0, 4, (trees, nodes)), LEAF).astype(np.int32)
    by_category = feature == 3
    size = np.where(by_category, rng.integers(1, 9, feature.shape), 0).astype(np.int32)
    start = np.where(by_category, np.cumsum(size.ravel()).reshape(size.shape) - size, 0).astype(
        np.int32
    )
    first = np.arange(trees, dtype=np.int32)[:, None] * nodes
    chosen = [rng.choice(categories, count, replace=False) for count in size[by_category]]
    return Forest(
        feature.ravel(), rng.normal(size=feature.size).astype(np.float32),
        rng.integers(0, 2, feature.size).astype(np.uint8),
        np.where(inner, first + 2 * np.arange(nodes) + 1, 0).astype(np.int32).ravel(),
        np.where(inner, first + 2 * np.arange(nodes) + 2, 0).astype(np.int32).ravel(),
        start.ravel(), size.ravel(), np.concatenate(chosen).astype(np.int32),
        first.ravel(), np.zeros(trees, np.int32), np.zeros(1, np.float32),
    )  # fmt: skip


@pytest.mark.parametrize("categories", [9, 254, 256, 3_000, 100_000])
def test_splits_by_category_equal_the_reference(categories: int) -> None:
    rng = np.random.default_rng(categories)
    forest = random_forest(rng, 20, 5, categories)
    x = rng.normal(size=(2_000, 4))
    x[:, 3] = rng.integers(-2, categories + 3, 2_000)
    x[::7, 3] += 0.5
    x[rng.random(x.shape) < 0.1] = np.nan
    program = number_program(forest, 4)
    expected = reference.margins(program, columns_of(x))
    for path in PATHS:
        _native.use_kernel(path)
        np.testing.assert_array_equal(compiled(program).margins(columns_of(x)), expected)


def test_more_than_65535_thresholds_a_feature() -> None:
    rng = np.random.default_rng(1)
    forest = random_forest(rng, 2_200, 7, 50)
    assert len(np.unique(forest.threshold[forest.feature == 0])) > 65_535
    x = hostile_rows(forest, 700, 4).astype(float)
    program = number_program(forest, 4)
    expected = reference.margins(program, columns_of(x))
    for path in PATHS:
        _native.use_kernel(path)
        np.testing.assert_array_equal(compiled(program).margins(columns_of(x)), expected)


def grown_tree(
    rng: np.random.Generator, leaves: int, cuts: F32
) -> list[tuple[int, float, int, int]]:
    """Nodes as (feature, threshold, left, right): one leaf after another, any of them, is split."""
    nodes = [(LEAF, float(rng.normal()), 0, 0)]
    while len(nodes) < 2 * leaves - 1:
        here = int(rng.choice([at for at, node in enumerate(nodes) if node[0] == LEAF]))
        nodes[here] = (int(rng.integers(2)), float(rng.choice(cuts)), len(nodes), len(nodes) + 1)
        nodes += [(LEAF, float(rng.normal()), 0, 0), (LEAF, float(rng.normal()), 0, 0)]
    return nodes


def forest_of(rng: np.random.Generator, trees: list[list[tuple[int, float, int, int]]]) -> Forest:
    """Their forest; missing ones go where they go."""
    roots = np.cumsum([0, *map(len, trees)])
    first = np.repeat(roots[:-1], np.diff(roots))
    feature, threshold, left, right = (
        np.array(column) for column in zip(*(node for tree in trees for node in tree), strict=True)
    )
    none = np.zeros(len(feature), np.int32)
    return Forest(
        feature.astype(np.int32), threshold.astype(np.float32),
        rng.integers(0, 2, len(feature)).astype(np.uint8),
        np.where(feature == LEAF, 0, first + left).astype(np.int32),
        np.where(feature == LEAF, 0, first + right).astype(np.int32),
        none, none, none[:0], roots[:-1].astype(np.int32), none[: len(trees)], np.zeros(1, np.float32),
    )  # fmt: skip


@pytest.mark.parametrize("cuts", [1, 3, 15, 16, 31, 32, 63, 64, 127, 128, 255, 256])
def test_any_number_of_leaves_and_thresholds_equals_the_reference(cuts: int) -> None:
    rng = np.random.default_rng(cuts)
    of = rng.normal(size=cuts).astype(np.float32)
    trees = [
        grown_tree(rng, leaves, of)
        for leaves in (*range(1, 70), 95, 96, 97, 128, 129, 192, 193, 256, 257, 300)
    ]
    stumps = [[(0, float(cut), 1, 2), (LEAF, 1.5, 0, 0), (LEAF, -0.0, 0, 0)] for cut in of]
    forest = forest_of(rng, [*trees, *stumps])
    program = number_program(forest, 2)
    columns = columns_of(hostile_rows(forest, 1_100, 2))
    expected = reference.margins(program, columns)
    for path in PATHS:
        _native.use_kernel(path)
        np.testing.assert_array_equal(compiled(program).margins(columns), expected)


# --- exp -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
def test_exp_is_within_four_ulp(path: str) -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate(
        [rng.uniform(-750, 715, 200_000), rng.normal(size=200_000), [0.0, -0.0, 1e-300]]
    )
    linear = exponential(x)
    _native.use_kernel(path)
    with np.errstate(over="ignore"):
        expected = np.exp(x)
    assert ulp_apart(compiled(linear).probabilities([pa.array(x)])[:, 0], expected).max() <= 4


def exponential(x: F64) -> Program:
    body = Linear(np.ones((1, 1)), np.zeros(1))
    return Program((Input("x", "float8"),), (Number(0),), (1,), body, value_output("float8", "exp"))

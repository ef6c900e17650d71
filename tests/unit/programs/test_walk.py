from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from program_strategies import forests

from vesto.programs.bodies import LEAF, Forest
from vesto.programs.reference import run_body
from vesto.programs.walk import STRIDE, walk_of


def walked(forest: Forest, row: np.ndarray) -> np.ndarray:
    """One row's margins by the words of ``Forest``, one comparison after the other."""
    sums = forest.base.copy()
    for root, output in zip(forest.roots, forest.output, strict=True):
        node = root
        while forest.feature[node] != LEAF:
            value = row[forest.feature[node]]
            start, size = forest.categories_start[node], forest.categories_size[node]
            if np.isnan(value) or np.isinf(value):
                left = bool(forest.nan_left[node])
            elif size:
                inside = forest.categories[start : start + size].tolist()
                left = value < 0 or int(value) not in inside
            else:
                left = value < forest.threshold[node]
            node = forest.left[node] if left else forest.right[node]
        sums[output] += forest.threshold[node]
    return sums


VALUES = st.sampled_from([
    0.0, -0.0, 0.5, -0.5, 1.0, 1.999, 2.0, 6.0, 7.0, 1e-40, -1e-45, 3e38, 2.0**24, -1.0, np.nan,
    np.inf, -np.inf,
]) | st.floats(width=32)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_rows_reach_the_leaves_that_the_rule_says(data: st.DataObject) -> None:
    features, outputs = data.draw(st.integers(0, 3)), data.draw(st.integers(1, 3))
    forest = data.draw(forests(features, outputs))
    rows = data.draw(st.lists(st.lists(VALUES, min_size=features, max_size=features), max_size=6))
    x = np.array(rows, np.float32).reshape(len(rows), features)
    got = run_body(forest, x.astype(np.float64))
    assert got.dtype == np.float32
    want = np.array([walked(forest, row) for row in x], np.float32).reshape(len(x), outputs)
    assert got.tobytes() == want.tobytes()


def chain(depth: int) -> Forest:
    """A tree in which row x goes right at each node until it meets its number."""
    nodes = 2 * depth + 1
    inner = np.arange(nodes) % 2 == 0
    inner[-1] = False
    number = np.arange(nodes)
    threshold = np.where(inner, number / 2 + 0.5, -number)
    return Forest(
        np.where(inner, 0, LEAF).astype(np.int32), threshold.astype(np.float32),
        np.zeros(nodes, np.uint8), np.where(inner, number + 1, 0).astype(np.int32),
        np.where(inner, number + 2, 0).astype(np.int32), np.zeros(nodes, np.int32),
        np.zeros(nodes, np.int32), np.empty(0, np.int32), np.zeros(1, np.int32),
        np.zeros(1, np.int32), np.zeros(1, np.float32),
    )  # fmt: skip


def test_a_path_of_ten_thousand_nodes_is_walked_to_its_end() -> None:
    x = np.array([[0.0], [1.0], [9_999.0], [1e6], [np.nan]])
    got = run_body(chain(10_000), x)[:, 0]
    assert got.tolist() == [-1.0, -3.0, -19_999.0, -20_000.0, -20_000.0]


@pytest.mark.parametrize("rows", [0, 1, 2047, 2048, 2049, 5000])
def test_blocks_of_rows_make_no_difference(rows: int) -> None:
    forest = chain(7)
    x = (np.arange(rows) % 9).astype(np.float64)[:, None]
    want = [walked(forest, row)[0] for row in x.astype(np.float32)]
    assert run_body(forest, x)[:, 0].tolist() == want


def test_more_trees_than_are_walked_at_once_are_summed_in_their_order() -> None:
    trees = STRIDE + 5
    rng = np.random.default_rng(0)
    leaves = rng.normal(size=trees).astype(np.float32)
    nothing = np.zeros(trees, np.int32)
    forest = Forest(
        np.full(trees, LEAF, np.int32), leaves, np.zeros(trees, np.uint8), nothing, nothing,
        nothing, nothing, np.empty(0, np.int32), np.arange(trees, dtype=np.int32), nothing,
        np.array([0.25], np.float32),
    )  # fmt: skip
    want = np.add.accumulate(np.append(np.float32(0.25), leaves), dtype=np.float32)[-1]
    assert run_body(forest, np.zeros((3, 0))).tolist() == [[want]] * 3


def test_a_forest_is_made_ready_once() -> None:
    forest = chain(2)
    assert walk_of(forest) is walk_of(forest)
    assert walk_of(forest) is not walk_of(chain(2))

"""Shapley values from their definition: every subset of features, every tree by recursion."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

from vesto.programs.bodies import LEAF, Forest

F64 = NDArray[np.float64]


def expected_margin(forest: Forest, row: NDArray[np.float32], known: frozenset[int]) -> F64:
    """What the forest expects of a row of which only the ``known`` features are told."""
    margin = forest.base.astype(np.float64)
    for root, output in zip(forest.roots, forest.output, strict=True):
        margin[output] += _expected(forest, int(root), row, known)
    return margin


def _expected(forest: Forest, node: int, row: NDArray[np.float32], known: frozenset[int]) -> float:
    feature = int(forest.feature[node])
    if feature == LEAF:
        return float(forest.threshold[node])
    left, right = int(forest.left[node]), int(forest.right[node])
    if feature in known:
        there = left if _goes_left(forest, node, float(row[feature])) else right
        return _expected(forest, there, row, known)
    covers = float(forest.cover[left]), float(forest.cover[right])
    share = covers[0] / sum(covers) if sum(covers) else 0.5
    return share * _expected(forest, left, row, known) + (1 - share) * _expected(
        forest, right, row, known
    )


def _goes_left(forest: Forest, node: int, value: float) -> bool:
    if not np.isfinite(value):
        return bool(forest.nan_left[node])
    size, start = forest.categories_size[node], forest.categories_start[node]
    if size:
        return value < 0 or int(value) not in forest.categories[start : start + size].tolist()
    return value < float(forest.threshold[node])


def brute_force(forest: Forest, row: NDArray[np.float32]) -> F64:
    """The contributions of every feature to one row, shape (outputs, features)."""
    count = len(row)
    found = np.zeros((forest.outputs, count))
    for feature in range(count):
        others = [other for other in range(count) if other != feature]
        for size in range(count):
            weight = factorial(size) * factorial(count - size - 1) / factorial(count)
            for chosen in combinations(others, size):
                without = frozenset(chosen)
                gain = expected_margin(forest, row, without | {feature})
                found[:, feature] += weight * (gain - expected_margin(forest, row, without))
    return found

"""Walking a forest: which leaf every row reaches in every tree.

The rule stands in ``Forest``; this is its quick form. A comparison ``value < threshold`` only asks
where the value stands among the thresholds that the forest has for that feature, so each value is
replaced once by its rank among them, and a missing value by a rank below or above all. What is left
at a node is one comparison of two integers, which all rows make in several trees at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from vesto.programs.bodies import LEAF, Forest

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]

# Rows times trees that are walked at once: their node numbers fit into a processor's cache.
STRIDE: Final = 16_384
BLOCK_ROWS: Final = 2048
MAX_CATEGORY: Final = 2**24
_ABOVE: Final = 2**31 - 1


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    """What some nodes ask of a feature: where missing values go, and a rank or a category.

    ``thresholds`` are sorted and different; None where the nodes split by category.
    """

    feature: int
    nan_left: bool
    thresholds: F32 | None

    def answers(self, value: F32) -> NDArray[np.int64]:
        """A rank, right where it exceeds the node's; or 1 + the category, 0 for right always."""
        missing = np.isnan(value)
        if self.thresholds is not None:
            rank = np.searchsorted(self.thresholds, value, side="right")
            return np.where(missing, -1 if self.nan_left else _ABOVE, rank)
        inside = (value >= 0) & (value < MAX_CATEGORY)
        category = 1 + np.where(inside, value, MAX_CATEGORY).astype(np.int64)
        return np.where(missing, MAX_CATEGORY + 1 if self.nan_left else 0, category)


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """A forest made ready: arrays over nodes, and the questions that the nodes ask.

    ``child`` has shape (2 * nodes,), left and right in turn; a leaf is its own child. ``cut`` is
    the rank that goes left at most. A node with categories has ``last > 0`` and the cells
    ``member[first:][:last + 1]``: whether a category goes right, led by a true for missing values
    and ended by a false for all that is greater.
    """

    questions: tuple[_Question, ...]
    question: I64
    cut: I32
    child: I64
    first: I64
    last: I64
    member: NDArray[np.bool_]

    def leaves(self, roots: I32, x: F32) -> I64:
        """The leaf that each row reaches in each tree, shape (trees, rows)."""
        answers = np.empty((len(x), max(1, len(self.questions))), np.int32)
        for place, question in enumerate(self.questions):
            answers[:, place] = question.answers(x[:, question.feature])
        count = max(1, STRIDE // max(1, len(x)))
        groups = [
            self._reach(roots[at : at + count], answers) for at in range(0, len(roots), count)
        ]
        return np.concatenate([np.empty((0, len(x)), np.int64), *groups])

    def _reach(self, roots: I32, answers: I32) -> I64:
        rows, width = answers.shape
        reached = np.repeat(roots.astype(np.int64), rows)
        walking = np.arange(len(reached))
        node, row = reached, np.tile(np.arange(rows) * width, len(roots))
        flat = answers.ravel()
        while len(walking):
            place = self.question.take(node)
            place += row
            after = self._children(node, flat.take(place))
            moved = after != node
            node = after
            if 2 * np.count_nonzero(moved) < len(node):
                reached[walking] = node
                walking, node, row = walking[moved], node[moved], row[moved]
        return reached.reshape(len(roots), rows)

    def _children(self, node: I64, answer: I32) -> I64:
        right = answer > self.cut.take(node)
        if len(self.member):
            here = np.flatnonzero(self.last.take(node))
            place = np.minimum(answer[here], self.last[node[here]])
            right[here] = self.member[self.first[node[here]] + place]
        place = node + node
        place += right
        return self.child.take(place)


_WALKS: Final[WeakKeyDictionary[Forest, Walk]] = WeakKeyDictionary()


def walk_of(forest: Forest) -> Walk:
    """The forest made ready; it is kept as long as the forest is."""
    if forest not in _WALKS:
        _WALKS[forest] = _prepared(forest)
    return _WALKS[forest]


def _prepared(forest: Forest) -> Walk:
    inner = forest.feature != LEAF
    by_category = inner & (forest.categories_size > 0)
    key = 4 * forest.feature.astype(np.int64) + 2 * by_category + forest.nan_left
    keys, question = np.unique(key[inner], return_inverse=True)
    places = np.zeros(len(inner), np.int64)
    places[inner] = question
    numbers = np.arange(len(inner))
    child = np.where(inner, [forest.left, forest.right], numbers).astype(np.int64)
    return Walk(
        tuple(_question(forest, int(key)) for key in keys), places, _cuts(forest),
        child.T.ravel(), *_members(forest, by_category),
    )  # fmt: skip


def _question(forest: Forest, key: int) -> _Question:
    feature, by_category, nan_left = key // 4, bool(key // 2 % 2), bool(key % 2)
    thresholds = None if by_category else _thresholds(forest, feature)
    return _Question(feature, nan_left, thresholds)


def _thresholds(forest: Forest, feature: int) -> F32:
    return np.unique(forest.threshold[forest.feature == feature])


def _cuts(forest: Forest) -> I32:
    cut = np.full(len(forest.feature), _ABOVE, np.int32)
    for feature in np.unique(forest.feature[forest.feature != LEAF]):
        here = forest.feature == feature
        cut[here] = np.searchsorted(_thresholds(forest, feature), forest.threshold[here])
    return cut


def _members(forest: Forest, by_category: NDArray[np.bool_]) -> tuple[I64, I64, NDArray[np.bool_]]:
    """``first``, ``last`` and ``member`` of a walk."""
    nodes = np.flatnonzero(by_category)
    size = forest.categories_size[nodes].astype(np.int64)
    owner = np.repeat(np.arange(len(nodes)), size)
    begin = np.repeat(forest.categories_start[nodes] - (np.cumsum(size) - size), size)
    category = forest.categories[begin + np.arange(len(begin))].astype(np.int64)
    greatest = np.zeros(len(nodes), np.int64)
    np.maximum.at(greatest, owner, category)
    first, last = np.zeros(len(by_category), np.int64), np.zeros(len(by_category), np.int64)
    last[nodes] = greatest + 2
    first[nodes] = np.cumsum(greatest + 3) - (greatest + 3)
    member = np.zeros(int((greatest + 3).sum()), bool)
    member[first[nodes]] = True
    member[first[nodes][owner] + 1 + category] = True
    return first, last, member

"""Explanations: how much every input moves a row's margins away from the mean, as Shapley values.

The contribution of a feature is its Shapley value in the game whose value is the model's expected
margin when only some features are known. A tree's expectation follows both branches of a split by
an unknown feature, in the shares that the training rows took (path-dependent TreeSHAP); a linear
form's puts the feature's mean. A row's contributions and the base sum to its margin.

On the way to one leaf with d different features, feature i contributes

    v * (o_i - z_i) * integral over t from 0 to 1 of product over j != i of (t * o_j + (1 - t) * z_j)

where v is the leaf, z_j the share of rows that goes this way at the splits by j, and o_j 1 where
the row does, else 0. The integrand is a polynomial of degree d - 1 in t, for which Gauss-Legendre
quadrature with ceil(d / 2) points is exact; every term is positive, so that nothing cancels.

Sources: Lundberg et al., "From local explanations to global understanding with explainable AI for
trees", Nature Machine Intelligence 2, 2020; Owen, "Multilinear extensions of games", Management
Science 18(5), 1972, for the integral.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vesto.programs.bodies import LEAF, Forest, Linear
from vesto.programs.program import Program
from vesto.programs.reference import features, run_body
from vesto.programs.steps import sources
from vesto.programs.walk import MAX_CATEGORY

F64 = NDArray[np.float64]
MAX_PATH_FEATURES: Final = 64
MAX_TURNS: Final = 2**24
MAX_NUMBERS: Final = 100_000
MAX_SHARE_CELLS: Final = 2**26


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """Of some rows: ``base`` has shape (outputs,), ``margins`` (rows, outputs).

    ``contributions`` has shape (rows, outputs, inputs). ``base`` plus the sum over inputs is the
    margin, within float32 of a forest's and float64 of a linear form's.
    """

    base: F64
    margins: F64
    contributions: F64


def unexplained(program: Program) -> str:
    """Why the program's predictions cannot be explained; empty if they can.

    Forests and linear forms can, where training left the covers or means that it takes.
    """
    body, inputs = program.body, len(program.inputs)
    if program.output.link == "argmax" or not isinstance(body, Forest | Linear):
        return "explanations exist of trees and linear models"
    if body.outputs * inputs > MAX_NUMBERS or inputs * program.registers > MAX_SHARE_CELLS:
        return "the model has too many columns or classes to explain"
    if isinstance(body, Linear):
        known = len(body.center) == len(program.features)
        return "" if known else "the model was made without the means of its features"
    if (body.feature != LEAF).any() and not body.cover.any():
        return "the model was made without the number of rows behind each branch"
    return _too_deep(body)


def _too_deep(forest: Forest) -> str:
    """Whether a way to a leaf is too long, or all together are too many, for the kernel."""
    level, depth, turns = forest.roots, 0, 0
    while len(level):
        inner = level[forest.feature[level] != LEAF]
        turns += depth * (len(level) - len(inner))
        level, depth = np.concatenate([forest.left[inner], forest.right[inner]]), depth + 1
    if turns > MAX_TURNS:
        return "the model's trees are too large to explain"
    deep = depth > MAX_PATH_FEATURES + 1
    if deep and max(len(path.features) for path in paths(forest)) > MAX_PATH_FEATURES:
        return "a prediction depends on too many features in one tree"
    return ""


def explain(program: Program, columns: Sequence[pa.Array]) -> Explanation:
    """Explanations of rows by a program that can be explained; ``columns`` as for ``score``."""
    x = features(program, columns)
    margins = run_body(program.body, x).astype(np.float64)
    if isinstance(program.body, Linear):
        base, parts = _linear(program.body, x)
    else:
        assert isinstance(program.body, Forest)
        base, parts = _forest(program.body, x)
    return Explanation(base, margins, parts @ shares(program))


def base_of(program: Program) -> F64:
    """The margins expected of a row of which nothing is known, shape (outputs,)."""
    body, nothing = program.body, np.empty((0, len(program.features)))
    assert isinstance(body, Forest | Linear)
    return _linear(body, nothing)[0] if isinstance(body, Linear) else _forest(body, nothing)[0]


def shares(program: Program) -> F64:
    """What each input has of each feature, shape (features, inputs); a feature's shares sum to 1.

    A feature made of one input is all that input's; one made of several, as a difference or a
    principal component, is shared evenly among the registers it was made of.
    """
    count = len(program.inputs)
    of = list(np.eye(count))
    for step in program.steps:
        read = [of[source] for source in sources(step)]
        of += [np.mean(read, axis=0)] * step.width
    return np.array([of[register] for register in program.features]).reshape(-1, count)


# --- Linear forms ---------------------------------------------------------------------------------


def _linear(body: Linear, x: F64) -> tuple[F64, F64]:
    finite = np.where(np.isfinite(x), x, 0.0)
    base = body.bias + body.weights @ body.center
    return base, (finite - body.center)[:, None, :] * body.weights


# --- Forests --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Path:
    """The way to a leaf: its different features, the share of rows that goes this way at each.

    ``splits`` are the nodes on it by the place of their feature, and whether it goes left there.
    """

    output: int
    value: float
    features: tuple[int, ...]
    shares: tuple[float, ...]
    splits: tuple[tuple[int, int, bool], ...]

    @property
    def probability(self) -> float:
        """The share of all rows that comes to the leaf."""
        return float(np.prod(self.shares))


def paths(forest: Forest) -> Iterator[Path]:
    """The ways to all leaves, tree after tree."""
    for root, output in zip(forest.roots.tolist(), forest.output.tolist(), strict=True):
        yield from _paths_from(forest, root, output)


def _paths_from(forest: Forest, root: int, output: int) -> Iterator[Path]:
    open_ways: list[tuple[int, tuple[tuple[int, bool, float], ...]]] = [(root, ())]
    while open_ways:
        node, way = open_ways.pop()
        if forest.feature[node] == LEAF:
            yield _path(forest, output, float(forest.threshold[node]), way)
            continue
        left, right = int(forest.left[node]), int(forest.right[node])
        share = _left_share(forest, left, right)
        open_ways.append((right, (*way, (node, False, 1.0 - share))))
        open_ways.append((left, (*way, (node, True, share))))


def _left_share(forest: Forest, left: int, right: int) -> float:
    """The share of a node's rows that goes left; half where none came."""
    if not len(forest.cover):
        return 0.5
    both = float(forest.cover[left]) + float(forest.cover[right])
    return float(forest.cover[left]) / both if both > 0 else 0.5


def _path(
    forest: Forest, output: int, value: float, way: tuple[tuple[int, bool, float], ...]
) -> Path:
    shares_of: dict[int, float] = {}
    for node, _, share in way:
        feature = int(forest.feature[node])
        shares_of[feature] = shares_of.get(feature, 1.0) * share
    known = tuple(shares_of)
    splits = tuple((known.index(int(forest.feature[node])), node, left) for node, left, _ in way)
    return Path(output, value, known, tuple(shares_of.values()), splits)


def _forest(body: Forest, x: F64) -> tuple[F64, F64]:
    """Base and contributions by feature, shape (rows, outputs, features)."""
    with np.errstate(over="ignore"):
        small = x.astype(np.float32)
    small[np.isinf(small)] = np.nan
    base = body.base.astype(np.float64)
    parts = np.zeros((len(x), body.outputs, x.shape[1]))
    goes_left: dict[int, NDArray[np.bool_]] = {}
    for path in paths(body):
        base[path.output] += path.value * path.probability
        if not path.features:
            continue
        taken = np.ones((len(path.features), len(x)), bool)
        for place, node, left in path.splits:
            if node not in goes_left:
                goes_left[node] = _goes_left(body, node, small[:, body.feature[node]])
            taken[place] &= goes_left[node] == left
        found = path.value * _path_contributions(np.array(path.shares), taken)
        parts[:, path.output, list(path.features)] += found.T
    return base, parts


def _goes_left(forest: Forest, node: int, value: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which rows go left at a node, as the rule of ``Forest`` says."""
    size, start = int(forest.categories_size[node]), int(forest.categories_start[node])
    missing = np.isnan(value)
    if size:
        inside = (value >= 0) & (value < MAX_CATEGORY)
        codes = np.where(inside, value, -1).astype(np.int64)
        left = ~np.isin(codes, forest.categories[start : start + size])
    else:
        left = value < forest.threshold[node]
    return np.where(missing, bool(forest.nan_left[node]), left)


def _path_contributions(share: F64, taken: NDArray[np.bool_]) -> F64:
    """Shape (features of the path, rows), of a leaf of 1."""
    points, weights = quadrature((len(share) + 1) // 2)
    known = taken.astype(np.float64)
    total = np.zeros_like(known)
    for point, weight in zip(points, weights, strict=True):
        factors = point * known + (1 - point) * share[:, None]
        total += weight * _products_of_others(factors)
    return (known - share[:, None]) * total


def _products_of_others(factors: F64) -> F64:
    """Of each row of factors, the product of all the others; no division, as factors may be 0."""
    before, after = np.ones_like(factors), np.ones_like(factors)
    before[1:] = np.cumprod(factors[:-1], axis=0)
    after[:-1] = np.cumprod(factors[:0:-1], axis=0)[::-1]
    return before * after


@cache
def quadrature(points: int) -> tuple[Any, Any]:
    """Points in (0, 1) and weights of Gauss and Legendre, exact to degree 2 * points - 1."""
    found, weights = np.polynomial.legendre.leggauss(points)
    return (found + 1) / 2, weights / 2

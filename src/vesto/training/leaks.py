"""How well one column alone predicts the target: what gives a leak away."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from vesto.algorithms import Task

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
SAMPLE_ROWS: Final = 10_000
MOST_BINS: Final = 256
CLASSES: Final = 10


def strength(x: F64, y: F64, task: Task) -> float:
    """AUC or R2 of the target from this column alone, the greatest of three ways to read it.

    A step function of at most 256 bins, learnt on one half of the rows and scored on the other (a
    stump of a tree has one step, this has them all; values that only one half has teach nothing),
    and, for columns in order, ranks; for a regression also a line.

    Args:
        x: Shape (rows,); NaN is missing and has a bin of its own.
        y: Shape (rows,), values or class numbers.
        task: Of several classes, the mean over the ten most frequent against the rest counts.
    """
    bins = _binned(x)
    if task.problem == "regression":
        x, y = _scaled(x), _scaled(y)
        return max(_r2_of_steps(bins, y), _straight(x, y), _straight(_ranks(x), _ranks(y)))
    if task.classes == 2:  # noqa: PLR2004 - two classes
        return _class_strength(x, bins, y == 1)
    counts = np.bincount(y.astype(np.int64), minlength=task.classes)
    places = np.argsort(-counts, kind="stable")[:CLASSES]
    return float(np.mean([_class_strength(x, bins, y == place) for place in places]))


def _scaled(x: F64) -> F64:
    """The numbers within -1 and 1, so that their squares are numbers too."""
    most = np.abs(x[~np.isnan(x)]).max(initial=0.0)
    return x / most if most > 0 else x


def _class_strength(x: F64, bins: I64, is_class: NDArray[np.bool_]) -> float:
    found = _area(_steps(bins, is_class.astype(np.float64)), is_class)
    known = ~np.isnan(x)
    if known.all():
        ranked = _area(x, is_class)
        found = max(found, ranked, 1 - ranked)
    return found


def _binned(x: F64) -> I64:
    """Bin numbers of equal rows; few different values each have a bin, missing ones the last."""
    known = x[~np.isnan(x)]
    edges, rows = np.unique(known, return_counts=True)
    if len(edges) > MOST_BINS:
        # A frequent value has a bin of its own, whatever lies beside it.
        frequent = edges[rows * MOST_BINS > len(known)]
        below = np.nextafter(frequent, -np.inf)
        edges = np.quantile(known, np.linspace(0, 1, MOST_BINS)[1:-1])
        edges = np.unique(np.concatenate([edges, frequent, below]))
    bins = np.searchsorted(edges, x, side="left")
    bins[np.isnan(x)] = len(edges) + 1
    return bins


def _steps(bins: I64, y: F64) -> F64:
    """Each row's mean target of its bin, from the half of the rows that it is not in."""
    half = np.arange(len(y)) % 2
    means = np.empty(len(y))
    width = int(bins.max(initial=0)) + 1
    for side in (0, 1):
        learn, score = half != side, half == side
        rows = np.bincount(bins[learn], minlength=width)
        sums = np.bincount(bins[learn], y[learn], minlength=width)
        overall = y[learn].mean() if learn.any() else 0.0
        # One row of the overall mean: a bin of few rows is not believed.
        means[score] = ((sums + overall) / (rows + 1))[bins[score]]
    return means


def _r2_of_steps(bins: I64, y: F64) -> float:
    around = ((y - y.mean()) ** 2).sum()
    return float(1 - ((y - _steps(bins, y)) ** 2).sum() / around) if around > 0 else 0.0


def _straight(x: F64, y: F64) -> float:
    """Squared correlation of the rows that have a value, times their share."""
    known = ~np.isnan(x)
    x, y = x[known], y[known]
    if len(x) < 3 or x.std() == 0 or y.std() == 0:  # noqa: PLR2004 - two points are a line
        return 0.0
    return float(np.corrcoef(x, y)[0, 1] ** 2) * float(known.mean())


def _ranks(x: F64) -> F64:
    """Mean ranks; NaN stays."""
    ranks = np.full(len(x), np.nan)
    known = np.flatnonzero(~np.isnan(x))
    if len(known):
        _, place, count = np.unique(x[known], return_inverse=True, return_counts=True)
        ranks[known] = (np.cumsum(count) - (count - 1) / 2)[place]
    return ranks


def _area(x: F64, is_class: NDArray[np.bool_]) -> float:
    ones = int(is_class.sum())
    zeros = len(is_class) - ones
    if not ones or not zeros:
        return 0.5
    above = _ranks(x)[is_class].sum() - ones * (ones + 1) / 2
    return float(above / (ones * zeros))

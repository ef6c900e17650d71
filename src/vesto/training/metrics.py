"""How good predictions are. All take the truth first; classes are their numbers.

Source: scikit-learn user guide, "Metrics and scoring", whose results these equal.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]


def log_loss(y: F64, p: F64) -> float:
    """Mean of ``-log`` of the probability of the true class; ``p`` is (rows, classes)."""
    chosen = p[np.arange(len(y)), y.astype(np.int64)]
    return float(-np.log(np.clip(chosen, 1e-15, 1)).mean())


def mse(y: F64, predicted: F64) -> float:
    """Mean squared error."""
    return float(((y - predicted) ** 2).mean())


def accuracy(y: F64, chosen: NDArray[np.int64]) -> float:
    """Share of rows whose class is right."""
    return float((y == chosen).mean())


def f1(y: F64, chosen: NDArray[np.int64], positive: int = 1) -> float:
    """Harmonic mean of precision and recall of one class; 0 where neither is defined."""
    hits = float(((y == positive) & (chosen == positive)).sum())
    total = float((y == positive).sum() + (chosen == positive).sum())
    return 2 * hits / total if total else 0.0


def f1_macro(y: F64, chosen: NDArray[np.int64], classes: int) -> float:
    """The mean of every class's F1."""
    return float(np.mean([f1(y, chosen, place) for place in range(classes)]))


def auc(y: F64, share: F64) -> float:
    """Area under the ROC curve of class 1's probability; 0.5 where a class is missing."""
    order = np.argsort(share, kind="stable")
    _, place, count = np.unique(share[order], return_inverse=True, return_counts=True)
    ends = np.cumsum(count)
    ranks = (ends - (count - 1) / 2)[place]
    positive = y[order] == 1
    ones, zeros = positive.sum(), (~positive).sum()
    if not ones or not zeros:
        return 0.5
    return float((ranks[positive].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def confusion(y: F64, chosen: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """Counts by true class (rows) and chosen class (columns)."""
    flat = np.bincount(y.astype(np.int64) * classes + chosen, minlength=classes * classes)
    return flat.reshape(classes, classes)

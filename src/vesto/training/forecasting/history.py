"""Series as rows of one array: the last periods stand in the last column, NaN before the first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]


def lengths_of(y: F64) -> NDArray[np.int64]:
    """How many periods each series has, from its first value to the last column."""
    known = np.isfinite(y)
    first = np.argmax(known, axis=1)
    lengths: NDArray[np.int64] = np.where(known.any(axis=1), y.shape[1] - first, 0)
    return lengths


def first_values(y: F64, count: int) -> F64:
    """The first ``count`` values of each series, NaN where it is shorter."""
    start = y.shape[1] - lengths_of(y)
    places = start[:, None] + np.arange(count)
    inside = places < y.shape[1]
    rows = np.arange(len(y))[:, None]
    found: F64 = np.where(inside, y[rows, np.minimum(places, y.shape[1] - 1)], np.nan)
    return found

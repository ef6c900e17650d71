"""Rows that are copies of others: one that teaches and one that tests would be the same.

Early stopping then never stops, and every score is too good. But rows of a few columns with a few
values are alike without being copies, and a model is to learn each of these by heart. So equal rows
count as copies only where chance would hardly make two: where the different values of all columns
could be combined to at least the square of the rows (the birthday bound), and where rows that agree
in all columns agree in the target too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

I64 = NDArray[np.int64]
# Where fewer are copies they are how the rows come, and new ones will be copies as often.
COPIED_SHARE: Final = 1 / 3
AGREEING_SHARE: Final = 0.95
DIFFERENT_ROWS: Final = 50


def copies(columns: Sequence[pa.Array], target: NDArray[np.float64]) -> I64 | None:
    """A number for each row, the same for copies; None where there are hardly any, or chance made them.

    ``columns`` are the features, ``target`` their values or class numbers, shape (rows,).
    """
    rows = len(target)
    group, combined = np.zeros(rows, np.int64), 0.0
    for column in columns:
        codes = _codes(column)
        combined += float(np.log(codes.max(initial=0) + 1))
        group = np.unique(group * (codes.max(initial=0) + 1) + codes, return_inverse=True)[1]
        if group.max(initial=0) + 1 > (1 - COPIED_SHARE) * rows:
            return None
    different = int(group.max(initial=0)) + 1
    if different < DIFFERENT_ROWS or combined < 2 * np.log(rows):
        return None
    values = np.unique(target, return_inverse=True)[1]
    both = np.unique(group * (values.max() + 1) + values, return_inverse=True)[1]
    agreeing = (np.bincount(both)[both] == np.bincount(group)[group]).mean()
    return both if agreeing >= AGREEING_SHARE else None


def _codes(column: pa.Array) -> I64:
    """The place of each value among the different ones, 0 for NULL."""
    encoded = column.dictionary_encode().indices
    codes: I64 = encoded.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False) + 1
    return codes

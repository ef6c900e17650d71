"""Values by item and period as a panel: series aligned at their ends, gaps filled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vesto.training.forecasting.boosted import Panel

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Items in order, their panel, and sentences about what was done to them."""

    items: tuple[str, ...]
    panel: Panel
    notices: tuple[str, ...]


def read_series(rows: pa.Table, attributes: tuple[str, ...]) -> Series:
    """The snapshot's rows as series.

    A period without a row between an item's first and last is a gap. Where some period had several
    rows, rows are events and a gap is a period without any: zero. Otherwise they are measurements,
    and a gap lies on the line between its neighbours.
    """
    encoded = rows["item"].combine_chunks().dictionary_encode()
    items = encoded.dictionary.to_pylist()
    order = np.argsort(np.array(items, dtype=object), kind="stable")
    rank = np.empty(len(items), np.int64)
    rank[order] = np.arange(len(items))
    codes = rank[np.asarray(encoded.indices, np.int64)]
    periods = np.asarray(rows["period"], np.int64)
    ends = np.full(len(items), np.iinfo(np.int64).min)
    np.maximum.at(ends, codes, periods)
    ages = ends[codes] - periods
    y = np.full((len(items), int(ages.max()) + 1), np.nan)
    y[codes, y.shape[1] - 1 - ages] = np.asarray(rows["target"], np.float64)
    events = bool(pc.max(rows["known"]).as_py() > 1)
    gaps = _gaps(y)
    notices = _told(int(gaps.sum()), events=events)
    y = np.where(gaps, 0.0, y) if events else _on_lines(y, gaps)
    fixed, unused = _fixed(rows, codes, len(items), attributes)
    names = tuple(items[place] for place in order)
    return Series(names, Panel(y, ends, fixed), (*notices, *unused))


def _gaps(y: F64) -> NDArray[np.bool_]:
    """Where nothing is known after a series has begun."""
    known = np.isfinite(y)
    gaps: NDArray[np.bool_] = np.logical_or.accumulate(known, axis=1) & ~known
    return gaps


def _told(count: int, *, events: bool) -> tuple[str, ...]:
    if not count:
        return ()
    one = count == 1
    how = f"{'counts' if one else 'count'} as zero: several rows fell into one period"
    if not events:
        how = (
            f"{'lies' if one else 'lie'} on the line between {'its' if one else 'their'} neighbours"
        )
    return (f"{count} missing period{'' if one else 's'} {how}",)


def _on_lines(y: F64, gaps: NDArray[np.bool_]) -> F64:
    if not gaps.any():
        return y
    places = np.broadcast_to(np.arange(y.shape[1]), y.shape)
    known = np.isfinite(y)
    before = np.maximum.accumulate(np.where(known, places, -1), axis=1)
    after = np.where(known, places, y.shape[1])
    after = np.minimum.accumulate(after[:, ::-1], axis=1)[:, ::-1]
    rows, at = np.nonzero(gaps)
    left, right = before[rows, at], after[rows, at]
    share = (at - left) / (right - left)
    filled = y.copy()
    filled[rows, at] = y[rows, left] * (1 - share) + y[rows, right] * share
    return filled


def _fixed(
    rows: pa.Table, codes: I64, items: int, attributes: tuple[str, ...]
) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Attributes that never change within an item, as numbers; a sentence for every other one."""
    columns, notices = [], []
    for place, name in enumerate(attributes):
        low = _numbers(rows[f"low {place}"], rows[f"high {place}"])
        least, greatest = np.full(items, np.inf), np.full(items, -np.inf)
        for values in low:
            np.fmin.at(least, codes, values)
            np.fmax.at(greatest, codes, values)
        if np.all((least == greatest) | ~np.isfinite(least)):
            columns.append(np.where(np.isfinite(least), least, np.nan))
        else:
            notices.append(
                f'column "{name}" is not used: it changes within a series, and its future is unknown'
            )
    fixed = np.stack(columns, axis=1) if columns else np.zeros((items, 0))
    return fixed.astype(np.float32), tuple(notices)


def _numbers(low: pa.ChunkedArray, high: pa.ChunkedArray) -> tuple[F64, F64]:
    """Both columns as numbers, texts by their place among all; a NULL is NaN."""
    if pa.types.is_string(low.type) or pa.types.is_large_string(low.type):
        words = pc.unique(pa.chunked_array([*low.chunks, *high.chunks]).drop_null())
        words = words.take(pc.sort_indices(words))
        low, high = (pc.index_in(column, value_set=words) for column in (low, high))
    first, second = (
        np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)
        if isinstance(column, pa.Array)
        else np.asarray(column.cast(pa.float64()).to_numpy(), np.float64)
        for column in (low, high)
    )
    return first, second

"""What the training rows hold, column by column: types, missing values, ranges, frequent words."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vesto.catalog.records import Parameter
from vesto.training.columns import Feature
from vesto.training.target import as_label
from vesto.types import BY_NAME

F64 = NDArray[np.float64]
TOP_WORDS: Final = 5
BINS: Final = 12
LONGEST: Final = 60
DIGITS: Final = 6


def profile(
    rows: pa.Table, parameters: tuple[Parameter, ...], features: tuple[Feature, ...]
) -> list[dict[str, Any]]:
    """A description of every feature column.

    Keys: ``name``, SQL ``type``, ``use``, ``reason`` of a dropped one, ``rows``, ``missing`` (rows
    that are NULL), ``distinct``; of numbers ``min``, ``max``, ``mean`` and ``histogram`` (rows in
    equal parts of the range), of dates and times ``min`` and ``max``, of text and booleans
    ``top``: the most frequent values with their rows, but for columns that are not used: values of
    identifiers tell of single rows.
    """
    return [
        _of_column(rows[parameter.name].combine_chunks(), parameter, feature)
        for parameter, feature in zip(parameters, features, strict=True)
    ]


def _of_column(column: pa.Array, parameter: Parameter, feature: Feature) -> dict[str, Any]:
    found = {"name": shortened(parameter.name), "type": parameter.type}
    found |= {"use": feature.use, "reason": feature.reason} | described(column, parameter.type)
    if feature.use == "dropped":
        found.pop("top", None)
    return found


def described(column: pa.Array, type_name: str) -> dict[str, Any]:
    """Missing values, distinct values, and the range or the frequent values of one column."""
    found: dict[str, Any] = {
        "rows": len(column), "missing": column.null_count,
        "distinct": pc.count_distinct(column).as_py(),
    }  # fmt: skip
    family = BY_NAME[type_name].family
    if column.null_count == len(column):
        return found
    if family in {"integer", "fraction"}:
        return found | _of_numbers(column)
    if family in {"date", "time", "timestamp"}:
        edges = pc.min_max(column).as_py()
        return found | {name: str(value) for name, value in edges.items()}
    return found | {"top": top_values(column)}


def as_numbers(column: pa.Array) -> F64:
    """A column of numbers, booleans, dates or times as float64; NULL and infinities are NaN."""
    kind = column.type
    if pa.types.is_temporal(kind):
        small = pa.types.is_date32(kind) or pa.types.is_time32(kind)
        column = column.cast(pa.int32() if small else pa.int64())
    values: F64 = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return np.where(np.isfinite(values), values, np.nan)


def _of_numbers(column: pa.Array) -> dict[str, Any]:
    values = as_numbers(column)
    values = values[~np.isnan(values)]
    if not len(values):
        return {}
    low, high = float(values.min()), float(values.max())
    found = {"min": short(low), "max": short(high), "mean": short(float(values.mean()))}
    if not np.isfinite(high - low) or low == high:
        return found
    return found | {"histogram": np.histogram(values, BINS, (low, high))[0].tolist()}


def top_values(column: pa.Array, most: int = TOP_WORDS) -> list[list[Any]]:
    """The most frequent values as text, with their rows; NULL is none of them."""
    counts = column.drop_null().value_counts()
    order = pc.sort_indices(counts.field("counts"), sort_keys=[("", "descending")])[:most]
    values, rows = counts.field("values").take(order), counts.field("counts").take(order)
    pairs = zip(values.to_pylist(), rows.to_pylist(), strict=True)
    return [[shortened(as_label(value)), number] for value, number in pairs]


def shortened(text: str, longest: int = LONGEST) -> str:
    """The text, cut where it is long."""
    return text if len(text) <= longest else text[: longest - 3] + "..."


def short(value: float, digits: int = DIGITS) -> float | None:
    """The number to a few digits; None where it is none, for JSON has no NaN."""
    return float(f"{value:.{digits}g}") if math.isfinite(value) else None

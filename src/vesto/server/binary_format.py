"""Columns as the binary form of their type, vectorised: an Arrow array in, one of binary out.

Source: PostgreSQL's send functions (``int8send``, ``numeric_send``, ``timestamp_send`` ...), whose
forms its drivers document; Redshift's interval as its Python driver reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa

from vesto.server.calendar import FAR_FUTURE, INFINITE_DAY
from vesto.server.stored import integers, microseconds, valid
from vesto.server.text_format import text

# Days and microseconds from 1970 to 2000, where PostgreSQL begins to count.
EPOCH_DAYS: Final = 10_957
EPOCH_US: Final = EPOCH_DAYS * 86_400_000_000
_BASE: Final = 10_000
_GROUP: Final = 4
_NEGATIVE: Final = 0x4000
_DAY_US: Final = 86_400_000_000
_INT16: Final = 32_767


def binary(array: pa.Array, kind: str, *, redshift: bool = False) -> pa.Array:
    """The values of SQL type ``kind`` in binary form; NULL stays NULL.

    With ``redshift`` an interval has the 12 bytes that Redshift's Python driver reads.
    """
    if kind == "interval":
        return _interval(array, redshift=redshift)
    writer = _WRITERS.get(kind)
    if writer is not None:
        return writer(array)
    if kind == "varbyte":
        return array.cast(pa.binary())
    return text(array, kind, redshift=redshift)


def fixed(rows: Any, width: int, array: pa.Array) -> pa.Array:
    """A binary array of values of one width, NULL where ``array`` is; rows are contiguous."""
    offsets = np.arange(len(array) + 1, dtype=np.int32) * np.int32(width)
    mask = None
    if array.null_count:
        mask = pa.array(valid(array)).buffers()[1]
    return pa.Array.from_buffers(
        pa.binary(), len(array),
        [mask, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(rows))],
    )  # fmt: skip


def _number(form: str, kind: pa.DataType) -> Callable[[pa.Array], pa.Array]:
    width = int(form[-1])

    def write(array: pa.Array) -> pa.Array:
        stored = integers(array.cast(kind), np.dtype(form.replace(">", "=")))
        return fixed(stored.astype(form), width, array)

    return write


def _bool(array: pa.Array) -> pa.Array:
    return fixed(array.fill_null(False).to_numpy(zero_copy_only=False).astype("u1"), 1, array)  # noqa: FBT003


def _date(array: pa.Array) -> pa.Array:
    days = integers(array.cast(pa.date32()), np.int32)
    infinite = np.abs(days.astype(np.int64)) >= INFINITE_DAY
    end = np.where(days > 0, np.int64(2**31 - 1), np.int64(-(2**31)))
    found = np.where(infinite, end, days.astype(np.int64) - EPOCH_DAYS)
    return fixed(found.astype(">i4"), 4, array)


def _time_us(array: pa.Array) -> Any:
    if pa.types.is_time32(array.type):
        array = array.cast(pa.time64("us"))
    stored = integers(array, np.int64)
    return stored // 1000 if array.type.unit == "ns" else stored


def _time(array: pa.Array) -> pa.Array:
    return fixed(_time_us(array).astype(">i8"), 8, array)


def _timetz(array: pa.Array) -> pa.Array:
    rows = np.zeros(len(array), dtype=[("us", ">i8"), ("west", ">i4")])
    rows["us"] = _time_us(array)
    return fixed(rows, 12, array)


def _timestamp(array: pa.Array) -> pa.Array:
    micros = microseconds(array)
    infinite = np.abs(micros) >= FAR_FUTURE
    limits = np.iinfo(np.int64)
    end = np.where(micros > 0, limits.max, limits.min)
    usual = np.where(infinite, 0, micros) - EPOCH_US
    return fixed(np.where(infinite, end, usual).astype(">i8"), 8, array)


def _interval(array: pa.Array, *, redshift: bool) -> pa.Array:
    values = array.to_pylist()
    if pa.types.is_duration(array.type):
        found = array.cast(pa.duration("us")).cast(pa.int64()).to_pylist()
        parts = [(0, 0, v or 0) for v in found]
    else:
        parts = [(v.months, v.days, v.nanoseconds // 1000) if v else (0, 0, 0) for v in values]
    whole = ">i2" if redshift else ">i4"
    rows = np.zeros(len(array), dtype=[("us", ">i8"), ("days", whole), ("months", whole)])
    for place, (months, days, micros) in enumerate(parts):
        if redshift and abs(days) > _INT16:
            days, micros = 0, micros + days * _DAY_US  # noqa: PLW2901 - it has room for few
        rows[place] = (micros, days, months)
    return fixed(rows, rows.dtype.itemsize, array)


# --- numeric: groups of four decimal digits ------------------------------------------------------


def _numeric(array: pa.Array) -> pa.Array:
    if not pa.types.is_decimal128(array.type):
        array = array.cast(pa.decimal128(20, 0))
    precision, scale = array.type.precision, array.type.scale
    words = np.frombuffer(array.buffers()[1], np.uint64).reshape(-1, 2)
    words = words[array.offset :][: len(array)]
    negative = (words[:, 1] >> np.uint64(63)).astype(bool) & valid(array)
    groups = _groups(_limbs(words, negative, precision), precision, scale)
    return _joined(groups, negative, (precision - scale + _GROUP - 1) // _GROUP, scale, array)


def _limbs(words: Any, negative: Any, precision: int) -> list[Any]:
    """The absolute values as 32-bit limbs, the highest first; one of 64 bits where that is all."""
    low, high = words[:, 0], words[:, 1]
    low, high = (
        np.where(negative, ~low + np.uint64(1), low),
        np.where(negative, ~high + (low == 0).astype(np.uint64), high),
    )
    if precision <= 18:  # noqa: PLR2004 - what an int64 holds
        return [low]
    mask, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    return [high >> half, high & mask, low >> half, low & mask]


def _divided(limbs: list[Any], by: int) -> tuple[list[Any], Any]:
    """Quotient and remainder of a division by a small number."""
    divisor = np.uint64(by)
    if len(limbs) == 1:
        return [limbs[0] // divisor], limbs[0] % divisor
    rest = np.zeros_like(limbs[0])
    found = []
    for limb in limbs:
        now = (rest << np.uint64(32)) | limb
        found.append(now // divisor)
        rest = now % divisor
    return found, rest


def _groups(limbs: list[Any], precision: int, scale: int) -> Any:
    """Rows of groups, the highest first; the point stands between two groups."""
    last = scale % _GROUP
    columns = []
    if last:
        limbs, rest = _divided(limbs, 10**last)
        columns.append(rest * np.uint64(10 ** (_GROUP - last)))
    whole = max(0, precision - scale)
    for _ in range(scale // _GROUP + (whole + _GROUP - 1) // _GROUP):
        limbs, rest = _divided(limbs, _BASE)
        columns.append(rest)
    columns.reverse()
    return np.stack(columns, axis=1).astype(np.int16) if columns else np.zeros((len(limbs[0]), 0))


def _joined(groups: Any, negative: Any, whole: int, scale: int, array: pa.Array) -> pa.Array:
    """Head and groups of each value, without the zeros before and after its digits."""
    rows, width = groups.shape
    used = groups != 0
    there = used.any(axis=1)
    first = np.where(there, used.argmax(axis=1), 0)
    after = np.where(there, width - used[:, ::-1].argmax(axis=1), 0)
    place = np.arange(width)
    keep = (place >= first[:, None]) & (place < after[:, None]) & there[:, None]
    head = np.empty((rows, 4), dtype=np.int16)
    head[:, 0] = keep.sum(axis=1)
    head[:, 1] = np.where(there, max(whole, 0) - 1 - first, 0)
    head[:, 2] = np.where(negative, _NEGATIVE, 0)
    head[:, 3] = scale
    matrix = np.concatenate([head, groups.astype(np.int16)], axis=1)
    flat = matrix[np.concatenate([np.ones((rows, 4), dtype=bool), keep], axis=1)].astype(">i2")
    offsets = np.zeros(rows + 1, dtype=np.int32)
    np.cumsum((head[:, 0].astype(np.int32) + 4) * 2, out=offsets[1:])
    mask = pa.array(valid(array)).buffers()[1] if array.null_count else None
    return pa.Array.from_buffers(
        pa.binary(), rows, [mask, pa.py_buffer(offsets), pa.py_buffer(flat)]
    )


_WRITERS: Final[Mapping[str, Callable[[pa.Array], pa.Array]]] = {
    "bool": _bool, "int2": _number(">i2", pa.int16()), "int4": _number(">i4", pa.int32()),
    "int8": _number(">i8", pa.int64()), "oid": _number(">u4", pa.uint32()), "float4": _number(">f4", pa.float32()),
    "float8": _number(">f8", pa.float64()), "numeric": _numeric, "date": _date, "time": _time,
    "timetz": _timetz, "timestamp": _timestamp, "timestamptz": _timestamp,
}  # fmt: skip

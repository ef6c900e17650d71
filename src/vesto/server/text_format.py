"""Columns as the text form of their type, vectorised: an Arrow array in, one of binary out.

Source: PostgreSQL manual, "Data Types" (output forms, DateStyle ISO, IntervalStyle postgres).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vesto.server.calendar import FAR_FUTURE, date_text, duration_text, interval_text
from vesto.server.stored import integers, microseconds, valid

# Arrow writes decimals below 0.000001 with an exponent.
_PLAIN_SCALE: Final = 6
# PostgreSQL writes numbers of this size without an exponent; Arrow and Python differ above.
SMALLEST_PLAIN: Final = 1e-4
MOST_PLAIN: Final = 1e15
_ARROW_MOST: Final = 1e10
_PYTHON_MOST: Final = 1e16
# From here on Arrow cuts years to four digits, or writes more.
_FIRST_DAY: Final = -719_162
_LAST_DAY: Final = 2_932_896
_DAY_US: Final = 86_400_000_000
_MINUTE_US: Final = 60_000_000


def text(array: pa.Array, kind: str, *, redshift: bool = False) -> pa.Array:
    r"""The values of SQL type ``kind`` as UTF-8; NULL stays NULL.

    With ``redshift`` VARBYTE is as Redshift writes it: hexadecimal digits without ``\x``.
    """
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if kind == "varbyte":
        return _hex(array, b"" if redshift else b"\\x")
    found = _WRITERS.get(kind, _plain)(array)
    return found.cast(pa.binary()) if pa.types.is_string(found.type) else _narrow(found)


def _narrow(array: pa.Array) -> pa.Array:
    """Large and view layouts as the one with 32-bit offsets."""
    kind = array.type
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return array.cast(pa.string()).cast(pa.binary())
    return array if pa.types.is_binary(kind) else array.cast(pa.binary())


def _plain(array: pa.Array) -> pa.Array:
    if pa.types.is_nested(array.type):
        return _document(array)
    if pa.types.is_binary(array.type) or pa.types.is_large_binary(array.type):
        return array.cast(pa.string())
    if isinstance(array, pa.ExtensionArray):
        return array.storage.cast(pa.string())
    return array.cast(pa.string())


def _bool(array: pa.Array) -> pa.Array:
    return pc.if_else(array, "t", "f")


def _float(array: pa.Array) -> pa.Array:
    found = array.cast(pa.string())
    if pa.types.is_float64(array.type):
        found = _with_exponents(array, found)
    if pc.all(pc.is_finite(array), skip_nulls=True).as_py():
        return found
    found = pc.if_else(pc.is_nan(array), "NaN", found)
    found = pc.if_else(pc.equal(found, "inf"), "Infinity", found)
    return pc.if_else(pc.equal(found, "-inf"), "-Infinity", found)


def _with_exponents(array: pa.Array, found: pa.Array) -> pa.Array:
    """Numbers that Arrow would write with an exponent where PostgreSQL does not, or without one."""
    size = pc.abs(array)
    small = pc.and_(pc.greater(size, 0.0), pc.less(size, SMALLEST_PLAIN))
    large = pc.and_(pc.greater_equal(size, _ARROW_MOST), pc.is_finite(array))
    odd = pc.fill_null(pc.or_(small, large), fill_value=False)
    if not pc.any(odd).as_py():
        return found
    values = array.filter(odd).to_pylist()
    return pc.replace_with_mask(found, odd, pa.array([float8_text(v) for v in values], pa.string()))


def float8_text(value: float) -> str:
    """A finite number in the fewest digits that give it back, as PostgreSQL writes it.

    Source: PostgreSQL's ``float8out``: an exponent below 1e-4 and from 1e15 on.
    """
    text = repr(value).removesuffix(".0")
    if not MOST_PLAIN <= abs(value) < _PYTHON_MOST:
        return text
    sign, digits = ("-" if value < 0 else ""), text.lstrip("-").replace(".", "").rstrip("0")
    return f"{sign}{digits[0]}{'.' if digits[1:] else ''}{digits[1:]}e+15"


def _numeric(array: pa.Array) -> pa.Array:
    found = array.cast(pa.string())
    if not pa.types.is_decimal(array.type) or array.type.scale <= _PLAIN_SCALE:
        return found
    small = pc.match_substring(found, "E")
    if not pc.any(small).as_py():
        return found
    return pa.array([None if v is None else f"{Decimal(v):f}" for v in found.to_pylist()])


def _date(array: pa.Array) -> pa.Array:
    days = integers(array.cast(pa.date32()), np.int32)
    there = valid(array)
    ordinary = (days >= _FIRST_DAY) & (days <= _LAST_DAY)
    if np.all(ordinary | ~there):
        return array.cast(pa.date32()).cast(pa.string())
    return _each(days.tolist(), there, date_text)


def _time(array: pa.Array) -> pa.Array:
    micros = array.cast(pa.time64("us")) if pa.types.is_time32(array.type) else array
    if micros.type.unit == "ns":
        micros = pc.divide(micros.cast(pa.int64()), 1000)
    micros = micros.cast(pa.int64())
    if pc.any(pc.equal(micros, _DAY_US)).as_py():
        return _each(micros.to_pylist(), valid(array), duration_text)
    return _trimmed(micros.cast(pa.time64("us")).cast(pa.string()))


def _timetz(array: pa.Array) -> pa.Array:
    if pa.types.is_string(array.type):
        return array
    return pc.binary_join_element_wise(_time(array), "+00", "")


def _timestamp(array: pa.Array) -> pa.Array:
    return _moments(microseconds(array), valid(array), None)


def _timestamptz(array: pa.Array) -> pa.Array:
    utc = microseconds(array)
    there = valid(array)
    usual = there & (np.abs(utc) < FAR_FUTURE)
    zoned = pa.array(np.where(usual, utc, 0)).cast(pa.timestamp("us", array.type.tz or "UTC"))
    local = pc.local_timestamp(zoned).cast(pa.int64()).to_numpy()
    shift = np.where(usual, local - utc, 0)
    return _moments(utc + shift, there, shift)


def _moments(micros: Any, there: Any, shift: Any | None) -> pa.Array:
    """Timestamps of microseconds since 1970, with the zone's offset where there is one."""
    days = micros // _DAY_US
    if not np.all(~there | ((days >= _FIRST_DAY) & (days <= _LAST_DAY))):
        return _odd_moments(micros, there, shift)
    mask = None if np.all(there) else ~there
    if not np.any(micros % 1_000_000):
        found = pa.array(micros // 1_000_000, pa.timestamp("s"), mask=mask).cast(pa.string())
    else:
        found = _trimmed(pa.array(micros, pa.timestamp("us"), mask=mask).cast(pa.string()))
    return found if shift is None else pc.binary_join_element_wise(found, _offsets(shift), "")


def _offsets(shift: Any) -> pa.Array:
    """``+00``, ``-03:30``: few different ones, whatever the number of rows."""
    kinds, which = np.unique(shift, return_inverse=True)
    return pa.array([_offset(int(kind)) for kind in kinds]).take(pa.array(which.ravel()))


def _offset(micros: int) -> str:
    minutes, rest = divmod(abs(micros) // 1_000_000, 60)
    text = f"{'-' if micros < 0 else '+'}{minutes // 60:02}"
    text += f":{minutes % 60:02}" if minutes % 60 or rest else ""
    return f"{text}:{rest:02}" if rest else text


def _odd_moments(micros: Any, there: Any, shift: Any | None) -> pa.Array:
    """The same, one by one: infinities and years that Arrow does not write."""
    rows = zip(
        micros.tolist(),
        there.tolist(),
        [0] * len(micros) if shift is None else shift.tolist(),
        strict=True,
    )
    return pa.array(
        [_odd(value, offset if shift is not None else None) if there else None
         for value, there, offset in rows], pa.string()
    )  # fmt: skip


def _odd(micros: int, shift: int | None) -> str:
    if abs(micros) >= FAR_FUTURE:
        return "infinity" if micros > 0 else "-infinity"
    days, rest = divmod(micros, _DAY_US)
    date, _, era = date_text(days).partition(" ")
    found = f"{date} {duration_text(rest)}" + ("" if shift is None else _offset(shift))
    return f"{found} {era}" if era else found


def _trimmed(found: pa.Array) -> pa.Array:
    """A fraction of seconds without zeros at its end."""
    return pc.utf8_rtrim(pc.utf8_rtrim(found, "0"), ".")


def _interval(array: pa.Array) -> pa.Array:
    if pa.types.is_duration(array.type):
        micros = array.cast(pa.duration("us")).cast(pa.int64()).to_pylist()
        return pa.array([None if v is None else interval_text(0, 0, v) for v in micros])
    return pa.array(
        [None if v is None else interval_text(v.months, v.days, v.nanoseconds // 1000)
         for v in array.to_pylist()], pa.string()
    )  # fmt: skip


def _document(array: pa.Array) -> pa.Array:
    """JSON: what the engine hands as such, and its lists and structures."""
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if not pa.types.is_nested(array.type):
        return array.cast(pa.string())
    maps = array.to_pylist(maps_as_pydicts="lossy")
    return pa.array([None if v is None else _json(v) for v in maps], pa.string())


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_json_scalar)


def _json_scalar(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.hex() if isinstance(value, bytes) else str(value)


def _hex(array: pa.Array, prefix: bytes) -> pa.Array:
    """All digits at once: the values stand one after the other in one buffer."""
    array = array.cast(pa.binary())
    offsets = np.frombuffer(array.buffers()[1], np.int32)[array.offset :][: len(array) + 1]
    data = array.buffers()[2]
    whole = memoryview(data)[offsets[0] : offsets[-1]].hex() if data is not None else ""
    doubled = ((offsets - offsets[0]) * 2).astype(np.int32)
    there = pa.array(valid(array))
    digits = pa.Array.from_buffers(
        pa.binary(), len(array), [None, pa.py_buffer(doubled), pa.py_buffer(whole.encode())]
    )
    if prefix:
        digits = pc.binary_join_element_wise(pa.scalar(prefix), digits, pa.scalar(b""))
    return pc.if_else(there, digits, pa.scalar(None, pa.binary()))


def _each(values: list[Any], there: Any, write: Callable[[Any], str]) -> pa.Array:
    rows = zip(values, there.tolist(), strict=True)
    return pa.array([write(value) if known else None for value, known in rows], pa.string())


_WRITERS: Final[Mapping[str, Callable[[pa.Array], pa.Array]]] = {
    "bool": _bool, "float4": _float, "float8": _float, "numeric": _numeric, "date": _date,
    "time": _time, "timetz": _timetz, "timestamp": _timestamp, "timestamptz": _timestamptz,
    "interval": _interval, "super": _document,
}  # fmt: skip

"""Values of a statement's parameters: what a client binds, to what the engine takes.

Source: PostgreSQL's receive functions; section "Data Types" of its manual for the text forms.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from decimal import Context, Decimal, InvalidOperation
from typing import Any, Final

from vesto.errors import InvalidBinary, InvalidText, VestoError
from vesto.server.arrays import LISTS, items
from vesto.server.binary_format import EPOCH_DAYS, EPOCH_US
from vesto.server.calendar import INFINITE_DAY, date_text, duration_text, interval_text

# SQL types by the object identifiers that clients declare; others are read as text.
BY_OID: Final[Mapping[int, str]] = {
    16: "bool", 17: "varbyte", 18: "varchar", 19: "varchar", 20: "int8", 21: "int2", 23: "int4",
    25: "varchar", 26: "oid", 114: "super", 700: "float4", 701: "float8", 1042: "varchar",
    1043: "varchar", 1082: "date", 1083: "time", 1114: "timestamp", 1184: "timestamptz",
    1186: "interval", 1188: "interval", 1190: "interval", 1266: "timetz", 1700: "numeric",
    3802: "super", 4000: "super", 6551: "varbyte",
    **{oid: f"{element}[]" for oid, (element, _) in LISTS.items()},
}  # fmt: skip
# What a value is cast to in the statement; text and numbers with a fraction stay as they are.
_CASTS: Final[Mapping[str, str]] = {
    "bool": "BOOLEAN", "int2": "SMALLINT", "int4": "INTEGER", "int8": "BIGINT", "oid": "BIGINT", "float4": "REAL",
    "float8": "DOUBLE PRECISION", "date": "DATE", "time": "TIME", "timetz": "TIMETZ",
    "timestamp": "TIMESTAMP", "timestamptz": "TIMESTAMPTZ", "interval": "INTERVAL",
}  # fmt: skip
CASTS: Final[Mapping[str, str]] = {
    **_CASTS, "varchar[]": "VARCHAR[]", **{f"{kind}[]": f"{cast}[]" for kind, cast in _CASTS.items()},
}  # fmt: skip
# The same where there is no value: the types that a value itself shows have to be written too.
NULL_CASTS: Final[Mapping[str, str]] = {
    **CASTS, "numeric": "DECIMAL(38,10)", "varchar": "TEXT", "numeric[]": "DECIMAL(38,10)[]",
}  # fmt: skip

_TRUE: Final = frozenset({"t", "true", "y", "yes", "on", "1"})
_FALSE: Final = frozenset({"f", "false", "n", "no", "off", "0"})
_OFFSET: Final = re.compile(r"\s*(?:[+-]\d{1,2}(?::?\d{2}){0,2}|Z|UTC)\s*(?=BC$|$)")
_CLOCK: Final = re.compile(r"[T ]\s*\d{1,2}:\d{2}.*?(?=\s*BC$|$)")
_BASE: Final = 10_000
# Python's own context rounds to 28 digits.
_EXACT: Final = Context(prec=500)
_MICROS_A_DAY: Final = 86_400_000_000


def decoded(raw: bytes | None, kind: str, form: int, place: int) -> Any:
    """The value of parameter ``place`` (from 1) of SQL type ``kind``; format 1 is binary.

    Dates, times and intervals become text, as a literal would have it.

    Raises:
        InvalidText: The text is none of that type.
        InvalidBinary: The bytes are none of that type.
    """
    if raw is None:
        return None
    try:
        if kind.endswith("[]"):
            element = kind.removesuffix("[]")
            found = items(raw, in_binary=bool(form))
            return [decoded(item, element, form, place) for item in found]
        return _binary(raw, kind) if form else _text(raw.decode(), kind)
    except VestoError:
        raise
    except (ValueError, InvalidOperation, struct.error, IndexError, OverflowError):
        if form:
            message = f"incorrect binary data format in bind parameter {place}"
            raise InvalidBinary(message) from None
        shown = raw.decode(errors="replace")[:100]
        message = f'invalid input syntax for type {kind}: "{shown}"'
        raise InvalidText(message, hint=f"It is the value of parameter ${place}.") from None


# --- Text ----------------------------------------------------------------------------------------


def _text(text: str, kind: str) -> Any:
    reader = _TEXT.get(kind)
    return reader(text) if reader else text


def _bool(text: str) -> bool:
    word = text.strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError(text)
    return word in _TRUE


def _whole(text: str) -> int:
    if "_" in text:  # which Python would take
        raise ValueError(text)
    return int(text)


def _fraction(text: str) -> Decimal:
    found = Decimal(text.strip())
    if not found.is_finite():
        raise ValueError(text)
    return found


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("\\x"))


def _date(text: str) -> str:
    return _OFFSET.sub("", _CLOCK.sub("", text.strip())) if len(text) > 10 else text  # noqa: PLR2004


def _moment(text: str) -> str:
    """A timestamp without time zone: an offset means nothing to it."""
    head, separator, clock = _at_clock(text.strip())
    return head + separator + _OFFSET.sub("", clock) if clock else head


def _at_clock(text: str) -> tuple[str, str, str]:
    for separator in (" ", "T"):
        head, found, clock = text.partition(separator)
        if found and ":" in clock:
            return head, found, clock
    return text, "", ""


_TEXT: Final[Mapping[str, Callable[[str], Any]]] = {
    "bool": _bool, "int2": _whole, "int4": _whole, "int8": _whole, "oid": _whole, "float4": float,
    "float8": float, "numeric": _fraction, "varbyte": _bytes, "date": _date, "timestamp": _moment,
    "time": lambda text: _OFFSET.sub("", text.strip()),
}  # fmt: skip


# --- Binary --------------------------------------------------------------------------------------


def _binary(raw: bytes, kind: str) -> Any:
    reader = _BINARY.get(kind)
    return reader(raw) if reader else raw.decode()


def _number(form: str) -> Callable[[bytes], Any]:
    reader = struct.Struct(form)
    return lambda raw: reader.unpack(raw)[0]


def _binary_bool(raw: bytes) -> bool:
    if raw not in {b"\0", b"\1"}:
        raise ValueError(raw)
    return raw == b"\1"


def _binary_numeric(raw: bytes) -> Decimal:
    count, weight, sign, scale = struct.unpack_from("!hhHh", raw)
    digits = struct.unpack(f"!{count}h", raw[8:])
    if sign not in {0, 0x4000} or not all(0 <= digit < _BASE for digit in digits) or scale < 0:
        raise ValueError(raw)
    if not -64 <= weight <= 64 or scale > 200:  # noqa: PLR2004 - far beyond 38 digits
        raise ValueError(raw)
    whole = 0
    for digit in digits:
        whole = whole * _BASE + digit
    found = _EXACT.scaleb(Decimal(whole), 4 * (weight + 1 - count))
    found = found.copy_negate() if sign else found
    return _EXACT.quantize(found, _EXACT.scaleb(Decimal(1), -scale))


def _binary_date(raw: bytes) -> str:
    (days,) = struct.unpack("!i", raw)
    infinite = abs(days) >= INFINITE_DAY
    return date_text(days if infinite else days + EPOCH_DAYS)


def _binary_time(raw: bytes) -> str:
    (micros,) = struct.unpack("!q", raw)
    return duration_text(micros)


def _binary_timetz(raw: bytes) -> str:
    micros, west = struct.unpack("!qi", raw)
    sign, minutes = "-" if west > 0 else "+", abs(west) // 60
    return f"{duration_text(micros)}{sign}{minutes // 60:02}:{minutes % 60:02}"


def _binary_timestamp(raw: bytes) -> str:
    (micros,) = struct.unpack("!q", raw)
    if abs(micros) >= 2**63 - 1:
        return "infinity" if micros > 0 else "-infinity"
    days, rest = divmod(micros + EPOCH_US, _MICROS_A_DAY)
    date, _, era = date_text(days).partition(" ")
    return f"{date} {duration_text(rest)}" + (f" {era}" if era else "")


def _binary_timestamptz(raw: bytes) -> str:
    found = _binary_timestamp(raw)
    if found.endswith("infinity"):
        return found
    return f"{found.removesuffix(' BC')}+00" + (" BC" if found.endswith("BC") else "")


def _binary_interval(raw: bytes) -> str:
    # Redshift's Python driver sends 12 bytes.
    micros, days, months = struct.unpack("!qhh" if len(raw) == 12 else "!qii", raw)  # noqa: PLR2004
    return interval_text(months, days, micros)


_BINARY: Final[Mapping[str, Callable[[bytes], Any]]] = {
    "bool": _binary_bool, "int2": _number("!h"), "int4": _number("!i"), "int8": _number("!q"), "oid": _number("!I"),
    "float4": _number("!f"), "float8": _number("!d"), "numeric": _binary_numeric, "varbyte": bytes,
    "date": _binary_date, "time": _binary_time, "timetz": _binary_timetz,
    "timestamp": _binary_timestamp, "timestamptz": _binary_timestamptz,
    "interval": _binary_interval,
}  # fmt: skip

"""The same forms for a few values, without the cost of starting vectorised work.

Only what is common is written here; for anything else ``Uncommon`` is raised and the vectorised way
is taken.
"""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

from vesto.server.text_format import MOST_PLAIN, SMALLEST_PLAIN


class Uncommon(Exception):
    """A value that is not written here."""


def few(columns: Sequence[pa.Array], kinds: Sequence[str], formats: Sequence[int]) -> list[bytes]:
    """The rows as DataRow messages.

    Raises:
        Uncommon: A value or type is none of the common ones.
    """
    written = [
        _written(column, (_BINARY if form else _TEXT).get(kind))
        for column, kind, form in zip(columns, kinds, formats, strict=True)
    ]
    head = struct.pack("!h", len(columns))
    rows = [head + b"".join(row) for row in zip(*written, strict=True)]
    return [b"D" + struct.pack("!I", len(row) + 4) + row for row in rows]


def _written(column: pa.Array, write: Callable[[Any], bytes] | None) -> list[bytes]:
    if write is None:
        raise Uncommon
    try:
        values = column.to_pylist()
        return [b"\xff\xff\xff\xff" if v is None else _counted(write(v)) for v in values]
    except (ValueError, OverflowError, struct.error, TypeError, AttributeError, pa.ArrowException):
        # A date that Python does not have, or a column of another kind than was announced.
        raise Uncommon from None


def _counted(value: bytes) -> bytes:
    return struct.pack("!i", len(value)) + value


def _bool(value: Any) -> bytes:
    return b"t" if value is True else b"f"


def _whole(value: Any) -> bytes:
    return b"%d" % value


def _numeric(value: Any) -> bytes:
    if not isinstance(value, Decimal):
        raise Uncommon
    return f"{value:f}".encode()


def _fraction(value: Any) -> bytes:
    if value and not SMALLEST_PLAIN <= abs(value) < MOST_PLAIN:
        raise Uncommon
    return repr(value).removesuffix(".0").encode()


def _date(value: Any) -> bytes:
    if type(value) is not dt.date:
        raise Uncommon
    return value.isoformat().encode()


def _timestamp(value: Any) -> bytes:
    if type(value) is not dt.datetime or value.tzinfo is not None:
        raise Uncommon
    text = value.isoformat(" ")
    return (text.rstrip("0") if value.microsecond else text).encode()


def _packed(form: str) -> Callable[[Any], bytes]:
    return struct.Struct(form).pack


_TEXT: Final[Mapping[str, Callable[[Any], bytes]]] = {
    "bool": _bool, "int2": _whole, "int4": _whole, "int8": _whole, "oid": _whole, "numeric": _numeric,
    "float8": _fraction, "varchar": str.encode, "bpchar": str.encode, "date": _date,
    "timestamp": _timestamp,
}  # fmt: skip
_BINARY: Final[Mapping[str, Callable[[Any], bytes]]] = {
    "bool": _packed("!?"), "int2": _packed("!h"), "int4": _packed("!i"), "int8": _packed("!q"), "oid": _packed("!I"),
    "float4": _packed("!f"), "float8": _packed("!d"), "varchar": str.encode, "bpchar": str.encode,
}  # fmt: skip

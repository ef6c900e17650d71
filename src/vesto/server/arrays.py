"""Lists as PostgreSQL's arrays of one dimension, and its vectors; and back, as parameters.

Source: PostgreSQL manual, "Array Input and Output Syntax"; its function ``array_send``.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from vesto.server.binary_format import binary
from vesto.server.text_format import text

# The elements' type, as values are written and as clients know it, by an array's object identifier.
ELEMENTS: Final[Mapping[int, tuple[str, int]]] = {
    22: ("int2", 21), 30: ("oid", 26), 1000: ("bool", 16), 1002: ("varchar", 18),
    1005: ("int2", 21), 1007: ("int4", 23), 1015: ("varchar", 1043), 1009: ("varchar", 25),
    1016: ("int8", 20), 1021: ("float4", 700), 1022: ("float8", 701), 1028: ("oid", 26),
    1115: ("timestamp", 1114), 1182: ("date", 1082), 1185: ("timestamptz", 1184),
    1231: ("numeric", 1700),
}  # fmt: skip
# Vectors, which count from 0.
_VECTORS: Final = frozenset({22, 30})
# What a parameter can be.
LISTS: Final = {oid: element for oid, element in ELEMENTS.items() if oid not in _VECTORS}
_PREFIX: Final = "array "
_QUOTED: Final = re.compile(rb'[\s{},"\\]|\A\Z|\Anull\Z', re.IGNORECASE)
_EMPTY: Final = re.compile(rb"\s*\{\s*\}\s*")
# An element and the comma or brace that ends it.
_ELEMENT: Final = re.compile(
    rb"""\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s{},"\\](?:[^{},"\\]*[^\s{},"\\])?))\s*[,}]""",
    re.DOTALL,
)
_UNESCAPED: Final = re.compile(rb"\\(.)", re.DOTALL)
_ESCAPED: Final = re.compile(rb'(["\\])')


def array_kind(oid: int) -> str:
    """The name by which values of an array's type are written; empty: it is no array."""
    return f"{_PREFIX}{oid}" if oid in ELEMENTS else ""


def is_array(kind: str) -> bool:
    """Whether ``kind`` is such a name."""
    return kind.startswith(_PREFIX)


def arrays(column: pa.Array, kind: str, *, in_binary: bool) -> pa.Array:
    """A column of lists in text or binary form; NULL stays NULL, of a list and inside one."""
    number = int(kind.removeprefix(_PREFIX))
    element, oid = ELEMENTS[number]
    values = (binary if in_binary else text)(column.flatten(), element).to_pylist()
    is_vector = number in _VECTORS

    def write(each: Sequence[bytes | None]) -> bytes:
        if in_binary:
            return _binary(each, oid, first=0 if is_vector else 1)
        return b" ".join(item or b"" for item in each) if is_vector else _text(each)

    found: list[bytes | None] = []
    at = 0
    for length in pc.list_value_length(column).to_pylist():
        found.append(None if length is None else write(values[at : at + length]))
        at += length or 0
    return pa.array(found, pa.binary())


def _text(values: Sequence[bytes | None]) -> bytes:
    return b"{" + b",".join(map(_item, values)) + b"}"


def _item(value: bytes | None) -> bytes:
    if value is None:
        return b"NULL"
    if _QUOTED.search(value):
        return b'"' + _ESCAPED.sub(rb"\\\1", value) + b'"'
    return value


def _binary(values: Sequence[bytes | None], oid: int, first: int) -> bytes:
    if not values:
        return struct.pack("!iii", 0, 0, oid)
    head = struct.pack("!iiiii", 1, None in values, oid, len(values), first)
    return head + b"".join(map(_counted, values))


def _counted(value: Any) -> bytes:
    return b"\xff\xff\xff\xff" if value is None else struct.pack("!i", len(value)) + value


# --- Parameters -----------------------------------------------------------------------------------


def items(raw: bytes, *, in_binary: bool) -> list[bytes | None]:
    """The elements of an array in the same form.

    Raises:
        ValueError: It is none, or has more than one dimension.
    """
    if in_binary:
        return _binary_items(raw)
    found: list[bytes | None] = []
    if _EMPTY.fullmatch(raw):
        return found
    if not (raw.startswith(b"{") and raw.endswith(b"}")):
        raise ValueError(raw)
    at = 1
    while at < len(raw):
        match = _ELEMENT.match(raw, at)
        if match is None:
            raise ValueError(raw)
        quoted, plain = match["quoted"], match["plain"]
        if quoted is not None:
            found.append(_UNESCAPED.sub(rb"\1", quoted))
        else:
            found.append(None if plain.upper() == b"NULL" else plain)
        at = match.end()
    return found


def _binary_items(raw: bytes) -> list[bytes | None]:
    dimensions, _, _ = struct.unpack_from("!iii", raw)
    if dimensions == 0:
        return []
    count, _ = struct.unpack_from("!ii", raw, 12)
    if dimensions != 1 or not 0 <= count <= len(raw):
        raise ValueError(raw)
    found: list[bytes | None] = []
    at = 20
    for _ in range(count):
        (size,) = struct.unpack_from("!i", raw, at)
        at += 4
        if size > len(raw) - at:
            raise ValueError(raw)
        found.append(None if size < 0 else raw[at : at + size])
        at += max(size, 0)
    if at != len(raw):
        raise ValueError(raw)
    return found

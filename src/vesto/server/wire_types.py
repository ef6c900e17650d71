"""SQL types as clients see them: object identifier and size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from vesto.engines import Column
from vesto.result import Result
from vesto.server.arrays import LISTS, array_kind
from vesto.server.replies import Field
from vesto.types import BY_NAME, CHARACTER, OID, from_arrow

_SIZES: Final = {
    "bool": 1, "int2": 2, "int4": 4, "int8": 8, "float4": 4, "float8": 8, "date": 4, "time": 8,
    "timetz": 12, "oid": 4, "timestamp": 8, "timestamptz": 8, "interval": 16,
}  # fmt: skip
_LISTS: Final = {f"{element}[]": oid for oid, (element, _) in LISTS.items()}
# VARBYTE is bytea, and SUPER the text that it is written as.
_ELSEWHERE: Final = {"varbyte": 17, "super": BY_NAME["varchar"].oid}
_REDSHIFT_INTERVAL: Final = 12


def wire_name(column: Column) -> str:
    """The name of the type that values are written as."""
    if column.type is OID:
        return "oid"
    return array_kind(column.type.oid) or column.type.name


def identifier(kind: str, *, redshift: bool) -> int:
    """The object identifier; Redshift's types that only its own drivers know are others to others.

    asyncpg refuses a result with a type that it does not know.
    """
    if not redshift and kind in _ELSEWHERE:
        return _ELSEWHERE[kind]
    if kind == "oid":
        return OID.oid
    return _LISTS.get(kind) or BY_NAME[kind].oid


def columns_of(result: Result) -> tuple[Column, ...]:
    """The columns of a result, with the types that the engine knows, else Arrow's."""
    fields = list(result.schema)
    if len(result.types) == len(fields):
        named = zip(fields, result.types, strict=True)
        return tuple(Column(field.name, kind, modifier) for field, (kind, modifier) in named)
    return tuple(
        Column(field.name, from_arrow(field.type), _modifier(field.type)) for field in fields
    )


def _modifier(kind: pa.DataType) -> int:
    return (kind.precision << 16 | kind.scale) + 4 if pa.types.is_decimal(kind) else -1


def fields_of(columns: Sequence[Column], formats: Sequence[int], *, redshift: bool) -> list[Field]:
    """The columns for RowDescription."""
    found = []
    for column, form in zip(columns, formats, strict=True):
        kind = wire_name(column)
        size = 1 if column.type is CHARACTER else _SIZES.get(kind, -1)
        if kind == "interval" and redshift:
            size = _REDSHIFT_INTERVAL
        oid = identifier(kind, redshift=redshift) if kind in _ELSEWHERE else column.type.oid
        found.append(Field(column.name, oid, size, column.modifier, form))
    return found

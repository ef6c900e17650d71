"""SQL types as clients see them: object identifier and size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from vesto.engines import Column
from vesto.result import Result
from vesto.server.replies import Field
from vesto.types import (
    BY_NAME,
    CHARACTER,
    OID,
    OID_VECTOR,
    SMALL_ARRAY,
    SMALL_VECTOR,
    from_arrow,
)

_SIZES: Final = {
    "bool": 1, "int2": 2, "int4": 4, "int8": 8, "float4": 4, "float8": 8, "date": 4, "time": 8,
    "timetz": 12, "oid": 4, "timestamp": 8, "timestamptz": 8, "interval": 16,
}  # fmt: skip
_CATALOGUE: Final = {
    OID: "oid", SMALL_ARRAY: "int2[]", SMALL_VECTOR: "int2vector", OID_VECTOR: "oidvector",
}  # fmt: skip
_BYTEA: Final = 17
_REDSHIFT_INTERVAL: Final = 12


def wire_name(column: Column) -> str:
    """The name of the type that values are written as."""
    return _CATALOGUE.get(column.type, column.type.name)


def identifier(kind: str, *, redshift: bool) -> int:
    """The object identifier; only Redshift's own drivers know its VARBYTE, others get bytea."""
    if kind == "varbyte" and not redshift:
        return _BYTEA
    return BY_NAME[kind].oid


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
        oid = column.type.oid if kind != "varbyte" else identifier(kind, redshift=redshift)
        found.append(Field(column.name, oid, size, column.modifier, form))
    return found

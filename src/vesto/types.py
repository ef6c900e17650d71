"""One table of SQL types: Redshift's name, DuckDB's, Arrow's and PostgreSQL's object identifier.

Source: Amazon Redshift Database Developer Guide, "Data types"; PostgreSQL's ``pg_type.dat``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class SqlType:
    """One row of the table.

    ``name`` is the catalog name that SHOW MODEL prints (int4); ``sql`` what a user writes
    (INTEGER); ``family`` groups the types that convert into each other without a cast.
    """

    name: str
    sql: str
    duckdb: str
    family: str
    oid: int
    rank: int = 0


_TABLE: Final = (
    SqlType("bool", "BOOLEAN", "BOOLEAN", "boolean", 16),
    SqlType("int2", "SMALLINT", "SMALLINT", "integer", 21, 1),
    SqlType("int4", "INTEGER", "INTEGER", "integer", 23, 2),
    SqlType("int8", "BIGINT", "BIGINT", "integer", 20, 3),
    SqlType("numeric", "DECIMAL", "DECIMAL", "fraction", 1700, 4),
    SqlType("float4", "REAL", "FLOAT", "fraction", 700, 5),
    SqlType("float8", "DOUBLE PRECISION", "DOUBLE", "fraction", 701, 6),
    SqlType("bpchar", "CHAR", "VARCHAR", "text", 1042),
    SqlType("varchar", "VARCHAR", "VARCHAR", "text", 1043),
    SqlType("date", "DATE", "DATE", "date", 1082),
    SqlType("time", "TIME", "TIME", "time", 1083),
    SqlType("timetz", "TIMETZ", "TIME WITH TIME ZONE", "time", 1266),
    SqlType("timestamp", "TIMESTAMP", "TIMESTAMP", "timestamp", 1114),
    SqlType("timestamptz", "TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE", "timestamp", 1184),
    SqlType("super", "SUPER", "JSON", "super", 4000),
    SqlType("varbyte", "VARBYTE", "BLOB", "varbyte", 6551),
    SqlType("interval", "INTERVAL", "INTERVAL", "interval", 1186),
    # A bare NULL, which converts to anything; and what no Redshift type stands for.
    SqlType("unknown", "UNKNOWN", "VARCHAR", "unknown", 705),
    SqlType("foreign", "FOREIGN", "VARCHAR", "foreign", 705),
)
BY_NAME: Final = {row.name: row for row in _TABLE}
# The catalogue's, which are worked with as what they are stored in, and shown by their identifier.
OID: Final = replace(BY_NAME["int8"], oid=26)
CHARACTER: Final = replace(BY_NAME["varchar"], oid=18)
_CHARACTERS: Final = "ENUM('', '0',"
_CHARACTER_ARRAY: Final = 1002
# PostgreSQL's arrays, by the element: the engine's lists, which only the catalogue and functions of the
# engine's own return. They are worked with as SUPER.
_ARRAYS: Final = {
    "BOOLEAN": 1000, "TINYINT": 1005, "UTINYINT": 1005, "SMALLINT": 1005, "USMALLINT": 22, "UBIGINT": 30,
    "INTEGER": 1007, "BIGINT": 1016, "UINTEGER": 1028, "DECIMAL": 1231, "FLOAT": 1021,
    "DOUBLE": 1022, "VARCHAR": 1009, "DATE": 1182, "TIMESTAMP": 1115,
    "TIMESTAMP WITH TIME ZONE": 1185,
}  # fmt: skip

_DUCKDB: Final = {
    "BOOLEAN": "bool", "TINYINT": "int2", "UTINYINT": "int2", "SMALLINT": "int2",
    "USMALLINT": "int4", "INTEGER": "int4", "UINTEGER": "int8", "BIGINT": "int8",
    "UBIGINT": "numeric", "HUGEINT": "numeric", "DECIMAL": "numeric", "INTERVAL": "interval",
    "FLOAT": "float4", "DOUBLE": "float8", "VARCHAR": "varchar", "ENUM": "varchar",
    "UUID": "varchar", "DATE": "date", "TIME": "time", "TIME_NS": "time",
    "TIME WITH TIME ZONE": "timetz", "TIMESTAMP": "timestamp", "TIMESTAMP_S": "timestamp",
    "TIMESTAMP_MS": "timestamp", "TIMESTAMP_NS": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz", "JSON": "super", "STRUCT": "super",
    "MAP": "super", "LIST": "super", "BLOB": "varbyte",
}  # fmt: skip

_WORDS: Final = {
    "BOOLEAN": "bool", "BOOL": "bool", "SMALLINT": "int2", "INT2": "int2", "INTEGER": "int4",
    "INT": "int4", "INT4": "int4", "BIGINT": "int8", "INT8": "int8", "DECIMAL": "numeric",
    "NUMERIC": "numeric", "REAL": "float4", "FLOAT4": "float4", "DOUBLE PRECISION": "float8",
    "DOUBLE": "float8", "FLOAT8": "float8", "FLOAT": "float8", "CHAR": "bpchar",
    "CHARACTER": "bpchar", "NCHAR": "bpchar", "BPCHAR": "bpchar", "VARCHAR": "varchar",
    "CHARACTER VARYING": "varchar", "NVARCHAR": "varchar", "TEXT": "varchar", "DATE": "date",
    "TIME": "time", "TIME WITHOUT TIME ZONE": "time", "TIMETZ": "timetz",
    "TIME WITH TIME ZONE": "timetz", "TIMESTAMP": "timestamp",
    "TIMESTAMP WITHOUT TIME ZONE": "timestamp", "TIMESTAMPTZ": "timestamptz",
    "TIMESTAMP WITH TIME ZONE": "timestamptz", "SUPER": "super", "VARBYTE": "varbyte",
    "INTERVAL": "interval",
}  # fmt: skip


def from_duckdb(name: str) -> SqlType:
    """The type for one that DuckDB's DESCRIBE prints, as ``DECIMAL(10,2)`` or ``INTEGER[]``."""
    if name.endswith("]"):
        return _array(name[:-2])
    if name == "UINTEGER":
        return OID
    if name.startswith(_CHARACTERS):
        return CHARACTER
    return BY_NAME[_DUCKDB.get(_plain(name), "foreign")]


def _array(element: str) -> SqlType:
    oid = _ARRAYS.get(_plain(element))
    if element.startswith(_CHARACTERS):
        oid = _CHARACTER_ARRAY
    return replace(BY_NAME["super"], oid=oid) if oid else BY_NAME["super"]


def _plain(name: str) -> str:
    """A type's name without its sizes, or the names of its fields."""
    return re.sub(r"\(.*", "", name, flags=re.DOTALL)


def from_words(words: str) -> SqlType | None:
    """The type for what a user wrote, as ``integer`` or ``CHARACTER VARYING``; None if unknown."""
    name = _WORDS.get(" ".join(words.upper().split()))
    return BY_NAME[name] if name else None


def from_arrow(kind: pa.DataType) -> SqlType:
    """The type of an Arrow column."""
    import pyarrow.types as arrow  # noqa: PLC0415 - importing vesto must stay quick

    tests = (
        (arrow.is_boolean, "bool"), (arrow.is_int64, "int8"), (arrow.is_uint32, "int8"),
        (arrow.is_int32, "int4"), (arrow.is_uint16, "int4"), (arrow.is_int16, "int2"),
        (arrow.is_int8, "int2"), (arrow.is_uint8, "int2"), (arrow.is_uint64, "numeric"),
        (arrow.is_decimal, "numeric"), (arrow.is_float64, "float8"), (arrow.is_float32, "float4"),
        (arrow.is_float16, "float4"), (arrow.is_string, "varchar"),
        (arrow.is_large_string, "varchar"), (arrow.is_string_view, "varchar"),
        (arrow.is_dictionary, "varchar"), (arrow.is_date, "date"), (arrow.is_time, "time"),
        (arrow.is_nested, "super"), (arrow.is_binary, "varbyte"), (arrow.is_interval, "interval"),
        (arrow.is_duration, "interval"), (arrow.is_null, "unknown"),
    )  # fmt: skip
    if arrow.is_timestamp(kind):
        return BY_NAME["timestamptz" if kind.tz else "timestamp"]
    return BY_NAME[next((name for test, name in tests if test(kind)), "foreign")]


def converts(given: SqlType, wanted: SqlType) -> bool:
    """Whether an argument of type ``given`` may stand for a parameter of type ``wanted``.

    As Redshift's implicit conversions: integers of any width and integers to fractions, any
    fraction to another, integers to text, a date to a timestamp. A fraction never becomes an
    integer by itself, and text never becomes a number.
    """
    widens = {("integer", "fraction"), ("integer", "text"), ("date", "timestamp")}
    same = given.family in {wanted.family, "unknown"}
    return same or (given.family, wanted.family) in widens

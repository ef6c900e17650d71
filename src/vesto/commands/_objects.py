"""What is recorded of tables, views and functions besides what the engine knows of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from vesto.access.facts import forget_access
from vesto.access.rights import table_key
from vesto.commands import Context
from vesto.dialect.keys import Key
from vesto.dialect.names import Name, quoted
from vesto.dialect.references import Action, Use
from vesto.dialect.tables import ColumnDefinition
from vesto.engines import Connection
from vesto.errors import ReservedName, Span, VestoError, WrongObjectType

Place = tuple[str, str]
SYSTEM_SCHEMA: Final = "vesto"
RECORDS: Final = {
    "columns": "table_name",
    "keys": "table_name",
    "late_views": "view_name",
    "materialized_views": "view_name",
}

# The types of what is recorded of a column, after its table.
_RECORDED: Final = (
    "VARCHAR", "VARCHAR", "INTEGER", "VARCHAR", "BOOLEAN", "INTEGER", "VARCHAR", "BOOLEAN",
)  # fmt: skip


def rows(connection: Connection, sql: str, parameters: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
    """All rows of a query of the engine's dialect."""
    table = connection.execute(sql, list(parameters)).read_all()
    return [tuple(row.values()) for row in table.to_pylist()]


def run(connection: Connection, sql: str, parameters: Iterable[Any] = ()) -> None:
    """Run a statement of the engine's dialect to its end."""
    connection.execute(sql, list(parameters)).read_all()


def check_use(context: Context, action: Action, name: Name, span: Span | None) -> None:
    """Check that the user may do that with all of a table or view.

    Raises:
        PermissionDenied: It may not.
        UndefinedTable: It is not there.
    """
    use = Use(action, name.schema.lower(), name.object.lower(), name.database.lower())
    try:
        context.guard.check_use(use, context.surroundings.search_path)
    except VestoError as error:
        raise error.at(span) from None


def check_place(context: Context, name: Name, span: Span | None) -> Place:
    """Where something new is to stand; the user may make it there.

    Raises:
        PermissionDenied: It may not.
    """
    place = context.place(name)
    context.guard.check_create_in(place[0], span)
    return place


def check_drops(
    context: Context, names: Iterable[Name], span: Span | None, *, temporary: bool = False
) -> None:
    """Check that the user may remove these tables or views, where they are there.

    Raises:
        PermissionDenied: It may not.
    """
    for name in names:
        if not temporary or not is_temporary(name):
            check_use(context, "DROP", name, span)


def skipped(context: Context, kind: str, names: Iterable[Name]) -> tuple[str, ...]:
    """What DROP ... IF EXISTS says of those that are not there."""
    there = context.guard.rights.facts.relations
    return tuple(
        f'{kind} "{name.object}" does not exist, skipping'
        for name in names
        if context.place(name) not in there
    )


def check_open(place: Place, span: Span | None = None) -> None:
    """Check that a user may make or change something there.

    Raises:
        ReservedName: The schema is the system's.
    """
    if place[0] == SYSTEM_SCHEMA:
        raise ReservedName(f'schema "{SYSTEM_SCHEMA}" belongs to the system', span=span)


def check_not_kept(context: Context, name: Name, span: Span | None, hint: str = "") -> None:
    """Check that a name is no materialised view's.

    Raises:
        WrongObjectType: It is.
    """
    if context.place(name) in context.surroundings.materialized_views:
        raise WrongObjectType(f'"{name.object}" is a materialized view', hint=hint, span=span)


def check_exists(context: Context, name: Name, span: Span | None) -> None:
    """Check that there is a table or view of that name.

    Raises:
        UndefinedTable: There is none.
    """
    try:
        rows(context.connection, f"SELECT 1 FROM {engine_name(name)} LIMIT 0")
    except VestoError as error:
        raise error.at(span) from None


def forget(connection: Connection, place: Place, *, keep_access: bool = False) -> None:
    """Remove every record of what stood at that place, and the sequences it had.

    With ``keep_access`` owner and grants stay: another thing takes its place.
    """
    if not keep_access:
        forget_access(connection, table_key(place))
    if connection_has(connection, "columns", place):
        _drop_sequences(connection, place)
    referring = "FROM dev.vesto.keys WHERE other_schema = ? AND other_table = ?"
    if rows(connection, f"SELECT 1 {referring} LIMIT 1", place):
        run(connection, f"DELETE {referring}", place)
    for records, name in RECORDS.items():
        if connection_has(connection, records, place):
            run(
                connection,
                f"DELETE FROM dev.vesto.{records} WHERE schema_name = ? AND {name} = ?",
                place,
            )


def connection_has(connection: Connection, records: str, place: Place) -> bool:
    """Whether there is a record of that place."""
    name = RECORDS[records]
    sql = f"SELECT 1 FROM dev.vesto.{records} WHERE schema_name = ? AND {name} = ? LIMIT 1"
    return bool(rows(connection, sql, place))


def _drop_sequences(connection: Connection, place: Place) -> None:
    sql = (
        "SELECT identity FROM dev.vesto.columns "
        "WHERE schema_name = ? AND table_name = ? AND identity IS NOT NULL"
    )
    for (sequence,) in rows(connection, sql, place):
        run(connection, f"DROP SEQUENCE IF EXISTS dev.vesto.{quoted(sequence)}")


def sequence_of(place: Place, column: str) -> str:
    """The name of the sequence behind an identity column."""
    return ".".join((*place, column))


def record_columns(
    connection: Connection, place: Place, columns: Iterable[tuple[ColumnDefinition, int]]
) -> None:
    """Record what was declared of columns, each with its place in the sort key, else 0."""
    records = [
        (
            column.name, column.type.catalog(), column.type.length, column.encoding, column.is_distkey,
            sortkey, sequence_of(place, column.name) if column.identity else None, column.is_generated,
        )
        for column, sortkey in columns
    ]  # fmt: skip
    if records:
        shown = ", ".join(f"unnest(CAST(? AS {kind}[]))" for kind in _RECORDED)
        sql = f"INSERT INTO dev.vesto.columns SELECT ?, ?, {shown}"
        run(connection, sql, [*place, *(list(values) for values in zip(*records, strict=True))])


def record_keys(connection: Connection, place: Place, keys: Iterable[Key]) -> None:
    """Record keys of a table, and which table a foreign one refers to, for clients to read."""
    for key in keys:
        other = None
        if key.other is not None:
            other = ((key.other.schema or place[0]).lower(), key.other.object.lower())
        columns = [name.lower() for name in key.columns]
        referred = [name.lower() for name in key.other_columns]
        run(
            connection,
            "INSERT INTO dev.vesto.keys VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [*place, key.called(place[1]), key.kind, columns, *(other or (None, None)), referred],
        )


def check_of(column: str, length: int | None) -> str:
    """The constraint that keeps text within its length."""
    return f" CHECK (strlen({quoted(column)}) <= {length})" if length is not None else ""


def engine_name(name: Name) -> str:
    """A table's or view's name as the engine has it, quoted."""
    return name.sql()


def is_temporary(name: Name) -> bool:
    """Whether the name says that the table is a temporary one."""
    return name.object.startswith("#")


def rebuild(connection: Connection, place: Place) -> None:
    """Write a table anew with the lengths that are recorded of its columns."""
    schema, table = place
    lengths = dict(
        rows(
            connection,
            "SELECT lower(column_name), length FROM dev.vesto.columns "
            "WHERE schema_name = ? AND table_name = ?",
            place,
        )
    )
    columns = rows(
        connection,
        "SELECT column_name, data_type, column_default, is_nullable FROM duckdb_columns() "
        "WHERE database_name = 'dev' AND schema_name = ? AND lower(table_name) = ? "
        "ORDER BY column_index",
        place,
    )
    parts = [
        f"{quoted(name)} {kind}"
        + (f" DEFAULT {default}" if default else "")
        + ("" if nullable else " NOT NULL")
        + check_of(name, lengths.get(name.lower()))
        for name, kind, default, nullable in columns
    ]
    old = f"dev.{quoted(schema)}.{quoted(table)}"
    new = f"dev.{quoted(schema)}.{quoted(table + ' rebuilt')}"
    run(connection, f"CREATE TABLE {new} ({', '.join(parts)})")
    run(connection, f"INSERT INTO {new} SELECT * FROM {old}")
    run(connection, f"DROP TABLE {old}")
    run(connection, f"ALTER TABLE {new} RENAME TO {quoted(table)}")

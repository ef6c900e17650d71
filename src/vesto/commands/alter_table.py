"""ALTER TABLE."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.access.facts import rename_access, set_owner
from vesto.access.rights import table_key
from vesto.commands import Context
from vesto.commands._objects import (
    Place,
    check_exists,
    check_not_kept,
    check_open,
    check_use,
    engine_name,
    rebuild,
    record_columns,
    record_keys,
    rows,
    run,
)
from vesto.commands._users import find_user
from vesto.dialect.cursor import Cursor
from vesto.dialect.keys import WORDS, Key, read_key
from vesto.dialect.names import Name, quoted
from vesto.dialect.tables import ColumnDefinition, DeclaredType, read_column, read_type
from vesto.engines import Connection
from vesto.errors import FeatureNotSupported, Span, StatementSyntaxError
from vesto.result import Result

_IS_VIEW: Final = (
    "SELECT 1 FROM duckdb_views() "
    "WHERE database_name = 'dev' AND lower(schema_name) = ? AND lower(view_name) = ?"
)
_NO_EFFECT: Final = ("DISTKEY", "DISTSTYLE", "SORTKEY", "COMPOUND", "INTERLEAVED", "ENCODE")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterTable:
    """Changes a table. One of the actions is set; none of them for what has no effect.

    Grammar: Amazon Redshift Database Developer Guide, "ALTER TABLE".
    """

    starts: ClassVar[tuple[str, ...]] = ("ALTER", "TABLE")
    engine_has_it: ClassVar[bool] = True

    name: Name
    add: ColumnDefinition | None = None
    drop: str = ""
    rename_to: str = ""
    rename_column: tuple[str, str] | None = None
    retype: tuple[str, DeclaredType] | None = None
    append_from: Name | None = None
    owner: str = ""
    add_key: Key | None = None
    drop_key: str = ""
    text: str = field(default="", compare=False)
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> AlterTable:
        """Read it."""
        cursor.expect(*cls.starts)
        span = cursor.span
        name = cursor.name("a table's name")
        found = _action(cursor)
        cursor.end()
        return cls(name=name, text=cursor.sql, span=span, **found)  # type: ignore[arg-type]

    def sql(self) -> str:
        """The statement as text."""
        head = f"ALTER TABLE {self.name.sql()}"
        if self.add:
            return f"{head} ADD COLUMN {self.add.sql()}"
        if self.drop:
            return f"{head} DROP COLUMN {quoted(self.drop)}"
        if self.rename_to:
            return f"{head} RENAME TO {quoted(self.rename_to)}"
        if self.rename_column:
            old, new = map(quoted, self.rename_column)
            return f"{head} RENAME COLUMN {old} TO {new}"
        if self.retype:
            return f"{head} ALTER COLUMN {quoted(self.retype[0])} TYPE {self.retype[1].sql()}"
        if self.append_from:
            return f"{head} APPEND FROM {self.append_from.sql()}"
        if self.owner:
            return f"{head} OWNER TO {quoted(self.owner)}"
        if self.add_key:
            return f"{head} ADD {self.add_key.sql()}"
        if self.drop_key:
            return f"{head} DROP CONSTRAINT {quoted(self.drop_key)}"
        return f"{head} ALTER SORTKEY AUTO"

    def bind(self, context: Context) -> AlterTable:
        """Check that the table is one that may be changed.

        Raises:
            UndefinedTable: It does not exist.
            WrongObjectType: It is a materialised view.
        """
        place = context.place(self.name)
        check_open(place, self.span)
        check_use(context, "ALTER", self.name, self.span)
        if self.owner:
            find_user(context, self.owner, self.span)
            context.guard.check_superuser("change owners", self.span)
            return self
        if self.append_from is not None:
            check_use(context, "INSERT", self.name, self.span)
            check_use(context, "SELECT", self.append_from, self.span)
            check_use(context, "DELETE", self.append_from, self.span)
        check_not_kept(context, self.name, self.span)
        if not (self.rename_to and place in context.surroundings.late_views):
            check_exists(context, self.name, self.span)
        return self

    def run(self, context: Context) -> Result:
        """Change it, and what is recorded of it; what fails changes nothing."""
        with context.atomic() as connection:
            self._change(context, connection, context.place(self.name))
        return Result(tag="ALTER TABLE")

    def _change(self, context: Context, connection: Connection, place: Place) -> None:
        head = f"ALTER TABLE {engine_name(self.name)}"
        if self.owner:
            owner = find_user(context, self.owner, self.span).id
            set_owner(connection, table_key(place), owner)
        if self.add:
            self._add(context, connection, place, self.add)
        if self.drop:
            run(connection, f"{head} DROP COLUMN {quoted(self.drop)}")
            _records(connection, "DELETE FROM dev.vesto.columns", place, self.drop)
            _forget_keys(connection, place, self.drop)
        if self.rename_column:
            old, new = self.rename_column
            run(connection, f"{head} RENAME COLUMN {quoted(old)} TO {quoted(new)}")
            _records(connection, "UPDATE dev.vesto.columns SET column_name = ?", place, old, new)
            _rename_in_keys(connection, place, old, new)
        if self.rename_to:
            self._rename(context, connection, place)
            rename_access(connection, table_key(place), self.rename_to.lower())
        if self.retype:
            self._retype(connection, place, *self.retype)
        if self.add_key:
            record_keys(connection, place, [self.add_key])
        if self.drop_key:
            sql = "DELETE FROM dev.vesto.keys WHERE schema_name = ? AND table_name = ? AND lower(key_name) = ?"
            run(connection, sql, [*place, self.drop_key.lower()])
        if self.append_from:
            source = engine_name(self.append_from)
            run(connection, f"INSERT INTO {engine_name(self.name)} BY NAME SELECT * FROM {source}")
            run(connection, f"DELETE FROM {source}")

    def _rename(self, context: Context, connection: Connection, place: Place) -> None:
        """Rename a table or, as clients write it too, a view, in what is recorded of it as well."""
        new = self.rename_to.lower()
        if place in context.surroundings.late_views:
            sql = "UPDATE dev.vesto.late_views SET view_name = ? WHERE schema_name = ? AND view_name = ?"
            run(connection, sql, [new, *place])
            return
        kind = "VIEW" if rows(connection, _IS_VIEW, place) else "TABLE"
        run(connection, f"ALTER {kind} {engine_name(self.name)} RENAME TO {quoted(self.rename_to)}")
        _records(connection, "UPDATE dev.vesto.columns SET table_name = ?", place, "", new)
        _records(connection, "UPDATE dev.vesto.keys SET table_name = ?", place, "", new)
        sql = "UPDATE dev.vesto.keys SET other_table = ? WHERE other_schema = ? AND other_table = ?"
        run(connection, sql, [new, *place])

    def _add(
        self, context: Context, connection: Connection, place: Place, column: ColumnDefinition
    ) -> None:
        default = ""
        if column.default is not None:
            default = f" DEFAULT ({context.expression(column.default)})"
        kind = column.type.engine()
        target = f"{quoted(column.name)} {kind}{default}"
        run(connection, f"ALTER TABLE {engine_name(self.name)} ADD COLUMN {target}")
        record_columns(connection, place, [(column, 0)])
        if column.type.length is not None or column.not_null:
            rebuild(connection, place)

    def _retype(
        self, connection: Connection, place: Place, column: str, kind: DeclaredType
    ) -> None:
        if kind.kind != "VARCHAR":
            hint = "Make a table with the other type AS SELECT, and rename it."
            message = "ALTER COLUMN TYPE changes the length of VARCHAR alone"
            raise FeatureNotSupported(message, hint=hint, span=self.span)
        _records(connection, "DELETE FROM dev.vesto.columns", place, column)
        record_columns(connection, place, [(ColumnDefinition(column, kind), 0)])
        rebuild(connection, place)


# A foreign key has a table on either side.
_SIDES: Final = (
    ("schema_name", "table_name", "columns"),
    ("other_schema", "other_table", "other_columns"),
)


def _forget_keys(connection: Connection, place: Place, column: str) -> None:
    for schema, table, columns in _SIDES:
        where = f"WHERE {schema} = ? AND {table} = ? AND list_contains({columns}, ?)"
        run(connection, f"DELETE FROM dev.vesto.keys {where}", [*place, column.lower()])


def _rename_in_keys(connection: Connection, place: Place, old: str, new: str) -> None:
    for schema, table, columns in _SIDES:
        renamed = f"list_transform({columns}, lambda c: CASE WHEN c = ? THEN ? ELSE c END)"
        sql = f"UPDATE dev.vesto.keys SET {columns} = {renamed} WHERE {schema} = ? AND {table} = ?"
        run(connection, sql, [old.lower(), new.lower(), *place])


def _records(
    connection: Connection, change: str, place: Place, column: str, value: str | None = None
) -> None:
    given = [] if value is None else [value]
    where = "WHERE schema_name = ? AND table_name = ?"
    where += " AND lower(column_name) = ?" if column else ""
    run(connection, f"{change} {where}", [*given, *place, *([column.lower()] if column else [])])


def _action(cursor: Cursor) -> dict[str, object]:
    if cursor.accept("ADD"):
        return _added(cursor)
    if cursor.accept("DROP"):
        return _dropped(cursor)
    if cursor.accept("RENAME", "TO"):
        return {"rename_to": cursor.identifier("a table's name")}
    if cursor.accept("OWNER", "TO"):
        return {"owner": cursor.identifier("a user's name")}
    if cursor.accept("RENAME"):
        cursor.accept("COLUMN")
        old = cursor.identifier("a column's name")
        cursor.expect("TO")
        return {"rename_column": (old, cursor.identifier("a column's name"))}
    if cursor.accept("APPEND", "FROM"):
        return {"append_from": cursor.name("a table's name")}
    if cursor.accept("ALTER"):
        return _altered(cursor)
    raise cursor.error("ADD, DROP, RENAME, ALTER, OWNER TO or APPEND FROM")


def _added(cursor: Cursor) -> dict[str, object]:
    if any(cursor.peek(word) for word in WORDS):
        return {"add_key": read_key(cursor)}
    cursor.accept("COLUMN")
    span = cursor.span
    column = read_column(cursor)
    if column.identity is not None:
        message = "ADD COLUMN cannot add an IDENTITY"
        raise StatementSyntaxError(message, hint="Make a table with it.", span=span)
    return {"add": column}


def _dropped(cursor: Cursor) -> dict[str, object]:
    if cursor.accept("CONSTRAINT"):
        name = cursor.identifier("a constraint's name")
        cursor.accept_behaviour()
        return {"drop_key": name}
    cursor.accept("COLUMN")
    column = cursor.identifier("a column's name")
    cursor.accept_behaviour()
    return {"drop": column}


def _altered(cursor: Cursor) -> dict[str, object]:
    if any(cursor.peek(word) for word in _NO_EFFECT):
        cursor.rest()
        return {}
    cursor.accept("COLUMN")
    column = cursor.identifier("a column's name")
    if cursor.accept("ENCODE"):
        cursor.rest()
        return {}
    cursor.expect("TYPE")
    return {"retype": (column, read_type(cursor))}


COMMAND: Final = AlterTable

"""CREATE TABLE: columns with Redshift's attributes, LIKE, or AS a query."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

from vesto.access.facts import record_made
from vesto.access.rights import table_key
from vesto.commands import Context
from vesto.commands._objects import (
    Place,
    check_of,
    check_open,
    check_place,
    check_use,
    engine_name,
    forget,
    is_temporary,
    record_columns,
    record_keys,
    rows,
    run,
    sequence_of,
)
from vesto.dialect.cursor import Cursor
from vesto.dialect.keys import WORDS, Key, read_key
from vesto.dialect.names import Name, checked, literal, quoted
from vesto.dialect.tables import ColumnDefinition, read_column
from vesto.dialect.translate import Translated
from vesto.engines import Connection
from vesto.errors import Span, StatementSyntaxError
from vesto.result import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTable:
    """Makes a table. ``names`` are the columns of AS without types; ``query`` its text.

    Distribution and sorting are recorded and have no effect on one machine.
    Grammar: Amazon Redshift Database Developer Guide, "CREATE TABLE" and "CREATE TABLE AS".
    """

    starts: ClassVar[tuple[str, ...]] = ("CREATE", "TABLE")
    also_starts: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("CREATE", "TEMP", "TABLE"),
        ("CREATE", "TEMPORARY", "TABLE"),
        ("CREATE", "LOCAL", "TEMP", "TABLE"),
        ("CREATE", "LOCAL", "TEMPORARY", "TABLE"),
    )
    engine_has_it: ClassVar[bool] = True

    name: Name
    temporary: bool = False
    if_not_exists: bool = False
    columns: tuple[ColumnDefinition, ...] = ()
    keys: tuple[Key, ...] = ()
    names: tuple[str, ...] = ()
    like: Name | None = None
    query: str = ""
    dist_style: str = ""
    dist_key: str = ""
    sort_keys: tuple[str, ...] = ()
    query_span: Span = field(default=Span(0, 0), compare=False)
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> CreateTable:
        """Read it."""
        cursor.expect("CREATE")
        cursor.accept("LOCAL")
        temporary = cursor.accept("TEMP") or cursor.accept("TEMPORARY")
        cursor.expect("TABLE")
        unless = cursor.accept("IF", "NOT", "EXISTS")
        span = cursor.span
        name = cursor.name("a table's name")
        found = cls(
            name=name, temporary=temporary or is_temporary(name), if_not_exists=unless, span=span
        )
        if cursor.accept("("):
            found = _contents(cursor, found)
        found = _attributes(cursor, found)
        if cursor.accept("AS"):
            start = cursor.span.start
            found = replace(found, query=cursor.rest(), query_span=Span(start, len(cursor.sql)))
        cursor.end()
        if not (found.columns or found.like or found.query):
            raise cursor.error("columns or AS and a query")
        if found.columns and found.query:
            raise StatementSyntaxError("AS goes with column names, not definitions", span=span)
        return found

    def sql(self) -> str:
        """The statement as text."""
        words = "CREATE TEMP TABLE" if self.temporary else "CREATE TABLE"
        parts = [words + (" IF NOT EXISTS" if self.if_not_exists else ""), self.name.sql()]
        inside = [column.sql() for column in self.columns] or [quoted(n) for n in self.names]
        inside += [key.sql() for key in self.keys]
        inside += [f"LIKE {self.like.sql()}"] if self.like else []
        parts += [f"({', '.join(inside)})"] if inside else []
        parts += [f"DISTSTYLE {self.dist_style}"] if self.dist_style else []
        parts += [f"DISTKEY ({quoted(self.dist_key)})"] if self.dist_key else []
        parts += [f"SORTKEY ({', '.join(map(quoted, self.sort_keys))})"] if self.sort_keys else []
        parts += [f"AS {self.query}"] if self.query else []
        return " ".join(parts)

    def bind(self, context: Context) -> BoundTable:
        """Resolve names and translate the query.

        Raises:
            VestoError: A name cannot be, or the query has a mistake.
        """
        checked(self.name.object, self.span)
        for column in self.columns:
            checked(column.name, self.span)
        place = context.place(self.name)
        check_open(place, self.span)
        if self.temporary:
            context.guard.check_temporary(self.span)
        else:
            check_place(context, self.name, self.span)
        if self.like is not None:
            check_use(context, "SELECT", self.like, self.span)
        query = None
        if self.query:
            query = context.translated(self.query, self.query_span.start, ("query",))
        defaults = {
            column.name: _expression(context, column.default)
            for column in self.columns
            if column.default is not None
        }
        return BoundTable(self, place, query, defaults)


def _expression(context: Context, text: str) -> str:
    return f"({context.expression(text)})"


def _contents(cursor: Cursor, table: CreateTable) -> CreateTable:
    """Read what stands in the parentheses: definitions, names alone, or LIKE."""
    if cursor.accept("LIKE"):
        like = cursor.name("a table's name")
        for word in ("INCLUDING", "EXCLUDING"):
            if cursor.accept(word):
                cursor.expect("DEFAULTS")
        cursor.expect(")")
        return replace(table, like=like)
    if _names_alone(cursor):
        names = cursor.listed(lambda c: c.identifier("a column's name"))
        cursor.expect(")")
        return replace(table, names=tuple(names))
    columns: list[ColumnDefinition] = []
    keys: list[Key] = []
    while True:
        if any(cursor.peek(word) for word in WORDS):
            keys.append(read_key(cursor))
        else:
            columns.append(read_column(cursor))
        if not cursor.accept(","):
            break
    cursor.expect(")")
    primary = {name.lower() for key in keys if key.kind == "p" for name in key.columns}
    columns = [replace(c, not_null=c.not_null or c.name.lower() in primary) for c in columns]
    return replace(table, columns=tuple(columns), keys=tuple(keys))


def _names_alone(cursor: Cursor) -> bool:
    following = cursor.after(1)
    return following.kind == "symbol" and following.text in {",", ")"}


def _attributes(cursor: Cursor, table: CreateTable) -> CreateTable:
    """Read distribution, sorting, backup and encoding, in any order."""
    while True:
        if cursor.accept("DISTSTYLE"):
            table = replace(table, dist_style=cursor.word("AUTO, EVEN, KEY or ALL"))
        elif cursor.accept("DISTKEY"):
            cursor.expect("(")
            table = replace(table, dist_key=cursor.identifier("a column"))
            cursor.expect(")")
        elif cursor.accept("BACKUP"):
            cursor.word("YES or NO")
        elif cursor.accept("ENCODE"):
            cursor.expect("AUTO")
        elif cursor.accept("SORTKEY", "AUTO"):
            pass
        elif any(cursor.accept(*words) for words in _SORTKEYS):
            table = replace(table, sort_keys=cursor.names())
        else:
            return table


_SORTKEYS: Final = (("COMPOUND", "SORTKEY"), ("INTERLEAVED", "SORTKEY"), ("SORTKEY",))


@dataclass(frozen=True, slots=True)
class BoundTable:
    """A table to make."""

    statement: CreateTable
    place: Place
    query: Translated | None
    defaults: dict[str, str]

    def run(self, context: Context) -> Result:
        """Make it, and record what was declared; what fails leaves nothing.

        Raises:
            DuplicateTable: There is one of that name.
        """
        statement = self.statement
        tag = "SELECT" if statement.query else "CREATE TABLE"
        with context.atomic() as connection:
            if statement.if_not_exists and self._exists(connection):
                notice = f'relation "{statement.name.object}" already exists, skipping'
                return Result(tag=tag, notices=(notice,))
            if statement.temporary:
                run(connection, self._engine_sql(connection))
                return Result(tag=tag)
            if not self._exists(connection):
                forget(connection, self.place)
            for column in statement.columns:
                self._make_sequence(connection, column)
            run(connection, self._engine_sql(connection))
            record_made(connection, table_key(self.place), context.guard.owner_id)
            self._record(connection)
        return Result(tag=tag)

    def _exists(self, connection: Connection) -> bool:
        sql = (
            "SELECT 1 FROM information_schema.tables "
            "WHERE lower(table_schema) = ? AND lower(table_name) = ? AND table_catalog = ?"
        )
        temporary = self.statement.temporary
        schema = "main" if temporary else self.place[0]
        where = "temp" if temporary else "dev"
        return bool(rows(connection, sql, [schema, self.place[1], where]))

    def _make_sequence(self, connection: Connection, column: ColumnDefinition) -> None:
        if column.identity is None:
            return
        name = f"dev.vesto.{quoted(sequence_of(self.place, column.name))}"
        start, step = column.identity
        run(connection, f"DROP SEQUENCE IF EXISTS {name}")
        bounds = f"MINVALUE {min(start, -(2**62))}"
        run(connection, f"CREATE SEQUENCE {name} START {start} INCREMENT {step} {bounds}")

    def _engine_sql(self, connection: Connection) -> str:
        statement = self.statement
        words = "CREATE TEMP TABLE" if statement.temporary else "CREATE TABLE"
        target = engine_name(statement.name)
        if self.query is not None:
            source = f"({self.query.sql})"
            if statement.names:
                names = ", ".join(map(quoted, statement.names))
                source = f"(SELECT * FROM {source} AS given({names}))"
            return f"{words} {target} AS {source}"
        if statement.like is not None:
            return f"{words} {target} ({_like(connection, statement.like)})"
        columns = ", ".join(self._column(column) for column in statement.columns)
        return f"{words} {target} ({columns})"

    def _column(self, column: ColumnDefinition) -> str:
        default = self.defaults.get(column.name)
        if column.identity is not None and not self.statement.temporary:
            sequence = f"dev.vesto.{quoted(sequence_of(self.place, column.name))}"
            default = f"nextval({literal(sequence)})"
        return (
            f"{quoted(column.name)} {column.type.engine()}"
            + (f" DEFAULT {default}" if default is not None else "")
            + (" NOT NULL" if column.not_null else "")
            + check_of(column.name, column.type.length)
        )

    def _record(self, connection: Connection) -> None:
        statement = self.statement
        if statement.like is not None:
            _copy_records(connection, statement.like, self.place)
        sort_keys = statement.sort_keys or tuple(c.name for c in statement.columns if c.is_sortkey)
        places = {name: place for place, name in enumerate(sort_keys, 1)}
        record_columns(connection, self.place, [
            (replace(c, is_distkey=c.is_distkey or c.name == statement.dist_key), places.get(c.name, 0))
            for c in statement.columns
        ])  # fmt: skip
        own = [key for column in statement.columns for key in column.keys]
        record_keys(connection, self.place, [*own, *statement.keys])


def _like(connection: Connection, source: Name) -> str:
    """The definitions of another table's columns: names, types, lengths and NOT NULL."""
    described = rows(connection, f"DESCRIBE {engine_name(source)}")
    lengths = dict(
        rows(
            connection,
            "SELECT lower(column_name), length FROM dev.vesto.columns "
            "WHERE schema_name = ? AND table_name = ?",
            _source(source),
        )
    )
    return ", ".join(
        f"{quoted(name)} {kind}{'' if nullable == 'YES' else ' NOT NULL'}"
        + check_of(name, lengths.get(name.lower()))
        for name, kind, nullable, *_ in described
    )


def _source(name: Name) -> Place:
    return (name.schema or "public").lower(), name.object.lower()


def _copy_records(connection: Connection, source: Name, place: Place) -> None:
    run(
        connection,
        "INSERT INTO dev.vesto.columns SELECT ?, ?, column_name, type, length, encoding, "
        "is_distkey, sortkey, NULL, FALSE FROM dev.vesto.columns "
        "WHERE schema_name = ? AND table_name = ?",
        [*place, *_source(source)],
    )


COMMAND: Final = CreateTable

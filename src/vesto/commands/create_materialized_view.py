"""CREATE MATERIALIZED VIEW: a table that keeps a query's rows until REFRESH."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.access.facts import record_made
from vesto.access.rights import table_key
from vesto.commands import Context
from vesto.commands._objects import Place, check_open, check_place, engine_name, forget, run
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name, checked
from vesto.dialect.translate import Translated
from vesto.errors import DuplicateTable, Span
from vesto.result import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateMaterializedView:
    """Keeps the rows of a query. AUTO REFRESH, keys and BACKUP have no effect.

    Grammar: Amazon Redshift Database Developer Guide, "CREATE MATERIALIZED VIEW".
    """

    starts: ClassVar[tuple[str, ...]] = ("CREATE", "MATERIALIZED", "VIEW")

    name: Name
    query: str
    query_span: Span = field(default=Span(0, 0), compare=False)
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> CreateMaterializedView:
        """Read it."""
        cursor.expect(*cls.starts)
        span = cursor.span
        name = cursor.name("a view's name")
        while not cursor.accept("AS"):
            if cursor.peek("("):
                cursor.parenthesised("the columns")
            else:
                word = cursor.word("an attribute, or AS and a query")
                if word not in _ATTRIBUTES:
                    raise cursor.error("AS and a query")
        start = cursor.span.start
        query = cursor.rest()
        return cls(name=name, query=query, query_span=Span(start, len(cursor.sql)), span=span)

    def sql(self) -> str:
        """The statement as text."""
        return f"CREATE MATERIALIZED VIEW {self.name.sql()} AS {self.query}"

    def bind(self, context: Context) -> BoundView:
        """Translate the query.

        Raises:
            VestoError: The query has a mistake.
        """
        checked(self.name.object, self.span)
        place = context.place(self.name)
        check_open(place, self.span)
        check_place(context, self.name, self.span)
        query = context.translated(self.query, self.query_span.start, ("query",))
        return BoundView(self, place, query)


_ATTRIBUTES: Final = frozenset(
    {"BACKUP", "YES", "NO", "DISTSTYLE", "AUTO", "EVEN", "ALL", "KEY", "DISTKEY", "COMPOUND",
     "INTERLEAVED", "SORTKEY", "REFRESH"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BoundView:
    """A materialised view to make."""

    statement: CreateMaterializedView
    place: Place
    query: Translated

    def run(self, context: Context) -> Result:
        """Make it with the rows of now.

        Raises:
            DuplicateTable: There is a table or view of that name.
        """
        statement = self.statement
        if self.place in context.surroundings.late_views:
            message = f'relation "{statement.name.object}" already exists'
            raise DuplicateTable(message, span=statement.span)
        with context.atomic() as connection:
            target = engine_name(statement.name)
            run(connection, f"CREATE TABLE {target} AS {self.query.sql}")
            forget(connection, self.place)
            record_made(connection, table_key(self.place), context.guard.owner_id)
            record = "INSERT INTO dev.vesto.materialized_views VALUES (?, ?, ?)"
            run(connection, record, [*self.place, statement.query])
        return Result(tag="CREATE MATERIALIZED VIEW")


COMMAND: Final = CreateMaterializedView

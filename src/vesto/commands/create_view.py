"""CREATE VIEW, bound at once or, WITH NO SCHEMA BINDING, whenever it is read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar, Final

from vesto.access.facts import record_made
from vesto.access.rights import table_key
from vesto.commands import Context
from vesto.commands._objects import (
    Place,
    check_not_kept,
    check_open,
    check_use,
    engine_name,
    forget,
    rows,
    run,
)
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name, checked, quoted
from vesto.dialect.scanner import scan
from vesto.dialect.translate import Translated
from vesto.errors import DuplicateTable, FeatureNotSupported, Span
from vesto.result import Result

_LATE: Final = ("WITH", "NO", "SCHEMA", "BINDING")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateView:
    """Makes a view. Grammar: Amazon Redshift Database Developer Guide, "CREATE VIEW"."""

    starts: ClassVar[tuple[str, ...]] = ("CREATE", "VIEW")
    also_starts: ClassVar[tuple[tuple[str, ...], ...]] = (("CREATE", "OR", "REPLACE", "VIEW"),)
    engine_has_it: ClassVar[bool] = True

    name: Name
    query: str
    columns: tuple[str, ...] = ()
    or_replace: bool = False
    late: bool = False
    query_span: Span = field(default=Span(0, 0), compare=False)
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> CreateView:
        """Read it."""
        cursor.expect("CREATE")
        or_replace = cursor.accept("OR", "REPLACE")
        cursor.expect("VIEW")
        span = cursor.span
        name = cursor.name("a view's name")
        columns = cursor.names() if cursor.peek("(") else ()
        cursor.expect("AS")
        start = cursor.span.start
        query, late = _without_late(cursor.rest())
        return cls(
            name=name, query=query, columns=columns, or_replace=or_replace, late=late,
            query_span=Span(start, start + len(query)), span=span,
        )  # fmt: skip

    def sql(self) -> str:
        """The statement as text."""
        words = "CREATE OR REPLACE VIEW" if self.or_replace else "CREATE VIEW"
        columns = f" ({', '.join(map(quoted, self.columns))})" if self.columns else ""
        late = " WITH NO SCHEMA BINDING" if self.late else ""
        return f"{words} {self.name.sql()}{columns} AS {self.query}{late}"

    def bind(self, context: Context) -> BoundView:
        """Translate the query; a late one is only read.

        Raises:
            VestoError: The query has a mistake.
        """
        checked(self.name.object, self.span)
        place = context.place(self.name)
        check_open(place, self.span)
        check_use(context, "REPLACE" if self.or_replace else "CREATE", self.name, self.span)
        check_not_kept(context, self.name, self.span)
        translate = partial(context.translate_view, late=self.late)
        query = replace(context, translate=translate).translated(
            self.query, self.query_span.start, ("query",)
        )
        if query.forecasts and not self.late:
            hint = (
                "Add WITH NO SCHEMA BINDING, or make a table: CREATE TABLE t AS SELECT FORECAST(m)."
            )
            message = "a view cannot be bound to a forecast"
            raise FeatureNotSupported(message, hint=hint, span=self.query_span)
        return BoundView(self, place, query)


def _without_late(query: str) -> tuple[str, bool]:
    tokens = [token for token in scan(query) if token.kind != "end"]
    last = [token.text.upper() for token in tokens[-len(_LATE) :]]
    if last != list(_LATE):
        return query, False
    return query[: tokens[-len(_LATE)].span.start].rstrip(), True


@dataclass(frozen=True, slots=True)
class BoundView:
    """A view to make."""

    statement: CreateView
    place: Place
    query: Translated

    def run(self, context: Context) -> Result:
        """Make it.

        Raises:
            DuplicateTable: There is one of that name, and no OR REPLACE.
            UndefinedTable: What it reads does not exist, and it is not late.
        """
        statement = self.statement
        known_late = self.place in context.surroundings.late_views
        if known_late and not statement.or_replace:
            message = f'relation "{statement.name.object}" already exists'
            raise DuplicateTable(message, span=statement.span)
        known = self.place in context.guard.rights.facts.relations
        with context.atomic() as connection:
            if statement.late:
                self._make_late(context)
            else:
                words = "CREATE OR REPLACE VIEW" if statement.or_replace else "CREATE VIEW"
                columns = ", ".join(map(quoted, statement.columns))
                columns = f" ({columns})" if columns else ""
                target = engine_name(statement.name)
                run(connection, f"{words} {target}{columns} AS {self.query.sql}")
                forget(connection, self.place, keep_access=known)
            if not known:
                record_made(connection, table_key(self.place), context.guard.owner_id)
        return Result(tag="CREATE VIEW")

    def _make_late(self, context: Context) -> None:
        statement, connection = self.statement, context.connection
        known = (
            "SELECT table_type FROM information_schema.tables WHERE table_catalog = 'dev' "
            "AND lower(table_schema) = ? AND lower(table_name) = ?"
        )
        kinds = [kind for (kind,) in rows(connection, known, self.place)]
        if kinds and not (statement.or_replace and kinds == ["VIEW"]):
            message = f'relation "{statement.name.object}" already exists'
            raise DuplicateTable(message, span=statement.span)
        if kinds:
            run(connection, f"DROP VIEW {engine_name(statement.name)}")
        forget(connection, self.place, keep_access=True)
        query = statement.query
        if statement.columns:
            columns = ", ".join(map(quoted, statement.columns))
            query = f"SELECT * FROM ({query}) AS given ({columns})"
        run(connection, "INSERT INTO dev.vesto.late_views VALUES (?, ?, ?)", [*self.place, query])


COMMAND: Final = CreateView

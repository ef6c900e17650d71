"""REFRESH MATERIALIZED VIEW."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.access.rights import table_key
from vesto.commands import Context
from vesto.commands._objects import check_use, engine_name, rows, run
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name
from vesto.dialect.translate import Translated
from vesto.errors import Span, UndefinedTable
from vesto.result import Result


@dataclass(frozen=True, slots=True)
class RefreshMaterializedView:
    """Runs a materialised view's query again and keeps its rows."""

    starts: ClassVar[tuple[str, ...]] = ("REFRESH", "MATERIALIZED", "VIEW")

    name: Name
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> RefreshMaterializedView:
        """Read it."""
        cursor.expect(*cls.starts)
        span = cursor.span
        name = cursor.name("a view's name")
        cursor.accept_behaviour()
        cursor.end()
        return cls(name, span)

    def sql(self) -> str:
        """The statement as text."""
        return f"REFRESH MATERIALIZED VIEW {self.name.sql()}"

    def bind(self, context: Context) -> BoundRefresh:
        """Find the view and translate its query as of now.

        Raises:
            UndefinedTable: There is no such view.
        """
        place = context.place(self.name)
        check_use(context, "OWN", self.name, self.span)
        sql = (
            "SELECT query FROM dev.vesto.materialized_views WHERE schema_name = ? AND view_name = ?"
        )
        found = rows(context.connection, sql, place)
        if not found:
            message = f'materialized view "{self.name.object}" does not exist'
            raise UndefinedTable(message, span=self.span)
        owner = context.guard.rights.facts.owner(table_key(place))
        # Whoever refreshes it, it shows no more than its owner may read.
        query = context.translate(found[0][0])
        directory = context.warehouse.catalog.accounts.directory()
        name = directory.names.get(("USER", owner), "")
        context.guard.check_as(name, query.uses, context.surroundings.search_path)
        return BoundRefresh(self.name, query)


@dataclass(frozen=True, slots=True)
class BoundRefresh:
    """A view to fill anew."""

    name: Name
    query: Translated

    def run(self, context: Context) -> Result:
        """Replace its rows in one step."""
        with context.atomic() as connection:
            target = engine_name(self.name)
            run(connection, f"CREATE OR REPLACE TABLE {target} AS {self.query.sql}")
        return Result(tag="REFRESH MATERIALIZED VIEW")


COMMAND: Final = RefreshMaterializedView

"""DROP TABLE."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.commands import Context
from vesto.commands._dependents import drop_dependents
from vesto.commands._objects import (
    check_drops,
    check_not_kept,
    check_open,
    engine_name,
    forget,
    is_temporary,
    rows,
    run,
    skipped,
)
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name
from vesto.errors import Span, UndefinedSchema, UndefinedTable
from vesto.result import Result


@dataclass(frozen=True, slots=True)
class DropTable:
    """Removes tables, with everything that is recorded of them."""

    starts: ClassVar[tuple[str, ...]] = ("DROP", "TABLE")
    engine_has_it: ClassVar[bool] = True

    names: tuple[Name, ...]
    if_exists: bool = False
    cascade: bool = False
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> DropTable:
        """Read it."""
        cursor.expect(*cls.starts)
        unless = cursor.accept("IF", "EXISTS")
        span = cursor.span
        names = cursor.listed(lambda c: c.name("a table's name"))
        cascade = cursor.accept_behaviour()
        cursor.end()
        return cls(tuple(names), unless, cascade, span)

    def sql(self) -> str:
        """The statement as text."""
        unless = "IF EXISTS " if self.if_exists else ""
        names = ", ".join(name.sql() for name in self.names)
        return f"DROP TABLE {unless}{names}{' CASCADE' if self.cascade else ''}"

    def bind(self, context: Context) -> DropTable:
        """Check that the names are tables' own.

        Raises:
            WrongObjectType: One is a materialised view's.
        """
        check_drops(context, self.names, self.span, temporary=True)
        for name in self.names:
            check_open(context.place(name), self.span)
            check_not_kept(context, name, self.span, "Use DROP MATERIALIZED VIEW.")
        return self

    def run(self, context: Context) -> Result:
        """Remove all of them, or none.

        Raises:
            UndefinedTable: One is not there.
            DependentObjects: A view reads one, and no CASCADE.
        """
        with context.atomic() as connection:
            kept = [n for n in self.names if not (is_temporary(n) or _in_temp(context, n))]
            places = {context.place(name) for name in kept}
            drop_dependents(connection, places, self.span, cascade=self.cascade)
            notices = skipped(context, "table", kept) if self.if_exists else ()
            for name in self.names:
                try:
                    run(
                        connection, f"DROP TABLE {'IF EXISTS ' * self.if_exists}{engine_name(name)}"
                    )
                except (UndefinedTable, UndefinedSchema) as error:
                    raise error.at(self.span) from None
                if name in kept:
                    forget(connection, context.place(name))
        return Result(tag="DROP TABLE", notices=notices)


def _in_temp(context: Context, name: Name) -> bool:
    if name.schema:
        return False
    sql = "SELECT 1 FROM duckdb_tables() WHERE temporary AND lower(table_name) = ?"
    return bool(rows(context.connection, sql, [name.object.lower()]))


COMMAND: Final = DropTable

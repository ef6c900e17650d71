"""ANALYZE: accepted; the engine keeps its statistics itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.commands import Context
from vesto.commands._objects import check_exists, check_use
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name
from vesto.errors import Span
from vesto.result import Result


@dataclass(frozen=True, slots=True)
class Analyze:
    """Checks that the table is there; None for all tables."""

    status: ClassVar[str] = "without effect"
    starts: ClassVar[tuple[str, ...]] = ("ANALYZE",)
    keeps_schema: ClassVar[bool] = True
    also_starts: ClassVar[tuple[tuple[str, ...], ...]] = (("ANALYSE",),)

    table: Name | None = None
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> Analyze:
        """Read it."""
        cursor.advance()
        if not cursor.accept("COMPRESSION"):
            cursor.accept("VERBOSE")
        span = cursor.span
        if cursor.here.kind == "end" or cursor.peek(";"):
            cursor.end()
            return cls(None, span)
        table = cursor.name("a table's name")
        if cursor.peek("("):
            cursor.parenthesised("the columns")
        for words in (("PREDICATE", "COLUMNS"), ("ALL", "COLUMNS")):
            cursor.accept(*words)
        if cursor.accept("COMPROWS"):
            cursor.integer("COMPROWS")
        cursor.end()
        return cls(table, span)

    def sql(self) -> str:
        """The statement as text."""
        return f"ANALYZE {self.table.sql()}" if self.table else "ANALYZE"

    def bind(self, context: Context) -> Analyze:
        """Look for the table.

        Raises:
            UndefinedTable: It is not there.
        """
        if self.table is not None:
            if not context.guard.rights.has_system("ANALYZE"):
                check_use(context, "OWN", self.table, self.span)
            check_exists(context, self.table, self.span)
        return self

    def run(self, context: Context) -> Result:
        """Nothing is to be done."""
        return Result(tag="ANALYZE")


COMMAND: Final = Analyze

"""LOCK: accepted; the engine finds conflicting writes itself."""

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
class Lock:
    """Checks that the tables are there."""

    status: ClassVar[str] = "without effect"
    starts: ClassVar[tuple[str, ...]] = ("LOCK",)
    keeps_schema: ClassVar[bool] = True

    tables: tuple[Name, ...]
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> Lock:
        """Read it."""
        cursor.expect("LOCK")
        cursor.accept("TABLE")
        span = cursor.span
        tables = cursor.listed(lambda c: c.name("a table's name"))
        cursor.end()
        return cls(tuple(tables), span)

    def sql(self) -> str:
        """The statement as text."""
        return f"LOCK TABLE {', '.join(table.sql() for table in self.tables)}"

    def bind(self, context: Context) -> Lock:
        """Look for the tables.

        Raises:
            UndefinedTable: One is not there.
        """
        for table in self.tables:
            check_use(context, "UPDATE", table, self.span)
            check_exists(context, table, self.span)
        return self

    def run(self, context: Context) -> Result:
        """Nothing is to be done."""
        return Result(tag="LOCK TABLE")


COMMAND: Final = Lock

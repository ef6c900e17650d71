"""VACUUM: accepted; the engine keeps its files in order itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.commands import Context
from vesto.commands._objects import check_exists, check_use
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name
from vesto.errors import ActiveTransaction, Span
from vesto.result import Result

_WAYS: Final = (("FULL",), ("SORT", "ONLY"), ("DELETE", "ONLY"), ("REINDEX",), ("RECLUSTER",))


@dataclass(frozen=True, slots=True)
class Vacuum:
    """Checks that the table is there; None for all tables."""

    status: ClassVar[str] = "without effect"
    starts: ClassVar[tuple[str, ...]] = ("VACUUM",)
    keeps_schema: ClassVar[bool] = True

    table: Name | None = None
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> Vacuum:
        """Read it."""
        cursor.expect("VACUUM")
        for words in _WAYS:
            cursor.accept(*words)
        span = cursor.span
        table = None
        if cursor.here.kind in {"word", "quoted"}:
            table = cursor.name("a table's name")
        if cursor.accept("TO"):
            cursor.integer("the threshold")
            cursor.expect("PERCENT")
        cursor.accept("BOOST")
        cursor.end()
        return cls(table, span)

    def sql(self) -> str:
        """The statement as text."""
        return f"VACUUM {self.table.sql()}" if self.table else "VACUUM"

    def bind(self, context: Context) -> Vacuum:
        """Look for the table.

        Raises:
            ActiveTransaction: Inside a transaction block.
            UndefinedTable: It is not there.
        """
        if context.in_transaction:
            raise ActiveTransaction("VACUUM cannot run inside a transaction block")
        if self.table is not None:
            if not context.guard.rights.has_system("VACUUM"):
                check_use(context, "OWN", self.table, self.span)
            check_exists(context, self.table, self.span)
        return self

    def run(self, context: Context) -> Result:
        """Nothing is to be done."""
        return Result(tag="VACUUM")


COMMAND: Final = Vacuum

"""CLOSE ALL: accepted; a session without DECLARE has no cursors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from vesto.commands import Context
from vesto.dialect.cursor import Cursor
from vesto.result import Result


@dataclass(frozen=True, slots=True)
class CloseAll:
    """Closes all cursors."""

    status: ClassVar[str] = "without effect"
    starts: ClassVar[tuple[str, ...]] = ("CLOSE", "ALL")
    keeps_schema: ClassVar[bool] = True

    @classmethod
    def parse(cls, cursor: Cursor) -> CloseAll:
        """Read it."""
        cursor.expect(*cls.starts)
        cursor.end()
        return cls()

    def sql(self) -> str:
        """The statement as text."""
        return "CLOSE ALL"

    def bind(self, context: Context) -> CloseAll:
        """Nothing is to be resolved."""
        return self

    def run(self, context: Context) -> Result:
        """There is nothing to do."""
        return Result(tag="CLOSE CURSOR ALL")


COMMAND: Final = CloseAll

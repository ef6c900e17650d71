"""UNLISTEN: accepted; nobody is notified of anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from vesto.commands import Context
from vesto.dialect.cursor import Cursor
from vesto.result import Result


@dataclass(frozen=True, slots=True)
class Unlisten:
    """Stops listening to a channel, or to all: there are none."""

    status: ClassVar[str] = "without effect"
    starts: ClassVar[tuple[str, ...]] = ("UNLISTEN",)
    keeps_schema: ClassVar[bool] = True

    @classmethod
    def parse(cls, cursor: Cursor) -> Unlisten:
        """Read it."""
        cursor.expect(*cls.starts)
        if not cursor.accept("*"):
            cursor.identifier("a channel, or *")
        cursor.end()
        return cls()

    def sql(self) -> str:
        """The statement as text."""
        return "UNLISTEN *"

    def bind(self, context: Context) -> Unlisten:
        """Nothing is to be resolved."""
        return self

    def run(self, context: Context) -> Result:
        """There is nothing to do."""
        return Result(tag="UNLISTEN")


COMMAND: Final = Unlisten

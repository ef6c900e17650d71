"""DISCARD: a session as it was when it began."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from vesto.commands import Context
from vesto.commands._objects import rows, run
from vesto.commands.set import take_effect
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import quoted
from vesto.errors import ActiveTransaction
from vesto.result import Result

_KINDS: Final = ("ALL", "PLANS", "SEQUENCES", "TEMPORARY", "TEMP")
_TEMPORARY: Final = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'temp'"


@dataclass(frozen=True, slots=True)
class Discard:
    """Ends what a session keeps; ``kind`` TEMP: its temporary tables.

    ALL: parameters and prepared statements too. Source: PostgreSQL manual, "DISCARD". Plans and sequences' values are not kept by a session.
    """

    starts: ClassVar[tuple[str, ...]] = ("DISCARD",)

    kind: str

    @classmethod
    def parse(cls, cursor: Cursor) -> Discard:
        """Read it."""
        cursor.expect("DISCARD")
        kind = next((word for word in _KINDS if cursor.accept(word)), "")
        if not kind:
            raise cursor.error(f"one of {', '.join(_KINDS)}")
        cursor.end()
        return cls("TEMP" if kind == "TEMPORARY" else kind)

    def sql(self) -> str:
        """The statement as text."""
        return f"DISCARD {self.kind}"

    def bind(self, context: Context) -> Discard:
        """Check that no transaction is open.

        Raises:
            ActiveTransaction: One is, and ALL cannot be taken back.
        """
        if self.kind == "ALL" and context.in_transaction:
            raise ActiveTransaction("DISCARD ALL cannot run inside a transaction block")
        return self

    def run(self, context: Context) -> Result:
        """Do it."""
        if self.kind in {"ALL", "TEMP"}:
            for (name,) in rows(context.connection, _TEMPORARY):
                run(context.connection, f"DROP TABLE IF EXISTS temp.main.{quoted(name)} CASCADE")
        if self.kind == "ALL":
            context.prepared.clear()
            context.parameters.reset_all()
            for name in ("search_path", "timezone", "interval_level"):
                take_effect(context, name)
        return Result(tag=f"DISCARD {self.kind}")


COMMAND: Final = Discard

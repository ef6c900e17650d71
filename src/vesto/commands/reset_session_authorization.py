"""RESET SESSION AUTHORIZATION."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from vesto.commands import Context
from vesto.dialect.cursor import Cursor
from vesto.result import Result


@dataclass(frozen=True, slots=True)
class ResetSessionAuthorization:
    """Goes on with the rights of whoever opened the session.

    Grammar: Amazon Redshift Database Developer Guide, "RESET SESSION AUTHORIZATION".
    """

    starts: ClassVar[tuple[str, ...]] = ("RESET", "SESSION", "AUTHORIZATION")
    keeps_schema: ClassVar[bool] = True

    @classmethod
    def parse(cls, cursor: Cursor) -> ResetSessionAuthorization:
        """Read it."""
        cursor.expect(*cls.starts)
        cursor.end()
        return cls()

    def sql(self) -> str:
        """The statement as text."""
        return "RESET SESSION AUTHORIZATION"

    def bind(self, context: Context) -> ResetSessionAuthorization:
        """Nothing is to be resolved."""
        return self

    def run(self, context: Context) -> Result:
        """Do it."""
        context.authorize("")
        return Result(tag="RESET")


COMMAND: Final = ResetSessionAuthorization

"""SET SESSION AUTHORIZATION."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.commands import Context
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import quoted
from vesto.errors import Span, VestoError
from vesto.result import Result


@dataclass(frozen=True, slots=True)
class SetSessionAuthorization:
    """Goes on with the rights of another user; an empty name is whoever opened the session.

    Grammar: Amazon Redshift Database Developer Guide, "SET SESSION AUTHORIZATION".
    """

    starts: ClassVar[tuple[str, ...]] = ("SET", "SESSION", "AUTHORIZATION")
    also_starts: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("SET", "LOCAL", "SESSION", "AUTHORIZATION"),
    )
    keeps_schema: ClassVar[bool] = True

    name: str
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> SetSessionAuthorization:
        """Read it."""
        cursor.expect("SET")
        cursor.accept("LOCAL")
        cursor.expect("SESSION", "AUTHORIZATION")
        span = cursor.span
        if cursor.accept("DEFAULT"):
            name = ""
        elif cursor.here.kind == "string":
            name = cursor.string()
        else:
            name = cursor.identifier("a user's name, or DEFAULT")
        cursor.end()
        return cls(name, span)

    def sql(self) -> str:
        """The statement as text."""
        return f"SET SESSION AUTHORIZATION {quoted(self.name) if self.name else 'DEFAULT'}"

    def bind(self, context: Context) -> SetSessionAuthorization:
        """Nothing is to be resolved before it is done."""
        return self

    def run(self, context: Context) -> Result:
        """Do it.

        Raises:
            PermissionDenied: Whoever opened the session is no superuser.
            InvalidAuthorization: There is no such user.
        """
        try:
            context.authorize(self.name)
        except VestoError as error:
            raise error.at(self.span) from None
        return Result(tag="SET")


COMMAND: Final = SetSessionAuthorization

"""GRANT: read in full; refused when bound, until there is more than one user."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final, NoReturn

from vesto.commands import Context
from vesto.commands._privileges import (
    Grantee,
    Privileges,
    read_grantees,
    read_privileges,
    read_purposes,
)
from vesto.dialect.cursor import Cursor
from vesto.errors import FeatureNotSupported, Span


@dataclass(frozen=True, slots=True)
class Grant:
    """Gives privileges to users, roles, groups or everybody."""

    status: ClassVar[str] = "refused"
    starts: ClassVar[tuple[str, ...]] = ("GRANT",)

    privileges: Privileges
    grantees: tuple[Grantee, ...]
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> Grant:
        """Read it."""
        span = cursor.span
        cursor.expect(*cls.starts)
        found = read_privileges(cursor)
        cursor.expect("TO")
        grantees = read_grantees(cursor)
        if found["kind"] == "ASSUMEROLE":
            found["purposes"] = read_purposes(cursor)
        cursor.end()
        return cls(Privileges(**found), grantees, span)

    def sql(self) -> str:
        """The statement as text."""
        grantees = ", ".join(grantee.sql() for grantee in self.grantees)
        return f"GRANT {self.privileges.sql()} TO {grantees}{self.privileges.sql_purposes()}"

    def bind(self, context: Context) -> NoReturn:
        """Refuse it.

        Raises:
            FeatureNotSupported: Always.
        """
        hint = "There is one user, who owns the warehouse."
        raise FeatureNotSupported("GRANT is not available yet", hint=hint, span=self.span)


COMMAND: Final = Grant

"""REVOKE: read in full; refused when bound, until there is more than one user."""

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
class Revoke:
    """Takes privileges, or with ``grant_option`` only the right to give them on."""

    status: ClassVar[str] = "refused"
    starts: ClassVar[tuple[str, ...]] = ("REVOKE",)

    privileges: Privileges
    grantees: tuple[Grantee, ...]
    grant_option: bool = False
    restrict: bool = False
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> Revoke:
        """Read it."""
        span = cursor.span
        cursor.expect(*cls.starts)
        option = cursor.accept("GRANT", "OPTION", "FOR")
        found = read_privileges(cursor)
        cursor.expect("FROM")
        grantees = read_grantees(cursor)
        if found["kind"] == "ASSUMEROLE":
            found["purposes"] = read_purposes(cursor)
        restrict = cursor.accept("RESTRICT")
        cursor.end()
        return cls(Privileges(**found), grantees, option, restrict, span)

    def sql(self) -> str:
        """The statement as text."""
        option = "GRANT OPTION FOR " if self.grant_option else ""
        grantees = ", ".join(grantee.sql() for grantee in self.grantees)
        restrict = " RESTRICT" if self.restrict else ""
        purposes = self.privileges.sql_purposes()
        return f"REVOKE {option}{self.privileges.sql()} FROM {grantees}{purposes}{restrict}"

    def bind(self, context: Context) -> NoReturn:
        """Refuse it.

        Raises:
            FeatureNotSupported: Always.
        """
        hint = "There is one user, who owns the warehouse."
        raise FeatureNotSupported("REVOKE is not available yet", hint=hint, span=self.span)


COMMAND: Final = Revoke

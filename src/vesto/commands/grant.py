"""GRANT: of privileges on objects, of the system's, of roles, and of ways to the outside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.access.facts import add_grants
from vesto.commands import Context
from vesto.commands._granting import Changes, resolved
from vesto.commands._privileges import (
    Grantee,
    Privileges,
    read_grantees,
    read_privileges,
    read_purposes,
)
from vesto.dialect.cursor import Cursor
from vesto.errors import Span
from vesto.result import Result


@dataclass(frozen=True, slots=True)
class Grant:
    """Gives privileges to users, roles, groups or everybody."""

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

    def bind(self, context: Context) -> BoundGrant:
        """Resolve names, and check that the session's user may give this.

        Raises:
            PermissionDenied: It may not.
            UndefinedObject: Somebody or something is not there.
        """
        return BoundGrant(resolved(self.privileges, self.grantees, context, self.span))


@dataclass(frozen=True, slots=True)
class BoundGrant:
    """What is to be given."""

    changes: Changes

    def run(self, context: Context) -> Result:
        """Give it."""
        accounts = context.warehouse.catalog.accounts
        if self.changes.objects:
            with context.atomic() as connection:
                add_grants(connection, self.changes.objects)
        if self.changes.catalog:
            accounts.grant(self.changes.catalog)
        if self.changes.memberships:
            accounts.join(self.changes.memberships)
        return Result(tag="GRANT")


COMMAND: Final = Grant

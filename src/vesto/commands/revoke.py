"""REVOKE: of privileges on objects, of the system's, of roles, and of ways to the outside."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

from vesto.access.facts import Grant as ObjectGrant
from vesto.access.facts import remove_grants
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
class Revoke:
    """Takes privileges, or with ``grant_option`` only the right to give them on."""

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
        option = option or cursor.accept("ADMIN", "OPTION", "FOR")
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
        word = "ADMIN" if self.privileges.kind == "ROLE" else "GRANT"
        option = f"{word} OPTION FOR " if self.grant_option else ""
        grantees = ", ".join(grantee.sql() for grantee in self.grantees)
        restrict = " RESTRICT" if self.restrict else ""
        purposes = self.privileges.sql_purposes()
        return f"REVOKE {option}{self.privileges.sql()} FROM {grantees}{purposes}{restrict}"

    def bind(self, context: Context) -> BoundRevoke:
        """Resolve names, and check that the session's user may take this.

        Raises:
            PermissionDenied: It may not.
            UndefinedObject: Somebody or something is not there.
        """
        changes = resolved(self.privileges, self.grantees, context, self.span)
        return BoundRevoke(replace(changes, objects=self._with_columns(context, changes)), self)

    def _with_columns(self, context: Context, changes: Changes) -> tuple[ObjectGrant, ...]:
        """With a privilege on a table go those on its columns."""
        facts = context.guard.rights.facts
        more = [
            known
            for grant in changes.objects
            for known in facts.grants.get(grant.key, ())
            if not grant.column
            and known.column
            and (known.privilege, known.grantee) == (grant.privilege, grant.grantee)
        ]
        return (*changes.objects, *more)


@dataclass(frozen=True, slots=True)
class BoundRevoke:
    """What is to be taken."""

    changes: Changes
    statement: Revoke

    def run(self, context: Context) -> Result:
        """Take it."""
        accounts, only = context.warehouse.catalog.accounts, self.statement.grant_option
        if self.changes.objects:
            with context.atomic() as connection:
                remove_grants(connection, self.changes.objects, option_only=only)
        if self.changes.catalog:
            accounts.revoke(self.changes.catalog, option_only=only)
        if self.changes.memberships:
            accounts.leave(self.changes.memberships, admin_only=only)
        return Result(tag="REVOKE")


COMMAND: Final = Revoke

"""ALTER GROUP."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.access.passwords import checked_user_name
from vesto.catalog.users import Membership
from vesto.commands import Context
from vesto.commands._users import find_grantee, find_user
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import quoted
from vesto.errors import Span
from vesto.result import Result


@dataclass(frozen=True, slots=True)
class AlterGroup:
    """Adds users to a group, takes them out (``action`` ADD or DROP), or renames it.

    Grammar: Amazon Redshift Database Developer Guide, "ALTER GROUP".
    """

    starts: ClassVar[tuple[str, ...]] = ("ALTER", "GROUP")
    keeps_schema: ClassVar[bool] = True

    name: str
    action: str
    names: tuple[str, ...]
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> AlterGroup:
        """Read it."""
        cursor.expect(*cls.starts)
        span = cursor.span
        name = cursor.identifier("a group's name")
        for action in ("ADD", "DROP"):
            if cursor.accept(action, "USER"):
                users = cursor.listed(lambda c: c.identifier("a user's name"))
                cursor.end()
                return cls(name, action, tuple(users), span)
        if not cursor.accept("RENAME", "TO"):
            raise cursor.error("ADD USER, DROP USER or RENAME TO")
        new = cursor.identifier("a group's name")
        cursor.end()
        return cls(name, "RENAME", (new,), span)

    def sql(self) -> str:
        """The statement as text."""
        words = {"RENAME": "RENAME TO"}.get(self.action, f"{self.action} USER")
        return f"ALTER GROUP {quoted(self.name)} {words} {', '.join(map(quoted, self.names))}"

    def bind(self, context: Context) -> AlterGroup:
        """Check the names.

        Raises:
            PermissionDenied: The session's user is no superuser.
            UndefinedObject: The group or a user is not there.
        """
        context.guard.check_superuser("alter groups", self.span)
        find_grantee(context, "GROUP", self.name, self.span)
        for name in self.names:
            if self.action == "RENAME":
                checked_user_name(name, self.span)
            else:
                find_user(context, name, self.span)
        return self

    def run(self, context: Context) -> Result:
        """Change it.

        Raises:
            DuplicateObject: Another group has the new name.
        """
        accounts = context.warehouse.catalog.accounts
        group = find_grantee(context, "GROUP", self.name, self.span)
        if self.action == "RENAME":
            accounts.rename(group, self.names[0])
            return Result(tag="ALTER GROUP")
        users = [find_user(context, name, self.span).id for name in self.names]
        members = [Membership("GROUP", group[1], ("USER", user)) for user in users]
        change = accounts.join if self.action == "ADD" else accounts.leave
        change(members)
        return Result(tag="ALTER GROUP")


COMMAND: Final = AlterGroup

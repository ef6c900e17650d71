"""ALTER ROLE."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.access.passwords import checked_user_name
from vesto.commands import Context
from vesto.commands._users import find_grantee, find_user
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import quoted
from vesto.errors import PermissionDenied, Span
from vesto.result import Result


@dataclass(frozen=True, slots=True)
class AlterRole:
    """Renames a role, or gives it another owner.

    Grammar: Amazon Redshift Database Developer Guide, "ALTER ROLE".
    """

    starts: ClassVar[tuple[str, ...]] = ("ALTER", "ROLE")
    keeps_schema: ClassVar[bool] = True

    name: str
    rename_to: str = ""
    owner: str = ""
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> AlterRole:
        """Read it."""
        cursor.expect(*cls.starts)
        span = cursor.span
        name = cursor.identifier("a role's name")
        cursor.accept("WITH")
        if cursor.accept("RENAME", "TO"):
            found = cls(name, rename_to=cursor.identifier("a role's name"), span=span)
        elif cursor.accept("OWNER", "TO"):
            found = cls(name, owner=cursor.identifier("a user's name"), span=span)
        else:
            raise cursor.error("RENAME TO or OWNER TO")
        cursor.end()
        return found

    def sql(self) -> str:
        """The statement as text."""
        head = f"ALTER ROLE {quoted(self.name)}"
        if self.rename_to:
            return f"{head} RENAME TO {quoted(self.rename_to)}"
        return f"{head} OWNER TO {quoted(self.owner)}"

    def bind(self, context: Context) -> AlterRole:
        """Find it.

        Raises:
            PermissionDenied: The session's user does not own it.
            UndefinedObject: The role, or the new owner, is not there.
        """
        find_grantee(context, "ROLE", self.name, self.span)
        owned = context.warehouse.catalog.accounts.directory().roles[self.name].owner
        if not context.guard.unlimited and owned != context.guard.owner_id:
            raise PermissionDenied(f"must be owner of role {self.name}", span=self.span)
        if self.owner:
            find_user(context, self.owner, self.span)
        else:
            checked_user_name(self.rename_to, self.span)
        return self

    def run(self, context: Context) -> Result:
        """Change it.

        Raises:
            DuplicateObject: Another role has the new name.
        """
        accounts = context.warehouse.catalog.accounts
        role = find_grantee(context, "ROLE", self.name, self.span)
        if self.owner:
            accounts.own_role(role[1], find_user(context, self.owner, self.span).id)
        else:
            accounts.rename(role, self.rename_to)
        return Result(tag="ALTER ROLE")


COMMAND: Final = AlterRole

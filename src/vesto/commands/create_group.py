"""CREATE GROUP."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.access.passwords import checked_user_name
from vesto.commands import Context
from vesto.commands._users import find_user
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import quoted
from vesto.errors import DuplicateObject, Span
from vesto.result import Result


@dataclass(frozen=True, slots=True)
class CreateGroup:
    """Makes a group of users.

    Grammar: Amazon Redshift Database Developer Guide, "CREATE GROUP".
    """

    starts: ClassVar[tuple[str, ...]] = ("CREATE", "GROUP")
    keeps_schema: ClassVar[bool] = True

    name: str
    users: tuple[str, ...] = ()
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> CreateGroup:
        """Read it."""
        cursor.expect(*cls.starts)
        span = cursor.span
        name = cursor.identifier("a group's name")
        users: list[str] = []
        if cursor.accept("WITH", "USER") or cursor.accept("USER"):
            users = cursor.listed(lambda c: c.identifier("a user's name"))
        cursor.end()
        return cls(name, tuple(users), span)

    def sql(self) -> str:
        """The statement as text."""
        users = f" WITH USER {', '.join(map(quoted, self.users))}" if self.users else ""
        return f"CREATE GROUP {quoted(self.name)}{users}"

    def bind(self, context: Context) -> CreateGroup:
        """Check the names.

        Raises:
            PermissionDenied: The session's user is no superuser.
            DuplicateObject: There is a group of that name.
            UndefinedObject: There is no such user.
        """
        context.guard.check_superuser("create groups", self.span)
        checked_user_name(self.name, self.span)
        for user in self.users:
            find_user(context, user, self.span)
        if self.name in context.warehouse.catalog.accounts.directory().groups:
            raise DuplicateObject(f'group "{self.name}" already exists', span=self.span)
        return self

    def run(self, context: Context) -> Result:
        """Make it."""
        users = [find_user(context, user, self.span).id for user in self.users]
        context.warehouse.catalog.accounts.add_group(self.name, users)
        return Result(tag="CREATE GROUP")


COMMAND: Final = CreateGroup

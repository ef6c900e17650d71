"""CREATE USER."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.access.passwords import checked_user_name
from vesto.catalog.users import User
from vesto.commands import Context
from vesto.commands._users import (
    ALL_OPTIONS,
    Option,
    check_superusers,
    find_grantee,
    read_options,
    with_options,
)
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import quoted
from vesto.errors import DuplicateObject, Span, StatementSyntaxError
from vesto.result import Result


@dataclass(frozen=True, slots=True)
class CreateUser:
    """Makes a user; what is kept of the password are verifiers.

    Grammar: Amazon Redshift Database Developer Guide, "CREATE USER".
    """

    starts: ClassVar[tuple[str, ...]] = ("CREATE", "USER")
    keeps_schema: ClassVar[bool] = True

    name: str
    options: tuple[Option, ...] = ()
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> CreateUser:
        """Read it."""
        cursor.expect(*cls.starts)
        span = cursor.span
        name = cursor.identifier("a user's name")
        options = read_options(cursor, (*ALL_OPTIONS, "IN GROUP"))
        cursor.end()
        if not any(option.name == "PASSWORD" for option in options):
            hint = "Write PASSWORD '...', or PASSWORD DISABLE for a user that no password lets in."
            raise StatementSyntaxError("CREATE USER needs PASSWORD", hint=hint, span=span)
        return cls(name, options, span)

    def sql(self) -> str:
        """The statement as text; the password is not shown."""
        return " ".join(["CREATE USER", quoted(self.name), *(o.sql() for o in self.options)])

    def bind(self, context: Context) -> NewUser:
        """Check the name, the password and the groups.

        Raises:
            PermissionDenied: The session's user may make none.
            DuplicateObject: There is one of that name.
            UndefinedObject: There is no such group.
            InvalidParameterValue: The rules refuse the password or another value.
        """
        context.guard.check_system("CREATE USER", "create user", self.span)
        checked_user_name(self.name, self.span)
        user = with_options(User(id=0, name=self.name), self.options, self.span)
        check_superusers(context, [user], self.span, "create")
        directory = context.warehouse.catalog.accounts.directory()
        if self.name in directory.users:
            raise DuplicateObject(f'user "{self.name}" already exists', span=self.span)
        named = [group for o in self.options if o.name == "IN GROUP" for group in o.value]
        groups = tuple(find_grantee(context, "GROUP", group, self.span)[1] for group in named)
        if groups:
            context.guard.check_superuser("put users into groups", self.span)
        return NewUser(user, groups)


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to make, and the groups it is in."""

    user: User
    groups: tuple[int, ...]

    def run(self, context: Context) -> Result:
        """Make it."""
        context.warehouse.catalog.accounts.add_user(self.user, self.groups)
        return Result(tag="CREATE USER")


COMMAND: Final = CreateUser

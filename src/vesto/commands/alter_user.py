"""ALTER USER."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

from vesto.access.passwords import checked_user_name
from vesto.catalog.users import User, Verifiers
from vesto.commands import Context
from vesto.commands._users import (
    ALL_OPTIONS,
    Option,
    check_superusers,
    find_user,
    read_options,
    with_options,
)
from vesto.commands.set import read_value
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import quoted, written
from vesto.errors import DependentObjects, DuplicateObject, Span, VestoError
from vesto.parameters import Parameters
from vesto.result import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterUser:
    """Changes a user. ``setting`` is a parameter and what sessions begin with, None: no more.

    Grammar: Amazon Redshift Database Developer Guide, "ALTER USER".
    """

    starts: ClassVar[tuple[str, ...]] = ("ALTER", "USER")
    keeps_schema: ClassVar[bool] = True

    name: str
    options: tuple[Option, ...] = ()
    rename_to: str = ""
    setting: tuple[str, str | None] | None = None
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> AlterUser:
        """Read it."""
        cursor.expect(*cls.starts)
        span = cursor.span
        name = cursor.identifier("a user's name")
        if cursor.accept("RENAME", "TO"):
            found = cls(name=name, rename_to=cursor.identifier("a user's name"), span=span)
        elif cursor.accept("SET"):
            parameter = cursor.identifier("a parameter").lower()
            if not cursor.accept("TO"):
                cursor.expect("=")
            value = None if cursor.accept("DEFAULT") else read_value(cursor)
            found = cls(name=name, setting=(parameter, value), span=span)
        elif cursor.peek("RESET") and not cursor.peek("RESET", "SESSION", "TIMEOUT"):
            cursor.advance()
            found = cls(name=name, setting=(cursor.identifier("a parameter"), None), span=span)
        else:
            options = read_options(cursor, (*ALL_OPTIONS, "RESET SESSION TIMEOUT"))
            found = cls(name=name, options=options, span=span)
            if not options:
                raise cursor.error("what is to change")
        cursor.end()
        return found

    def sql(self) -> str:
        """The statement as text; a password is not shown."""
        head = f"ALTER USER {quoted(self.name)}"
        if self.rename_to:
            return f"{head} RENAME TO {quoted(self.rename_to)}"
        if self.setting is not None:
            parameter, value = self.setting
            if value is None:
                return f"{head} RESET {quoted(parameter)}"
            return f"{head} SET {quoted(parameter)} TO {written(value)}"
        return " ".join([head, *(option.sql() for option in self.options)])

    def bind(self, context: Context) -> ChangedUser:
        """Find the user, and whether the session's may change it.

        Raises:
            PermissionDenied: It may not: everybody changes the own password and parameters alone.
            UndefinedObject: There is no such user.
            InvalidParameterValue: The rules refuse a password or another value.
        """
        mine = context.guard.is_user(self.name)
        changes = {option.name for option in self.options}
        if not (mine and (self.setting is not None or changes == {"PASSWORD"})):
            context.guard.check_system("ALTER USER", "alter user", self.span)
        user = find_user(context, self.name, self.span)
        if self.rename_to:
            return self._renamed(context, user)
        if self.setting is not None:
            changed = self._with_setting(user, *self.setting)
        else:
            changed = with_options(user, self.options, self.span)
        if not mine or user.superuser != changed.superuser:
            check_superusers(context, [user, changed], self.span, "alter")
        self._check_owner(context, user, changed)
        return ChangedUser(changed)

    def _renamed(self, context: Context, user: User) -> ChangedUser:
        checked_user_name(self.rename_to, self.span)
        check_superusers(context, [user], self.span, "alter")
        self._check_owner(context, user, replace(user, name=self.rename_to))
        if self.rename_to in context.warehouse.catalog.accounts.directory().users:
            raise DuplicateObject(f'user "{self.rename_to}" already exists', span=self.span)
        found, notice = user.verifiers, ""
        if found is not None and found.md5:
            # It was made with the old name.
            found = Verifiers(found.scram, "", found.digest)
            notice = "MD5 password cleared because of user rename"
        return ChangedUser(replace(user, name=self.rename_to, verifiers=found), notice)

    def _with_setting(self, user: User, parameter: str, value: str | None) -> User:
        given = dict(user.parameters)
        try:
            known = Parameters()
            known.set(parameter, known.get(parameter) if value is None else value)
        except VestoError as error:
            raise error.at(self.span) from None
        given.pop(parameter, None)
        if value is not None:
            given[parameter] = value
        return replace(user, parameters=tuple(given.items()))

    def _check_owner(self, context: Context, user: User, changed: User) -> None:
        """The user that owns the warehouse stays a superuser of the name in the settings."""
        owner = context.warehouse.settings.owner
        if user.name == owner and (changed.name != owner or not changed.superuser):
            message = f'user "{owner}" owns the warehouse'
            hint = "The setting owner says who does."
            raise DependentObjects(message, hint=hint, span=self.span)


@dataclass(frozen=True, slots=True)
class ChangedUser:
    """A user as it is to be."""

    user: User
    notice: str = ""

    def run(self, context: Context) -> Result:
        """Keep it."""
        context.warehouse.catalog.accounts.change_user(self.user)
        return Result(tag="ALTER USER", notices=(self.notice,) if self.notice else ())


COMMAND: Final = AlterUser

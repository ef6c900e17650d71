"""CREATE SCHEMA."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.access.facts import record_made
from vesto.access.rights import schema_key
from vesto.commands import Context
from vesto.commands._objects import check_open, run
from vesto.commands._users import find_user
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import checked, quoted
from vesto.errors import Span, VestoError
from vesto.result import Result


@dataclass(frozen=True, slots=True)
class CreateSchema:
    """Makes a schema, of its maker or of ``owner``. QUOTA has no effect.

    Grammar: Amazon Redshift Database Developer Guide, "CREATE SCHEMA".
    """

    starts: ClassVar[tuple[str, ...]] = ("CREATE", "SCHEMA")
    engine_has_it: ClassVar[bool] = True

    name: str
    owner: str = ""
    if_not_exists: bool = False
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> CreateSchema:
        """Read it."""
        cursor.expect(*cls.starts)
        unless = cursor.accept("IF", "NOT", "EXISTS")
        span = cursor.span
        name = "" if cursor.peek("AUTHORIZATION") else cursor.identifier("a schema's name")
        owner = ""
        if not name or cursor.peek("AUTHORIZATION"):
            cursor.expect("AUTHORIZATION")
            owner = cursor.identifier("a user's name")
        if cursor.accept("QUOTA") and not cursor.accept("UNLIMITED"):
            cursor.integer("QUOTA")
            cursor.word("MB, GB or TB")
        cursor.end()
        return cls(name or owner, owner, unless, span)

    def sql(self) -> str:
        """The statement as text."""
        unless = "IF NOT EXISTS " * self.if_not_exists
        owner = f" AUTHORIZATION {quoted(self.owner)}" if self.owner else ""
        return f"CREATE SCHEMA {unless}{quoted(self.name)}{owner}"

    def bind(self, context: Context) -> CreateSchema:
        """Check the names.

        Raises:
            PermissionDenied: The session's user may make none, or none for another.
            UndefinedObject: There is no such user.
        """
        checked(self.name, self.span)
        check_open((self.name.lower(), ""), self.span)
        context.guard.check_create_schema(self.span)
        if self.owner:
            find_user(context, self.owner, self.span)
            if not context.guard.is_user(self.owner):
                context.guard.check_superuser("make schemas for others", self.span)
        return self

    def run(self, context: Context) -> Result:
        """Make it.

        Raises:
            DuplicateSchema: There is one of that name.
        """
        owner = context.guard.owner_id
        if self.owner:
            owner = find_user(context, self.owner, self.span).id
        known = context.guard.rights.facts.schemas
        with context.atomic() as connection:
            try:
                unless = "IF NOT EXISTS " * self.if_not_exists
                run(connection, f"CREATE SCHEMA {unless}{quoted(self.name)}")
            except VestoError as error:
                raise error.at(self.span) from None
            if self.name.lower() not in known:
                record_made(connection, schema_key(self.name.lower()), owner)
        return Result(tag="CREATE SCHEMA")


COMMAND: Final = CreateSchema

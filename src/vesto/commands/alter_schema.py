"""ALTER SCHEMA."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.access.facts import set_owner
from vesto.access.rights import schema_key
from vesto.commands import Context
from vesto.commands._objects import check_open
from vesto.commands._users import find_user
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import quoted
from vesto.errors import FeatureNotSupported, Span, UndefinedSchema
from vesto.result import Result


@dataclass(frozen=True, slots=True)
class AlterSchema:
    """Gives a schema another owner. QUOTA has no effect.

    Grammar: Amazon Redshift Database Developer Guide, "ALTER SCHEMA".
    """

    starts: ClassVar[tuple[str, ...]] = ("ALTER", "SCHEMA")

    name: str
    owner: str = ""
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> AlterSchema:
        """Read it."""
        cursor.expect(*cls.starts)
        span = cursor.span
        name, owner = cursor.identifier("a schema's name"), ""
        if cursor.accept("OWNER", "TO"):
            owner = cursor.identifier("a user's name")
        elif cursor.accept("QUOTA"):
            cursor.rest()
        elif cursor.accept("RENAME", "TO"):
            hint = "Make a schema of the other name, and its tables AS SELECT."
            raise FeatureNotSupported("a schema cannot be renamed", hint=hint, span=span)
        else:
            raise cursor.error("OWNER TO or QUOTA")
        cursor.end()
        return cls(name, owner, span)

    def sql(self) -> str:
        """The statement as text."""
        action = f"OWNER TO {quoted(self.owner)}" if self.owner else "QUOTA UNLIMITED"
        return f"ALTER SCHEMA {quoted(self.name)} {action}"

    def bind(self, context: Context) -> AlterSchema:
        """Check the names.

        Raises:
            PermissionDenied: The session's user may not: to give something to another user, whose
                rights its views then have, takes a superuser.
            UndefinedSchema: It is not there.
            UndefinedObject: There is no such user.
        """
        check_open((self.name.lower(), ""), self.span)
        if self.name.lower() not in context.guard.rights.facts.schemas:
            raise UndefinedSchema(f'schema "{self.name}" does not exist', span=self.span)
        context.guard.check_owner(schema_key(self.name.lower()), self.span)
        if self.owner:
            find_user(context, self.owner, self.span)
            context.guard.check_superuser("change owners", self.span)
        return self

    def run(self, context: Context) -> Result:
        """Change it."""
        if self.owner:
            with context.atomic() as connection:
                owner = find_user(context, self.owner, self.span).id
                set_owner(connection, schema_key(self.name.lower()), owner)
        return Result(tag="ALTER SCHEMA")


COMMAND: Final = AlterSchema

"""ALTER DEFAULT PRIVILEGES: what others may with what somebody will make."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.access.facts import Default, set_default
from vesto.access.rights import ALL
from vesto.commands import Context
from vesto.commands._privileges import ON_OBJECTS, Grantee, read_grantees
from vesto.commands._users import find_grantee, find_user
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import quoted
from vesto.errors import Span, StatementSyntaxError, UndefinedSchema
from vesto.result import Result

_KINDS: Final = {"TABLES": "TABLE", "FUNCTIONS": "FUNCTION"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterDefaultPrivileges:
    """Gives privileges on what will be made, or takes them. Without ``users`` by the session's own.

    Grammar: Amazon Redshift Database Developer Guide, "ALTER DEFAULT PRIVILEGES".
    """

    starts: ClassVar[tuple[str, ...]] = ("ALTER", "DEFAULT", "PRIVILEGES")

    given: bool
    privileges: tuple[str, ...]
    kind: str
    grantees: tuple[Grantee, ...]
    users: tuple[str, ...] = ()
    schemas: tuple[str, ...] = ()
    option_only: bool = False
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> AlterDefaultPrivileges:
        """Read it."""
        span = cursor.span
        cursor.expect(*cls.starts)
        users: list[str] = []
        schemas: list[str] = []
        if cursor.accept("FOR", "USER"):
            users = cursor.listed(lambda c: c.identifier("a user's name"))
        if cursor.accept("IN", "SCHEMA"):
            schemas = cursor.listed(lambda c: c.identifier("a schema's name"))
        given = cursor.accept("GRANT")
        option = False
        if not given:
            cursor.expect("REVOKE")
            option = cursor.accept("GRANT", "OPTION", "FOR")
        words = cursor.listed(lambda c: c.word("a privilege"))
        cursor.accept("PRIVILEGES")
        cursor.expect("ON")
        kind = next((word for word in _KINDS if cursor.accept(word)), "")
        if not kind:
            raise cursor.error("TABLES or FUNCTIONS")
        _check_words(words, _KINDS[kind], span)
        cursor.expect("TO" if given else "FROM")
        grantees = read_grantees(cursor)
        cursor.accept_behaviour()
        cursor.end()
        return cls(
            given=given, privileges=tuple(words), kind=_KINDS[kind], grantees=grantees,
            users=tuple(users), schemas=tuple(schemas), option_only=option, span=span,
        )  # fmt: skip

    def sql(self) -> str:
        """The statement as text."""
        parts = ["ALTER DEFAULT PRIVILEGES"]
        parts += [f"FOR USER {', '.join(map(quoted, self.users))}"] if self.users else []
        parts += [f"IN SCHEMA {', '.join(map(quoted, self.schemas))}"] if self.schemas else []
        parts.append("GRANT" if self.given else "REVOKE")
        parts += ["GRANT OPTION FOR"] if self.option_only else []
        parts.append(f"{', '.join(self.privileges)} ON {self.kind}S")
        parts.append("TO" if self.given else "FROM")
        return f"{' '.join(parts)} {', '.join(grantee.sql() for grantee in self.grantees)}"

    def bind(self, context: Context) -> BoundDefaults:
        """Resolve names.

        Raises:
            PermissionDenied: It is about what others make, and the session's user is no superuser.
            UndefinedObject: Somebody is not there.
            UndefinedSchema: A schema is not there.
        """
        creators = [find_user(context, name, self.span).id for name in self.users]
        if any(creator != context.guard.owner_id for creator in creators):
            what = "alter the default privileges of others"
            context.guard.check_system("ALTER DEFAULT PRIVILEGES", what, self.span)
        for schema in self.schemas:
            if schema.lower() not in context.guard.rights.facts.schemas:
                raise UndefinedSchema(f'schema "{schema}" does not exist', span=self.span)
        words = ALL[self.kind] if "ALL" in self.privileges else self.privileges
        found = [
            Default(creator, schema.lower(), self.kind, word, holder, grantee.grant_option)
            for creator in creators or [context.guard.owner_id]
            for schema in self.schemas or ("",)
            for word in words
            for grantee in self.grantees
            for holder in [find_grantee(context, grantee.kind, grantee.name, self.span)]
        ]
        return BoundDefaults(tuple(found), self.given, self.option_only)


def _check_words(words: list[str], kind: str, span: Span) -> None:
    for word in words:
        if word not in ON_OBJECTS[kind]:
            hint = f"The privileges on a {kind.lower()} are {', '.join(ON_OBJECTS[kind])}."
            message = f"{word} is no privilege on a {kind.lower()}"
            raise StatementSyntaxError(message, hint=hint, span=span)


@dataclass(frozen=True, slots=True)
class BoundDefaults:
    """Default privileges to give or take, or to leave without the right to give them on."""

    defaults: tuple[Default, ...]
    given: bool
    option_only: bool

    def run(self, context: Context) -> Result:
        """Record them."""
        with context.atomic() as connection:
            for default in self.defaults:
                set_default(connection, default, given=self.given or self.option_only)
        return Result(tag="ALTER DEFAULT PRIVILEGES")


COMMAND: Final = AlterDefaultPrivileges

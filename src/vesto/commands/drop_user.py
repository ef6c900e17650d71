"""DROP USER."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.catalog.users import Grantee, User
from vesto.commands import Context
from vesto.commands._users import check_superusers
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import quoted
from vesto.errors import DependentObjects, Span, UndefinedObject
from vesto.result import Result


@dataclass(frozen=True, slots=True)
class DropUser:
    """Removes users that own nothing and have no privileges.

    Grammar: Amazon Redshift Database Developer Guide, "DROP USER".
    """

    starts: ClassVar[tuple[str, ...]] = ("DROP", "USER")

    names: tuple[str, ...]
    if_exists: bool = False
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> DropUser:
        """Read it."""
        cursor.expect(*cls.starts)
        unless = cursor.accept("IF", "EXISTS")
        span = cursor.span
        names = cursor.listed(lambda c: c.identifier("a user's name"))
        cursor.end()
        return cls(tuple(names), unless, span)

    def sql(self) -> str:
        """The statement as text."""
        return f"DROP USER {'IF EXISTS ' * self.if_exists}{', '.join(map(quoted, self.names))}"

    def bind(self, context: Context) -> GoneUsers:
        """Find the users, and what still depends on them.

        Raises:
            PermissionDenied: The session's user may remove none, or it is its own.
            UndefinedObject: One is not there.
            DependentObjects: One owns something, or has privileges.
        """
        context.guard.check_system("DROP USER", "drop user", self.span)
        known = context.warehouse.catalog.accounts.directory().users
        users = [known[name] for name in self.names if name in known]
        missing = [name for name in self.names if name not in known]
        if missing and not self.if_exists:
            raise UndefinedObject(f'user "{missing[0]}" does not exist', span=self.span)
        check_superusers(context, users, self.span, "drop")
        for user in users:
            if context.guard.is_user(user.name) or user.id == context.guard.session_user_id:
                raise DependentObjects("current user cannot be dropped", span=self.span)
            check_unused(context, user, self.span)
        notices = tuple(f'user "{name}" does not exist, skipping' for name in missing)
        return GoneUsers(tuple(("USER", user.id) for user in users), notices)


def check_unused(context: Context, user: User, span: Span | None) -> None:
    """Nothing, if a user owns nothing and has no privileges of its own.

    Raises:
        DependentObjects: It does.
    """
    found = _owned(context, user) + granted(context, ("USER", user.id))
    if user.name == context.warehouse.settings.owner:
        found = ["owner of the warehouse", *found]
    if found:
        message = f'user "{user.name}" cannot be dropped because some objects depend on it'
        hint = "Give what it owns to others with ALTER ... OWNER TO, and REVOKE its privileges."
        raise DependentObjects(message, detail="; ".join(found[:20]), hint=hint, span=span)


def _owned(context: Context, user: User) -> list[str]:
    facts = context.guard.rights.facts
    accounts = context.warehouse.catalog.accounts.directory()
    return [
        *(f"owner of {_named(key)}" for key, owner in facts.owners.items() if owner == user.id),
        *(f"owner of role {r.name}" for r in accounts.roles.values() if r.owner == user.id),
        *(
            f"owner of model {model.name}"
            for model in context.warehouse.catalog.models()
            if model.owner == user.name
        ),
    ]


def _named(key: tuple[str, str, str]) -> str:
    kind, schema, name = key
    return f"{kind.lower()} {'.'.join(part for part in (schema, name) if part)}".rstrip()


def granted(context: Context, grantee: Grantee) -> list[str]:
    """What a user, group or role may do by grants of its own, in words."""
    facts = context.guard.rights.facts
    accounts = context.warehouse.catalog.accounts.directory()
    grants = [g for given in facts.grants.values() for g in given if g.grantee == grantee]
    return [
        *(f"privileges for {_named(grant.key)}" for grant in grants),
        *(
            f"privileges for {one.kind.lower()} {one.privilege}".lower()
            for one in accounts.privileges
            if one.grantee == grantee
        ),
        *("default privileges" for one in facts.defaults if grantee == one.grantee),
    ]


@dataclass(frozen=True, slots=True)
class GoneUsers:
    """Users to remove."""

    users: tuple[Grantee, ...]
    notices: tuple[str, ...]

    def run(self, context: Context) -> Result:
        """Remove them."""
        for user in self.users:
            context.warehouse.catalog.accounts.remove(user)
        return Result(tag="DROP USER", notices=self.notices)


COMMAND: Final = DropUser

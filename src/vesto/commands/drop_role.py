"""DROP ROLE."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.access.facts import forget_grantee
from vesto.commands import Context
from vesto.commands._users import find_grantee
from vesto.commands.drop_user import granted
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import quoted
from vesto.errors import DependentObjects, Span
from vesto.result import Result


@dataclass(frozen=True, slots=True)
class DropRole:
    """Removes a role; with FORCE also its members and privileges.

    Grammar: Amazon Redshift Database Developer Guide, "DROP ROLE".
    """

    starts: ClassVar[tuple[str, ...]] = ("DROP", "ROLE")

    name: str
    force: bool = False
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> DropRole:
        """Read it."""
        cursor.expect(*cls.starts)
        span = cursor.span
        name = cursor.identifier("a role's name")
        force = cursor.accept("FORCE") or (cursor.accept("RESTRICT") and False)
        cursor.end()
        return cls(name, force, span)

    def sql(self) -> str:
        """The statement as text."""
        return f"DROP ROLE {quoted(self.name)}{' FORCE' * self.force}"

    def bind(self, context: Context) -> DropRole:
        """Find it, and what depends on it.

        Raises:
            PermissionDenied: The session's user may not remove it.
            UndefinedObject: It is not there.
            DependentObjects: It has privileges or members, and no FORCE.
        """
        context.guard.check_system("DROP ROLE", "drop role", self.span)
        found = find_grantee(context, "ROLE", self.name, self.span)
        depends = granted(context, found)
        members = context.warehouse.catalog.accounts.directory().memberships
        depends += ["members" for one in members if (one.kind, one.of) == found][:1]
        if depends and not self.force:
            message = f'role "{self.name}" cannot be dropped because some objects depend on it'
            hint = "Add FORCE, or REVOKE first."
            detail = "; ".join(depends[:20])
            raise DependentObjects(message, detail=detail, hint=hint, span=self.span)
        return self

    def run(self, context: Context) -> Result:
        """Remove it."""
        found = find_grantee(context, "ROLE", self.name, self.span)
        with context.atomic() as connection:
            forget_grantee(connection, found)
        context.warehouse.catalog.accounts.remove(found)
        return Result(tag="DROP ROLE")


COMMAND: Final = DropRole

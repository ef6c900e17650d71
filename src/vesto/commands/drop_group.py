"""DROP GROUP."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.commands import Context
from vesto.commands._users import find_grantee
from vesto.commands.drop_user import granted
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import quoted
from vesto.errors import DependentObjects, Span
from vesto.result import Result


@dataclass(frozen=True, slots=True)
class DropGroup:
    """Removes a group that has no privileges.

    Grammar: Amazon Redshift Database Developer Guide, "DROP GROUP".
    """

    starts: ClassVar[tuple[str, ...]] = ("DROP", "GROUP")
    keeps_schema: ClassVar[bool] = True

    name: str
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> DropGroup:
        """Read it."""
        cursor.expect(*cls.starts)
        span = cursor.span
        name = cursor.identifier("a group's name")
        cursor.end()
        return cls(name, span)

    def sql(self) -> str:
        """The statement as text."""
        return f"DROP GROUP {quoted(self.name)}"

    def bind(self, context: Context) -> DropGroup:
        """Find it, and what depends on it.

        Raises:
            PermissionDenied: The session's user may not remove it.
            UndefinedObject: It is not there.
            DependentObjects: It has privileges.
        """
        context.guard.check_superuser("drop groups", self.span)
        found = find_grantee(context, "GROUP", self.name, self.span)
        depends = granted(context, found)
        if depends:
            message = f'group "{self.name}" cannot be dropped because some objects depend on it'
            hint = "REVOKE its privileges first."
            detail = "; ".join(depends[:20])
            raise DependentObjects(message, detail=detail, hint=hint, span=self.span)
        return self

    def run(self, context: Context) -> Result:
        """Remove it."""
        found = find_grantee(context, "GROUP", self.name, self.span)
        context.warehouse.catalog.accounts.remove(found)
        return Result(tag="DROP GROUP")


COMMAND: Final = DropGroup

"""CREATE ROLE."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.access.passwords import checked_user_name
from vesto.commands import Context
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import quoted, written
from vesto.errors import DuplicateObject, Span
from vesto.result import Result


@dataclass(frozen=True, slots=True)
class CreateRole:
    """Makes a role, which its maker owns. EXTERNALID has no effect.

    Grammar: Amazon Redshift Database Developer Guide, "CREATE ROLE".
    """

    starts: ClassVar[tuple[str, ...]] = ("CREATE", "ROLE")
    keeps_schema: ClassVar[bool] = True

    name: str
    external_id: str | None = None
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> CreateRole:
        """Read it."""
        cursor.expect(*cls.starts)
        span = cursor.span
        name = cursor.identifier("a role's name")
        external = None
        if cursor.accept("EXTERNALID"):
            external = cursor.string("the role's name outside")
        cursor.end()
        return cls(name, external, span)

    def sql(self) -> str:
        """The statement as text."""
        external = (
            f" EXTERNALID {written(self.external_id)}" if self.external_id is not None else ""
        )
        return f"CREATE ROLE {quoted(self.name)}{external}"

    def bind(self, context: Context) -> CreateRole:
        """Check the name.

        Raises:
            PermissionDenied: The session's user may make none.
            DuplicateObject: There is one of that name.
        """
        context.guard.check_system("CREATE ROLE", "create role", self.span)
        checked_user_name(self.name, self.span)
        if self.name in context.warehouse.catalog.accounts.directory().roles:
            raise DuplicateObject(f'role "{self.name}" already exists', span=self.span)
        return self

    def run(self, context: Context) -> Result:
        """Make it."""
        context.warehouse.catalog.accounts.add_role(self.name, context.guard.owner_id)
        return Result(tag="CREATE ROLE")


COMMAND: Final = CreateRole

"""What DROP TABLE and DROP VIEW have in common: how they are written, and which names they take."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Self

from vesto.commands import Context
from vesto.commands._objects import check_drops, check_not_kept, check_open
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name
from vesto.errors import Span


@dataclass(frozen=True, slots=True)
class DropRelations:
    """The names of what is removed, all of one kind, which is the last word of ``starts``."""

    starts: ClassVar[tuple[str, ...]] = ()
    engine_has_it: ClassVar[bool] = True
    may_be_temporary: ClassVar[bool] = False

    names: tuple[Name, ...]
    if_exists: bool = False
    cascade: bool = False
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> Self:
        """Read it."""
        cursor.expect(*cls.starts)
        unless = cursor.accept("IF", "EXISTS")
        span = cursor.span
        names = cursor.listed(lambda c: c.name(f"a {cls.starts[-1].lower()}'s name"))
        cascade = cursor.accept_behaviour()
        cursor.end()
        return cls(tuple(names), unless, cascade, span)

    def sql(self) -> str:
        """The statement as text."""
        names = ", ".join(name.sql() for name in self.names)
        return f"{self.command}{names}{' CASCADE' * self.cascade}"

    @property
    def command(self) -> str:
        """The statement up to its first name."""
        return f"{' '.join(self.starts)} {'IF EXISTS ' * self.if_exists}"

    def bind(self, context: Context) -> Self:
        """Check that the names are of that kind, and the user's to remove.

        Raises:
            PermissionDenied: One is not the user's.
            ReservedName: One is the system's.
            WrongObjectType: One is a materialised view's.
        """
        check_drops(context, self.names, self.span, temporary=self.may_be_temporary)
        for name in self.names:
            check_open(context.place(name), self.span)
            check_not_kept(context, name, self.span, "Use DROP MATERIALIZED VIEW.")
        return self

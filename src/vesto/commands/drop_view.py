"""DROP VIEW."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.commands import Context
from vesto.commands._dependents import drop_dependents
from vesto.commands._objects import (
    check_drops,
    check_not_kept,
    check_open,
    engine_name,
    forget,
    run,
    skipped,
)
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name
from vesto.errors import Span, VestoError
from vesto.result import Result


@dataclass(frozen=True, slots=True)
class DropView:
    """Removes views, late ones too."""

    starts: ClassVar[tuple[str, ...]] = ("DROP", "VIEW")
    engine_has_it: ClassVar[bool] = True

    names: tuple[Name, ...]
    if_exists: bool = False
    cascade: bool = False
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> DropView:
        """Read it."""
        cursor.expect(*cls.starts)
        unless = cursor.accept("IF", "EXISTS")
        span = cursor.span
        names = cursor.listed(lambda c: c.name("a view's name"))
        cascade = cursor.accept_behaviour()
        cursor.end()
        return cls(tuple(names), unless, cascade, span)

    def sql(self) -> str:
        """The statement as text."""
        unless = "IF EXISTS " if self.if_exists else ""
        names = ", ".join(name.sql() for name in self.names)
        return f"DROP VIEW {unless}{names}{' CASCADE' if self.cascade else ''}"

    def bind(self, context: Context) -> DropView:
        """Check that the names are views' own.

        Raises:
            WrongObjectType: One is a materialised view's.
        """
        check_drops(context, self.names, self.span)
        for name in self.names:
            check_open(context.place(name), self.span)
            check_not_kept(context, name, self.span, "Use DROP MATERIALIZED VIEW.")
        return self

    def run(self, context: Context) -> Result:
        """Remove all of them, or none.

        Raises:
            UndefinedTable: One is not there.
            DependentObjects: Another view reads one, and no CASCADE.
        """
        with context.atomic() as connection:
            places = {context.place(name) for name in self.names}
            drop_dependents(connection, places, self.span, cascade=self.cascade)
            notices = skipped(context, "view", self.names) if self.if_exists else ()
            for name in self.names:
                place = context.place(name)
                if place not in context.surroundings.late_views:
                    try:
                        exists = "IF EXISTS " * self.if_exists
                        run(connection, f"DROP VIEW {exists}{engine_name(name)}")
                    except VestoError as error:
                        raise error.at(self.span) from None
                forget(connection, place)
        return Result(tag="DROP VIEW", notices=notices)


COMMAND: Final = DropView

"""DROP MATERIALIZED VIEW."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.commands import Context
from vesto.commands._dependents import drop_dependents
from vesto.commands._objects import check_drops, engine_name, forget, run, skipped
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name
from vesto.errors import Span, UndefinedTable
from vesto.result import Result


@dataclass(frozen=True, slots=True)
class DropMaterializedView:
    """Removes a materialised view."""

    starts: ClassVar[tuple[str, ...]] = ("DROP", "MATERIALIZED", "VIEW")

    name: Name
    if_exists: bool = False
    cascade: bool = False
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> DropMaterializedView:
        """Read it."""
        cursor.expect(*cls.starts)
        unless = cursor.accept("IF", "EXISTS")
        span = cursor.span
        name = cursor.name("a view's name")
        cascade = cursor.accept_behaviour()
        cursor.end()
        return cls(name, unless, cascade, span)

    def sql(self) -> str:
        """The statement as text."""
        unless = "IF EXISTS " if self.if_exists else ""
        return f"DROP MATERIALIZED VIEW {unless}{self.name.sql()}{' CASCADE' * self.cascade}"

    def bind(self, context: Context) -> DropMaterializedView:
        """Check that it is there.

        Raises:
            UndefinedTable: It is not.
        """
        check_drops(context, [self.name], self.span)
        there = context.place(self.name) in context.surroundings.materialized_views
        if not (there or self.if_exists):
            message = f'materialized view "{self.name.object}" does not exist'
            raise UndefinedTable(message, span=self.span)
        return self

    def run(self, context: Context) -> Result:
        """Remove it.

        Raises:
            DependentObjects: A view reads it, and no CASCADE.
        """
        place = context.place(self.name)
        notices = skipped(context, "materialized view", [self.name])
        if place in context.surroundings.materialized_views:
            with context.atomic() as connection:
                drop_dependents(connection, {place}, self.span, cascade=self.cascade)
                run(connection, f"DROP TABLE {engine_name(self.name)}")
                forget(connection, place)
        return Result(tag="DROP MATERIALIZED VIEW", notices=notices)


COMMAND: Final = DropMaterializedView

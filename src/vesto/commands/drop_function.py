"""DROP FUNCTION."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.access.rights import function_key
from vesto.commands import DEFAULT_SCHEMA, Context
from vesto.commands.create_function import forget_function, read_arguments
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name
from vesto.dialect.tables import DeclaredType
from vesto.errors import DependentObjects, Span, UndefinedFunction
from vesto.result import Result


@dataclass(frozen=True, slots=True)
class DropFunction:
    """Removes a function that CREATE FUNCTION made."""

    starts: ClassVar[tuple[str, ...]] = ("DROP", "FUNCTION")
    engine_has_it: ClassVar[bool] = True

    name: Name
    arguments: tuple[DeclaredType, ...]
    if_exists: bool = False
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> DropFunction:
        """Read it."""
        cursor.expect(*cls.starts)
        unless = cursor.accept("IF", "EXISTS")
        span = cursor.span
        name = cursor.name("a function's name")
        arguments = read_arguments(cursor)
        cursor.accept_behaviour()
        cursor.end()
        return cls(name, arguments, unless, span)

    def sql(self) -> str:
        """The statement as text."""
        unless = "IF EXISTS " if self.if_exists else ""
        arguments = ", ".join(kind.sql() for kind in self.arguments)
        return f"DROP FUNCTION {unless}{self.name.sql()} ({arguments})"

    def bind(self, context: Context) -> DropFunction:
        """Check that it is no model's.

        Raises:
            DependentObjects: It is.
        """
        place = ((self.name.schema or DEFAULT_SCHEMA).lower(), self.name.object.lower())
        context.guard.check_drop(function_key(place), self.span)
        for model in context.warehouse.catalog.functions(self.name.object):
            hint = f'DROP MODEL "{model.name}" removes it.'
            message = f'function "{self.name.object}" belongs to a model'
            raise DependentObjects(message, hint=hint, span=self.span)
        return self

    def run(self, context: Context) -> Result:
        """Remove it.

        Raises:
            UndefinedFunction: It is not there.
        """
        place = ((self.name.schema or DEFAULT_SCHEMA).lower(), self.name.object.lower())
        with context.atomic() as connection:
            found = forget_function(connection, place, [kind.engine() for kind in self.arguments])
        if not (found or self.if_exists):
            message = f'function "{self.name.object}" with these arguments does not exist'
            raise UndefinedFunction(message, span=self.span)
        notice = f'function "{self.name.object}" with these arguments does not exist, skipping'
        return Result(tag="DROP FUNCTION", notices=() if found else (notice,))


COMMAND: Final = DropFunction

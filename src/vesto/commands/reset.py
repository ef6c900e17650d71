"""RESET: configuration parameters back to what they were."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.commands import Context
from vesto.commands.set import take_effect
from vesto.dialect.cursor import Cursor
from vesto.errors import Span, VestoError
from vesto.result import Result


@dataclass(frozen=True, slots=True)
class Reset:
    """Puts one parameter back, or all where ``name`` is empty."""

    starts: ClassVar[tuple[str, ...]] = ("RESET",)
    keeps_schema: ClassVar[bool] = True
    needs_no_engine: ClassVar[bool] = True
    engine_has_it: ClassVar[bool] = True

    name: str = ""
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> Reset:
        """Read it."""
        cursor.expect("RESET")
        span = cursor.span
        name = "" if cursor.accept("ALL") else cursor.identifier("a parameter, or ALL").lower()
        cursor.end()
        return cls(name, span)

    def sql(self) -> str:
        """The statement as text."""
        return f"RESET {self.name or 'ALL'}"

    def bind(self, context: Context) -> Reset:
        """Nothing is to be resolved."""
        return self

    def run(self, context: Context) -> Result:
        """Put it back.

        Raises:
            UndefinedParameter: There is none of that name.
        """
        if not self.name:
            context.parameters.reset_all()
            take_effect(context, "search_path")
            take_effect(context, "timezone")
            take_effect(context, "interval_level")
            return Result(tag="RESET")
        try:
            context.parameters.reset(self.name)
        except VestoError as error:
            raise error.at(self.span) from None
        take_effect(context, self.name)
        return Result(tag="RESET")


COMMAND: Final = Reset

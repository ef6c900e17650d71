"""SHOW: the value of a configuration parameter, or of all."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar, Final

import pyarrow as pa

from vesto.commands import Context
from vesto.dialect.cursor import Cursor
from vesto.errors import Span, VestoError
from vesto.parameters import PARAMETERS
from vesto.result import KeptResult, Result

_LONGEST_KEPT: Final = 200


@dataclass(frozen=True, slots=True)
class Show:
    """Shows one parameter, or all where ``name`` is empty."""

    starts: ClassVar[tuple[str, ...]] = ("SHOW",)
    only_looks: ClassVar[bool] = True
    keeps_schema: ClassVar[bool] = True
    needs_no_engine: ClassVar[bool] = True
    engine_has_it: ClassVar[bool] = True

    name: str = ""
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> Show:
        """Read it."""
        cursor.expect("SHOW")
        span = cursor.span
        if cursor.accept("ALL"):
            name = ""
        elif cursor.accept("TIME", "ZONE"):
            name = "timezone"
        elif cursor.accept("TRANSACTION", "ISOLATION", "LEVEL"):
            name = "transaction_isolation"
        else:
            name = cursor.identifier("a parameter, or ALL").lower()
        cursor.end()
        return cls(name, span)

    def sql(self) -> str:
        """The statement as text."""
        return f"SHOW {self.name or 'ALL'}"

    def bind(self, context: Context) -> Show:
        """Nothing is to be resolved."""
        return self

    def run(self, context: Context) -> Result:
        """The value as a row.

        Raises:
            UndefinedParameter: There is none of that name.
        """
        if not self.name:
            names = sorted(PARAMETERS)
            values = [context.parameters.get(name) for name in names]
            return Result.of(pa.table({"name": names, "setting": values}), tag="SHOW")
        try:
            value = context.parameters.get(self.name)
        except VestoError as error:
            raise error.at(self.span) from None
        shown = _shown if len(value) <= _LONGEST_KEPT else _shown.__wrapped__
        return shown(self.name, value).again()


@lru_cache(maxsize=256)
def _shown(name: str, value: str) -> KeptResult:
    """A parameter's value as a row; clients ask for the same ones again and again."""
    return KeptResult(Result.of(pa.table({name: [value]}), tag="SHOW"))


COMMAND: Final = Show

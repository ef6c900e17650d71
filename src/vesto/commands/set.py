"""SET: configuration parameters of the session."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.commands import Context
from vesto.commands._objects import check_open
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import written
from vesto.errors import Span, VestoError
from vesto.result import Result

_IGNORED: Final = (
    ("SESSION", "CHARACTERISTICS"),
    ("TRANSACTION",),
    ("ROLE", "NONE"),
)


@dataclass(frozen=True, slots=True)
class Set:
    """Sets a parameter; ``value`` None puts it back, ``name`` is empty for what has no effect."""

    starts: ClassVar[tuple[str, ...]] = ("SET",)
    keeps_schema: ClassVar[bool] = True
    needs_no_engine: ClassVar[bool] = True
    engine_has_it: ClassVar[bool] = True

    name: str
    value: str | None = None
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> Set:
        """Read it."""
        cursor.expect("SET")
        span = cursor.span
        if any(cursor.peek(*words) for words in _IGNORED):
            cursor.rest()
            cursor.end()
            return cls("", None, span)
        if cursor.accept("TIME", "ZONE"):
            if cursor.accept("LOCAL"):
                return cls("timezone", None, span)
            name = "timezone"
        elif cursor.peek("NAMES") and cursor.after(1).kind in {"string", "word"}:
            cursor.advance()
            name = "client_encoding"
        else:
            if not cursor.accept("SESSION"):
                cursor.accept("LOCAL")
            name = cursor.identifier("a parameter").lower()
            if not cursor.accept("TO"):
                cursor.expect("=")
        value = None if cursor.accept("DEFAULT") else read_value(cursor)
        cursor.end()
        return cls(name, value, span)

    def sql(self) -> str:
        """The statement as text."""
        if not self.name:
            return "SET TRANSACTION READ WRITE"
        value = "DEFAULT" if self.value is None else written(self.value)
        return f"SET {self.name} TO {value}"

    def bind(self, context: Context) -> Set:
        """Nothing is to be resolved."""
        return self

    def run(self, context: Context) -> Result:
        """Set it, or leave everything as it was.

        Raises:
            UndefinedParameter: There is none of that name.
            InvalidParameterValue: The value does not fit.
        """
        if not self.name:
            return Result(tag="SET")
        before = context.parameters.get(self.name)
        try:
            if self.value is None:
                context.parameters.reset(self.name)
            else:
                context.parameters.set(self.name, self.value)
            take_effect(context, self.name)
        except VestoError as error:
            if before:
                context.parameters.set(self.name, before)
            raise error.at(self.span) from None
        return Result(tag="SET")


def read_value(cursor: Cursor) -> str:
    """Read a parameter's value: words, numbers or strings, separated by commas."""
    parts = [_part(cursor)]
    while cursor.accept(","):
        parts.append(_part(cursor))
    return ", ".join(parts)


def _part(cursor: Cursor) -> str:
    sign = "-" if cursor.accept("-") else ""
    if cursor.here.kind not in {"word", "string", "quoted", "number"}:
        raise cursor.error("a value")
    token = cursor.advance()
    if token.kind == "quoted" and token.text.startswith("$"):
        return cursor.sql[token.span.start : token.span.end]
    return sign + token.text


def take_effect(context: Context, name: str) -> None:
    """Tell the engine what it must know."""
    if name == "search_path":
        for schema in context.parameters.search_path:
            check_open((schema, ""))
        context.connection.use(context.parameters.search_path)
    if name == "interval_level":
        context.connection.use_interval_level(float(context.parameters.get(name)))
    if name == "timezone":
        context.connection.use_time_zone(context.parameters.get("timezone"))
    context.connection.use_settings(context.parameters.all)


COMMAND: Final = Set

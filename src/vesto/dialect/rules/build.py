"""Pieces of trees that the rules put together, and what they ask of pieces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlglot import exp

from vesto.errors import Span, UndefinedFunction

LIBRARY: Final = "vesto"


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function: its name in lower case, its arguments, where it stands."""

    name: str
    arguments: list[exp.Expr]
    span: Span | None

    def expect(self, least: int, most: int | None = None) -> None:
        """Check the number of arguments.

        Raises:
            UndefinedFunction: There are too few or too many.
        """
        most = least if most is None else most
        if not least <= len(self.arguments) <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            name = self.name.upper()
            message = f"{name} takes {wanted} arguments, not {len(self.arguments)}"
            raise UndefinedFunction(message, span=self.span)


Rule = Callable[[Call], exp.Expr]


def function(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A call of one of the engine's functions."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def library(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A call of one of our macros."""
    return function(f"{LIBRARY}.{name}", *arguments)


def number(value: int) -> exp.Expr:
    """A number."""
    return exp.Literal.number(value)


def text(value: str) -> exp.Expr:
    """A string."""
    return exp.Literal.string(value)


def cast(argument: exp.Expr, kind: str) -> exp.Expr:
    """The argument as a type of the engine."""
    return exp.Cast(this=argument, to=exp.DataType.build(kind, dialect="duckdb"))


def text_of(argument: exp.Expr) -> str | None:
    """The value of a string literal, or None."""
    literal = isinstance(argument, exp.Literal) and argument.is_string
    return str(argument.this) if literal else None


def to_macro(name: str, least: int, most: int | None = None) -> Rule:
    """The rule for a function that is one of our macros, its arguments as they are."""

    def rule(call: Call) -> exp.Expr:
        call.expect(least, most)
        return library(name, *call.arguments)

    return rule


def to_function(name: str, least: int, most: int | None = None) -> Rule:
    """The rule for a function that the engine has by another name."""

    def rule(call: Call) -> exp.Expr:
        call.expect(least, most)
        return function(name, *call.arguments)

    return rule

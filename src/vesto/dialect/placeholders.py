"""The parameters ``$1``, ``$2`` ... of a prepared statement: where they stand, and their types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from vesto.dialect.scanner import Token, scan
from vesto.errors import Span, StatementSyntaxError

MAXIMUM: Final = 32_767


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One ``$n`` in a statement's text."""

    number: int
    span: Span


@dataclass(frozen=True, slots=True)
class Typed:
    """A statement whose parameters have their types written beside them.

    ``places`` are where a parameter ends in the client's text, and by how much the text after it
    has moved.
    """

    text: str
    places: tuple[tuple[int, int], ...] = ()

    def original(self, span: Span) -> Span:
        """A place of ``text`` in the client's text."""
        return Span(self._before(span.start), self._before(span.end))

    def _before(self, at: int) -> int:
        shift = 0
        for end, moved in self.places:
            if at < end + moved:
                return min(at - shift, end)
            shift = moved
        return at - shift


def placeholders(sql: str) -> list[Placeholder]:
    """Every parameter of a statement, from left to right.

    Raises:
        StatementSyntaxError: The text cannot be read, or a number is too large.
    """
    if "$" not in sql:
        return []
    return [
        Placeholder(_number(number), Span(sign.span.start, _end(number)))
        for sign, number in pairwise(scan(sql))
        if _stands_together(sign, number)
    ]


def _stands_together(sign: Token, number: Token) -> bool:
    is_sign = sign.kind == "symbol" and sign.text == "$"
    return is_sign and number.kind == "number" and number.span.start == sign.span.end


def _end(number: Token) -> int:
    """Where it ends: of ``$1.$2`` the point is read as a part of the number."""
    return number.span.end - number.text.endswith(".")


def _number(token: Token) -> int:
    digits = token.text.removesuffix(".").lstrip("0")
    short = digits.isdecimal() and len(digits) <= len(str(MAXIMUM))
    if not short or not 1 <= int(digits) <= MAXIMUM:
        message = f"there is no parameter ${token.text[:20]}"
        raise StatementSyntaxError(message, span=token.span)
    return int(digits)


def typed(
    sql: str, found: list[Placeholder], casts: Mapping[int, str], *, values: bool = True
) -> Typed:
    """The statement with ``CAST($n AS type)`` for the parameters that have a type in ``casts``.

    Without ``values`` there is NULL in place of every parameter, to be bound and not run.
    """
    pieces: list[str] = []
    places: list[tuple[int, int]] = []
    last = moved = 0
    for placeholder in found:
        span, number = placeholder.span, placeholder.number
        # The space ends the number where a dollar follows: it would begin a quoted string.
        cast = casts.get(number)
        value = f"${number} " if values else "NULL"
        written = f"CAST({value} AS {cast})" if cast else value
        pieces += [sql[last : span.start], written]
        moved += len(written) - (span.end - span.start)
        places.append((span.end, moved))
        last = span.end
    pieces.append(sql[last:])
    return Typed("".join(pieces), tuple(places))

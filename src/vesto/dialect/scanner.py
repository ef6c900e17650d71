"""Redshift SQL text to tokens with positions, and a text of several statements to its parts.

Source: PostgreSQL manual, "Lexical Structure" (nested comments, dollar quotes, doubled quotes).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from vesto.errors import Span, StatementSyntaxError

Kind = Literal["word", "quoted", "string", "number", "symbol", "end"]

_TOKEN: Final = re.compile(
    r"""
    (?P<space>\s+ | --[^\n]*)
  | (?P<comment>/\*)
  | (?P<dollar>\$(?:[^\W\d]\w*)?\$)
  | (?P<string>[eE]?'(?P<body>(?:[^'\\]|\\.|'')*)')
  | (?P<quoted>"(?P<name>(?:[^"]|"")*)")
  | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<word>[\#]?[^\W\d][\w$]*)
  | (?P<symbol><=|>=|<>|!=|::|:=|=>|\|\||.)
    """,
    re.VERBOSE | re.DOTALL,
)
# Doubled quotes and, as PostgreSQL 8.0 had them, backslashes.
_ESCAPE: Final = re.compile(r"(?:'|\\)(.)", re.DOTALL)
_CONTROL: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
# The length of texts whose tokens are kept.
MAXIMUM_KEPT: Final = 100
_COMMENT_EDGE: Final = re.compile(r"/\*|\*/")


@dataclass(frozen=True, slots=True)
class Token:
    """One word, name, literal or symbol; ``text`` is its value, quotes removed."""

    kind: Kind
    text: str
    span: Span


def scan(sql: str) -> Sequence[Token]:
    """All tokens of ``sql``, then one of kind "end".

    Raises:
        StatementSyntaxError: A string, name, comment or dollar quote has no end.
    """
    # Clients send the same short texts again and again. What may hold a secret is not kept.
    if len(sql) <= MAXIMUM_KEPT and "'" not in sql and "$" not in sql:
        return _kept(sql)
    return _scanned(sql)


@lru_cache(maxsize=1024)
def _kept(sql: str) -> tuple[Token, ...]:
    return tuple(_scanned(sql))


def _scanned(sql: str) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    while at < len(sql):
        token, at = _next(sql, at)
        if token is not None:
            tokens.append(token)
    tokens.append(Token("end", "", Span(len(sql), len(sql))))
    return tokens


def _next(sql: str, at: int) -> tuple[Token | None, int]:
    match = _TOKEN.match(sql, at)
    assert match is not None  # the last alternative takes any character
    end, kind = match.end(), match.lastgroup
    if kind == "space":
        return None, end
    if kind == "comment":
        return None, _comment_end(sql, at)
    if kind == "dollar":
        return _dollar_quoted(sql, at, match.group())
    if match["string"] is not None:
        return Token("string", _unescaped(match["body"]), Span(at, end)), end
    if match["quoted"] is not None:
        return Token("quoted", match["name"].replace('""', '"'), Span(at, end)), end
    if match.group() in {"'", '"'}:
        what = "string" if match.group() == "'" else "quoted name"
        raise StatementSyntaxError(f"unterminated {what}", span=Span(at, len(sql)))
    if kind == "number":
        return Token("number", match.group(), Span(at, end)), end
    if kind == "word":
        return Token("word", match.group(), Span(at, end)), end
    return Token("symbol", match.group(), Span(at, end)), end


def _unescaped(body: str) -> str:
    return _ESCAPE.sub(lambda found: _CONTROL.get(found[1], found[1]), body)


def _comment_end(sql: str, start: int) -> int:
    depth = 0
    for edge in _COMMENT_EDGE.finditer(sql, start):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    raise StatementSyntaxError("unterminated comment", span=Span(start, len(sql)))


def _dollar_quoted(sql: str, start: int, tag: str) -> tuple[Token, int]:
    close = sql.find(tag, start + len(tag))
    if close < 0:
        raise StatementSyntaxError("unterminated string", span=Span(start, len(sql)))
    end = close + len(tag)
    return Token("string", sql[start + len(tag) : close], Span(start, end)), end


def split(sql: str) -> list[Span]:
    """Where each statement of ``sql`` stands, without its semicolon; empty ones are left out."""
    spans: list[Span] = []
    inside: list[Token] = []
    for token in scan(sql):
        if token.kind == "end" or (token.kind == "symbol" and token.text == ";"):
            if inside:
                spans.append(Span(inside[0].span.start, inside[-1].span.end))
            inside = []
        else:
            inside.append(token)
    return spans


def located(sql: str, name: str) -> Span | None:
    """Where a name, as ``t.x``, stands in a text; None where it does not, or more than once.

    Raises:
        StatementSyntaxError: A string, name, comment or dollar quote has no end.
    """
    tokens, parts = scan(sql), _folded(scan(name)[:-1])
    for wanted in (parts, parts[-1:]) if parts else ():
        last = len(wanted) - 1
        places = [
            Span(token.span.start, tokens[at + last].span.end)
            for at, token in enumerate(tokens[:-1])
            if _folded(tokens[at : at + last + 1]) == wanted
        ]
        if places:
            return places[0] if len(places) == 1 else None
    return None


def _folded(tokens: Sequence[Token]) -> list[str]:
    """Their texts, case aside; that of a string is no name."""
    return ["'" if token.kind == "string" else token.text.lower() for token in tokens]

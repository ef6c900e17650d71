"""Statements that belong to a connection and not to the session: cursors, COPY, DEALLOCATE.

Grammar: Amazon Redshift Database Developer Guide, "DECLARE", "FETCH", "CLOSE", "DEALLOCATE";
PostgreSQL manual, "COPY", with the options before and since version 9.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name
from vesto.errors import FeatureNotSupported, StatementSyntaxError

_FIRST: Final = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)*([A-Za-z]+)", re.DOTALL)
_WORDS: Final = frozenset({"DECLARE", "FETCH", "MOVE", "CLOSE", "COPY", "DEALLOCATE", "DISCARD"})


@dataclass(frozen=True, slots=True)
class Declare:
    """Makes a cursor over the rows of ``query``, which begins at ``at`` in the statement."""

    name: str
    query: str
    at: int
    hold: bool = False


@dataclass(frozen=True, slots=True)
class Fetch:
    """Takes ``count`` rows from a cursor, or all that are left; ``move`` shows none of them."""

    name: str
    count: int | None = 1
    move: bool = False


@dataclass(frozen=True, slots=True)
class CloseCursor:
    """Closes one cursor, or all where there is no name."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class Deallocate:
    """Forgets a prepared statement, or all where there is no name; ``discard`` resets the session."""

    name: str = ""
    discard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """COPY between the client and a table or, only outwards, a ``query``."""

    inwards: bool
    table: Name | None = None
    columns: tuple[str, ...] = ()
    query: str = ""
    form: str = "text"
    delimiter: str = "\t"
    null: str = "\\N"
    header: bool = False
    quote: str = '"'
    escape: str = '"'


Special = Declare | Fetch | CloseCursor | Deallocate | Copy


def read(text: str) -> Special | None:
    """The statement, if it is one of these.

    Raises:
        StatementSyntaxError: It begins like one and does not follow the grammar.
    """
    first = _FIRST.match(text)
    word = first[1].upper() if first else ""
    if word not in _WORDS:
        return None
    cursor = Cursor(text)
    cursor.advance()
    if word == "COPY":
        return _copy(cursor)
    if word in {"FETCH", "MOVE"}:
        return _fetch(cursor, move=word == "MOVE")
    if word == "DECLARE":
        return _declare(cursor)
    if word == "DISCARD":
        if not cursor.accept("ALL"):
            return None
        cursor.end()
        return Deallocate(discard=True)
    if word == "DEALLOCATE":
        cursor.accept("PREPARE")
    name = "" if cursor.accept("ALL") else cursor.identifier("a name, or ALL")
    cursor.end()
    return Deallocate(name) if word == "DEALLOCATE" else CloseCursor(name)


def _declare(cursor: Cursor) -> Declare:
    name = cursor.identifier("a cursor's name")
    words = ("BINARY", "INSENSITIVE", "ASENSITIVE", "SCROLL")
    while any(cursor.accept(word) for word in words) or cursor.accept("NO", "SCROLL"):
        pass
    cursor.expect("CURSOR")
    hold = cursor.accept("WITH", "HOLD")
    if not hold:
        cursor.accept("WITHOUT", "HOLD")
    cursor.expect("FOR")
    at = cursor.span.start
    return Declare(name, cursor.rest(), at, hold)


def _fetch(cursor: Cursor, *, move: bool) -> Fetch:
    backwards = ("PRIOR", "FIRST", "LAST", "BACKWARD", "ABSOLUTE", "RELATIVE")
    if any(cursor.peek(word) and cursor.after(1).kind != "end" for word in backwards):
        hint = "Cursors go forwards: FETCH NEXT, FETCH n, FETCH FORWARD n or FETCH ALL."
        raise FeatureNotSupported("cursor can only scan forward", hint=hint, span=cursor.span)
    count: int | None = 1
    if not cursor.accept("NEXT"):
        cursor.accept("FORWARD")
        if cursor.accept("ALL"):
            count = None
        elif cursor.here.kind == "number" or cursor.peek("-"):
            count = cursor.integer("the number of rows")
    if count is not None and count < 0:
        raise FeatureNotSupported("cursor can only scan forward")
    if not cursor.accept("FROM"):
        cursor.accept("IN")
    name = cursor.identifier("a cursor's name")
    cursor.end()
    return Fetch(name, count, move)


# --- COPY ----------------------------------------------------------------------------------------


def _copy(cursor: Cursor) -> Copy | None:
    """COPY that goes through the connection; the session's own reads and writes files."""
    table: Name | None = None
    columns: tuple[str, ...] = ()
    query = ""
    if cursor.peek("("):
        query, _ = cursor.parenthesised("the query")
    else:
        if not cursor.peek("BINARY", "FROM"):
            cursor.accept("BINARY")
        table = cursor.name("a table's name")
        columns = cursor.names() if cursor.peek("(") else ()
    inwards = cursor.accept("FROM")
    if not inwards and not cursor.accept("TO"):
        return None
    if not cursor.accept("STDIN" if inwards else "STDOUT"):
        return None
    if query and inwards:
        raise StatementSyntaxError("COPY FROM STDIN needs a table, not a query")
    options = _options(cursor)
    form = str(options.get("format", "text")).lower()
    if form not in {"text", "csv", "binary"}:
        raise StatementSyntaxError(
            f'COPY format "{form}" is not known', hint="text, csv or binary."
        )
    quote = options.get("quote", '"')
    return Copy(
        inwards=inwards, table=table, columns=columns, query=query, form=form,
        delimiter=_letter(options, "delimiter", "," if form == "csv" else "\t"),
        null=options.get("null", "" if form == "csv" else "\\N"),
        header=options.get("header", "off") == "on", quote=_letter(options, "quote", '"'),
        escape=_letter(options, "escape", quote),
    )  # fmt: skip


def _letter(options: dict[str, str], name: str, default: str) -> str:
    found = options.get(name, default)
    if len(found.encode()) != 1 or found in "\r\n":
        raise StatementSyntaxError(f"COPY {name} must be a single one-byte character")
    return found


def _options(cursor: Cursor) -> dict[str, str]:
    """Options by name, as either grammar writes them."""
    cursor.accept("WITH")
    found: dict[str, str] = {}
    if cursor.accept("("):
        while True:
            name = cursor.word("an option").lower()
            found[name] = _option_value(cursor, name)
            if not cursor.accept(","):
                break
        cursor.expect(")")
    while cursor.here.kind == "word":
        name = cursor.word("an option").lower()
        if name in {"csv", "binary"}:
            found["format"] = name
        elif name == "header":
            found[name] = "on"
        else:
            cursor.accept("AS")
            found[name] = _option_value(cursor, name)
    cursor.end()
    unknown = found.keys() - {
        "format",
        "delimiter",
        "null",
        "header",
        "quote",
        "escape",
        "encoding",
    }
    if unknown:
        raise StatementSyntaxError(f'COPY option "{min(unknown)}" is not known')
    return found


def _option_value(cursor: Cursor, name: str) -> str:
    if name == "header":
        if cursor.peek(",") or cursor.peek(")"):
            return "on"
        return "on" if cursor.advance().text.lower() in {"true", "on", "1"} else "off"
    if cursor.here.kind not in {"string", "word", "quoted"}:
        raise cursor.error(f"a value of {name}")
    token = cursor.advance()
    return (
        _raw(cursor.sql[token.span.start : token.span.end])
        if token.kind == "string"
        else token.text
    )


def _raw(written: str) -> str:
    r"""A string as COPY means it: ``'\N'`` is two characters, ``E'\t'`` and ``'\\'`` are one."""
    if written[0] in "eE":
        return Cursor(written).string()
    return {"\\t": "\t", "\\\\": "\\"}.get(written[1:-1], written[1:-1].replace("''", "'"))

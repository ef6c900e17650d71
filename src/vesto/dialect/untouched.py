"""Statements that mean the same in both dialects, word for word: they need no translation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from vesto.dialect.scanner import Token, scan
from vesto.dialect.surroundings import Surroundings
from vesto.dialect.translate import Lookup, Translated

# Functions with the same name, arguments, NULL rule and result.
_SAME: Final = frozenset(
    {"count", "sum", "min", "max", "coalesce", "lower", "upper", "abs", "nullif", "row_number",
     "rank", "dense_rank", "floor", "ceil", "sqrt", "ln", "exp", "replace", "trim"}
)  # fmt: skip
# Words that stand before a parenthesis without calling anything.
_BEFORE: Final = frozenset(
    {"in", "as", "and", "or", "not", "on", "from", "where", "select", "over", "exists", "by",
     "when", "then", "else", "join", "using", "having", "union", "all", "with", "distinct",
     "between"}
)  # fmt: skip
# Everything else that the grammar of both knows and reads alike.
_WORDS: Final = _BEFORE | frozenset(
    {"group", "order", "asc", "limit", "offset", "inner", "left", "right", "full", "outer",
     "cross", "is", "null", "true", "false", "case", "end", "partition"}
)  # fmt: skip
_SYMBOLS: Final = frozenset(
    {"(", ")", ",", ".", "*", "+", "-", "=", "<", ">", "<=", ">=", "<>", "!="}
)
# Text that both scanners cut alike: no comments, escapes, dollar quotes or letters beyond ASCII,
# so that what was checked is what runs.
_ALIKE: Final = re.compile(r"(?:[ !\"#%-,.0-\[\]-~\n\t]|-(?!-)|/(?!\*))*")
# A name that the grammar of neither gives a meaning to.
_NAME: Final = re.compile(r"[a-z_][a-z0-9_]*\Z")
# Schemas and relations that are the system's: their names are rewritten, or refused.
_SCHEMAS: Final = frozenset({"vesto", "pg_catalog", "information_schema"})
_ENGINE: Final = ("pg_", "duckdb_", "pragma_", "sqlite_")
_MEANINGFUL: Final = frozenset(
    [
        "add",
        "after",
        "aggregate",
        "analyse",
        "analyze",
        "anti",
        "any",
        "approximate",
        "array",
        "asof",
        "asymmetric",
        "at",
        "authorization",
        "binary",
        "both",
        "bytedict",
        "cast",
        "check",
        "collate",
        "collation",
        "column",
        "concurrently",
        "connect",
        "constraint",
        "convert",
        "create",
        "cube",
        "current_catalog",
        "current_date",
        "current_role",
        "current_setting",
        "current_schema",
        "current_time",
        "current_timestamp",
        "current_user",
        "current_user_id",
        "cast",
        "default",
        "deferrable",
        "delete",
        "desc",
        "describe",
        "do",
        "except",
        "exclude",
        "extract",
        "fetch",
        "filter",
        "for",
        "force",
        "foreign",
        "freeze",
        "generated",
        "getdate",
        "glob",
        "grant",
        "grouping",
        "groups",
        "identity",
        "ignore",
        "ilike",
        "initially",
        "insert",
        "intersect",
        "interval",
        "into",
        "isnull",
        "lambda",
        "last",
        "lateral",
        "leading",
        "like",
        "localtime",
        "localtimestamp",
        "map",
        "minus",
        "natural",
        "new",
        "next",
        "notnull",
        "nulls",
        "offline",
        "oid",
        "old",
        "only",
        "open",
        "overlaps",
        "pivot",
        "pivot_longer",
        "pivot_wider",
        "placing",
        "position",
        "positional",
        "primary",
        "print",
        "qualify",
        "range",
        "raw",
        "recursive",
        "references",
        "respect",
        "returning",
        "rollup",
        "row",
        "rows",
        "sample",
        "semi",
        "session_user",
        "set",
        "sets",
        "show",
        "similar",
        "some",
        "struct",
        "substring",
        "summarize",
        "symmetric",
        "sysdate",
        "system_user",
        "table",
        "tablesample",
        "to",
        "top",
        "trailing",
        "unique",
        "unnest",
        "unpivot",
        "user",
        "values",
        "variadic",
        "verbose",
        "version",
        "window",
        "within",
        "without",
        "try_cast",
        "overlay",
        "treat",
        "national",
        "nchar",
    ]
)


def untouched(sql: str, find: Lookup, surroundings: Surroundings) -> Translated | None:
    """The statement as it is, where it surely means the same to the engine; else None."""
    if surroundings.super_columns or surroundings.late_views or not _ALIKE.fullmatch(sql):
        return None
    tokens = scan(sql)
    if tokens[0].text.lower() != "select" or tokens[0].kind != "word":
        return None
    functions: set[str] = set()
    for token, following in pairwise(tokens):
        called = following.text == "(" and following.kind == "symbol"
        if not _is_same(token, surroundings, called=called):
            return None
        if called and token.kind == "word" and token.text.lower() in _SAME:
            functions.add(token.text.lower())
    if any(find("", name) for name in functions):
        return None
    if any(_is_path(tokens, place) for place in range(len(tokens) - 4)):
        return None
    if not _has_names(tokens):
        return None
    tables = _tables(tokens)
    return Translated(sql, "query", "SELECT", tables, (), tuple(sorted(functions)))


def _is_same(token: Token, surroundings: Surroundings, *, called: bool) -> bool:
    if token.kind == "string":
        return True
    if token.kind == "number":
        return True
    if token.kind == "symbol":
        return token.text in _SYMBOLS
    if token.kind != "word":
        return False
    word = token.text.lower()
    if called:
        return word in _SAME or word in _BEFORE
    if word in _WORDS:
        return True
    known = word in _MEANINGFUL or word in surroundings.system_views or word in _SCHEMAS
    return not known and not word.startswith(_ENGINE) and _NAME.match(word) is not None


def _has_names(tokens: Sequence[Token]) -> bool:
    """Whether every column of every query is a bare name, ``*``, or ends with AS and a name."""
    for place, token in enumerate(tokens):
        if token.kind == "word" and token.text.lower() == "select":
            item: Sequence[Token] = []
            depth = 0
            for following in tokens[place + 1 :]:
                word = following.text.lower() if following.kind == "word" else following.text
                ends = depth == 0 and (word in {"from", ")", ",", ""} or following.kind == "end")
                if ends and not _is_named(item):
                    return False
                if ends and word != ",":
                    break
                item = [] if ends else [*item, following]
                depth += {"(": 1, ")": -1}.get(following.text, 0)
    return True


def _is_named(item: Sequence[Token]) -> bool:
    words = [token.text for token in item]
    if words[:1] == ["distinct"] or words[:1] == ["DISTINCT"]:
        item, words = item[1:], words[1:]
    folded = bool(words) and words[-1] == words[-1].lower()
    if len(words) > 2 and words[-2].lower() == "as":  # noqa: PLR2004 - an expression, AS, a name
        return folded and item[-1].kind == "word"
    names = all(token.kind == "word" for token in item[::2])
    return words == ["*"] or (names and words[1::2] in ([], ["."]) and len(words) in {1, 3})


def _is_path(tokens: Sequence[Token], place: int) -> bool:
    """Whether a name of three parts stands there: it may lead into a document."""
    return tokens[place + 1].text == "." and tokens[place + 3].text == "."


def _tables(tokens: Sequence[Token]) -> tuple[tuple[str, str], ...]:
    """The bare names after FROM and JOIN, as schema and name."""
    found = []
    for place, token in enumerate(tokens[:-1]):
        if token.kind == "word" and token.text.lower() in {"from", "join"}:
            first, dot, second = (*tokens[place + 1 : place + 4], None, None)[:3]
            if first is None or first.kind != "word":
                continue
            if dot is not None and dot.text == "." and second is not None:
                found.append((first.text.lower(), second.text.lower()))
            else:
                found.append(("", first.text.lower()))
    return tuple(found)

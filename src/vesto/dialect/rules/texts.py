"""Strings and patterns.

Source: Amazon Redshift Database Developer Guide, "String functions" and "Pattern-matching
conditions".
"""

from __future__ import annotations

import os
from typing import Final

from sqlglot import exp

from vesto.dialect.rules.build import (
    Rule,
    cast,
    function,
    library,
    number,
    text,
    text_of,
    to_function,
    to_macro,
)

FUNCTIONS: Final[dict[str, Rule]] = {
    "replicate": to_function("repeat", 2),
    "initcap": to_macro("initcap", 1),
    "quote_ident": to_macro("quote_ident", 1),
    "quote_literal": to_macro("quote_literal", 1),
    "octet_length": to_macro("octet_length", 1),
    "regexp_substr": to_macro("regexp_substr", 2, 5),
    "regexp_replace": to_macro("regexp_replace", 2, 5),
    "regexp_count": to_macro("regexp_count", 2, 4),
    "regexp_instr": to_macro("regexp_instr", 2, 3),
    "func_sha1": to_function("sha1", 1),
    "textlen": to_function("length", 1),
    "version": lambda _: text(VERSION),
    "pg_backend_pid": lambda _: number(os.getpid()),
}
# What clients look for in it: PostgreSQL's version that Redshift began from, and Redshift's name.
VERSION: Final = "PostgreSQL 8.0.2 on x86_64-pc-linux-gnu, compiled by GCC, Redshift 1.0.0 (Vesto)"
_SPECIAL: Final = frozenset(".^$\\")


def concat(node: exp.Concat) -> exp.Expr:
    """CONCAT is NULL where an argument is; the engine's leaves it out."""
    first, *rest = [cast(argument.copy(), "VARCHAR") for argument in node.expressions]
    for argument in rest:
        first = exp.DPipe(this=first, expression=argument, safe=True)
    return exp.Paren(this=first)


def substring(node: exp.Substring) -> exp.Expr:
    """A start before the first character counts, as in PostgreSQL."""
    size = node.args.get("length")
    arguments = [node.this.copy(), (node.args.get("start") or exp.Literal.number(1)).copy()]
    return library("substring", *arguments, *([size.copy()] if size else []))


def similar(node: exp.SimilarTo) -> exp.Expr:
    """SIMILAR TO as a regular expression that must match everything."""
    pattern = text_of(node.expression)
    if pattern is not None:
        return function("regexp_full_match", node.this.copy(), text(similar_pattern(pattern)))
    wide = function("replace", node.expression.copy(), text("%"), text(".*"))
    every = function("replace", wide, text("_"), text("."))
    return function("regexp_full_match", node.this.copy(), every)


def similar_pattern(pattern: str) -> str:
    """A SIMILAR TO pattern as a regular expression; backslash escapes."""
    found, letters = "", iter(pattern)
    for letter in letters:
        if letter == "\\":
            following = next(letters, "\\")
            found += "\\" + following if not following.isalnum() else following
        elif letter == "%":
            found += "(?s:.*)"
        elif letter == "_":
            found += "(?s:.)"
        else:
            found += "\\" + letter if letter in _SPECIAL else letter
    return found


def like(node: exp.Like | exp.ILike) -> exp.Expr | None:
    """LIKE has a backslash as its escape character unless ESCAPE names another."""
    if isinstance(node.parent, exp.Escape):
        return None
    pattern = text_of(node.expression)
    if pattern is not None and "\\" not in pattern:
        return None
    return exp.Escape(this=node.copy(), expression=text("\\"))

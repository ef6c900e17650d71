"""Names of a query's columns that have none of their own, as PostgreSQL gives them.

Source: PostgreSQL, ``FigureColname`` in ``parse_target.c``: a function's name, a cast's or a path's inner name, "case";
"?column?" for anything else. Names without quotes fold to lower case.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlglot import exp

from vesto.dialect.names import NAMELESS

Unmask = Callable[[str], str]
_NAMED: Final = (
    exp.Func, exp.Window, exp.Cast, exp.Case, exp.Literal, exp.Binary, exp.Unary, exp.Boolean,
    exp.Null, exp.Subquery, exp.Predicate, exp.WithinGroup, exp.Filter, exp.IgnoreNulls,
    exp.Interval,
)  # fmt: skip
_WORDS: Final = {
    exp.Case: "case", exp.Coalesce: "coalesce", exp.If: "case", exp.DecodeCase: "case",
    exp.CurrentDate: "date", exp.CurrentTimestamp: "sysdate", exp.Boolean: "bool",
    exp.Extract: "date_part", exp.Interval: "interval", exp.Exists: "exists",
    exp.ApproxDistinct: "count", exp.Array: "array",
}  # fmt: skip
_INSIDE: Final = (exp.Window, exp.Paren, exp.WithinGroup, exp.Filter, exp.IgnoreNulls, exp.Distinct)


def name_columns(tree: exp.Expr, unmask: Unmask) -> None:
    """Give every column of every query a name, and fold the given ones."""
    for alias in tree.find_all(exp.Alias):
        identifier = alias.args.get("alias")
        if isinstance(identifier, exp.Identifier) and not identifier.quoted:
            identifier.set("this", identifier.name.lower())
    for select in tree.find_all(exp.Select):
        for item in list(select.expressions):
            call = isinstance(item, exp.Dot) and isinstance(item.expression, exp.Func)
            if (call or isinstance(item, _NAMED)) and not _is_several(item):
                name = _name(item, unmask) or NAMELESS
                item.replace(exp.alias_(item.copy(), name, quoted=True))


def _is_several(item: exp.Expr) -> bool:
    """Whether it stands for several columns, or for a name and a value."""
    several = isinstance(item, exp.Columns | exp.PropertyEQ | exp.Dot) and not (
        isinstance(item, exp.Dot) and isinstance(item.expression, exp.Func)
    )
    return several or (isinstance(item, exp.Anonymous) and item.name.lower() == "columns")


def _name(item: exp.Expr, unmask: Unmask) -> str:
    if isinstance(item, exp.Column | exp.Identifier | exp.Alias):
        return item.alias_or_name.lower()
    if isinstance(item, exp.Dot):
        return _name(item.expression, unmask)
    if isinstance(item, exp.Cast):
        kind = item.to.this
        word = kind.value if isinstance(kind, exp.DType) else str(kind)
        return _name(item.this, unmask) or word.lower()
    if isinstance(item, exp.Subquery):
        first = item.this.selects[0] if item.this.selects else None
        return _name(first, unmask) if first is not None else ""
    if isinstance(item, _INSIDE):
        return _name(item.this, unmask)
    if isinstance(item, exp.Bracket | exp.Literal | exp.Null | exp.Star):
        return ""
    word = _WORDS.get(type(item))
    if word is not None:
        return word
    if isinstance(item, exp.Anonymous):
        return unmask(item.name).lower()
    if isinstance(item, exp.Binary | exp.Not | exp.Neg):
        return ""
    return item.sql_name().lower() if isinstance(item, exp.Func) else ""

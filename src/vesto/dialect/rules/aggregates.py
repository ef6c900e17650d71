"""Aggregates that differ.

Source: Amazon Redshift Database Developer Guide, "Aggregate functions": AVG of integers is an
integer; "LISTAGG"; "RATIO_TO_REPORT".
"""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from vesto.dialect.rules.build import Call, Rule, cast, function, library, text, to_function
from vesto.errors import StatementSyntaxError

FUNCTIONS: Final[dict[str, Rule]] = {
    "every": to_function("bool_and", 1),
    "isnull": to_function("coalesce", 2),
}
# These need what stands around the call: OVER, WITHIN GROUP.
AROUND: Final = frozenset({"avg", "listagg", "ratio_to_report"})


def replace_around(call: Call, node: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
    """The part of the tree to replace, and what replaces it."""
    return {"avg": _avg, "listagg": _listagg, "ratio_to_report": _ratio}[call.name](call, node)


def _window(node: exp.Expr) -> exp.Expr:
    """The node, or the OVER around it."""
    parent = node.parent
    return parent if isinstance(parent, exp.Window) and parent.this is node else node


def _over(window: exp.Expr, aggregate: exp.Expr) -> exp.Expr:
    """The aggregate with the same OVER."""
    if not isinstance(window, exp.Window):
        return aggregate
    copied = window.copy()
    copied.set("this", aggregate)
    return copied


def _avg(call: Call, node: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
    """AVG of integers is an integer; the engine's macros know which is one.

    They cannot tell for an aggregate of an aggregate, which keeps its fraction.
    """
    call.expect(1)
    window = _window(node)
    argument = call.arguments[0]
    distinct = isinstance(argument, exp.Distinct)
    inner = argument.expressions[0] if distinct else argument
    if isinstance(node.parent, exp.Filter) or inner.find(exp.AggFunc) is not None:
        return node, function("avg", argument.copy())
    if window is not node:
        mean = _over(window, function("avg", argument.copy()))
        return window, library("averaged", mean, inner.copy())
    return node, library("avg_distinct" if distinct else "avg", inner.copy())


def _listagg(call: Call, node: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
    call.expect(1, 2)
    first, rest = call.arguments[0], call.arguments[1:]
    distinct = isinstance(first, exp.Distinct)
    if isinstance(first, exp.Distinct):
        # DISTINCT takes in what follows it, the separator too.
        first, rest = first.expressions[0], [*first.expressions[1:], *rest]
    parent = node.parent
    group = parent if isinstance(parent, exp.WithinGroup) else None
    value = first.copy() if distinct else cast(first.copy(), "VARCHAR")
    separator = rest[0].copy() if rest else text("")
    order = group.expression.copy() if group else None
    value = exp.Distinct(expressions=[value]) if distinct else value
    if order is not None:
        separator = exp.Order(this=separator, expressions=order.expressions)
    joined = function("string_agg", value, separator)
    outer = group or node
    window = _window(outer)
    return window, _over(window, joined)


def _ratio(call: Call, node: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
    call.expect(1)
    window = _window(node)
    if window is node:
        hint = "Write RATIO_TO_REPORT(x) OVER (PARTITION BY ...)."
        raise StatementSyntaxError("RATIO_TO_REPORT needs OVER", hint=hint, span=call.span)
    value = call.arguments[0]
    total = _over(window, function("sum", cast(value.copy(), "DOUBLE")))
    ratio = exp.Div(
        this=cast(value.copy(), "DOUBLE"),
        expression=function("nullif", total, exp.Literal.number(0)),
    )
    return window, exp.Paren(this=ratio)

"""Inquiries of privileges: whether the user, or another one, may do something.

Source: Amazon Redshift Database Developer Guide, "Access privilege inquiry functions".
"""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from vesto.dialect.rules.build import Call, Rule, function, library, text, text_of

INQUIRY: Final = "vesto_has_privilege"


def _inquiry(kind: str, column: str | None = "") -> Rule:
    """The rule for one kind of object; where ``column`` is None a column is an argument too.

    Users, objects and columns may be told by the numbers that the catalogue has for them.
    """
    count = 3 if column is None else 2

    def rule(call: Call) -> exp.Expr:
        call.expect(count, count + 1)
        given = [_typed(argument) for argument in call.arguments]
        asker = library("this_user")
        if len(given) > count:
            asker = library("told_user", given.pop(0))
        named = text(column or "")
        if column is None:
            named = _as_text(library("told_column", given[0].copy(), given.pop(1)))
        target = library(f"told_{kind.lower()}", given[0])
        privilege, path = _as_text(given[1]), library("this_path")
        return function(
            INQUIRY, text(kind), _as_text(asker), _as_text(target), named, privilege, path
        )

    return rule


def _typed(argument: exp.Expr) -> exp.Expr:
    """An argument of a known type: texts and parameters are names, and not numbers."""
    told = isinstance(argument, exp.Parameter | exp.Placeholder) or text_of(argument) is not None
    return _as_text(argument) if told else argument


def _as_text(value: exp.Expr) -> exp.Expr:
    return exp.cast(value, "text")


FUNCTIONS: Final[dict[str, Rule]] = {
    **{
        f"has_{kind}_privilege": _inquiry(kind.upper())
        for kind in ("table", "schema", "database", "function", "language", "model")
    },
    "has_column_privilege": _inquiry("TABLE", None),
    "has_any_column_privilege": _inquiry("TABLE", "*"),
    "pg_has_role": _inquiry("ROLE"),
}

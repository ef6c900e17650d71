"""Inquiries of privileges: whether the user, or another one, may do something.

Source: Amazon Redshift Database Developer Guide, "Access privilege inquiry functions".
"""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from vesto.dialect.rules.build import Call, Rule, function, library, text

INQUIRY: Final = "vesto_has_privilege"


def _inquiry(kind: str, column: str | None = "") -> Rule:
    """The rule for one kind of object; where ``column`` is None a column is an argument too."""
    count = 3 if column is None else 2

    def rule(call: Call) -> exp.Expr:
        call.expect(count, count + 1)
        given = [exp.cast(argument, "text") for argument in call.arguments]
        user = given.pop(0) if len(given) > count else library("this_user")
        named = given.pop(1) if column is None else text(column)
        return function(INQUIRY, text(kind), user, given[0], named, given[1], library("this_path"))

    return rule


FUNCTIONS: Final[dict[str, Rule]] = {
    **{
        f"has_{kind}_privilege": _inquiry(kind.upper())
        for kind in ("table", "schema", "database", "function", "language")
    },
    "has_column_privilege": _inquiry("TABLE", None),
    "has_any_column_privilege": _inquiry("TABLE", "*"),
}

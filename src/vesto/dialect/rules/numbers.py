"""Numbers: division, conversions of text.

Source: Amazon Redshift Database Developer Guide, "Math functions", "STRTOL", "TO_NUMBER".
"""

from __future__ import annotations

import re
from typing import Final

from sqlglot import exp

from vesto.dialect.rules.build import (
    Call,
    Rule,
    cast,
    function,
    library,
    text_of,
    to_function,
    to_macro,
)
from vesto.errors import FeatureNotSupported


def _to_number(call: Call) -> exp.Expr:
    call.expect(2)
    form = text_of(call.arguments[1])
    if form is None:
        hint = "Write it in single quotes."
        message = "the format of TO_NUMBER must be a literal"
        raise FeatureNotSupported(message, hint=hint, span=call.span)
    fraction = re.search(r"[.D]([09]*)", form, re.IGNORECASE)
    scale = len(fraction.group(1)) if fraction else 0
    return cast(library("to_number", call.arguments[0]), f"DECIMAL(38, {scale})")


FUNCTIONS: Final[dict[str, Rule]] = {
    "strtol": to_macro("strtol", 2),
    "to_number": _to_number,
    "to_hex": lambda call: function("lower", function("to_hex", *call.arguments)),
    "dlog1": to_function("ln", 1),
    "dlog10": to_function("log10", 1),
    "dexp": to_function("exp", 1),
    "dsqrt": to_function("sqrt", 1),
}


def guard(division: exp.Binary) -> None:
    """1/0 is an error in Redshift: the divisor goes through a macro that raises it."""
    right = division.expression
    if isinstance(right, exp.Literal) and right.to_py() != 0:
        return
    inside = right.this if isinstance(right, exp.Paren) else right
    division.set("expression", library("divisor", inside.copy()))

"""Casts, and the types that DuckDB writes otherwise.

Source: Amazon Redshift Database Developer Guide, "CAST and CONVERT functions", "Character types",
"enable_numeric_rounding".
"""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from vesto.dialect.rules.build import cast, library, number
from vesto.dialect.tables import REFUSED_TYPES
from vesto.errors import FeatureNotSupported

_TEXT: Final = frozenset({"VARCHAR", "CHAR", "NVARCHAR", "NCHAR", "BPCHAR", "TEXT"})
_INTEGERS: Final = frozenset({"SMALLINT", "INT", "BIGINT"})
_FRACTIONS: Final = frozenset({"FLOAT", "DOUBLE"})
_SINGLE: Final = 24
_MOMENTS: Final = {"DATE": "as_date", "TIMESTAMP": "as_timestamp"}


def convert(node: exp.Cast, *, rounding: bool) -> exp.Expr | None:
    """The cast as the engine has it, or None where it is the same."""
    to = node.to
    kind = to.this.value if isinstance(to.this, exp.DType) else str(to.this)
    if kind in REFUSED_TYPES:
        raise FeatureNotSupported(f"type {kind} is not available")
    if kind in _TEXT:
        return _text(node, kind)
    if kind in _MOMENTS and not _is_moment(node.this):
        return library(_MOMENTS[kind], node.this.copy())
    if kind == "SUPER":
        return library("as_super", node.this.copy())
    if kind in _FRACTIONS and to.expressions:
        # FLOAT(n): the digits choose between two types, and go.
        return cast(node.this.copy(), _fraction(to))
    if kind == "VARBINARY":
        return cast(node.this.copy(), "BLOB")
    if kind == "DECIMAL" and not to.expressions:
        # The engine's own default has three digits after the point.
        node = node.copy()
        node.set("to", exp.DataType.build("DECIMAL(18, 0)"))
        return convert(node, rounding=rounding) or node
    if not rounding and kind in _INTEGERS:
        return _kept(node, library("trunc", node.this.copy()))
    if not rounding and kind == "DECIMAL":
        scale = int(to.expressions[1].this.to_py()) if len(to.expressions) > 1 else 0
        return _kept(node, library("trunc", node.this.copy(), number(scale)))
    return None


def _fraction(to: exp.DataType) -> str:
    digits = length_of(to)
    return "FLOAT" if digits is not None and digits <= _SINGLE else "DOUBLE"


def _kept(node: exp.Cast, value: exp.Expr) -> exp.Expr:
    copied = node.copy()
    copied.set("this", value)
    return copied


def _is_moment(value: exp.Expr) -> bool:
    return isinstance(value, exp.Cast) and value.to.this in {exp.DType.DATE, exp.DType.TIMESTAMP}


def _text(node: exp.Cast, kind: str) -> exp.Expr:
    size = length_of(node.to)
    if size is None and kind in {"CHAR", "NCHAR"}:
        size = 1
    if size is None:
        return cast(node.this.copy(), "VARCHAR")
    return library("fit", node.this.copy(), number(size))


def length_of(kind: exp.DataType) -> int | None:
    """The n of VARCHAR(n); None where there is none, or MAX."""
    inside = kind.expressions[0].this if kind.expressions else None
    return int(inside.to_py()) if isinstance(inside, exp.Literal) else None

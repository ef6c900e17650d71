"""Where parts of a statement stand in its text."""

from __future__ import annotations

from sqlglot import exp

from vesto.errors import Span


def span_of(node: exp.Expr) -> Span | None:
    """Where a name or call stands in the text."""
    meta = node.meta or (node.this.meta if isinstance(node.this, exp.Expr) else {})
    start, end = meta.get("start"), meta.get("end")
    return None if start is None or end is None else Span(start, end + 1)

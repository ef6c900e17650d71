"""What INSERT, UPDATE and DELETE return, as a query that can be described without writing."""

from __future__ import annotations

from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

_BROKEN: Final = (TypeError, AttributeError, ValueError, LookupError, AssertionError)


def returned(sql: str) -> str | None:
    """The query of RETURNING's list over the table that is written; None: it returns nothing."""
    if "returning" not in sql.lower():
        return None
    try:
        tree = sqlglot.parse_one(sql, read="redshift")
    except (SqlglotError, RecursionError, *_BROKEN):
        return None
    listed = tree.args.get("returning")
    table = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    if listed is None or not isinstance(table, exp.Table):
        return None
    items = [item.copy() for item in listed.expressions]
    return exp.select(*items).from_(table.copy()).sql("redshift")

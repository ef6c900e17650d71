"""Types of parameters that a client leaves open, by what stands around them.

A cast says it; else the column that a parameter is compared with, assigned or inserted to; LIMIT,
OFFSET and generate_series take whole numbers; an argument of a model's function has the type of its parameter.
Whatever is not found is text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from vesto.dialect.catalogue import plain_text
from vesto.dialect.placeholders import placeholders, typed
from vesto.dialect.translate import Lookup
from vesto.types import from_words

Columns = Callable[[str, str], Mapping[str, str]]
"""SQL types by column, of the table of a schema ("" for the search path) and name."""

_COMPARED: Final = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ)
_REACHED: Final = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Coalesce)
# Which the grammar does not know: ``plain_text`` makes it int[].
_OIDS: Final = re.compile(r"\$(\d+)\s*::\s*oid\s*\[\s*\]", re.IGNORECASE)
# The catalogue's, which have no name of ours.
_OTHERS: Final = {"OID": "oid", "NAME": "varchar", "REGCLASS": "varchar", "REGTYPE": "varchar"}
_BROKEN: Final = (TypeError, AttributeError, ValueError, LookupError, AssertionError)


def inferred(sql: str, columns: Columns, find: Lookup) -> dict[int, str]:
    """Names of SQL types by the number of the parameter; those that nothing tells are left out.

    A statement that cannot be read has none: whoever runs it says what is wrong.
    """
    spaced = typed(sql, placeholders(sql), {}).text
    try:
        tree = sqlglot.parse_one(plain_text(spaced), read="redshift")
    except (SqlglotError, RecursionError, *_BROKEN):
        return {}
    scope = _Scope(tree, columns, find)
    found = {int(match[1]): "oid[]" for match in _OIDS.finditer(sql)}
    for parameter in tree.find_all(exp.Parameter):
        number, kind = parameter.name, scope.type_of(parameter)
        if number.isdecimal() and kind:
            found.setdefault(int(number), kind)
    return found


class _Scope:
    """The tables of a statement, whose columns tell types."""

    def __init__(self, tree: exp.Expr, columns: Columns, find: Lookup) -> None:
        self._tree, self._columns, self._find = tree, columns, find
        hidden = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
        self._inner = {
            query.alias.lower(): query.this
            for query in tree.find_all(exp.Subquery, exp.CTE)
            if query.alias and isinstance(query.this, exp.Select)
        }
        self._tables = {
            table.alias_or_name.lower(): (table.db.lower(), table.name.lower())
            for table in tree.find_all(exp.Table)
            if isinstance(table.this, exp.Identifier)
            and (table.db or table.name.lower() not in hidden)
        }

    def type_of(self, parameter: exp.Expr) -> str:
        """The type that the place of a parameter tells; empty if it tells none."""
        node, parent = parameter, parameter.parent
        while isinstance(parent, exp.Paren | exp.Neg):
            node, parent = parent, parent.parent
        if isinstance(parent, exp.Cast):
            return _written(parent)
        if isinstance(parent, exp.Any) and isinstance(parent.parent, _COMPARED):
            element = self._beside(parent.parent, parent)
            return f"{element}[]" if element else ""
        if isinstance(parent, exp.Limit | exp.Offset):
            return "int8"
        if isinstance(parent, exp.Like | exp.ILike):
            return "varchar"
        return self._by_others(parent, node)

    def _by_others(self, parent: exp.Expr | None, node: exp.Expr) -> str:
        """The type by what stands beside a parameter, or by the place it goes to."""
        if isinstance(parent, _COMPARED + _REACHED):
            return self._beside(parent, node)
        if isinstance(parent, exp.Between | exp.In):
            return self._known(parent.this) if parent.this is not node else ""
        if isinstance(parent, exp.GenerateSeries):
            return self._beside(parent, node) or "int8"
        if isinstance(parent, exp.Anonymous):
            return self._argument(parent, node)
        if isinstance(parent, exp.Tuple):
            return self._inserted(parent, parent.expressions.index(node))
        if isinstance(parent, exp.Alias):
            node, parent = parent, parent.parent
        if isinstance(parent, exp.Select) and node in parent.expressions:
            return self._inserted(parent, parent.expressions.index(node))
        return ""

    def _beside(self, parent: exp.Expr, node: exp.Expr) -> str:
        others = [o for o in parent.iter_expressions() if o is not node]
        return next((kind for other in others if (kind := self._known(other))), "")

    def _known(self, node: exp.Expr | None) -> str:
        """The type of an expression whose text tells it."""
        while isinstance(node, exp.Paren | exp.Neg):
            node = node.this
        if isinstance(node, exp.Column):
            return self._column(node.table.lower(), node.name.lower())
        if isinstance(node, exp.Cast):
            return _written(node)
        if isinstance(node, exp.Literal):
            return _literal(node)
        if isinstance(node, exp.Count):
            return "int8"
        return ""

    def _column(self, table: str, name: str) -> str:
        if table in self._inner:
            return self._column_inside(table, name)
        places = [self._tables[table]] if table in self._tables else []
        for place in places or ([] if table else list(self._tables.values())):
            kind = self._columns(*place).get(name)
            if kind:
                return kind
        return ""

    def _column_inside(self, table: str, name: str) -> str:
        """The type of a column of a query in FROM, or of WITH."""
        query = self._inner.pop(table)  # one that names itself would never end
        wanted = (item.unalias() for item in query.selects if item.output_name.lower() == name)
        kind = next((self._known(item) for item in wanted), "")
        self._inner[table] = query
        return kind

    def _argument(self, call: exp.Anonymous, node: exp.Expr) -> str:
        place = call.expressions.index(node)
        for signature in self._find("", call.name.lower()):
            if place < len(signature.parameters):
                return signature.parameters[place][1]
        return ""

    def _inserted(self, row: exp.Expr, place: int) -> str:
        """The type of the column that a row of an INSERT puts its value into."""
        insert = self._tree
        if not isinstance(insert, exp.Insert):
            return ""
        if row is not insert.expression and row.parent is not insert.expression:
            return ""
        target = insert.this
        named = target.expressions if isinstance(target, exp.Schema) else []
        table = target.this if isinstance(target, exp.Schema) else target
        kinds = self._columns(table.db.lower(), table.name.lower())
        names = [column.name.lower() for column in named] or list(kinds)
        return kinds.get(names[place], "") if place < len(names) else ""


def _written(cast: exp.Cast) -> str:
    kind = cast.args.get("to")
    if isinstance(kind, exp.DataType) and kind.this == exp.DType.ARRAY and kind.expressions:
        element = _named(kind.expressions[0])
        return f"{element}[]" if element else ""
    return _named(kind)


def _named(kind: exp.Expr | None) -> str:
    text = re.sub(r"\(.*?\)", "", kind.sql("redshift")) if kind is not None else ""
    found = from_words(text)
    return found.name if found else _OTHERS.get(text.upper(), "")


def _literal(node: exp.Literal) -> str:
    if node.is_string:
        return "varchar"
    return "int4" if node.this.isdecimal() else "numeric"

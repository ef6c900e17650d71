"""SUPER: paths into documents, unnesting, comparing; and JSON in text.

Source: Amazon Redshift Database Developer Guide, "Querying semistructured data" and "JSON
functions". A SUPER value is DuckDB's JSON; JSON's null is NULL once it is reached by a path.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlglot import exp

from vesto.dialect.mask import UNPIVOT
from vesto.dialect.rules.build import (
    Call,
    Rule,
    function,
    library,
    text,
    text_of,
    to_function,
    to_macro,
)

ITEM: Final = "vesto.item"
# What marks a call, in its meta, as one whose value is SUPER.
SUPER: Final = "vesto_super"


def _object(call: Call) -> exp.Expr:
    return function("json_object", *call.arguments)


def _array(call: Call) -> exp.Expr:
    if len(call.arguments) == 1 and isinstance(call.arguments[0], exp.Query):
        # PostgreSQL's array of a query's rows, which the catalogue's arrays are compared with.
        return function("ARRAY", call.arguments[0])
    return function("json_array", *call.arguments)


def _extract_text(call: Call) -> exp.Expr:
    call.expect(2, 8)
    value, *path = call.arguments
    forgiving: exp.Expr = exp.false()
    if isinstance(path[-1], exp.Boolean):
        forgiving = path.pop()
    steps = [text_of(step) for step in path]
    if all(step is not None for step in steps):
        return library("json_text", value, text(json_path([s or "" for s in steps])), forgiving)
    whole: exp.Expr = text("$")
    for step in path:
        piece = function("concat", text('."'), step, text('"'))
        whole = exp.DPipe(this=whole, expression=piece, safe=True)
    return library("json_text", value, whole, forgiving)


def _element_text(call: Call) -> exp.Expr:
    call.expect(2, 3)
    value, place, *rest = call.arguments
    path = function("concat", text("$["), place, text("]"))
    return library("json_text", value, path, rest[0] if rest else exp.false())


def json_path(steps: list[str | int]) -> str:
    """A path as DuckDB writes it: ``$."key"[0]``."""
    parts = (f"[{s}]" if isinstance(s, int) else '."' + s.replace('"', '\\"') + '"' for s in steps)
    return "$" + "".join(parts)


def _kind_test(kinds: str) -> Rule:
    def rule(call: Call) -> exp.Expr:
        call.expect(1)
        found = _typeof(call)
        return exp.In(this=found, expressions=[text(kind) for kind in kinds.split()])

    return rule


def _typeof(call: Call) -> exp.Expr:
    """The kind of a value as a word."""
    call.expect(1)
    return library("json_typeof", call.arguments[0], text("$"))


def _explain_model(call: Call) -> exp.Expr:
    call.expect(1)
    return function("vesto_explain_model", exp.CurrentUser(), *call.arguments)


FUNCTIONS: Final[dict[str, Rule]] = {
    "explain_model": _explain_model,
    "object": _object,
    "array": _array,
    "json_parse": to_macro("json_parse", 1),
    "json_serialize": to_macro("json_serialize", 1),
    "json_extract_path_text": _extract_text,
    "json_extract_array_element_text": _element_text,
    "json_array_length": to_macro("json_array_length", 1),
    "can_json_parse": to_macro("can_json_parse", 1),
    "is_valid_json": lambda call: library("is_json_of", *call.arguments, text("OBJECT")),
    "is_valid_json_array": lambda call: library("is_json_of", *call.arguments, text("ARRAY")),
    "json_typeof": _typeof,
    "is_array": _kind_test("array"),
    "is_object": _kind_test("object"),
    "is_scalar": _kind_test("number string boolean null"),
    "is_varchar": _kind_test("string"),
    "is_boolean": _kind_test("boolean"),
    "is_integer": _kind_test("number"),
    "get_array_length": to_macro("get_array_length", 1),
    "subarray": to_macro("subarray", 3),
    "array_concat": to_macro("array_concat", 2),
    "array_flatten": to_macro("array_flatten", 1),
    "split_to_array": to_macro("split_to_array", 1, 2),
    "json_size": to_function("strlen", 1),
}
_MADE: Final = frozenset(
    {ITEM, "vesto_explain_model", "json_object", "json_array", "vesto.json_parse", "vesto.as_super", "vesto.subarray",
     "vesto.array_concat", "vesto.array_flatten", "vesto.split_to_array"}
)  # fmt: skip
_COMPARISONS: Final = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ)
_ARITHMETIC: Final = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)


def super_names(tree: exp.Expr, columns: Collection[str]) -> set[str]:
    """Names of columns that may be SUPER: the database's, and aliases of such in the query."""
    found = set(columns)
    for alias in tree.find_all(exp.Alias):
        value = alias.this
        made = _is_made(value)
        kept = isinstance(value, exp.Column) and value.name.lower() in found
        path = isinstance(value, exp.Dot | exp.Bracket)
        if made or kept or path or _to_super(value):
            found.add(alias.alias.lower())
    for unnest in tree.find_all(exp.Unnest):
        aliases = unnest.args.get("alias")
        found |= {c.name.lower() for c in (aliases.columns if aliases else [])}
    for index in tree.find_all(exp.AtIndex):
        if isinstance(index.this, exp.Alias):
            found.add(index.this.alias.lower())
    return found


def _is_made(value: exp.Expr) -> bool:
    """Whether it is a call, with or without a schema, whose value is SUPER."""
    call = value.expression if isinstance(value, exp.Dot) else value
    return isinstance(call, exp.Anonymous) and (call.name.lower() in _MADE or SUPER in call.meta)


def _to_super(value: exp.Expr) -> bool:
    return isinstance(value, exp.Cast) and value.to.sql().upper() == "SUPER"


def rewrite(tree: exp.Expr, columns: Collection[str]) -> exp.Expr:
    """The statement with its documents navigated, unnested and compared."""
    names = super_names(tree, columns)
    if not names and not tree.find(exp.Bracket, exp.Dot):
        return tree
    tree = _unnested(tree, names)
    tree = tree.transform(lambda node: _navigated(node, names), copy=False)
    for node in list(tree.walk()):
        _compared(node, names)
        _kind_of_path(node)
    return tree


def _kind_of_path(node: exp.Expr) -> None:
    """The kind of a path's value is asked of the document, so that null is 'null'."""
    if isinstance(node, exp.Anonymous) and node.name == "vesto.json_typeof":
        inside = node.expressions[0]
        if isinstance(inside, exp.Anonymous) and inside.name == ITEM:
            node.set("expressions", [part.copy() for part in inside.expressions])


# --- Paths ----------------------------------------------------------------------------------------


def _navigated(node: exp.Expr, names: set[str]) -> exp.Expr:
    """A path from a SUPER column as one call."""
    if not isinstance(node, exp.Column | exp.Dot | exp.Bracket):
        return node
    parts = _parts(node)
    if parts is None:
        return node
    base, steps = parts
    if isinstance(base, exp.Column):
        base, steps = _split(base, steps, names)
    elif not _is_made(base):
        return node
    if not steps:
        return node
    item = library("item", base, text(json_path(steps)))
    if isinstance(node.parent, exp.Select) and node.arg_key == "expressions":
        return exp.alias_(item, str(steps[-1]), quoted=True)
    return item


def _parts(node: exp.Expr) -> tuple[exp.Expr, list[str | int]] | None:
    """Where a path begins, and its steps; None where a step is no literal."""
    steps: list[str | int] = []
    while True:
        if isinstance(node, exp.Dot) and _is_made(node):
            return node.copy(), steps
        if isinstance(node, exp.Dot):
            identifier = node.expression
            if not isinstance(identifier, exp.Identifier):
                return None
            steps.insert(0, _key(identifier))
            node = node.this
        elif isinstance(node, exp.Bracket) and len(node.expressions) == 1:
            inside = node.expressions[0]
            if not isinstance(inside, exp.Literal):
                return None
            steps.insert(0, str(inside.this) if inside.is_string else int(inside.this))
            node = node.this
        elif isinstance(node, exp.Paren):
            node = node.this
        else:
            return node.copy(), steps


def _key(identifier: exp.Identifier) -> str:
    return str(identifier.this) if identifier.quoted else str(identifier.this).lower()


def _split(
    column: exp.Column, steps: list[str | int], names: set[str]
) -> tuple[exp.Expr, list[str | int]]:
    """Which of a column's dotted parts name it, and which lead into its value."""
    parts = [part for part in column.parts if isinstance(part, exp.Identifier)]
    place = next((i for i, part in enumerate(parts) if part.name.lower() in names), None)
    if place is None:
        return column, []
    following = parts[place + 1 : place + 2]
    if following and following[0].name.lower() in names and not steps and place == 0:
        # A table that is called like a SUPER column: its own column comes next.
        place += 1
    keys: list[str | int] = [_key(part) for part in parts[place + 1 :]]
    reversed_parts = [part.copy() for part in reversed(parts[: place + 1])]
    fields = dict(zip(("this", "table", "db", "catalog"), reversed_parts, strict=False))
    return exp.Column(**fields), keys + steps


# --- Unnesting ------------------------------------------------------------------------------------


def _unnested(tree: exp.Expr, names: set[str]) -> exp.Expr:
    """``FROM t, t.items AS i AT n`` as a lateral query over the array's elements."""
    for select in list(tree.find_all(exp.Select)):
        tables = _table_names(select)
        for join in select.args.get("joins") or []:
            source = join.this
            place = None
            if isinstance(source, exp.AtIndex):
                source, place = source.this, source.expression
            found = _source(source, tables, names)
            if found is not None:
                value, alias = found
                names.add(alias.lower())
                join.set("this", _lateral(value, alias, place.name if place else ""))
                tables.add(alias.lower())
            tables.add(join.this.alias_or_name.lower())
    return tree


def _table_names(select: exp.Select) -> set[str]:
    first = select.args.get("from_")
    return {first.this.alias_or_name.lower()} if first else set()


def _source(source: exp.Expr, tables: set[str], names: set[str]) -> tuple[exp.Expr, str] | None:
    """The array that stands for a table, and its alias; None for a table."""
    if isinstance(source, exp.Unnest) and source.expressions:
        columns = source.args["alias"].columns if source.args.get("alias") else []
        return source.expressions[0], columns[0].name if columns else ""
    if isinstance(source, exp.Alias):
        return source.this, source.alias
    if isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier):
        parts = [part.copy() for part in source.parts]
        if len(parts) == 1 and source.alias and parts[0].name.lower() in tables:
            return exp.Column(this=parts[0]), source.alias
        first = parts[0].name.removeprefix(UNPIVOT).lstrip(UNPIVOT[0]).lower()
        # A table of a schema that is called like another table is no path: nothing in it is SUPER.
        leads = first in names or any(part.name.lower() in names for part in parts[1:])
        if len(parts) > 1 and first in tables and leads:
            fields = dict(zip(("this", "table", "db", "catalog"), reversed(parts), strict=False))
            return exp.Column(**fields), source.alias or parts[-1].name
    return None


def _lateral(value: exp.Expr, alias: str, place: str) -> exp.Expr:
    first = value.parts[0] if isinstance(value, exp.Column) else value
    pivot = first.name.startswith(UNPIVOT)
    if pivot:
        first.replace(exp.to_identifier(first.name.removeprefix(UNPIVOT).lstrip(UNPIVOT[0])))
    elements = library("attribute_values" if pivot else "elements", value.copy())
    columns = [exp.alias_(function("unnest", elements), alias, quoted=True)]
    if place:
        size = function("range", function("len", library("elements", value.copy())))
        places = library("attributes", value.copy()) if pivot else size
        columns.append(exp.alias_(function("unnest", places), place, quoted=True))
    name = exp.TableAlias(this=exp.to_identifier(f"of {alias}", quoted=True))
    return exp.Subquery(this=exp.select(*columns), alias=name)


# --- Comparing ------------------------------------------------------------------------------------


def _is_super(node: exp.Expr | None, names: set[str]) -> bool:
    if isinstance(node, exp.Paren):
        return _is_super(node.this, names)
    if isinstance(node, exp.Anonymous | exp.Dot):
        return _is_made(node)
    return isinstance(node, exp.Column) and node.name.lower() in names


_CONTEXTS: Final[tuple[tuple[tuple[type[exp.Expr], ...], str], ...]] = (
    ((exp.Like, exp.ILike, exp.SimilarTo, exp.RegexpLike, exp.DPipe), "text"),
    (_ARITHMETIC, "number"),
    ((exp.And, exp.Or, exp.Not, exp.Where), "truth"),
)


def _compared(node: exp.Expr, names: set[str]) -> None:
    """Where a SUPER value meets another, it takes the other's type."""
    if isinstance(node, _COMPARISONS) and not isinstance(node.parent, exp.Update):
        left, right = node.this.copy(), node.expression.copy()
        if _is_super(left, names):
            node.set("this", library("beside", left, right))
        elif _is_super(right, names):
            node.set("expression", library("beside", right, left))
    elif isinstance(node, exp.Between | exp.In) and _is_super(node.this, names):
        others = [node.args["low"]] if isinstance(node, exp.Between) else node.expressions
        if others:
            node.set("this", library("beside", node.this.copy(), others[0].copy()))
    elif isinstance(node, exp.Cast) and _is_super(node.this, names):
        node.set("this", library("text", node.this.copy()))
    for kinds, macro in _CONTEXTS:
        if isinstance(node, kinds):
            _wrap(node, ("this", "expression"), names, macro)


def _wrap(node: exp.Expr, keys: tuple[str, ...], names: set[str], macro: str) -> None:
    for key in keys:
        if _is_super(node.args.get(key), names):
            node.set(key, library(macro, node.args[key].copy()))

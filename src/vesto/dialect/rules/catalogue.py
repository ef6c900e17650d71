"""Names, functions and types of the catalogue.

Source: PostgreSQL manual, "System Information Functions", "Object Identifier Types"; Amazon
Redshift Database Developer Guide, "System information functions".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlglot import exp

from vesto.dialect.catalogue import INFORMATION_SCHEMA, PG_CATALOG
from vesto.dialect.rules.build import (
    Call,
    Rule,
    cast,
    function,
    library,
    number,
    text,
    text_of,
    to_function,
    to_macro,
)
from vesto.dialect.rules.spans import span_of
from vesto.dialect.rules.types import length_of
from vesto.dialect.surroundings import Surroundings
from vesto.errors import FeatureNotSupported, UndefinedTable

DATABASE: Final = "dev"
OID: Final = "UINTEGER"
_WITHOUT_EFFECT: Final = frozenset({"jit", "bytea_output", "lock_timeout", "row_security"})
# Of the others ``rules.privileges`` tells.
_PRIVILEGES: Final = (
    "sequence", "tablespace", "type", "server", "foreign_data_wrapper",
)  # fmt: skip


def _always(value: exp.Expr) -> Rule:
    return lambda _: value.copy()


def _unknown(kind: str = "VARCHAR") -> Rule:
    """What there is none of: no triggers, rules, serial sequences, sizes of single tables."""
    return lambda _: cast(exp.null(), kind)


def _first(name: str, least: int, most: int) -> Rule:
    """A macro of the first argument; the others choose a layout."""

    def rule(call: Call) -> exp.Expr:
        call.expect(least, most)
        return library(name, call.arguments[0])

    return rule


def _expression(call: Call) -> exp.Expr:
    """Defaults stand in the catalogue as text already."""
    call.expect(2, 3)
    return cast(call.arguments[0], "VARCHAR")


def _upper(call: Call) -> exp.Expr:
    call.expect(2)
    return function("nullif", function("len", call.arguments[0]), number(0))


def _setting(call: Call) -> exp.Expr:
    call.expect(1, 2)
    return library("current_setting", cast(call.arguments[0], "VARCHAR"))


def _set_setting(call: Call) -> exp.Expr:
    """The value, of a parameter that has no effect; what has one is set by SET."""
    call.expect(3)
    if (text_of(call.arguments[0]) or "").lower() not in _WITHOUT_EFFECT:
        hint = "Write SET name TO value."
        message = "set_config cannot set this parameter"
        raise FeatureNotSupported(message, hint=hint, span=call.span)
    return cast(call.arguments[1], "VARCHAR")


def _encoding(call: Call) -> exp.Expr:
    call.expect(1)
    return exp.Case().when(exp.EQ(this=call.arguments[0], expression=number(6)), text("UTF8"))


def _visible(call: Call) -> exp.Expr:
    call.expect(1)
    return library("always", call.arguments[0])


FUNCTIONS: Final[dict[str, Rule]] = {
    "format_type": to_macro("format_type", 2),
    "oidvectortypes": to_macro("oidvectortypes", 1),
    "format_encoding": to_macro("format_encoding", 1),
    "pg_get_userbyid": to_macro("pg_get_userbyid", 1),
    "pg_encoding_to_char": _encoding,
    "pg_char_to_encoding": _always(number(6)),
    "pg_client_encoding": _always(text("UTF8")),
    "getdatabaseencoding": _always(text("UTF8")),
    "pg_get_function_result": to_macro("pg_get_function_result", 1),
    "pg_get_function_arguments": to_macro("pg_get_function_arguments", 1),
    "pg_get_function_identity_arguments": to_macro("pg_get_function_arguments", 1),
    "pg_get_functiondef": to_macro("pg_get_functiondef", 1),
    "pg_get_indexdef": to_macro("pg_get_indexdef", 1, 3),
    "pg_get_constraintdef": _first("pg_get_constraintdef", 1, 2),
    "pg_get_viewdef": _first("pg_get_viewdef", 1, 2),
    "pg_get_expr": _expression,
    "pg_get_triggerdef": _unknown(),
    "pg_get_ruledef": _unknown(),
    "pg_get_partkeydef": _unknown(),
    "pg_get_statisticsobjdef": _unknown(),
    "pg_get_statisticsobjdef_columns": _unknown(),
    "pg_get_serial_sequence": _unknown(),
    "pg_table_size": _unknown("BIGINT"),
    "pg_relation_size": _unknown("BIGINT"),
    "pg_total_relation_size": _unknown("BIGINT"),
    "pg_indexes_size": _unknown("BIGINT"),
    "pg_tablespace_size": _unknown("BIGINT"),
    "pg_database_size": to_macro("database_size", 1),
    "pg_size_pretty": to_macro("size_text", 1),
    "pg_tablespace_location": _always(text("")),
    "pg_table_is_visible": to_macro("pg_table_is_visible", 1),
    "pg_function_is_visible": to_macro("pg_function_is_visible", 1),
    "pg_type_is_visible": _visible,
    "pg_operator_is_visible": _visible,
    "pg_opclass_is_visible": _visible,
    "pg_conversion_is_visible": _visible,
    "pg_collation_is_visible": _visible,
    "pg_statistics_obj_is_visible": _visible,
    "pg_ts_config_is_visible": _visible,
    "pg_ts_dict_is_visible": _visible,
    "pg_ts_parser_is_visible": _visible,
    "pg_ts_template_is_visible": _visible,
    "pg_relation_is_publishable": _always(exp.false()),
    "pg_is_other_temp_schema": _always(exp.false()),
    "pg_is_in_recovery": _always(exp.false()),
    "pg_my_temp_schema": _always(cast(number(13001), OID)),
    "pg_advisory_unlock_all": _unknown(),
    "pg_get_userid": to_macro("user_number", 1),
    "obj_description": to_macro("obj_description", 1, 2),
    "shobj_description": _unknown(),
    "col_description": to_macro("col_description", 2),
    "array_upper": _upper,
    "array_lower": _always(number(1)),
    "_pg_expandarray": lambda call: function("unnest", library("expanded", *call.arguments)),
    "to_regclass": to_macro("to_regclass", 1),
    "to_regtype": to_macro("to_regtype", 1),
    "to_regproc": to_macro("to_regproc", 1),
    "current_schemas": to_macro("schemas_of_path", 1),
    "current_schema": to_macro("current_schema_name", 0),
    "current_database": _always(text(DATABASE)),
    "current_setting": _setting,
    "set_config": _set_setting,
    "json_build_object": to_function("json_object", 0, 1000),
    **{f"has_{kind}_privilege": to_macro(f"has_{kind}_privilege", 2, 4) for kind in _PRIVILEGES},
}
_TABLE_FUNCTIONS: Final = {
    "pg_get_late_binding_view_cols": "pg_late_binding_view_cols",
    "pg_get_keywords": "pg_keywords",
    "pg_options_to_table": "pg_options",
}
_REGISTERED: Final = frozenset({"REGCLASS", "REGTYPE", "REGPROC", "REGPROCEDURE", "REGNAMESPACE"})
_TEXTS: Final = frozenset({"NAME"})
_NUMBERS: Final = {
    "OID": OID,
    "XID": "BIGINT",
    "CID": "BIGINT",
    "REGROLE": OID,
    "REGOPER": OID,
    "REGOPERATOR": OID,
}
_LOOKUPS: Final = ("vesto.pg_get_", "vesto.obj_description", "vesto.col_description")
_ARRAYS: Final = frozenset({"conkey", "confkey", "proargnames", "proallargtypes", "reloptions"})
_SMALL: Final = frozenset({"conkey", "confkey", "indkey", "indoption"})
_VECTORS: Final = frozenset({"indkey", "indclass", "indcollation", "indoption", "proargtypes"})


def from_functions(tree: exp.Expr, unmask: Callable[[str], str]) -> None:
    """Functions of the catalogue that stand in FROM become relations."""
    for table in list(tree.find_all(exp.Table)):
        called = table.this
        if not isinstance(called, exp.Func):
            continue
        name = called.name if isinstance(called, exp.Anonymous) else called.sql_name()
        known = unmask(name).lower()
        alias = table.args.get("alias")
        if known in _TABLE_FUNCTIONS:
            table.set("this", exp.to_identifier(_TABLE_FUNCTIONS[known]))
        elif known in {"current_database", "current_schema", "version"}:
            inner = exp.select(exp.alias_(called.copy(), known, quoted=True))
            named = alias.copy() if alias else exp.TableAlias(this=exp.to_identifier(known))
            table.replace(exp.Subquery(this=inner, alias=named))
        elif known == "generate_series" and alias is not None and not alias.columns:
            alias.set("columns", [alias.this.copy()])
    for unnest in tree.find_all(exp.Unnest):
        alias = unnest.args.get("alias")
        if isinstance(unnest.parent, exp.From | exp.Join) and alias and alias.this:
            alias.set("columns", alias.columns or [alias.this.copy()])


def reads_catalogue(tree: exp.Expr, documents: frozenset[str]) -> bool:
    """Whether it asks the catalogue, and for no documents, so that a dot leads into no document."""
    if documents:
        return False
    return any(_is_relation(table) for table in tree.find_all(exp.Table))


def _is_relation(table: exp.Table) -> bool:
    schema, name = table.db.lower(), table.name.lower()
    return (schema == "information_schema") or (not schema and name in PG_CATALOG)


def relation(table: exp.Table, surroundings: Surroundings) -> None:
    """A relation of the catalogue becomes its view.

    Raises:
        UndefinedTable: The catalogue has none of that name.
    """
    schema, name = table.db.lower(), table.name.lower()
    if not isinstance(table.this, exp.Identifier):
        return
    if schema == "information_schema":
        if name not in INFORMATION_SCHEMA:
            raise UndefinedTable(f'relation "{schema}.{name}" does not exist', span=span_of(table))
        _becomes(table, exp.to_identifier(f"information_schema.{name}", quoted=True), name)
    elif schema in {"", "pg_catalog"} and name in surroundings.system_views:
        _becomes(table, exp.to_identifier(name), name)
    elif schema == "pg_catalog":
        raise UndefinedTable(f'relation "{name}" does not exist', span=span_of(table))


def _becomes(table: exp.Table, name: exp.Identifier, known: str) -> None:
    table.set("this", name)
    table.set("db", exp.to_identifier("vesto"))
    table.set("catalog", None)
    if not table.alias:
        table.set("alias", exp.TableAlias(this=exp.to_identifier(known)))


def convert(node: exp.Cast) -> exp.Expr | None:
    """A cast to one of the catalogue's types, or None: it is no such."""
    kind = node.to.this.value if isinstance(node.to.this, exp.DType) else str(node.to.this)
    if kind.replace("-", "") == "USERDEFINED":
        kind = str(node.to.args.get("kind") or "")
    kind = kind.upper()
    if kind in _REGISTERED:
        return _registered(node, kind.lower().removesuffix("edure"))
    if kind in _NUMBERS:
        return cast(node.this.copy(), _NUMBERS[kind])
    if kind in _TEXTS:
        return cast(node.this.copy(), "VARCHAR")
    size = length_of(node.to) if kind in {"VARCHAR", "CHAR"} else None
    looked_up = isinstance(node.this, exp.Anonymous) and node.this.name.startswith(_LOOKUPS)
    if size is not None and looked_up:
        # Cutting at bytes takes a lambda, in which the engine has no queries; names are cut at letters.
        return function("left", node.this.copy(), number(size))
    return None


def _registered(node: exp.Cast, kind: str) -> exp.Expr:
    """A name as its number; where it is shown, or cast to text, a number as its name."""
    parent = node.parent
    item = parent if isinstance(parent, exp.Alias) else node
    select = item.parent
    listed = isinstance(select, exp.Select) and item.arg_key == "expressions"
    shown = listed and select is not None and select.parent is None
    told = isinstance(parent, exp.Cast) and parent.to.this in exp.DataType.TEXT_TYPES
    value = node.this.copy()
    if isinstance(value, exp.Parameter | exp.Placeholder) or text_of(value) is not None:
        value = cast(value, "VARCHAR")
    return library(f"{kind}_text" if shown or told else kind, value)


def item_of_path(node: exp.Expr) -> exp.Expr | None:
    """An item of current_schemas(), wherever it stands; None: it is of something else."""
    base = node.this.this if isinstance(node.this, exp.Paren) else node.this
    if not (isinstance(base, exp.Anonymous) and base.name == "vesto.schemas_of_path"):
        return None
    return part(node)


def part(node: exp.Expr) -> exp.Expr | None:
    """An array's item, ``x = ANY(array)`` and ``(x).n`` of the catalogue's values; None: no such."""
    inside = node.this
    if isinstance(node, exp.Dot) and isinstance(inside, exp.Paren):
        if not isinstance(node.expression, exp.Identifier):
            return None
        return function("struct_extract", inside.this.copy(), text(node.expression.name.lower()))
    if isinstance(node, exp.EQ):
        return any_of(node)
    if not isinstance(node, exp.Bracket) or len(node.expressions) != 1:
        return None
    place = node.expressions[0].copy()
    name = inside.name.lower() if isinstance(inside, exp.Column) else ""
    if name in _VECTORS:
        place = exp.Add(this=exp.paren(place), expression=number(1))
    elif not _counts_from_1(inside):
        return None
    item = function("list_extract", inside.copy(), place)
    kind = "SMALLINT" if name in _SMALL else OID if name in _VECTORS else ""
    return cast(item, kind) if kind else item


def any_of(node: exp.Expr) -> exp.Expr | None:
    """``x = ANY(array)`` as a function: the engine's own form is a query, and not to be had everywhere."""
    anyone = node.expression
    array = anyone.this if isinstance(anyone, exp.Any) else None
    array = array.this if isinstance(array, exp.Paren) else array
    if array is None or isinstance(array, exp.Query | exp.Subquery):
        return None
    return function("list_contains", array.copy(), node.this.copy())


def _counts_from_1(array: exp.Expr) -> bool:
    """Whether it is one of the catalogue's arrays, and no vector, which counts from 0."""
    base = array.this if isinstance(array, exp.Paren) else array
    made = isinstance(base, exp.Anonymous) and base.name == "vesto.schemas_of_path"
    return made or (isinstance(base, exp.Column) and base.name.lower() in _ARRAYS)


def table_numbers(tree: exp.Expr) -> None:
    """The system column tableoid of the catalogue's relations: which relation a row stands in."""
    names = {t.alias_or_name.lower(): t.name.lower() for t in tree.find_all(exp.Table)}
    for column in list(tree.find_all(exp.Column)):
        if column.name.lower() == "tableoid":
            name = names.get(column.table.lower()) or (next(iter(names.values()), ""))
            if name in PG_CATALOG:
                column.replace(library("regclass", cast(text(name), "VARCHAR")))


def user_word(column: exp.Column, surroundings: Surroundings) -> exp.Expr | None:
    """CURRENT_ROLE, which the grammar takes for a column."""
    plain = isinstance(column.this, exp.Identifier) and not column.this.quoted
    if plain and not column.table and column.name.lower() == "current_role":
        return exp.Literal.string(surroundings.user)
    return None

"""The catalogue's relations that SQL can name, and the parts of its statements that only PostgreSQL reads.

The relations are views of schema ``vesto`` (``engines/duckdb_catalogue*.sql``); a statement never reaches the
engine's own catalogue, whose numbers of types are its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from vesto.dialect.scanner import Token, scan

PG_CATALOG: Final = frozenset({
    "pg_aggregate", "pg_am", "pg_amop", "pg_amproc", "pg_attrdef", "pg_attribute", "pg_attribute_info", "pg_auth_members",
    "pg_authid", "pg_cast", "pg_class", "pg_collation", "pg_constraint", "pg_conversion",
    "pg_database", "pg_database_info", "pg_db_role_setting", "pg_default_acl", "pg_depend",
    "pg_description", "pg_enum", "pg_event_trigger", "pg_extension", "pg_external_schema",
    "pg_foreign_data_wrapper", "pg_foreign_server", "pg_foreign_table", "pg_group", "pg_index",
    "pg_indexes", "pg_inherits", "pg_keywords", "pg_language", "pg_largeobject_metadata", "pg_late_binding_view_cols",
    "pg_locks", "pg_matviews", "pg_namespace", "pg_opclass", "pg_operator", "pg_opfamily", "pg_options",
    "pg_partitioned_table", "pg_policies", "pg_policy", "pg_prepared_statements", "pg_proc",
    "pg_proc_info", "pg_publication", "pg_publication_namespace", "pg_publication_rel",
    "pg_range", "pg_rewrite", "pg_roles", "pg_rules", "pg_seclabel", "pg_sequence",
    "pg_sequences", "pg_settings", "pg_shadow", "pg_shdepend", "pg_shdescription",
    "pg_stat_activity", "pg_stat_user_tables", "pg_statistic", "pg_statistic_ext", "pg_stats",
    "pg_subscription", "pg_table_def", "pg_tables", "pg_tablespace", "pg_timezone_names",
    "pg_trigger", "pg_ts_config", "pg_ts_dict", "pg_ts_parser", "pg_ts_template", "pg_type",
    "pg_user", "pg_user_info", "pg_user_mapping", "pg_user_mappings", "pg_views",
    "stl_connection_log", "stl_ddltext", "stl_error", "stl_load_errors", "stl_query",
    "stl_querytext", "stl_tr_conflict", "stl_undone", "stl_utilitytext", "stl_wlm_query",
    "stv_blocklist", "stv_inflight", "stv_locks", "stv_mv_info", "stv_recents", "stv_sessions",
    "stv_tbl_perm", "svl_qlog", "svl_statementtext", "svl_stored_proc_call", "svl_user_info",
    "svv_all_columns", "svv_all_schemas", "svv_all_tables", "svv_columns", "svv_datashares",
    "svv_diskusage", "svv_external_columns", "svv_external_databases", "svv_external_partitions",
    "svv_external_schemas", "svv_external_tables", "svv_ml_model_functions", "svv_mv_info",
    "svv_redshift_columns", "svv_redshift_databases", "svv_redshift_functions",
    "svv_redshift_schemas", "svv_redshift_tables", "svv_table_info", "svv_tables",
    "svv_transactions", "svv_user_info", "svv_view_dependencies", "sys_query_detail",
    "sys_query_history", "sys_session_history",
})  # fmt: skip
INFORMATION_SCHEMA: Final = frozenset({
    "applicable_roles", "character_sets", "check_constraints", "collations", "column_privileges",
    "columns", "constraint_column_usage", "constraint_table_usage", "domains", "enabled_roles",
    "information_schema_catalog_name", "key_column_usage", "parameters",
    "referential_constraints", "role_table_grants", "routines", "schemata", "sequences",
    "table_constraints", "table_privileges", "tables", "triggers", "view_table_usage", "views",
})  # fmt: skip
# Relations of the engine's own that stand beside the user's without a schema.
_ENGINE: Final = re.compile(r"(duckdb|pragma|sqlite)_\w+\Z", re.IGNORECASE)
# What the text below may hold that has to be looked at word by word.
_ASKED: Final = re.compile(
    r"\b(?:pg_catalog|operator|collate|_pg_expandarray|pg_get_late_binding_view_cols)\b|\"char\""
    r"|\b(?:oid|name|xid|aclitem|regclass|regtype)\s*\[\s*\]|\b(?:int2|oid)vector\b",
    re.IGNORECASE,
)
_ARRAY_TYPES: Final = {
    "oid": "int", "xid": "int", "name": "text", "aclitem": "text", "regclass": "int",
    "regtype": "int", "int2vector": "text", "oidvector": "text",
}  # fmt: skip
_NEUTRAL: Final = frozenset({"default", "c", "posix", "ucs_basic"})


def is_engine_relation(schema: str, name: str) -> bool:
    """Whether a name may lead to a relation that tells of the engine."""
    return schema in {"", "main"} and _ENGINE.match(name) is not None


def plain_text(sql: str) -> str:
    """The statement without what says what is so anyway; everything else stays where it was.

    The schema pg_catalog, which is searched first; ``OPERATOR(pg_catalog.~)``; collations by bytes;
    the types in the column list of pg_get_late_binding_view_cols; the quotes of the type "char";
    the types of the catalogue's arrays.
    """
    if not _ASKED.search(sql):
        return sql
    tokens = scan(sql)
    text = list(sql)
    for place, token in enumerate(tokens):
        word = token.text.lower() if token.kind in {"word", "quoted"} else ""
        if word in {"pg_catalog", "information_schema"}:
            _drop_schema(text, tokens, place)
        elif word == "operator" and tokens[place + 1].text == "(":
            _drop_operator(text, tokens, place)
        elif word == "collate" and token.kind == "word":
            _drop_collation(text, tokens, place)
        elif word == "pg_get_late_binding_view_cols":
            _drop_types(text, tokens, place)
        elif word in _ARRAY_TYPES and token.kind == "word" and _is_type(tokens, place):
            _replace_array(text, tokens, place)
        elif word == "char" and token.kind == "quoted" and _is_type(tokens, place):
            _blank(text, token.span.start, token.span.end, keep="char")
    return "".join(text)


def _blank(text: list[str], start: int, end: int, keep: str = "") -> None:
    text[start:end] = keep.ljust(end - start)


def _drop_schema(text: list[str], tokens: Sequence[Token], place: int) -> None:
    """Blank ``pg_catalog.`` and a database before it; of information_schema's only functions."""
    following, named = tokens[place + 1], tokens[min(place + 2, len(tokens) - 1)]
    if following.text != "." or following.kind != "symbol":
        return
    word = tokens[place].text.lower()
    if word == "information_schema" and named.text.lower() != "_pg_expandarray":
        return
    first = place
    if place > 1 and tokens[place - 1].text == "." and tokens[place - 1].kind == "symbol":
        first = place - 2
    _blank(text, tokens[first].span.start, following.span.end)


def _drop_operator(text: list[str], tokens: Sequence[Token], place: int) -> None:
    """Blank all but the operator itself, which stands before the closing parenthesis."""
    end = place + 2
    while tokens[end].kind != "end" and tokens[end].text != ")":
        end += 1
    start = place + 2
    while start < end and (tokens[start].kind in {"word", "quoted"} or tokens[start].text == "."):
        start += 1
    if tokens[end].kind == "end" or start == end:
        return
    _blank(text, tokens[place].span.start, tokens[start].span.start)
    _blank(text, tokens[end].span.start, tokens[end].span.end)


def _drop_collation(text: list[str], tokens: Sequence[Token], place: int) -> None:
    named = place + 1
    if tokens[named].text.lower() == "pg_catalog" and tokens[named + 1].text == ".":
        named += 2
    if tokens[named].text.lower() in _NEUTRAL:
        _blank(text, tokens[place].span.start, tokens[named].span.end)


def _drop_types(text: list[str], tokens: Sequence[Token], place: int) -> None:
    """``cols(view_schema name, col_num int)`` after the function as ``cols(view_schema, col_num)``."""
    here = place + 3
    here += tokens[min(here, len(tokens) - 1)].text.lower() == "as"
    if here + 2 >= len(tokens) or tokens[here].kind != "word" or tokens[here + 1].text != "(":
        return
    here += 2
    while tokens[here].kind != "end" and tokens[here].text != ")":
        start = tokens[here].span.end
        while tokens[here].kind != "end" and tokens[here].text not in {",", ")"}:
            here += 1
        _blank(text, start, tokens[here].span.start)
        here += tokens[here].text == ","


def _replace_array(text: list[str], tokens: Sequence[Token], place: int) -> None:
    """An array's type in a word that the grammar knows: as ``int[]`` for ``oid[]``."""
    token, following = tokens[place], tokens[place + 1]
    word = token.text.lower()
    if following.text == "[" or word.endswith("vector"):
        _blank(text, token.span.start, token.span.end, keep=_ARRAY_TYPES[word])


def _is_type(tokens: Sequence[Token], place: int) -> bool:
    before = tokens[place - 1].text.lower() if place else ""
    if before == "." and place > 2:  # noqa: PLR2004 - "char" may stand behind its schema
        before = tokens[place - 3].text.lower()
    return before in {"::", "as"} and tokens[place + 1].text.lower() not in {"from", ","}

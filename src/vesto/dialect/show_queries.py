"""SHOW TABLES, SHOW COLUMNS ... as queries of the catalogue.

A name may be a parameter: Redshift's drivers send ``SHOW TABLES FROM SCHEMA $1.$2 LIKE $3``.
Grammar: Amazon Redshift Database Developer Guide, "SHOW TABLES", "SHOW COLUMNS", "SHOW SCHEMAS",
"SHOW DATABASES", "SHOW CONSTRAINTS", "SHOW FUNCTIONS", "SHOW PARAMETERS", "SHOW GRANTS".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vesto.dialect.cursor import Cursor
from vesto.dialect.names import literal


@dataclass(frozen=True, slots=True)
class _Form:
    """One statement: its words, what its name consists of, the query, and the column of LIKE.

    There are no procedures: a form with ``none`` shows no row.
    """

    words: tuple[str, ...]
    parts: tuple[str, ...]
    query: str
    like: str = ""
    order: str = ""
    none: bool = False


_TABLES: Final = """
SELECT database_name, schema_name, table_name, table_type, table_acl, remarks, owner,
  CAST(NULL AS TIMESTAMP) AS last_altered_time, CAST(NULL AS TIMESTAMP) AS last_modified_time,
  CAST(NULL AS VARCHAR) AS dist_style, CAST(NULL AS VARCHAR) AS table_subtype
FROM svv_all_tables"""
_COLUMNS: Final = """
SELECT c.table_catalog AS database_name, c.table_schema AS schema_name, c.table_name, c.column_name,
  c.ordinal_position, c.column_default, c.is_nullable, c.data_type, c.character_maximum_length,
  c.numeric_precision, c.numeric_scale, c.remarks, CAST(NULL AS VARCHAR) AS sort_key_type,
  r.sortkey AS sort_key, CASE WHEN r.distkey THEN 1 ELSE 0 END AS dist_key, r.encoding,
  CAST(NULL AS VARCHAR) AS collation
FROM svv_columns c LEFT JOIN svv_redshift_columns r ON r.schema_name = c.table_schema
  AND r.table_name = c.table_name AND r.column_name = c.column_name"""
_PRIMARY: Final = """
SELECT k.table_catalog AS database_name, k.table_schema AS schema_name, k.table_name,
    k.column_name, CAST(k.ordinal_position AS SMALLINT) AS key_seq, k.constraint_name AS pk_name
  FROM information_schema.key_column_usage k JOIN information_schema.table_constraints c
    ON c.constraint_schema = k.constraint_schema AND c.constraint_name = k.constraint_name
      AND c.table_name = k.table_name
  WHERE c.constraint_type = 'PRIMARY KEY'"""
_FOREIGN: Final = """
SELECT 'dev' AS pk_database_name, on_.nspname AS pk_schema_name, o.relname AS pk_table_name,
    oa.attname AS pk_column_name, 'dev' AS fk_database_name, n.nspname AS fk_schema_name,
    r.relname AS fk_table_name, a.attname AS fk_column_name, CAST(p.place AS SMALLINT) AS key_seq,
    CAST(3 AS SMALLINT) AS update_rule, CAST(3 AS SMALLINT) AS delete_rule, c.conname AS fk_name,
    CAST(i.relname AS VARCHAR) AS pk_name, CAST(7 AS SMALLINT) AS deferrability
  FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid JOIN pg_namespace n ON n.oid = r.relnamespace
    JOIN pg_class o ON o.oid = c.confrelid JOIN pg_namespace on_ ON on_.oid = o.relnamespace
    JOIN (SELECT place FROM generate_series(1, 32) AS s(place)) p ON p.place <= array_upper(c.conkey, 1)
    JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = list_extract(c.conkey, p.place)
    JOIN pg_attribute oa ON oa.attrelid = o.oid AND oa.attnum = list_extract(c.confkey, p.place)
    LEFT JOIN pg_class i ON i.oid = c.conindid
  WHERE c.contype = 'f'"""
_ROUTINES: Final = """
SELECT 'dev' AS database_name, n.nspname AS schema_name, p.proname AS {kind}_name,
  p.pronargs AS number_of_arguments, oidvectortypes(p.proargtypes) AS argument_list,
  format_type(p.prorettype, NULL) AS return_type
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"""
_ROUTINE_PARAMETERS: Final = """
SELECT 'dev' AS database_name, n.nspname AS schema_name, p.proname AS {kind}_name,
    list_extract(p.proargnames, g.place) AS parameter_name, g.place AS ordinal_position, 'IN' AS parameter_type,
    format_type(list_extract(p.proargtypes, g.place), NULL) AS data_type, CAST(NULL AS INTEGER) AS character_maximum_length,
    CAST(NULL AS INTEGER) AS numeric_precision, CAST(NULL AS INTEGER) AS numeric_scale,
    oidvectortypes(p.proargtypes) AS argument_list
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    JOIN (SELECT place FROM generate_series(1, 127) AS s(place)) g ON g.place <= p.pronargs
  UNION ALL SELECT 'dev', n.nspname, p.proname, NULL, 0, 'RETURN', format_type(p.prorettype, NULL), NULL, NULL, NULL,
    oidvectortypes(p.proargtypes)
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"""
_GRANTS: Final = """
SELECT 'dev' AS database_name, namespace_name AS schema_name, relation_name AS object_name,
    'TABLE' AS object_type, privilege_type, identity_id, identity_name, identity_type, admin_option,
    'TABLE' AS privilege_scope, CAST(NULL AS VARCHAR) AS grantor_name
  FROM svv_relation_privileges"""
_COLUMN_GRANTS: Final = """
SELECT 'dev' AS database_name, namespace_name AS schema_name, relation_name AS table_name, column_name,
  relation_name AS object_name, 'COLUMN' AS object_type, privilege_type, identity_id, identity_name,
  identity_type, admin_option, 'COLUMN' AS privilege_scope, CAST(NULL AS VARCHAR) AS grantor_name
FROM svv_column_privileges"""
_SCHEMA: Final = ("database_name", "schema_name")
_TABLE: Final = (*_SCHEMA, "table_name")
_PARAMETERS: Final = _ROUTINE_PARAMETERS, "parameter_name", "ordinal_position"
_KEYS: Final = "pk_schema_name, pk_table_name, fk_schema_name, fk_table_name, fk_name, key_seq"


def _after(prefix: str) -> tuple[str, ...]:
    return tuple(prefix + part for part in _TABLE)


def _routine(words: str, query: str, like: str, order: str, kind: str) -> _Form:
    """A form for functions or procedures."""
    parts = _SCHEMA if words.endswith("SCHEMA") else (*_SCHEMA, f"{kind}_name")
    written = query.format(kind=kind)
    return _Form(tuple(words.split()), parts, written, like, order, none=kind == "procedure")


_FORMS: Final = (
    _Form(("DATABASES",), (), "SELECT * FROM svv_redshift_databases", "database_name"),
    _Form(
        ("SCHEMAS", "FROM", "DATABASE"), _SCHEMA[:1], "SELECT * FROM svv_all_schemas",
        "schema_name", "schema_name",
    ),
    _Form(("TABLES", "FROM", "SCHEMA"), _SCHEMA, _TABLES, "table_name", "table_name"),
    _Form(("COLUMNS", "FROM", "TABLE"), _TABLE, _COLUMNS, "column_name", "ordinal_position"),
    _Form(("CONSTRAINTS", "PRIMARY", "KEYS", "FROM", "TABLE"), _TABLE, _PRIMARY, "", "key_seq"),
    _Form(
        ("CONSTRAINTS", "FOREIGN", "KEYS", "FROM", "TABLE"), _after("fk_"), _FOREIGN, "", _KEYS
    ),
    _Form(
        ("CONSTRAINTS", "FOREIGN", "KEYS", "EXPORTED", "FROM", "TABLE"), _after("pk_"), _FOREIGN,
        "", _KEYS,
    ),
    _routine("FUNCTIONS FROM SCHEMA", _ROUTINES, "function_name", "function_name", "function"),
    _routine("PROCEDURES FROM SCHEMA", _ROUTINES, "procedure_name", "procedure_name", "procedure"),
    _routine("PARAMETERS OF FUNCTION", *_PARAMETERS, "function"),
    _routine("PARAMETERS OF PROCEDURE", *_PARAMETERS, "procedure"),
    _Form(
        ("GRANTS", "ON", "TABLE"), (*_SCHEMA, "object_name"), _GRANTS, "",
        "identity_name, privilege_type",
    ),
    _Form(
        ("COLUMN", "GRANTS", "ON", "TABLE"), _TABLE, _COLUMN_GRANTS, "column_name",
        "column_name, identity_name, privilege_type",
    ),
)  # fmt: skip


SHOWN: Final = tuple(" ".join(form.words) for form in _FORMS)


def show_query(cursor: Cursor) -> str | None:
    """The query for a statement that begins here; None: it is none of these.

    Raises:
        StatementSyntaxError: Its name or what follows it cannot be read.
    """
    form = next((form for form in _FORMS if cursor.peek("SHOW", *form.words)), None)
    if form is None:
        return None
    cursor.expect("SHOW", *form.words)
    conditions = _named(cursor, form.parts) if form.parts else []
    if form.words[0] == "PARAMETERS":
        conditions.append(f"argument_list = {_arguments(cursor)}")
    if form.like and cursor.accept("LIKE"):
        conditions.append(f"{form.like} LIKE {_term(cursor)}")
    limit = f" LIMIT {cursor.integer('a number of rows')}" if cursor.accept("LIMIT") else ""
    cursor.accept(";")
    cursor.end()
    conditions += ["FALSE"] if form.none else []
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    order = f" ORDER BY {form.order}" if form.order else ""
    return f"SELECT * FROM ({form.query.strip()}) shown{where}{order}{limit}"  # noqa: S608 - literals


def _named(cursor: Cursor, parts: tuple[str, ...]) -> list[str]:
    """The parts of a name, of which those on the left may be left out."""
    terms = [_term(cursor)]
    while len(terms) < len(parts) and cursor.accept("."):
        terms.append(_term(cursor))
    return [f"{part} = {term}" for part, term in zip(parts[-len(terms) :], terms, strict=True)]


def _arguments(cursor: Cursor) -> str:
    """The types of a routine's arguments, as one text."""
    cursor.expect("(")
    terms: list[str] = []
    while not cursor.accept(")"):
        terms.append(_term(cursor))
        cursor.accept(",")
    return " || ', ' || ".join(terms) or "''"


def _term(cursor: Cursor) -> str:
    """A name as text; a parameter, and the NULL that stands for one when it is described, as it is."""
    if cursor.here.kind == "string":
        return literal(cursor.string())
    if cursor.accept("$"):
        return f"${cursor.advance().text}"
    if cursor.peek("CAST", "("):
        cursor.advance()
        return f"CAST({cursor.parenthesised('a type')[0]})"
    words = cursor.identifier()
    while cursor.here.kind == "word" and not cursor.peek("LIKE") and not cursor.peek("LIMIT"):
        words += f" {cursor.advance().text.lower()}"
    return literal(words)

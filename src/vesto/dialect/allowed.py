"""What a statement may do: some things nobody, and in a locked session only what is listed."""

from __future__ import annotations

import re
from typing import Final

from vesto.dialect.catalogue import is_engine_relation
from vesto.dialect.translate import Translated
from vesto.errors import FeatureNotSupported, PermissionDenied, ReservedName, VestoError

SYSTEM_SCHEMA: Final = "vesto"
TABLE_FUNCTIONS: Final = frozenset(
    {"generate_series", "range", "unnest", "exploding_generate_series", "repeat", "repeat_row"}
)
# Functions of values that tell of the machine, reach files or run text as SQL.
_FUNCTIONS: Final = re.compile(
    r"read_|parquet_|sniff_|glob|query|getenv|duckdb_|pragma_|which_secret|getvariable|write_log|"
    r"set_config|pg_read|load_|checkpoint|force_checkpoint|vesto_rows_of_|nextval|currval|"
    # What scores any program, and what changes the programs of the process: only a model's own
    # function, which the catalog knows, leads there.
    r"vesto_(predict_(bool|int[248]|float[48]|varchar)|probabilities|category|explain|"
    r"explain_model|has_privilege|register_program|"
    r"forget_program|kernel|use_kernel)\Z"
)
_FILE_NAME: Final = re.compile(
    r"[/\\*]|\.(csv|tsv|txt|json|jsonl|ndjson|parquet|arrow|avro|xlsx|duckdb|db|sqlite|gz|zst)$",
    re.IGNORECASE,
)
# PostgreSQL has these, and neither Redshift nor we do: what does their work here.
_ABSENT: Final = re.compile(
    r"(?:(?:CREATE|ALTER|DROP)\s+(?:UNIQUE\s+)?"
    r"(?P<object>INDEX|SEQUENCE|TYPE|DOMAIN|TRIGGER|EXTENSION|RULE|AGGREGATE|TABLESPACE)"
    r"|(?P<word>LISTEN|NOTIFY|DO|CLUSTER|REINDEX))\b",
    re.IGNORECASE,
)
_INSTEAD: Final = {
    "INDEX": "Tables need none: leave it out, as with to_sql(..., index=False) of pandas.",
    "REINDEX": "Tables have no indexes.",
    "SEQUENCE": "A column numbers its rows with IDENTITY(1, 1).",
    "DOMAIN": "Use the type itself.",
    "TYPE": "Use VARCHAR, or SUPER for what has parts.",
    "CLUSTER": "CREATE TABLE ... SORTKEY (...) says in which order rows are kept.",
}


def check_allowed(statement: Translated, *, locked: bool) -> None:
    """Nothing, if the statement may run.

    Raises:
        ReservedName: It writes to the system's schema.
        FeatureNotSupported: In a locked session: only PostgreSQL has it.
        PermissionDenied: In a locked session: it is no statement of the list, or it names a
            file, or a function that reaches beyond the warehouse's tables.
    """
    if any(schema == SYSTEM_SCHEMA for schema, _ in statement.written):
        raise ReservedName(f'schema "{SYSTEM_SCHEMA}" belongs to the system')
    if not locked:
        return
    if statement.kind == "native":
        raise _absent(statement.sql) or _refused(statement.word or "this statement")
    for function in statement.functions:
        if _FUNCTIONS.match(function):
            raise _refused(f"function {function}")
    for function in statement.table_functions:
        if function not in TABLE_FUNCTIONS:
            raise _refused(f"table function {function}")
    for schema, name in statement.tables:
        _check_relation(schema, name)


def _check_relation(schema: str, name: str) -> None:
    if is_engine_relation(schema, name):
        raise _refused(f'the relation "{name}"')
    if _FILE_NAME.search(name):
        raise _refused(f'the file "{name}"')


def _absent(sql: str) -> VestoError | None:
    found = _ABSENT.match(sql.lstrip())
    if found is None:
        return None
    about = (found["object"] or found["word"]).upper()
    words = " ".join(found.group().upper().split())
    return FeatureNotSupported(f"{words} is not supported", hint=_INSTEAD.get(about, ""))


def _refused(what: str) -> PermissionDenied:
    hint = "Only tables and views of the warehouse are open to it."
    return PermissionDenied(f"{what} is not allowed in a locked session", hint=hint)

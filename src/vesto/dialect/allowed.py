"""What a statement may do: some things nobody, and in a locked session only what is listed."""

from __future__ import annotations

import re
from typing import Final

from vesto.dialect.catalogue import is_engine_relation
from vesto.dialect.translate import Translated
from vesto.errors import PermissionDenied, ReservedName

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


def check_allowed(statement: Translated, *, locked: bool) -> None:
    """Nothing, if the statement may run.

    Raises:
        ReservedName: It writes to the system's schema.
        PermissionDenied: In a locked session: it is no statement of the list, or it names a
            file, or a function that reaches beyond the warehouse's tables.
    """
    if any(schema == SYSTEM_SCHEMA for schema, _ in statement.written):
        raise ReservedName(f'schema "{SYSTEM_SCHEMA}" belongs to the system')
    if not locked:
        return
    if statement.kind == "native":
        raise _refused(statement.word or "this statement")
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


def _refused(what: str) -> PermissionDenied:
    hint = "Only tables and views of the warehouse are open to it."
    return PermissionDenied(f"{what} is not allowed in a locked session", hint=hint)

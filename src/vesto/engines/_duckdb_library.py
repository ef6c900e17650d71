"""Redshift's functions and catalogue as macros and views, written into the tables' file."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Final

import duckdb

from vesto.dialect.names import literal, quoted

_FILES: Final = tuple(
    Path(__file__).with_name(f"duckdb_{part}.sql")
    for part in ("library", "catalogue", "catalogue_views")
)
# Views that many others read.
_BASE: Final = re.compile(
    r"CREATE OR REPLACE VIEW vesto\.(catalog_\w+|pg_attribute|pg_constraint|pg_namespace) AS"
)


def install(root: duckdb.DuckDBPyConnection) -> None:
    """Write the library where the file has another version of it.

    DuckDB binds a view, and all that it reads, when it is made. So a view that others read is an
    empty one of the same columns until all are made: that takes half the time.
    """
    text = "\n".join(path.read_text(encoding="utf-8") for path in _FILES)
    version = literal(hashlib.sha256(text.encode()).hexdigest())
    known = "SELECT 1 FROM duckdb_functions() WHERE schema_name = 'vesto' AND "
    known += f"function_name = 'library_version' AND macro_definition = {literal(version)}"
    if root.execute(known).fetchall():
        return
    root.execute("BEGIN TRANSACTION")
    try:
        bases = []
        for paragraph in text.split("\n\n"):
            root.execute(paragraph)
            base = _BASE.search(paragraph)
            if base is not None:
                bases.append(paragraph)
                root.execute(_empty(root, base[1]))
        for paragraph in bases:
            root.execute(paragraph)
        root.execute(f"CREATE OR REPLACE MACRO vesto.library_version() AS {version}")
    except BaseException:
        root.execute("ROLLBACK")
        raise
    root.execute("COMMIT")


def _empty(root: duckdb.DuckDBPyConnection, view: str) -> str:
    """The statement that makes a view one of no rows."""
    columns = root.execute(f"DESCRIBE vesto.{view}").fetchall()
    shown = ", ".join(f"NULL::{kind} AS {quoted(name)}" for name, kind, *_ in columns)
    return f"CREATE OR REPLACE VIEW vesto.{view} AS SELECT {shown} LIMIT 0"

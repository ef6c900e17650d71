"""Redshift's functions and catalogue as macros and views, written into the tables' file."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import duckdb

from vesto.dialect.names import literal, quoted

_FILES: Final = tuple(
    Path(__file__).with_name(f"duckdb_{part}.sql")
    for part in ("library", "catalogue", "catalogue_views")
)
DATABASE: Final = "dev"
SCHEMA: Final = "public"
# Where names without a schema lead when none of the search path is there.
NOWHERE: Final = "vesto_nowhere"
# What 2.0 writes by default, 1.5 cannot read.
STORAGE_VERSION: Final = "v1.4.0"
# Views that many others read.
_BASE: Final = re.compile(
    r"CREATE OR REPLACE VIEW vesto\.(catalog_\w+|pg_attribute|pg_constraint|pg_namespace) AS"
)


def open_tables(root: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Attach the tables' file, with the library in it; one that is not there yet is made."""
    if not path.exists() and not path.with_name(f"{path.name}.wal").exists():
        made = path.with_name(f"{path.name}.new")
        made.write_bytes(_fresh_file())
        made.replace(path)
    _attach(root, path)
    _install(root)


@cache
def _fresh_file() -> bytes:
    """A file of no tables: a process that opens many new warehouses binds the library's views once."""
    with TemporaryDirectory(prefix="vesto-") as folder, duckdb.connect(":memory:") as root:
        path = Path(folder) / "data.duckdb"
        _attach(root, path)
        _install(root)
        root.execute("USE memory.main")
        root.execute(f"CHECKPOINT {DATABASE}")
        root.execute(f"DETACH {DATABASE}")
        return path.read_bytes()


def _attach(root: duckdb.DuckDBPyConnection, path: Path) -> None:
    version = f"(STORAGE_VERSION {literal(STORAGE_VERSION)})"
    root.execute(f"ATTACH {literal(str(path))} AS {DATABASE} {version}")
    for schema in (SCHEMA, "vesto", NOWHERE):
        root.execute(f"CREATE SCHEMA IF NOT EXISTS {DATABASE}.{schema}")
    # The library's macros name each other by schema alone.
    root.execute(f"USE {DATABASE}.{SCHEMA}")


def _install(root: duckdb.DuckDBPyConnection) -> None:
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

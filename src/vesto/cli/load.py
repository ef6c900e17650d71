"""Files into tables: ``vesto load`` and ``vesto import``. All of it or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from vesto.dialect.names import checked, literal, quoted
from vesto.engines import Column
from vesto.errors import (
    DatatypeMismatch,
    DuplicateTable,
    InvalidParameterValue,
    UndefinedFile,
)
from vesto.session import Session

READERS: Final = {
    ".csv": "read_csv", ".tsv": "read_csv", ".txt": "read_csv", ".parquet": "read_parquet",
    ".json": "read_json", ".jsonl": "read_json", ".ndjson": "read_json",
}  # fmt: skip
_PACKED: Final = (".gz", ".zst")


def reader_of(file: Path) -> str:
    """The engine's table function for a file, as SQL.

    Raises:
        UndefinedFile: It is not there.
        InvalidParameterValue: Its ending is none we know.
    """
    if not file.is_file():
        raise UndefinedFile(f'file "{file}" does not exist')
    ending = next((e.lower() for e in reversed(file.suffixes) if e.lower() not in _PACKED), "")
    if ending not in READERS:
        hint = f"Known endings are {', '.join(READERS)}, also with .gz or .zst."
        raise InvalidParameterValue(f'the format of file "{file}" is not known', hint=hint)
    return f"{READERS[ending]}({literal(str(file))})"


def load_files(
    session: Session, table: str, files: list[Path], *, append: bool = False, replace: bool = False
) -> tuple[list[Column], int]:
    """Put the rows of all files into one table; its columns and the rows that were added.

    Raises:
        DuplicateTable: The table is there and neither ``append`` nor ``replace`` is set.
        DatatypeMismatch: A file's columns are not those of the first.
    """
    readers = [reader_of(file) for file in files]
    columns = session.describe(f"SELECT * FROM {readers[0]}")
    for file, reader in zip(files[1:], readers[1:], strict=True):
        _check_same(columns, session.describe(f"SELECT * FROM {reader}"), file)
    name = quoted(checked(table))
    session.execute("BEGIN")
    try:
        if replace:
            session.execute(f"DROP TABLE IF EXISTS {name}")
        if not append:
            _create(session, name, table, readers[0])
        rows = sum(
            session.execute(f"INSERT INTO {name} SELECT * FROM {r}").rowcount for r in readers
        )
        session.execute("COMMIT")
    except BaseException:
        session.execute("ROLLBACK")
        raise
    return columns, rows


def _create(session: Session, name: str, table: str, reader: str) -> None:
    try:
        session.execute(f"CREATE TABLE {name} AS SELECT * FROM {reader} LIMIT 0")
    except DuplicateTable:
        hint = "Use --append or --replace, or choose another name."
        raise DuplicateTable(f'table "{table}" already exists', hint=hint) from None


def _check_same(wanted: list[Column], found: list[Column], file: Path) -> None:
    if [c.name for c in wanted] != [c.name for c in found]:
        message = f'file "{file}" has other columns than the first'
        raise DatatypeMismatch(message, detail=", ".join(column.name for column in found))


def import_database(session: Session, file: Path) -> list[tuple[str, int]]:
    """Copy every table and view of a DuckDB file; names and rows of the tables.

    Views keep their text, so they follow the tables that were copied. Schema ``main`` becomes
    ``public``, others keep their names.

    Raises:
        UndefinedFile: The file is not there.
        DuplicateTable: A name is taken; nothing is copied then.
    """
    if not file.is_file():
        raise UndefinedFile(f'file "{file}" does not exist')
    session.execute(f"ATTACH {literal(str(file.absolute()))} AS imported (READ_ONLY)")
    try:
        return _copy_all(session)
    finally:
        session.execute("DETACH imported")


def _copy_all(session: Session) -> list[tuple[str, int]]:
    tables = session.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'imported' "
        "AND NOT internal ORDER BY 1, 2"
    ).rows()
    views = session.execute(
        "SELECT schema_name, view_name, sql FROM duckdb_views() WHERE database_name = 'imported' "
        "AND NOT internal ORDER BY view_oid"
    ).rows()
    session.execute("BEGIN")
    try:
        copied = [_copy_table(session, schema, name) for schema, name in tables]
        for schema, _, sql in views:
            session.execute(sql.replace(" main.", " public.", 1) if schema == "main" else sql)
        session.execute("COMMIT")
    except BaseException:
        session.execute("ROLLBACK")
        raise
    return copied


def _copy_table(session: Session, schema: str, name: str) -> tuple[str, int]:
    home = "public" if schema == "main" else schema
    session.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(home)}")
    place = f"{quoted(home)}.{quoted(name)}"
    source = f"imported.{quoted(schema)}.{quoted(name)}"
    try:
        session.execute(f"CREATE TABLE {place} AS SELECT * FROM {source}")
    except DuplicateTable:
        message = f'table "{home}.{name}" already exists: nothing was imported'
        raise DuplicateTable(message, hint="Rename or drop one of the two.") from None
    rows = session.execute(f"SELECT count(*) FROM {place}").rows()[0][0]
    return f"{home}.{name}", rows

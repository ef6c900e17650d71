"""The writing side: an Arrow stream to files, all of them or none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from vesto.dialect.names import literal, quoted
from vesto.errors import InputOutputError, VestoError
from vesto.loader.filters import escaped
from vesto.loader.places import Place, place_of, publish
from vesto.loader.request import COMPLETE, COMPRESSIONS, SUFFIXES, UnloadRequest

_SUFFIX: Final = {"CSV": "", "DELIMITED": "", "JSON": "", "PARQUET": ".parquet"}


def write(request: UnloadRequest, source: Any) -> int:
    """Write the rows that come in as an Arrow stream; how many there were.

    Raises:
        InputOutputError: The stream breaks off.
        DuplicateFile: A file is there already.
    """
    target = place_of(request.target, request.store)
    scratch = Path(request.scratch)
    connection = duckdb.connect(":memory:")
    connection.execute(f"SET temp_directory = {literal(request.scratch)}")
    connection.execute("SET TimeZone = 'UTC'")
    try:
        connection.register("stream", pa.ipc.open_stream(source))
        connection.execute("CREATE TABLE given AS SELECT * FROM stream")
        if source.readline() != COMPLETE:
            raise InputOutputError("the rows to unload broke off")
        found = connection.execute("SELECT count(*) FROM given").fetchone()
        total = int(found[0]) if found else 0
        if "ESCAPE" in request.options:
            _escape(connection, request)
        drafts = _drafts(connection, request, target, scratch)
    except duckdb.Error as error:
        raise InputOutputError(str(error).splitlines()[0]) from error
    if request.manifest:
        drafts.append(_manifest(drafts, target, scratch))
    publish(drafts, overwrite=request.overwrite)
    return total


def _escape(connection: duckdb.DuckDBPyConnection, request: UnloadRequest) -> None:
    """Put backslashes before delimiters, line ends and backslashes in text."""
    delimiter = request.options.get("DELIMITER", "|")
    described = connection.execute("DESCRIBE given").fetchall()
    changed = ", ".join(
        f"{escaped(quoted(name), delimiter)} AS {quoted(name)}"
        for name, kind, *_ in described
        if kind == "VARCHAR" and name not in request.partitions
    )
    if changed:
        connection.execute(f"CREATE TABLE plain AS SELECT * REPLACE ({changed}) FROM given")
        connection.execute("DROP TABLE given")
        connection.execute("ALTER TABLE plain RENAME TO given")


def _drafts(
    connection: duckdb.DuckDBPyConnection, request: UnloadRequest, target: Place, scratch: Path
) -> list[tuple[Path, Place]]:
    ending = _ending(request)
    if not request.partitions:
        draft = scratch / "unloaded"
        part = "000" if request.options.get("PARALLEL") == "OFF" else "0000_part_00"
        connection.execute(_copy("SELECT * FROM given", draft, request))
        return [(draft, target.beside(target.path + part + ending))]
    keys = ", ".join(map(quoted, request.partitions))
    kept = "*" if "INCLUDE" in request.options else f"* EXCLUDE ({keys})"
    drafts = []
    for number, values in enumerate(
        connection.execute(f"SELECT DISTINCT {keys} FROM given ORDER BY ALL").fetchall()
    ):
        tests = " AND ".join(
            f"{quoted(name)} IS NOT DISTINCT FROM ?" for name in request.partitions
        )
        draft = scratch / f"unloaded-{number}"
        connection.execute(
            f"CREATE OR REPLACE TABLE part AS SELECT {kept} FROM given WHERE {tests}", list(values)
        )
        connection.execute(_copy("SELECT * FROM part", draft, request))
        folder = "/".join(
            f"{name}={_partition(value)}"
            for name, value in zip(request.partitions, values, strict=True)
        )
        path = f"{target.path.rstrip('/')}/{folder}/0000_part_00{ending}"
        drafts.append((draft, target.beside(path)))
    return drafts


def _partition(value: object) -> str:
    text = "__HIVE_DEFAULT_PARTITION__" if value is None else str(value)
    return text.replace("/", "%2F").replace("..", "%2E%2E")


def _ending(request: UnloadRequest) -> str:
    extension = request.options.get("EXTENSION")
    if extension:
        return "." + extension.lstrip(".").replace("/", "")
    return _SUFFIX[request.format] + (
        "" if request.format == "PARQUET" else SUFFIXES[request.compression]
    )


def _copy(query: str, draft: Path, request: UnloadRequest) -> str:
    options = request.options
    if request.format == "PARQUET":
        return f"COPY ({query}) TO {literal(str(draft))} (FORMAT parquet)"
    packed = COMPRESSIONS.get(request.compression, "none")
    if request.format == "JSON":
        return f"COPY ({query}) TO {literal(str(draft))} (FORMAT json, COMPRESSION {packed})"
    is_csv = request.format == "CSV"
    given = {
        "FORMAT": "csv",
        "HEADER": "true" if "HEADER" in options else "false",
        "DELIMITER": literal(options.get("DELIMITER", "," if is_csv else "|")),
        "COMPRESSION": packed,
        "NULLSTR": literal(options.get("NULL", "")),
    }
    if not is_csv:
        quote = '"' if "ADDQUOTES" in options else ""
        given |= {"QUOTE": literal(quote), "ESCAPE": literal(quote)}
        given |= {"FORCE_QUOTE": "*"} if quote else {}
    listed = ", ".join(f"{key} {value}" for key, value in given.items())
    return f"COPY ({query}) TO {literal(str(draft))} ({listed})"


def _manifest(drafts: list[tuple[Path, Place]], target: Place, scratch: Path) -> tuple[Path, Place]:
    draft = scratch / "manifest"
    entries = [{"url": place.shown} for _, place in drafts]
    draft.write_text(json.dumps({"entries": entries}, indent=2))
    return draft, target.beside(target.path + "manifest")


def failure(error: Exception) -> VestoError:
    """Any error of the writing side as ours."""
    if isinstance(error, VestoError):
        return error
    return InputOutputError("the files could not be written", detail=str(error)[:500])

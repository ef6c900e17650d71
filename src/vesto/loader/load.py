"""The reading side: files to rows of the right types, and to errors with their places."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import duckdb

from vesto.dialect.names import literal, quoted
from vesto.errors import InvalidParameterValue, LoadFailed, VestoError
from vesto.loader import text
from vesto.loader.filters import ESCAPED_LINE_END, Filter
from vesto.loader.places import Place, fetch, sources
from vesto.loader.request import COMPRESSIONS, LoadRequest, RowError

# Text that stands for NULL to the CSV reader, so that an empty field stays one.
_NOTHING: Final = "\x01nothing\x01"
MAXIMUM_KEPT: Final = 1000
MAXIMUM_SHOWN: Final = 1024
_STRUCTURE: Final = {
    "TOO MANY COLUMNS": (1202, "extra columns found"),
    "MISSING COLUMNS": (1213, "missing data for not-null field: too few columns"),
    "UNQUOTED VALUE": (1214, "the quote is not closed"),
    "INVALID ENCODING": (1220, "multibyte character that is not valid UTF-8"),
    "LINE SIZE OVER MAXIMUM": (1201, "the line is too long"),
}


class Loading:
    """One COPY: ``rows`` is a relation of the good rows once ``read`` has returned."""

    def __init__(self, request: LoadRequest) -> None:
        self.request = request
        self.errors: list[RowError] = []
        self._connection = duckdb.connect(":memory:")
        self._connection.execute(f"SET temp_directory = {literal(request.scratch)}")
        self._connection.execute("SET TimeZone = 'UTC'")
        columns = ", ".join(
            f"{quoted(column.name)} {_carried(column.engine_type)}" for column in request.columns
        )
        self._connection.execute(f"CREATE TABLE good ({columns})")

    def read(self) -> int:
        """Read every file; how many rows are good.

        Raises:
            LoadFailed: More rows are bad than MAXERROR allows.
        """
        request = self.request
        places = sources(request.source, request.store, manifest=request.manifest)
        for place in places:
            self._read_file(place)
            if len(self.errors) > request.maximum_errors:
                raise LoadFailed(str(self.errors[0]))
        found = self._connection.execute("SELECT count(*) FROM good").fetchone()
        return int(found[0]) if found else 0

    def rows(self) -> Any:
        """The good rows as Arrow."""
        found: Any = self._connection.execute("SELECT * FROM good")
        read = getattr(found, "to_arrow_reader", None) or found.fetch_record_batch
        return read(65_536)

    def _read_file(self, place: Place) -> None:
        request = self.request
        delimiter = request.options.get("DELIMITER", "|") if "ESCAPE" in request.options else None
        change = Filter(request.options.get("ACCEPTINVCHARS"), delimiter)
        compression = COMPRESSIONS.get(request.compression, "")
        path = fetch(place, Path(request.scratch), compression, change)
        try:
            if request.format == "PARQUET":
                self._read_parquet(place, path)
            else:
                rejected = self._read_text(path, place)
                self._convert(place, path, rejected)
        except duckdb.Error as error:
            message = f"{place.shown}: {str(error).splitlines()[0]}"
            raise LoadFailed(message) from error

    # --- Text -----------------------------------------------------------------------------------

    def _read_text(self, path: Path, place: Place) -> set[int]:
        """Make the table ``raw`` of text fields; the lines that have another shape."""
        self._connection.execute("DROP TABLE IF EXISTS raw")
        if self.request.format == "JSON":
            self._connection.execute(self._json_query(path))
            return set()
        try:
            self._connection.execute(self._csv_query(path))
        finally:
            rejected = self._rejected(place, path)
        return rejected

    def _csv_query(self, path: Path) -> str:
        options, request = self.request.options, self.request
        is_csv = request.format == "CSV"
        quote = options.get("QUOTE", '"') if is_csv or "REMOVEQUOTES" in options else ""
        columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(request.columns)))
        delimiter = options.get("DELIMITER", "," if is_csv else "|")
        given = {
            "auto_detect": "false", "header": "false", "columns": f"{{{columns}}}",
            "delim": literal(delimiter), "quote": literal(quote), "escape": literal(quote),
            "nullstr": literal(_NOTHING), "skip": options.get("IGNOREHEADER", "0"),
            "null_padding": "true" if "FILLRECORD" in options else "false",
            "store_rejects": "true", "rejects_limit": "0", "new_line": literal(_line_end(path)),
        }  # fmt: skip
        listed = ", ".join(f"{key}={value}" for key, value in given.items())
        return f"CREATE TABLE raw AS SELECT * FROM read_csv({literal(str(path))}, {listed})"

    def _json_query(self, path: Path) -> str:
        """Every field of every object as text; a path for each column."""
        shape = self.request.options.get("JSON", "auto")
        paths = self._json_paths(shape)
        fields = ", ".join(f"({path_text}) AS c{i}" for i, path_text in enumerate(paths))
        objects = f"read_json_objects({literal(str(path))}, maximum_object_size=16777216)"
        return f"CREATE TABLE raw AS SELECT {fields} FROM {objects}"

    def _json_paths(self, shape: str) -> list[str]:
        """SQL for the text of each column, from the object ``json``."""
        names = [column.name for column in self.request.columns]
        match shape.lower():
            case "auto":
                paths = [literal(f'$."{name}"') for name in names]
            case "auto ignorecase":
                keys = "list_filter(json_keys(json), lambda k: lower(k) = {})[1]"
                found = [keys.format(literal(name.lower())) for name in names]
                paths = [f"""'$."' || {key} || '"'""" for key in found]
            case "noshred" if len(names) == 1:
                return ["CAST(json AS VARCHAR)"]
            case "noshred":
                hint = "Name it: COPY t (document) FROM ..."
                message = "JSON 'noshred' fills one SUPER column"
                raise InvalidParameterValue(message, hint=hint)
            case _:
                paths = [literal(path) for path in self._paths_file(shape)]
        return [f"json_extract_string(json, {path})" for path in paths]

    def _paths_file(self, shape: str) -> list[str]:
        import json  # noqa: PLC0415 - of use here alone

        place = sources(shape, self.request.store, manifest=False)[0]
        content = fetch(place, Path(self.request.scratch), "", Filter()).read_bytes()
        try:
            paths = json.loads(content)["jsonpaths"]
            found = [str(path).replace("['", ".").replace("']", "") for path in paths]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            hint = """It is JSON: {"jsonpaths": ["$['id']", "$['name']"]}."""
            raise InvalidParameterValue(f'"{shape}" is no JSONPaths file', hint=hint) from error
        if len(found) != len(self.request.columns):
            message = f"{len(found)} JSONPaths are given for {len(self.request.columns)} columns"
            raise InvalidParameterValue(message)
        return found

    def _rejected(self, place: Place, path: Path) -> set[int]:
        """Record the lines that have another shape; which they are."""
        known = "SELECT 1 FROM duckdb_tables() WHERE table_name = 'reject_errors'"
        if self._connection.execute(known).fetchone() is None:
            return set()
        # The reader counts records; only the byte says which line that is.
        rows = self._connection.execute(
            "SELECT line_byte_position, min_by(column_name, column_idx), "
            "min_by(error_type, column_idx), min_by(csv_line, column_idx), "
            "min_by(error_message, column_idx) FROM reject_errors "
            f"GROUP BY line_byte_position ORDER BY line_byte_position LIMIT {MAXIMUM_KEPT}"
        ).fetchall()
        lines = _lines_at(path, [position for position, *_ in rows])
        names = {f"c{i}": column for i, column in enumerate(self.request.columns)}
        for line, (_, column, kind, raw, message) in zip(lines, rows, strict=True):
            code, why = _STRUCTURE.get(str(kind), (1200, str(message).splitlines()[0]))
            named = names.get(column)
            self.errors.append(
                RowError(
                    place.shown, line, named.name if named else "", named.kind if named else "",
                    "", code, why, str(raw or "")[:MAXIMUM_SHOWN],
                )
            )  # fmt: skip
        self._connection.execute("DROP TABLE reject_errors")
        self._connection.execute("DROP TABLE reject_scans")
        return set(lines)

    def _convert(self, place: Place, path: Path, rejected: set[int]) -> None:
        """Add the good rows of ``raw`` to ``good``; record the others."""
        request = self.request
        values = [text.cleaned(request, c, f"c{i}") for i, c in enumerate(request.columns)]
        results = [
            text.converted(request, column, value)
            for column, value in zip(request.columns, values, strict=True)
        ]
        bad = [f"({v}) IS NOT NULL AND ({r}) IS NULL" for v, r in zip(values, results, strict=True)]
        which = " ".join(f"WHEN {test} THEN {i}" for i, test in enumerate(bad))
        found = self._connection.execute(
            f"SELECT row, place FROM (SELECT rowid AS row, CASE {which} END AS place FROM raw) "
            f"WHERE place IS NOT NULL ORDER BY row LIMIT {MAXIMUM_KEPT}"
        ).fetchall()
        if found:
            self._record(place, path, rejected, found)
        lenient = "ACCEPTANYDATE" in request.options
        kept = " AND ".join(
            f"NOT ({test})"
            for test, column in zip(bad, request.columns, strict=True)
            if not (lenient and column.kind in {"DATE", "TIMESTAMP", "TIMESTAMPTZ"})
        )
        listed = ", ".join(results)
        self._connection.execute(
            f"INSERT INTO good SELECT {listed} FROM raw WHERE {kept or 'true'}"
        )

    def _record(
        self, place: Place, path: Path, rejected: set[int], found: list[tuple[int, int]]
    ) -> None:
        request = self.request
        lines = self._lines(path, rejected, {row for row, _ in found})
        for row, number in found:
            column = request.columns[number]
            if "ACCEPTANYDATE" in request.options and column.kind in {"DATE", "TIMESTAMP"}:
                continue
            value = self._connection.execute(
                f"SELECT c{number} FROM raw WHERE rowid = ?", [row]
            ).fetchone()
            code, why = text.reason(column)
            given = str(value[0])[:MAXIMUM_SHOWN] if value else ""
            line, raw = lines.get(row, (row + 1, ""))
            self.errors.append(
                RowError(
                    place.shown, line, column.name, column.kind, given, code,
                    f"{why}: {given[:60]!r}", raw[:MAXIMUM_SHOWN],
                )
            )  # fmt: skip
        self.errors.sort(key=lambda error: (error.file, error.line))

    def _lines(
        self, path: Path, rejected: set[int], wanted: set[int]
    ) -> dict[int, tuple[int, str]]:
        """The line at which each of these good rows begins, and its text."""
        found: dict[int, tuple[int, str]] = {}
        row = 0
        for line, raw in _records(path, self.request):
            if line in rejected:
                continue
            if row in wanted:
                found[row] = (line, raw)
                if len(found) == len(wanted):
                    break
            row += 1
        return found

    # --- Parquet --------------------------------------------------------------------------------

    def _read_parquet(self, place: Place, path: Path) -> None:
        source = f"read_parquet({literal(str(path))})"
        described = self._connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        columns = self.request.columns
        if len(described) != len(columns):
            message = f"{place.shown} has {len(described)} columns, not {len(columns)}"
            raise LoadFailed(message)
        fields = [
            _parquet_field(str(name), str(kind), column.engine_type)
            for (name, kind, *_), column in zip(described, columns, strict=True)
        ]
        for (name, *_), column, field in zip(described, columns, fields, strict=True):
            tested = field.replace("CAST(", "TRY_CAST(", 1)
            too_long = f" OR strlen({tested}) > {column.length}" if column.length else ""
            wrong = self._connection.execute(
                f"SELECT file_row_number, {quoted(str(name))} "
                f"FROM read_parquet({literal(str(path))}, file_row_number=true) WHERE "
                f"{quoted(str(name))} IS NOT NULL AND ({tested} IS NULL{too_long}) LIMIT 1"
            ).fetchone()
            if wrong is not None:
                code, why = text.reason(column)
                shown = f"{why}: {str(wrong[1])[:60]!r}"
                error = RowError(
                    place.shown, int(wrong[0]) + 1, column.name, column.kind,
                    str(wrong[1])[:MAXIMUM_SHOWN], code, shown,
                )  # fmt: skip
                self.errors.append(error)
                raise LoadFailed(str(error))
        self._connection.execute(f"INSERT INTO good SELECT {', '.join(fields)} FROM {source}")


def _parquet_field(name: str, kind: str, target: str) -> str:
    if target == "JSON":
        return f"CAST(to_json({quoted(name)}) AS VARCHAR)" if kind != "VARCHAR" else quoted(name)
    return f"CAST({quoted(name)} AS {target})"


def _carried(engine_type: str) -> str:
    """JSON crosses as text."""
    return "VARCHAR" if engine_type == "JSON" else engine_type


def _line_end(path: Path) -> str:
    with path.open("rb") as file:
        beginning = file.read(1 << 16)
    return "\\r\\n" if b"\r\n" in beginning else "\\n"


def _lines_at(path: Path, positions: list[int]) -> list[int]:
    """The line at each byte position, counted from 1; positions ascend."""
    found: list[int] = []
    line = 1
    with path.open("rb") as file:
        at = 0
        for position in positions:
            while at < position:
                chunk = file.read(min(position - at, 1 << 20))
                if not chunk:
                    break
                line += chunk.count(b"\n") + chunk.count(ESCAPED_LINE_END.encode())
                at += len(chunk)
            found.append(line)
    return found


def _records(path: Path, request: LoadRequest) -> Iterator[tuple[int, str]]:
    """Every record's first line, counted from 1, and its text; headers and blanks left out."""
    skip = int(request.options.get("IGNOREHEADER", "0"))
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        if request.format != "CSV":
            escaped = 0
            for number, line in enumerate(file, 1):
                if number > skip and line.strip("\r\n"):
                    yield number + escaped, line.rstrip("\r\n")
                escaped += line.count(ESCAPED_LINE_END)
            return
        for _ in range(skip):
            file.readline()
        options = request.options
        reader = csv.reader(
            file, delimiter=options.get("DELIMITER", ","), quotechar=options.get("QUOTE", '"')
        )
        begins = skip + 1
        for fields in reader:
            if fields:
                yield begins, ",".join(fields)
            begins = skip + reader.line_num + 1


def failure(error: Exception) -> VestoError:
    """Any error of the reading side as ours."""
    if isinstance(error, VestoError):
        return error
    return LoadFailed("the files could not be read", detail=str(error)[:500])

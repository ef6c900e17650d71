"""Results and errors on the terminal, as tables, CSV, JSON or Arrow."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

import pyarrow as pa
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from vesto.errors import VestoError
from vesto.result import Result

WIDTH: Final = 32_000


class Format(StrEnum):
    """How rows are written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    ARROW = "arrow"


def show(result: Result, form: Format = Format.TABLE) -> None:
    """Write a result to standard output, its notices to standard error."""
    for notice in result.notices:
        sys.stderr.write(f"NOTICE: {notice}\n")
    if result.has_rows:
        _WRITERS[form](result)
    elif form is Format.TABLE:
        sys.stdout.write(f"{result.tag}\n")
    sys.stdout.flush()


def as_table(result: Result) -> Table:
    """The rows drawn as a table; NULL is empty."""
    table = Table(box=box.ROUNDED)
    for field in result.schema:
        number = pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
        number = number or pa.types.is_decimal(field.type)
        table.add_column(Text(field.name), justify="right" if number else "left", overflow="fold")
    for row in result:
        table.add_row(*(Text(shown(value)) for value in row))
    return table


def shown(value: Any) -> str:
    """A value as a table and CSV have it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict | list):
        return json.dumps(value, default=_jsonable, ensure_ascii=False)
    return str(value)


def _table(result: Result) -> None:
    # A pipe has no width: nothing is cut there.
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    table = as_table(result)
    console.print(table)
    rows = table.row_count
    console.print(f"({rows} row{'' if rows == 1 else 's'})", highlight=False)


def _csv(result: Result) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(result.columns)
    for row in result:
        writer.writerow([shown(value) for value in row])


def _json(result: Result) -> None:
    """One array with an object a row, a line each."""
    names, start = result.columns, "["
    for row in result:
        line = json.dumps(dict(zip(names, row, strict=True)), default=_jsonable, ensure_ascii=False)
        sys.stdout.write(f"{start}\n{line}")
        start = ","
    sys.stdout.write("[]\n" if start == "[" else "\n]\n")


def _jsonable(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    return value.total_seconds() if isinstance(value, timedelta) else shown(value)


def _arrow(result: Result) -> None:
    """An Arrow IPC stream."""
    reader = result.reader()
    with pa.ipc.new_stream(sys.stdout.buffer, reader.schema) as stream:
        for batch in reader:
            stream.write_batch(batch)


_WRITERS: Final[dict[Format, Callable[[Result], None]]] = {
    Format.TABLE: _table,
    Format.CSV: _csv,
    Format.JSON: _json,
    Format.ARROW: _arrow,
}


def show_error(error: VestoError, sql: str = "") -> None:
    """Write an error to standard error, with the line it is in and a mark under the place."""
    sys.stderr.write(f"ERROR {error.sqlstate}: {error}\n")
    if sql and error.span is not None and error.span.start <= len(sql):
        before = sql[: error.span.start]
        line = sql.splitlines()[before.count("\n")] if sql.splitlines() else ""
        column = len(before) - (before.rfind("\n") + 1)
        if "PASSWORD" in line.upper():
            # What follows the word must not stand in a log.
            return
        label = f"LINE {before.count(chr(10)) + 1}: "
        sys.stderr.write(f"{label}{line}\n{' ' * (len(label) + column)}^\n")
    sys.stderr.flush()

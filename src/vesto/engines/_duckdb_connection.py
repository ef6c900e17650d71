"""A line to DuckDB: one user's statements, rows and settings."""

from __future__ import annotations

import json
import re
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import duckdb
import pyarrow as pa

from vesto.dialect.names import literal, quoted
from vesto.dialect.surroundings import Surroundings
from vesto.engines import Column, Sample, Values
from vesto.engines._duckdb_errors import sqlstates, translated
from vesto.engines._duckdb_library import DATABASE, NOWHERE, SCHEMA
from vesto.engines._sample import draw
from vesto.errors import InvalidParameterValue, VestoError
from vesto.types import from_duckdb

BATCH_ROWS: Final = 65_536
CLOSE_TRIES: Final = 200
CLOSE_PAUSE_S: Final = 0.01
_DECIMAL: Final = re.compile(r"DECIMAL\((\d+),(\d+)\)")


class DuckDBConnection:
    """A DuckDB cursor: its own transaction, search path and temporary tables."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        self._cursor.execute(f"USE {DATABASE}.{SCHEMA}")
        self._settings: Callable[[], Mapping[str, str]] | None = None

    def execute(self, sql: str, parameters: Values = ()) -> pa.RecordBatchReader:
        """Run one statement of DuckDB's dialect; the reader streams its rows."""
        given = dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
        with sqlstates():
            self._tell_settings()
            self._cursor.execute(sql, given or None)
            if not self._cursor.description:
                return pa.RecordBatchReader.from_batches(pa.schema([]), [])
            # DuckDB 1.4 has the same method by its old name.
            read = getattr(self._cursor, "to_arrow_reader", None) or self._cursor.fetch_record_batch
            with warnings.catch_warnings():
                # DuckDB 2.0 advises against Arrow from a cursor; only a cursor has parameters.
                warnings.simplefilter("ignore", UserWarning)
                reader = read(BATCH_ROWS)
        return pa.RecordBatchReader.from_batches(reader.schema, _batches(reader))

    def columns(self) -> tuple[Column, ...]:
        """The columns of what ``execute`` ran last."""
        with sqlstates():
            found = self._cursor.description or []
        return tuple(_column(name, str(kind)) for name, kind, *_ in found)

    def check(self, sql: str) -> None:
        """Nothing, if the statement could be run: it is bound and planned."""
        with sqlstates():
            self._cursor.execute(f"EXPLAIN {sql}")

    def describe(self, sql: str) -> list[Column]:
        """The columns of a query; it is bound and not run."""
        if sql.startswith(("SELECT ", "select ")):
            with sqlstates():
                # A relation is bound when it is made, which costs a tenth of DESCRIBE.
                bound = self._cursor.sql(sql)
                assert bound is not None  # it is a query
                return [_column(n, str(k)) for n, k in zip(bound.columns, bound.types, strict=True)]
        rows = self.execute(f"DESCRIBE {sql}").read_all()
        names, kinds = rows["column_name"].to_pylist(), rows["column_type"].to_pylist()
        return [_column(n, k) for n, k in zip(names, kinds, strict=True)]

    def surroundings(self) -> Surroundings:
        """What the database holds that changes how statements are read."""
        supers = self._rows(
            "SELECT DISTINCT lower(column_name) FROM duckdb_columns() "
            "WHERE data_type = 'JSON' AND schema_name <> 'vesto'"
        )
        late = self._rows("SELECT schema_name, view_name, query FROM dev.vesto.late_views")
        kept = self._rows("SELECT schema_name, view_name FROM dev.vesto.materialized_views")
        generated: dict[tuple[str, str], frozenset[str]] = {}
        for schema, table, column in self._rows(
            "SELECT schema_name, table_name, column_name FROM dev.vesto.columns WHERE is_generated"
        ):
            generated[schema, table] = generated.get((schema, table), frozenset()) | {column}
        return Surroundings(
            super_columns=frozenset(name for (name,) in supers),
            late_views={(schema, name): query for schema, name, query in late},
            materialized_views=frozenset((schema, name) for schema, name in kept),
            generated=generated,
        )

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        with sqlstates():
            return self._cursor.execute(sql).fetchall()

    def use(self, schemas: Sequence[str]) -> None:
        """Look for names without a schema in these, where they exist."""
        listed = ", ".join(literal(schema) for schema in schemas)
        known = self._rows(
            f"SELECT schema_name FROM duckdb_schemas() WHERE database_name = {literal(DATABASE)} "
            f"AND schema_name IN ({listed or 'NULL'})"
        )
        there = {name for (name,) in known}
        path = [f"{DATABASE}.{quoted(name)}" for name in schemas if name in there]
        path = path or [f"{DATABASE}.{NOWHERE}"]
        self.execute(f"SET search_path = {literal(','.join(path))}")
        self.execute(f"SET VARIABLE vesto_path = {literal(','.join(schemas))}")

    def use_time_zone(self, name: str) -> None:
        """Show timestamps with time zone in this one."""
        try:
            self.execute(f"SET TimeZone = {literal(name)}")
        except VestoError as error:
            message = f'time zone "{name}" is not known'
            raise InvalidParameterValue(message, detail=error.message) from None

    def use_user(self, name: str, *, superuser: bool) -> None:
        """Show in system views what this user may see."""
        self.execute(f"SET VARIABLE vesto_user = {literal(name)}")
        self.execute(f"SET VARIABLE vesto_superuser = {literal('on' if superuser else 'off')}")

    def use_interval_level(self, level: float) -> None:
        """Make intervals of predictions that hold this share of the truth."""
        self.execute(f"SET VARIABLE vesto_interval_level = {float(level)!r}")

    def use_settings(self, settings: Callable[[], Mapping[str, str]]) -> None:
        """Show these configuration parameters in the catalogue, as they are at the next statement."""
        self._settings = settings

    def _tell_settings(self) -> None:
        if self._settings is not None:
            document, self._settings = literal(json.dumps(dict(self._settings()))), None
            self._cursor.execute(f"SET VARIABLE vesto_settings = {document}")

    def sample(self, sql: str, rows: int, seed: int) -> Sample:
        """At most ``rows`` rows of a query, drawn uniformly."""
        return draw(self.execute(sql), rows, seed)

    def register(self, name: str, table: pa.Table | pa.RecordBatchReader) -> None:
        """Show an Arrow table, or a stream that is read once, to this connection under a name."""
        self._cursor.register(name, table)

    def unregister(self, name: str) -> None:
        """Hide it again."""
        self._cursor.unregister(name)

    def begin(self) -> None:
        """Start a transaction."""
        self.execute("BEGIN TRANSACTION")

    def commit(self) -> None:
        """End the transaction and keep what it did."""
        self.execute("COMMIT")

    def rollback(self) -> None:
        """End the transaction and undo what it did."""
        self.execute("ROLLBACK")

    def interrupt(self) -> None:
        """Stop what the connection is running."""
        with suppress(duckdb.ConnectionException):  # closed meanwhile
            self._cursor.interrupt()

    def close(self) -> None:
        """Close the line, and end what it is running."""
        # A cancelled query's tasks are waited for, and only an interrupt stops a long one.
        self.interrupt()
        for _ in range(CLOSE_TRIES):
            try:
                self._cursor.close()
            except duckdb.Error:
                # DuckDB 2 refuses while another thread still leaves the interrupted query.
                time.sleep(CLOSE_PAUSE_S)
            else:
                return


def _column(name: str, kind: str) -> Column:
    decimal = _DECIMAL.fullmatch(kind)
    # PostgreSQL's: precision and scale in one number, 4 added.
    modifier = (int(decimal[1]) << 16 | int(decimal[2])) + 4 if decimal else -1
    return Column(name, from_duckdb(kind), modifier)


def _batches(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """The reader's batches; what goes wrong while rows are made carries a SQLSTATE too."""
    while True:
        try:
            yield reader.read_next_batch()
        except StopIteration:
            return
        except (pa.ArrowException, duckdb.Error, OSError) as error:
            raise translated(error) from error


def fetch_all(
    root: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[str] = ()
) -> list[tuple[Any, ...]]:
    """A query's rows, on a line of its own: other threads may be busy with the first one."""
    with sqlstates():
        cursor = root.cursor()
        try:
            return cursor.execute(sql, list(parameters)).fetchall()
        finally:
            cursor.close()

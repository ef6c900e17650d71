"""DuckDB in this process: the default engine.

The tables' file is attached under the name a Redshift cluster gives its first database, ``dev``,
with ``public`` as the default schema, so that three-part names in scripts resolve.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any, Final
from weakref import WeakSet

import duckdb
import pyarrow as pa

from vesto.dialect.names import literal, quoted
from vesto.dialect.surroundings import Place, Surroundings
from vesto.engines import Column, Connection, Function, FunctionKind, Sample, Values
from vesto.engines._duckdb_errors import translated
from vesto.engines._duckdb_library import DATABASE, NOWHERE, SCHEMA, open_tables
from vesto.engines._duckdb_programs import Form, Programs, open_scorer
from vesto.engines._sample import draw
from vesto.errors import InvalidParameterValue, UndefinedSchema, VestoError
from vesto.programs.program import Program
from vesto.settings import Settings
from vesto.types import from_duckdb

log: Final = logging.getLogger(__name__)
BATCH_ROWS: Final = 65_536
CLOSE_TRIES: Final = 200
CLOSE_PAUSE_S: Final = 0.01

_SETTINGS: Final = (
    "SET GLOBAL integer_division = true",
    "SET GLOBAL autoinstall_known_extensions = false",
    "SET GLOBAL allow_community_extensions = false",
    "SET GLOBAL allow_unsigned_extensions = false",
    "SET GLOBAL TimeZone = 'UTC'",
    "SET GLOBAL python_scan_all_frames = true",
)
_LOCKS: Final = (
    "SET python_enable_replacements = false",
    "SET enable_external_access = false",
    "SET allowed_configs = ['TimeZone']",
    "SET lock_configuration = true",
)
_DECIMAL: Final = re.compile(r"DECIMAL\((\d+),(\d+)\)")
# How the engine writes the body of our macros; older files have the functions without a schema.
_LOST: Final = "the program of this function is not there"
_SCORES: Final = (
    r"^(CAST\()?(\"?system\"?\.main\.)?vesto_(predict_|probabilities\(|explain\()"
    rf"|failure\('XX001', '{_LOST}'\)|vesto\.(refusal|interval_of_\w+)\("
)


# Who reads: each line knows its user, and one that knows none sees what nobody may see.
_USER: Final = "coalesce(CAST(getvariable('vesto_user') AS VARCHAR), '')"


class DuckDBEngine:
    """One DuckDB instance over ``data.duckdb`` of a warehouse."""

    dialect = "duckdb"

    def __init__(self, path: Path, settings: Settings) -> None:
        """Open or make the file.

        Raises:
            VestoError: The file is damaged, the disk is full, or the setting ``native`` asks for
                what the machine does not have.
        """
        # Our own extension is not signed by DuckDB's makers.
        config: dict[str, Any] = {"allow_unsigned_extensions": "true"}
        if settings.threads:
            config["threads"] = settings.threads
        if settings.memory_limit_mb:
            config["memory_limit"] = f"{settings.memory_limit_mb}MB"
        self._write = threading.Lock()
        # What the macro of a function's name says for each number of parameters.
        self._macros: dict[Place, dict[int, str]] = {}
        self._lines: WeakSet[DuckDBConnection] = WeakSet()
        with _sqlstates():
            self._root = duckdb.connect(":memory:", config=config)
            try:
                self._programs = Programs(open_scorer(self._root, settings.native))
                self._prepare(path)
            except BaseException:
                self._root.close()
                raise

    def _prepare(self, path: Path) -> None:
        for setting in _SETTINGS:
            self._root.execute(setting)
        self._root.execute(f"SET temp_directory = {literal(str(path / 'scratch'))}")
        open_tables(self._root, path / "data.duckdb")

    def _make_function(self, name: str, function: Any, *types: Any, **options: Any) -> None:
        """Register an Arrow function; DuckDB's stubs know less than its documentation."""
        make: Any = self._root.create_function
        make(name, function, *types, type="arrow", **options)

    def lock(self) -> None:
        """From now on no files, no extensions, no settings, no data frames by name."""
        for setting in _LOCKS:
            self._root.execute(setting)

    def connect(self) -> Connection:
        """A new line, at ``dev.public``."""
        line = DuckDBConnection(self._root.cursor())
        self._lines.add(line)
        return line

    def provide(
        self, view: str, columns: Sequence[Column], rows: Callable[[str], pa.Table]
    ) -> None:
        """Make ``vesto.<view>`` a view over what ``rows`` returns for the user who reads it."""
        fields = ", ".join(f"{quoted(c.name)} {c.type.duckdb}" for c in columns)
        names = ", ".join(f"row.{quoted(c.name)}" for c in columns)

        def listed(asked: Any) -> Any:
            everything = rows(asked[0].as_py())
            values = pa.StructArray.from_arrays(
                [c.combine_chunks() for c in everything.columns], names=everything.column_names
            )
            # The view asks once: its one row holds everything.
            offsets = [0, *[len(values)] * len(asked)]
            return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)

        function = f"vesto_rows_of_{view}"
        kind = duckdb.sqltype(f"STRUCT({fields})[]")
        self._make_function(function, listed, ["VARCHAR"], kind, side_effects=True)
        self._root.execute(
            f"CREATE OR REPLACE VIEW {DATABASE}.vesto.{quoted(view)} AS "
            f"SELECT {names} FROM (SELECT unnest({function}({_USER})) AS row)"
        )

    def answer(self, name: str, reply: Callable[[str, str], str]) -> None:
        """Make ``name`` a function of a user and a text that returns the document of ``reply``."""

        def answered(users: Any, texts: Any) -> Any:
            asked = zip(users.to_pylist(), texts.to_pylist(), strict=True)
            try:
                found = [reply(user, text) for user, text in asked]
            except VestoError as error:
                # DuckDB hands on nothing but the text of an exception.
                raise RuntimeError(f"vesto:{error.to_json()}") from error
            return pa.ExtensionArray.from_storage(pa.json_(), pa.array(found, pa.string()))

        self._make_function(name, answered, ["VARCHAR", "VARCHAR"], "JSON", side_effects=True)

    def decide(self, name: str, arguments: int, reply: Callable[..., bool | None]) -> None:
        """Make ``name`` a function of so many texts that returns the truth of ``reply``."""

        def decided(*columns: Any) -> Any:
            rows = zip(*(column.to_pylist() for column in columns), strict=True)
            try:
                return pa.array([reply(*row) for row in rows], pa.bool_())
            except VestoError as error:
                # DuckDB hands on nothing but the text of an exception.
                raise RuntimeError(f"vesto:{error.to_json()}") from error

        # DuckDB counts the parameters that the signature names.
        named = [Parameter(f"a{at}", Parameter.POSITIONAL_ONLY) for at in range(arguments)]
        decided.__signature__ = Signature(named)  # type: ignore[attr-defined]
        self._make_function(name, decided, ["VARCHAR"] * arguments, "BOOLEAN", side_effects=True)

    def install(self, function: Function, program: Program | None) -> None:
        """Make or replace the function; views and prepared statements follow it.

        One of the same name with another number of parameters stays beside it, in the same macro.
        """
        names = [quoted(parameter.name) for parameter in function.parameters]
        if program is None:
            failure = f"{DATABASE}.vesto.failure('XX001', {literal(_LOST)})"
            body = f"CAST({failure} AS {function.cast or function.returns.duckdb})"
        else:
            body = self._body(function, program, names)
        with (
            self._write,
            _sqlstates(),
            self._programs.swapped(_form(function), function.program, program),
        ):
            known = self._macros.get(_place(function), {})
            self._replace(function, known | {len(names): f"({', '.join(names)}) AS {body}"})

    def _body(self, function: Function, program: Program, names: list[str]) -> str:
        """What the function's macro stands for. The extension refuses an unknown program."""
        if function.refusal is not None:
            return f"{DATABASE}.vesto.refusal({literal(function.refusal.to_json())})"
        found = function.intervals
        if found is None:
            given = names
            if function.kind != "explanation":
                given = self._programs.arguments(function.program, program, names)
            arguments = ", ".join([literal(function.program), *given])
            body = f"system.main.{generic_function(function)}({arguments})"
            return f"CAST({body} AS {function.cast})" if function.cast else body
        kind: FunctionKind = "probabilities" if found.kind == "labels" else "prediction"
        inner = replace(
            function, kind=kind, returns=function.predicts or function.returns, intervals=None
        )
        lists = [found.quantiles, found.edges, found.scales] if found.edges else [found.quantiles]
        inside = ", ".join([self._body(inner, program, names), *map(_numbers, lists)])
        return f"{DATABASE}.vesto.interval_of_{found.kind}({inside})"

    def remove(self, function: Function) -> None:
        """Remove the function, but none of its name with another number of parameters."""
        with self._write, _sqlstates():
            known = self._macros.get(_place(function), {})
            with suppress(UndefinedSchema), _sqlstates():
                rest = {n: text for n, text in known.items() if n != len(function.parameters)}
                self._replace(function, rest)
            self._programs.drop(_form(function))

    def _replace(self, function: Function, forms: dict[int, str]) -> None:
        """Make the macro of one name anew, with one form for each number of parameters."""
        macro = self._macro(function)
        if forms:
            self._root.execute(f"CREATE OR REPLACE MACRO {macro}{', '.join(forms.values())}")
        else:
            self._root.execute(f"DROP MACRO IF EXISTS {macro}")
        self._macros[_place(function)] = forms

    @staticmethod
    def _macro(function: Function) -> str:
        return f"{DATABASE}.{quoted(function.schema)}.{quoted(function.name)}"

    def functions(self) -> set[tuple[str, str]]:
        """Schema and name of the macros that call one of the generic functions."""
        found = self._asked(
            "SELECT schema_name, function_name FROM duckdb_functions() WHERE database_name = ? "
            "AND regexp_matches(macro_definition, ?)",
            [DATABASE, _SCORES],
        )
        return {(schema, name) for schema, name in found}

    def macros(self) -> set[tuple[str, str]]:
        """Schema and name, folded, of all functions that stand in the tables' file."""
        found = self._asked(
            "SELECT DISTINCT lower(schema_name), lower(function_name) FROM duckdb_functions() "
            "WHERE database_name = ? AND schema_name <> 'vesto'",
            [DATABASE],
        )
        return {(schema, name) for schema, name in found}

    def predictions(self) -> int:
        """How many rows this process has predicted."""
        return int(self._asked("SELECT vesto_predictions()", [])[0][0])

    def is_taken(self, name: str) -> bool:
        """Whether DuckDB has a function of its own by that name."""
        known = (
            "SELECT 1 FROM duckdb_functions() WHERE function_name = ? AND database_name = 'system'"
        )
        return bool(self._asked(known, [name]))

    def _asked(self, sql: str, parameters: list[str]) -> list[tuple[Any, ...]]:
        """A query's rows, on a line of its own: other threads may be busy with the first one."""
        with _sqlstates():
            cursor = self._root.cursor()
            try:
                return cursor.execute(sql, parameters).fetchall()
            finally:
                cursor.close()

    def close(self) -> None:
        """Close every line, write everything to the file and let it go."""
        for line in list(self._lines):
            line.close()
        try:
            with _sqlstates():
                self._root.execute(f"CHECKPOINT {DATABASE}")
        except VestoError as error:
            # What is committed stands in the write-ahead log and is read when it is opened next.
            log.warning("the tables could not be written to their file: %s", error)
        with self._write, suppress(duckdb.Error):
            self._programs.close()
        self._root.close()


@contextmanager
def _sqlstates() -> Iterator[None]:
    """DuckDB's errors as ours; Ctrl-C, which DuckDB turns into an error, as Ctrl-C."""
    try:
        yield
    except duckdb.Error as error:
        raise translated(error) from error
    except RuntimeError as error:
        if str(error) == "Query interrupted":
            raise KeyboardInterrupt from None
        raise


_OF_DOCUMENTS: Final = {"probabilities": "vesto_probabilities", "explanation": "vesto_explain"}


def generic_function(function: Function) -> str:
    """The SQL function that scores any program with such an output."""
    if function.kind in _OF_DOCUMENTS:
        return _OF_DOCUMENTS[function.kind]
    name = function.returns.name
    return f"vesto_predict_{'varchar' if name == 'bpchar' else name}"


def _numbers(numbers: Sequence[float]) -> str:
    return "[" + ", ".join(f"{number!r}::DOUBLE" for number in numbers) + "]"


def _place(function: Function) -> Place:
    return function.schema.lower(), function.name.lower()


def _form(function: Function) -> Form:
    return (*_place(function), len(function.parameters))


class DuckDBConnection:
    """A DuckDB cursor: its own transaction, search path and temporary tables."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        self._cursor.execute(f"USE {DATABASE}.{SCHEMA}")
        self._settings: Callable[[], Mapping[str, str]] | None = None

    def execute(self, sql: str, parameters: Values = ()) -> pa.RecordBatchReader:
        """Run one statement of DuckDB's dialect; the reader streams its rows."""
        given = dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
        with _sqlstates():
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
        with _sqlstates():
            found = self._cursor.description or []
        return tuple(_column(name, str(kind)) for name, kind, *_ in found)

    def check(self, sql: str) -> None:
        """Nothing, if the statement could be run: it is bound and planned."""
        with _sqlstates():
            self._cursor.execute(f"EXPLAIN {sql}")

    def describe(self, sql: str) -> list[Column]:
        """The columns of a query; it is bound and not run."""
        if sql.startswith(("SELECT ", "select ")):
            with _sqlstates():
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
        with _sqlstates():
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


class _DuckDBKind:
    def open(self, path: Path, settings: Settings) -> DuckDBEngine:
        """The engine over the warehouse's folder ``path``."""
        return DuckDBEngine(path, settings)


ENGINE: Final = _DuckDBKind()

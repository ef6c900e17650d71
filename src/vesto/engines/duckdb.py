"""DuckDB in this process: the default engine.

The tables' file is attached under the name a Redshift cluster gives its first database, ``dev``,
with ``public`` as the default schema, so that three-part names in scripts resolve.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any, Final
from weakref import WeakSet

import duckdb
import pyarrow as pa

from vesto.dialect.names import literal, quoted
from vesto.engines import Column, Connection, Function
from vesto.engines._duckdb_connection import DuckDBConnection, fetch_all
from vesto.engines._duckdb_errors import sqlstates
from vesto.engines._duckdb_library import DATABASE, open_tables
from vesto.engines._duckdb_macros import Macros
from vesto.engines._duckdb_programs import Programs, open_scorer
from vesto.errors import VestoError
from vesto.programs.program import Program
from vesto.settings import Settings

log: Final = logging.getLogger(__name__)

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
        self._lines: WeakSet[DuckDBConnection] = WeakSet()
        with sqlstates():
            self._root = duckdb.connect(":memory:", config=config)
            try:
                scorer = open_scorer(self._root, settings.native)
                self._macros = Macros(self._root, Programs(scorer))
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
        """Make or replace the function; views and prepared statements follow it."""
        self._macros.install(function, program)

    def remove(self, function: Function) -> None:
        """Remove the function, but none of its name with another number of parameters."""
        self._macros.remove(function)

    def functions(self) -> set[tuple[str, str]]:
        """Schema and name of the macros that call one of the generic functions."""
        return self._macros.installed()

    def macros(self) -> set[tuple[str, str]]:
        """Schema and name, folded, of all functions that stand in the tables' file."""
        found = fetch_all(
            self._root,
            "SELECT DISTINCT lower(schema_name), lower(function_name) FROM duckdb_functions() "
            "WHERE database_name = ? AND schema_name <> 'vesto'",
            [DATABASE],
        )
        return {(schema, name) for schema, name in found}

    def predictions(self) -> int:
        """How many rows this process has predicted."""
        return int(fetch_all(self._root, "SELECT vesto_predictions()")[0][0])

    def is_taken(self, name: str) -> bool:
        """Whether DuckDB has a function of its own by that name."""
        known = (
            "SELECT 1 FROM duckdb_functions() WHERE function_name = ? AND database_name = 'system'"
        )
        return bool(fetch_all(self._root, known, [name]))

    def close(self) -> None:
        """Close every line, write everything to the file and let it go."""
        for line in list(self._lines):
            line.close()
        try:
            with sqlstates():
                self._root.execute(f"CHECKPOINT {DATABASE}")
        except VestoError as error:
            # What is committed stands in the write-ahead log and is read when it is opened next.
            log.warning("the tables could not be written to their file: %s", error)
        self._macros.close()
        self._root.close()


class _DuckDBKind:
    def open(self, path: Path, settings: Settings) -> DuckDBEngine:
        """The engine over the warehouse's folder ``path``."""
        return DuckDBEngine(path, settings)


ENGINE: Final = _DuckDBKind()

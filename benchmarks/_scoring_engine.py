"""DuckDB with the native extension, as anyone can load it, and the kernel without DuckDB."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import duckdb

import vesto
from benchmarks._measure import Cost, timed
from benchmarks._scoring_models import Case
from vesto import _native
from vesto.engines import Column, Function
from vesto.engines._duckdb_native import arguments
from vesto.types import BY_NAME

EXTENSION: Final = Path(_native.__file__).parent / "vesto.duckdb_extension"
TABLE: Final = "rows_to_score"
ONE_ROW_ROWS: Final = 100
ONE_ROW_CALLS: Final = 2000
WARM_CALLS: Final = 100


class Database:
    """A database file with the rows of a case, as a warehouse keeps them, and its program."""

    def __init__(self, file: Path) -> None:
        self.connection = connected(file)

    def fill(self, case: Case, table: str = TABLE) -> None:
        """Write the rows, and make the program known."""
        self.connection.register("given", case.table)
        self.connection.execute(f"CREATE TABLE {table} AS SELECT * FROM given")
        self.connection.unregister("given")
        self.connection.execute("CHECKPOINT")
        register(self.connection, case)

    def asked(self, sql: str) -> Any:
        """The one value that a query returns."""
        return self.connection.execute(sql).fetchall()[0][0]

    def run(self, sql: str, threads: int = 1) -> Callable[[], Cost]:
        """What times the query on so many threads."""

        def run() -> Cost:
            self.connection.execute(f"SET threads = {threads}")
            return timed(lambda: self.asked(sql))

        return run


def connected(file: Path) -> duckdb.DuckDBPyConnection:
    """A connection with the extension."""
    config: dict[str, Any] = {"allow_unsigned_extensions": "true", "memory_limit": "3GB"}
    connection = duckdb.connect(str(file), config=config)
    connection.execute(f"LOAD '{EXTENSION}'")
    return connection


def register(connection: duckdb.DuckDBPyConnection, case: Case) -> None:
    """Make the case's program known to the extension."""
    connection.execute("SELECT vesto_register_program(?)", [case.image]).fetchall()


@contextmanager
def database(case: Case) -> Iterator[Database]:
    """A database in a folder that goes away with it."""
    with tempfile.TemporaryDirectory() as folder:
        opened = Database(Path(folder) / "rows.duckdb")
        opened.fill(case)
        try:
            yield opened
        finally:
            opened.connection.close()


def call(case: Case, *, by_row: bool = False) -> str:
    """The SQL that predicts a row, as the macro of a model's function has it.

    With ``by_row`` every argument is a column, and the texts of all rows are looked up.
    """
    names = case.names
    given = ", ".join(names if by_row else arguments(case.name, case.program, names))
    return f"vesto_predict_{case.program.output.type}('{case.name}', {given})"


def query(case: Case, table: str = TABLE, *, by_row: bool = False) -> str:
    """The whole query: read the table, predict every row, add up."""
    return f"SELECT sum({call(case, by_row=by_row)}) FROM {table}"


def scan(case: Case, table: str = TABLE) -> str:
    """The same rows and columns without a prediction."""
    return f"SELECT sum({' + '.join(case.names)}) FROM {table}"


def kernel(case: Case) -> Callable[[], Any]:
    """What scores the rows as Arrow columns, on one thread."""
    program = _native.Program(case.image)
    return lambda: program.predict(list(case.columns))


# --- One row ------------------------------------------------------------------------------------


def one_row_us(case: Case) -> float:
    """CPU microseconds that the function adds to a prepared statement of a session.

    The statement returns one row's columns, without and with the prediction. A session keeps it as
    text, and DuckDB plans it anew whenever it is executed. What the function adds to one with a
    parameter is printed, and what ``greatest``, a function of DuckDB's own, adds to both.
    """
    names = ", ".join(case.names)
    with _session(case) as session:
        ours = [
            _added_us(session, names, f"predict_a({names})", parameter=parameter)
            for parameter in (False, True)
        ]
        greatest = [
            _added_us(session, names, f"greatest({names})", parameter=parameter)
            for parameter in (False, True)
        ]
    print(f"#   greatest, DuckDB's own function of the same columns: {greatest[0]:.1f} us")
    print(
        f"#   with a parameter: {ours[1]:.1f} us, greatest {greatest[1]:.1f} us",
        flush=True,
    )
    return ours[0]


@contextmanager
def _session(case: Case) -> Iterator[vesto.Session]:
    """A session with the model's function, and a table of some rows."""
    settings = {"threads": 1}
    with (
        tempfile.TemporaryDirectory() as folder,
        vesto.connect(Path(folder) / "w", settings=settings) as session,
    ):
        columns = tuple(Column(item.name, BY_NAME[item.type]) for item in case.program.inputs)
        returns = BY_NAME[case.program.output.type]
        function = Function("public", "predict_a", columns, returns, case.name)
        session.warehouse.engine.install(function, case.program)
        # Fails where the session does not score natively.
        session.execute("SELECT vesto_kernel()").rows()
        session.register("given", case.table.slice(0, ONE_ROW_ROWS))
        session.execute("CREATE TABLE customers AS SELECT row_number() OVER () AS id, * FROM given")
        yield session


def _added_us(session: vesto.Session, names: str, expression: str, *, parameter: bool) -> float:
    """CPU microseconds that an expression adds to a prepared statement."""
    wanted = "$1" if parameter else "1"
    bare = f"PREPARE bare AS SELECT {names} FROM customers WHERE id = {wanted}"
    added = f"PREPARE added AS SELECT {names}, {expression} FROM customers WHERE id = {wanted}"
    session.execute(f"{bare}; {added}")

    def execute(statement: str, row: int) -> None:
        session.execute(f"EXECUTE {statement}{f'({row + 1})' if parameter else ''}").rows()

    cpu_s: dict[str, list[float]] = {"bare": [], "added": []}
    for call_number in range(ONE_ROW_CALLS + WARM_CALLS):
        # Which goes first changes: neither gains from what the other left in the caches.
        for name in sorted(cpu_s, reverse=call_number % 2 == 0):
            cost = timed(partial(execute, name, call_number % ONE_ROW_ROWS))
            if call_number >= WARM_CALLS:
                cpu_s[name].append(cost.cpu_s)
    session.execute("DEALLOCATE bare; DEALLOCATE added")
    return (statistics.median(cpu_s["added"]) - statistics.median(cpu_s["bare"])) * 1e6


# --- Memory -------------------------------------------------------------------------------------


def memory_above_scan_mb(file: Path, case: Case, table: str) -> float:
    """Megabytes that scoring a table takes above reading it, in a process that does nothing else."""
    with tempfile.NamedTemporaryFile() as image:
        Path(image.name).write_bytes(case.image)
        command = [sys.executable, "-m", "benchmarks._scoring_memory", str(file), str(EXTENSION)]
        command += [image.name, scan(case, table), query(case, table)]
        ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return float(ended.stdout)

"""``vesto serve`` against PostgreSQL 15, DuckDB in the same process, and pandas with XGBoost.

Run: ``make bench-server``, or a part of it with ``python -m benchmarks.server --only rows``. It needs
the drivers of ``requirements/clients.txt``, and PostgreSQL 15 with pgbench on the machine.

A ratio is the median over rounds in which the two take turns; seconds are those on the clock, since
client and server work side by side, and the servers' CPU seconds stand in the comments. Rows are
taken in by a client that looks at nothing but the end, from a table of seven columns (int4, int8,
float8, varchar, date, numeric, timestamp). Predictions are of 100 trees of depth 6 on 8 columns; the
peer fetches the columns from PostgreSQL with the same driver, 100,000 rows at a time, and predicts
with XGBoost. ``statements`` are look-ups by number, each with another one; DuckDB's are executed in a
loop in its own process. ``engineless`` are SELECT 1, SHOW, SET, BEGIN, COMMIT and version().
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import pandas as pd
import psycopg
import xgboost

import vesto
from benchmarks._measure import Bound, Report
from benchmarks._server_peers import PASSWORD, Server, postgresql_server, vesto_server
from benchmarks._server_wire import Wire

ROWS: Final = 5_000_000
ROUNDS: Final = 3
AT_ONCE: Final = 100_000
STATEMENTS: Final = 3_000
CONNECTIONS: Final = 500
IDLE_S: Final = 10
BOUNDS: Final = {
    "rows_text_to_postgresql": Bound(1, 2),
    "rows_binary_to_postgresql": Bound(1, 2),
    "predictions_to_pandas": Bound(5, 10),
    "statements_to_duckdb": Bound(0.4, 0.7),
    "engineless_statements_per_s": Bound(5_000, 10_000),
    "memory_of_a_connection_mb": Bound(1, 0.25),
    "cpu_of_500_idle_connections_percent": Bound(0.5, 0.1),
}
COLUMNS: Final = (
    "id INT, code BIGINT, ratio DOUBLE PRECISION, name VARCHAR(20), day DATE, "
    "price NUMERIC(12, 2), at TIMESTAMP"
)
MADE: Final = """
    SELECT i::INT AS id, (i * 7919 % 1000000007)::BIGINT AS code, sin(i) * 1000 AS ratio,
        'name ' || i % 5000 AS name, DATE '2000-01-01' + (i % 9000)::INT AS day,
        ((i * 31 % 10000000) / 100)::DECIMAL(12, 2) AS price,
        TIMESTAMP '2020-01-01' + to_microseconds(i * 1000003) AS at
    FROM range({rows}) t(i)
"""
FEATURES: Final = tuple(f"x{number}" for number in range(8))
MODEL: Final = """
    CREATE MODEL worth FROM (SELECT {columns}, y FROM features LIMIT 50000) TARGET y
    FUNCTION worth AUTO OFF MODEL_TYPE XGBOOST OBJECTIVE 'reg:squarederror' PREPROCESSORS 'none'
    HYPERPARAMETERS DEFAULT EXCEPT (NUM_ROUND '100', MAX_DEPTH '6')
"""
ENGINELESS: Final = (
    "SELECT 1", "SHOW search_path", "SET application_name TO 'bench'", "SELECT version()", "BEGIN",
    "COMMIT",
)  # fmt: skip


@dataclass
class Bench:
    """The servers and their tables, made when they are first asked for."""

    folder: Path
    rows: int
    stack: ExitStack

    @cached_property
    def files(self) -> Path:
        """A folder with both tables as CSV."""
        made = MADE.format(rows=self.rows)
        columns = ", ".join(
            f"(hash(i * 8 + {n}) % 1000000 / 1000.0)::DOUBLE AS x{n}" for n in range(8)
        )
        features = f"SELECT i::INT AS id, {columns} FROM range({self.rows}) t(i)"
        worth = f"SELECT *, x0 * 2 + x1 * x2 / 100 + sqrt(x3) AS y FROM ({features})"
        with duckdb.connect() as line:
            for name, query in (("mixed", made), ("features", worth)):
                line.execute(f"COPY ({query}) TO '{self.folder / name}.csv' (HEADER FALSE)")
        return self.folder

    @property
    def tables(self) -> dict[str, str]:
        """The columns of each table."""
        numbers = ", ".join(f"{name} DOUBLE PRECISION" for name in (*FEATURES, "y"))
        return {"mixed": COLUMNS, "features": f"id INT, {numbers}"}

    @cached_property
    def vesto(self) -> Server:
        """Vesto with both tables and the model."""
        path = self.folder / "shop"
        with vesto.connect(path) as session:
            for name, columns in self.tables.items():
                session.execute(f"CREATE TABLE {name} ({columns})")
                session.execute(f"COPY {name} FROM '{self.files / name}.csv' CSV")
            session.execute(MODEL.format(columns=", ".join(FEATURES)))
        return self.stack.enter_context(vesto_server(path))

    @cached_property
    def postgresql(self) -> Server:
        """PostgreSQL with the same tables."""
        server = self.stack.enter_context(postgresql_server())
        with server.connect() as connection:
            for name, columns in self.tables.items():
                connection.execute(f"CREATE TABLE {name} ({columns})".encode())
                with connection.cursor().copy(f"COPY {name} FROM STDIN CSV".encode()) as copy:
                    for part in _parts(self.files / f"{name}.csv"):
                        copy.write(part)
                connection.execute(f"VACUUM ANALYZE {name}".encode())
        return server


def _parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            yield part


def race(rivals: dict[str, Callable[[], Any]], servers: dict[str, Server]) -> float:
    """Seconds of the second divided by those of the first, the median of the rounds."""
    taken: dict[str, list[float]] = {name: [] for name in rivals}
    for number in range(ROUNDS + 1):
        for name, run in rivals.items():
            cpu = servers[name].cpu_s() if name in servers else time.process_time()
            began = time.perf_counter()
            run()
            wall = time.perf_counter() - began
            cpu = (servers[name].cpu_s() if name in servers else time.process_time()) - cpu
            if number:
                taken[name].append(wall)
                print(f"#   {name}: {wall:.3f} s wall, {cpu:.3f} s CPU of the server", flush=True)
    first, second = taken.values()
    return statistics.median(b / a for a, b in zip(first, second, strict=True))


def rows(bench: Bench, report: Report) -> None:
    """Large results."""
    servers = {"vesto": bench.vesto, "postgresql": bench.postgresql}
    wires = {name: Wire(server.connect()) for name, server in servers.items()}
    sql, wanted = "SELECT * FROM mixed", f"SELECT {bench.rows}"
    for form in ("text", "binary"):

        def run(wire: Wire, form: str = form) -> None:
            tag, size = (wire.simple if form == "text" else wire.binary)(sql)
            assert tag == wanted, (tag, size)

        rivals = {name: lambda wire=wire: run(wire) for name, wire in wires.items()}
        report.add(f"rows_{form}_to_postgresql", race(rivals, servers))
    for wire in wires.values():
        wire.close()


def predictions(bench: Bench, report: Report) -> None:
    """A prediction of every row, here and there."""
    names = ", ".join(FEATURES)
    with bench.vesto.connect() as connection:
        known = connection.execute(f"SELECT {names}, y FROM features LIMIT 50000".encode())
        sample = np.array(known.fetchall())
    booster = xgboost.train(
        {"max_depth": 6, "nthread": 2}, xgboost.DMatrix(sample[:, :-1], sample[:, -1]), 100
    )

    def ours() -> int:
        return sum(
            len(part) for part in _fetched(bench.vesto, f"SELECT worth({names}) FROM features")
        )

    def theirs() -> int:
        count = 0
        for part in _fetched(bench.postgresql, f"SELECT {names} FROM features"):
            frame = pd.DataFrame(part, columns=list(FEATURES))
            count += len(booster.predict(xgboost.DMatrix(frame)))
        return count

    assert ours() == theirs() == bench.rows
    report.add("predictions_to_pandas", race({"vesto": ours, "pandas": theirs}, {}))


def _fetched(server: Server, sql: str) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a query in parts, in binary form, as psycopg makes them."""
    with server.connect() as connection, connection.transaction():
        cursor = psycopg.ServerCursor(connection, "bench")
        cursor.execute(sql.encode(), binary=True)
        while part := cursor.fetchmany(AT_ONCE):
            yield part


def statements(bench: Bench, report: Report) -> None:
    """Small look-ups whose literals differ."""
    wire = Wire(bench.vesto.connect())
    line = duckdb.connect()
    line.execute(f"CREATE TABLE mixed AS {MADE.format(rows=bench.rows)}")
    numbers = iter(range(0, bench.rows, 7))

    def texts() -> list[str]:
        return [
            f"SELECT name, price FROM mixed WHERE id = {next(numbers)}" for _ in range(STATEMENTS)
        ]

    def ours() -> None:
        for sql in texts():
            assert wire.simple(sql)[0] == "SELECT 1"

    def theirs() -> None:
        for sql in texts():
            assert len(line.execute(sql).fetchall()) == 1

    report.add(
        "statements_to_duckdb", race({"vesto": ours, "duckdb": theirs}, {"vesto": bench.vesto})
    )
    wire.close()
    line.close()


def engineless(bench: Bench, report: Report) -> None:
    """What is answered without the engine, by pgbench with 8 connections."""
    script = bench.folder / "engineless.sql"
    script.write_text(";\n".join(ENGINELESS) + ";\n", encoding="ascii")
    server, found = bench.vesto, []
    command = ["pgbench", "-n", "-f", str(script), "-c", "8", "-j", "1", "-T", "5", "-M", "simple",
               "-h", "127.0.0.1", "-p", str(server.port), "-U", server.user, server.database]  # fmt: skip
    for _ in range(ROUNDS):
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, env={"PGPASSWORD": PASSWORD}
        )
        speed = re.search(r"tps = ([\d.]+)", done.stdout)
        assert speed is not None, done.stdout
        found.append(float(speed[1]) * len(ENGINELESS))
    report.add("engineless_statements_per_s", statistics.median(found))


def connections(bench: Bench, report: Report) -> None:
    """What connections cost that do nothing."""
    server = bench.vesto
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(server.connect()).execute(b"SELECT 1")
        before = server.memory_mb()
        for _ in range(CONNECTIONS - 20):
            stack.enter_context(server.connect()).execute(
                b"SELECT count(*) FROM mixed WHERE id = 1"
            )
        grown = (server.memory_mb() - before) / (CONNECTIONS - 20)
        time.sleep(2)
        cpu_s = server.cpu_s()
        time.sleep(IDLE_S)
        spent = (server.cpu_s() - cpu_s) / IDLE_S * 100
    report.add("memory_of_a_connection_mb", grown)
    report.add("cpu_of_500_idle_connections_percent", spent)


PARTS: Final[dict[str, Callable[[Bench, Report], None]]] = {
    "rows": rows, "predictions": predictions, "statements": statements, "engineless": engineless,
    "connections": connections,
}  # fmt: skip


def main() -> int:
    """All figures and a summary; 1 when one is short of its reach."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="*", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--rows", type=int, default=ROWS)
    given = parser.parse_args()
    began, report = time.perf_counter(), Report(BOUNDS)
    with tempfile.TemporaryDirectory(prefix="vesto-bench-") as folder, ExitStack() as stack:
        bench = Bench(Path(folder), given.rows, stack)
        for name in given.only:
            print(f"# {name}", flush=True)
            PARTS[name](bench, report)
    took = time.perf_counter() - began
    short = ", ".join(report.short) or "none"
    print(f"{report.figures} figures in {took:.0f} s; short of their reach: {short}")
    return 1 if report.short else 0


if __name__ == "__main__":
    sys.exit(main())

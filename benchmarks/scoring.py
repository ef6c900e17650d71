"""Native scoring against XGBoost, LightGBM, ONNX Runtime, scikit-learn, pandas, and the scan itself.

Run: ``make bench-scoring``, or a part of it with ``python -m benchmarks.scoring --only A B``; the part
``like`` needs the packages of ``requirements/bench-peers.txt`` on PYTHONPATH.

Models: A has 100 trees of depth 6 on 20 doubles, B 500 trees of depth 8, C is A with six of the
columns texts of 50 to 5,000 words, D has 10 classes and 100 rounds of depth 6, E is a network of 50
doubles with layers of 128 and 64, F finds the nearest of 20 centroids, G is linear in 200 one-hot
numbers of eight texts. A, C, F and G score 4,000,000 rows, B, D and E a quarter of them.

A figure is the median over the rounds of one cost divided by another; all rivals of a part take
turns in every round. Costs are CPU seconds of all threads, or seconds on the clock where the name
says ``wall``, and everything runs on one thread but what is called ``two threads``. "Query" is the
whole SQL statement over a table of a database file, "kernel" the same code over Arrow columns. What
is compared is first found to predict the same.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import scipy.sparse
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPRegressor
from threadpoolctl import threadpool_limits

from benchmarks import _scoring_models as models
from benchmarks import _scoring_peers as peers
from benchmarks._measure import (
    Bound,
    Cost,
    Costs,
    Report,
    Run,
    print_costs,
    race,
    ratio,
    timed,
)
from benchmarks._scoring_engine import (
    TABLE,
    Database,
    call,
    connected,
    database,
    kernel,
    memory_above_scan_mb,
    one_row_us,
    query,
    register,
    scan,
)

ROWS: Final = 4_000_000
ROUNDS_A: Final = 5
# Rows whose one-hot numbers scikit-learn is given at a time: 1.6 GB.
ONE_HOT_ROWS: Final = 1_000_000
# Rows that scikit-learn's network is given at a time: its layers take 5 MB and 2.5 MB.
NETWORK_ROWS: Final = 5_000
EXTENSIONS: Final = ("avx", "fma", "bmi", "asimd", "sve")
BOUNDS: Final = {
    "A_kernel_to_xgboost": Bound(8, 20),
    "A_query_to_xgboost": Bound(6, 12),
    "A_query_to_udf": Bound(9, 25),
    "A_query_to_pandas_wall_two_threads": Bound(14, 30),
    "A_query_above_scan": Bound(4, 2),
    "A_two_threads_to_one_wall": Bound(1.5, 1.9),
    "B_query_to_xgboost": Bound(4, 10),
    "C_query_to_python": Bound(15, 40),
    "D_query_to_xgboost": Bound(4, 10),
    "E_kernel_to_sklearn": Bound(3, 8),
    "F_kernel_to_sklearn": Bound(3, 8),
    "G_kernel_to_sklearn": Bound(3, 8),
    "A_kernel_to_lightgbm": Bound(5, 10),
    "A_kernel_to_onnxruntime": Bound(5, 10),
    "A_memory_above_scan_quarter_mb": Bound(64, 16),
    "A_memory_above_scan_mb": Bound(64, 16),
    "A_one_row_us": Bound(100, 20),
}


def once(work: Callable[[], Any]) -> Run:
    """What times ``work``."""
    return lambda: timed(work)


# --- The trees ----------------------------------------------------------------------------------


def part_a(report: Report, rows: int) -> None:
    """Model A against everything that XGBoost's users do, and against the scan."""
    model = models.regression(rows, rounds=100, depth=6)
    case = model.case
    with database(case) as base:
        same("A", predictions(base, case), model.booster.inplace_predict(model.x))
        same("A kernel", pa.array(kernel(case)()).to_numpy(), predictions(base, case))
        names = ", ".join(case.names)
        peers.make_udf(base.connection, model, "xgboost_udf")
        fetch = peers.by_hand(base.connection, model, TABLE, threads=2)

        def pandas() -> Cost:
            base.connection.execute("SET threads = 2")
            return timed(fetch)

        costs = race({
            "kernel": once(kernel(case)),
            "query": base.run(query(case)),
            "query, two threads": base.run(query(case), threads=2),
            "scan": base.run(scan(case)),
            "xgboost": once(peers.xgboost_on_rows(model)),
            "udf": base.run(f"SELECT sum(xgboost_udf({names})) FROM {TABLE}"),
            "pandas, two threads": pandas,
        }, ROUNDS_A)  # fmt: skip
    print_costs(costs, rows)
    report.add("A_kernel_to_xgboost", ratio(costs, "xgboost", "kernel"))
    report.add("A_query_to_xgboost", ratio(costs, "xgboost", "query"))
    report.add("A_query_to_udf", ratio(costs, "udf", "query"))
    by_hand = ratio(costs, "pandas, two threads", "query, two threads", "wall_s")
    report.add("A_query_to_pandas_wall_two_threads", by_hand)
    report.add("A_query_above_scan", ratio(costs, "query", "scan"))
    report.add("A_two_threads_to_one_wall", ratio(costs, "query", "query, two threads", "wall_s"))


def part_b(report: Report, rows: int) -> None:
    """Model B: many deep trees."""
    costs = against_xgboost("B", models.regression(rows // 4, rounds=500, depth=8))
    report.add("B_query_to_xgboost", ratio(costs, "xgboost", "query"))


def part_d(report: Report, rows: int) -> None:
    """Model D: ten classes; XGBoost returns the class, as the query does."""
    costs = against_xgboost("D", models.ten_classes(rows // 4))
    report.add("D_query_to_xgboost", ratio(costs, "xgboost", "query"))


def against_xgboost(name: str, model: models.Boosted) -> Costs:
    """The costs of the whole query, the kernel and XGBoost on an array."""
    case = model.case
    with database(case) as base:
        same(name, predictions(base, case), model.booster.inplace_predict(model.x))
        costs = race({
            "query": base.run(query(case)),
            "kernel": once(kernel(case)),
            "xgboost": once(peers.xgboost_on_rows(model)),
        })  # fmt: skip
    print_costs(costs, case.rows)
    return costs


def part_c(report: Report, rows: int) -> None:
    """Model C: the query against a data frame's texts coded in Python, then XGBoost.

    The frame is in memory before the clock starts, and the quicker of the two ways counts. Models that
    read no argument tell what DuckDB takes to read the columns and hand them over, and so how far a
    kernel without any cost could come.
    """
    model = models.with_texts(rows)
    case, frame = model.case, model.case.table.to_pandas()
    by_pandas = peers.coded_by_pandas(model, frame)
    by_encoder = peers.coded_by_encoder(model, frame)
    with database(case) as base:
        same("C", predictions(base, case), by_pandas())
        same("C encoder", by_encoder(), model.booster.inplace_predict(model.x))
        idle = models.idle(case)
        register(base.connection, idle)
        costs = race({
            "query": base.run(query(case)),
            "kernel": once(kernel(case)),
            "categories of pandas, xgboost": once(by_pandas),
            "encoder of scikit-learn, xgboost": once(by_encoder),
            "xgboost alone": once(peers.xgboost_on_rows(model)),
            "query, texts for each row": base.run(query(case, by_row=True)),
            "model that reads nothing": base.run(query(idle)),
            "model that reads nothing, texts for each row": base.run(query(idle, by_row=True)),
        })  # fmt: skip
    print_costs(costs, rows)
    ways = ("categories of pandas, xgboost", "encoder of scikit-learn, xgboost")
    for bound in ("model that reads nothing", "model that reads nothing, texts for each row"):
        most = min(ratio(costs, way, bound) for way in ways)
        print(f"#   {bound}: {most:.1f} times as fast as Python, the bound", flush=True)
    report.add("C_query_to_python", min(ratio(costs, way, "query") for way in ways))


def part_like(report: Report, rows: int) -> None:
    """Model A's kernel against LightGBM's like model and the same trees in ONNX Runtime."""
    model = models.regression(rows, rounds=100, depth=6)
    target = models.formula(models.normal_columns(rows))
    onnx = peers.onnxruntime_on_rows(model)
    # ONNX Runtime adds in another order.
    same("onnxruntime", onnx()[:, 0], model.booster.inplace_predict(model.x), apart=1e-4)
    costs = race({
        "kernel": once(kernel(model.case)),
        "lightgbm": once(peers.lightgbm_on_rows(model.x, target)),
        "onnxruntime": once(onnx),
    })  # fmt: skip
    print_costs(costs, rows)
    report.add("A_kernel_to_lightgbm", ratio(costs, "lightgbm", "kernel"))
    report.add("A_kernel_to_onnxruntime", ratio(costs, "onnxruntime", "kernel"))


# --- scikit-learn -------------------------------------------------------------------------------


def part_e(report: Report, rows: int) -> None:
    """Model E: a network, against MLPRegressor of scikit-learn on rows of an array.

    The rows are float64 for both, as NumPy and pandas give them, and the quicker of scikit-learn's two ways
    counts: all rows at once, or in pieces whose layers fit into the cache. Beside it, and no figure is made of
    it, stands a network fitted on and scoring float32 rows; the kernel computes in float32 too.
    """
    columns = models.normal_columns(rows // 4, models.COLUMNS_E)
    x = np.ascontiguousarray(columns.T)
    train = x[: models.TRAINING_ROWS // 4]
    narrow, target = x.astype(np.float32), models.network_target(columns[:, : len(train)])
    # A few rounds: how good it is does not matter, only how large.
    settings = {"hidden_layer_sizes": models.HIDDEN, "max_iter": 4, "random_state": 0}
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        wide_model = MLPRegressor(**settings).fit(train, target.astype(np.float64))
        narrow_model = MLPRegressor(**settings).fit(narrow[: len(train)], target)
    case = models.network(columns, wide_model)
    with database(case) as base, threadpool_limits(1):
        # The sums are of float32, and of numbers up to some hundreds.
        same("E", predictions(base, case), wide_model.predict(x), apart=1e-3)
        costs = race({
            "kernel": once(kernel(case)),
            "query": base.run(query(case)),
            "scan": base.run(scan(case)),
            "scikit-learn": once(lambda: wide_model.predict(x)),
            "scikit-learn, in pieces": once(in_pieces(wide_model, x)),
            "scikit-learn, float32, in pieces": once(in_pieces(narrow_model, narrow)),
        })  # fmt: skip
    print_costs(costs, case.rows)
    ways = ("scikit-learn", "scikit-learn, in pieces")
    report.add("E_kernel_to_sklearn", min(ratio(costs, way, "kernel") for way in ways))


def in_pieces(model: Any, x: NDArray[Any]) -> Callable[[], Any]:
    """What predicts the rows a piece after the other."""
    return lambda: [
        model.predict(x[at : at + NETWORK_ROWS]) for at in range(0, len(x), NETWORK_ROWS)
    ]


def part_f(report: Report, rows: int) -> None:
    """Model F: the nearest centroid, against KMeans of scikit-learn on float64 rows.

    Its rows are in memory, and so are the kernel's; the query, which reads a table, stands beside.
    """
    x = np.ascontiguousarray(models.normal_columns(rows).T)
    means = KMeans(models.CENTROIDS, n_init=1, random_state=0).fit(x[: models.TRAINING_ROWS])
    case = models.centroids(rows, means.cluster_centers_)
    # Centroids equally far within rounding may change places.
    with database(case) as base, threadpool_limits(1):
        same("F", predictions(base, case), means.predict(x), but_for=1e-6)
        costs = race({
            "kernel": once(kernel(case)),
            "query": base.run(query(case)),
            "scan": base.run(scan(case)),
            "scikit-learn": once(lambda: means.predict(x)),
        })  # fmt: skip
    print_costs(costs, rows)
    report.add("F_kernel_to_sklearn", ratio(costs, "scikit-learn", "kernel"))


def part_g(report: Report, rows: int) -> None:
    """Model G: a linear form of one-hot numbers, against LinearRegression of scikit-learn.

    Ours starts from the texts. scikit-learn gets them already one-hot, as the array it names first,
    and beside it as a sparse matrix, which no figure is made of.
    """
    places = models.one_hot_codes(rows)
    train = places[:, : models.TRAINING_ROWS // 4]
    form = LinearRegression().fit(models.one_hot(train), models.one_hot_target(train))
    case = models.linear(places, form.coef_, float(form.intercept_))

    def in_parts(of: Callable[[NDArray[np.float64]], Any]) -> Run:
        def run() -> Cost:
            cost = Cost(0, 0)
            for at in range(0, rows, ONE_HOT_ROWS):
                x = of(models.one_hot(places[:, at : at + ONE_HOT_ROWS]))
                cost += timed(partial(form.predict, x))
            return cost

        return run

    with database(case) as base, threadpool_limits(1):
        first = models.one_hot(places[:, :ONE_HOT_ROWS])
        same("G", predictions(base, case)[:ONE_HOT_ROWS], form.predict(first), apart=1e-9)
        del first
        costs = race({
            "kernel": once(kernel(case)),
            "query": base.run(query(case)),
            "scikit-learn": in_parts(lambda x: x),
            "scikit-learn, sparse": in_parts(scipy.sparse.csr_matrix),
        })  # fmt: skip
    print_costs(costs, rows)
    report.add("G_kernel_to_sklearn", ratio(costs, "scikit-learn", "kernel"))


# --- Memory, one row ----------------------------------------------------------------------------


def part_memory(report: Report, rows: int) -> None:
    """What the query with model A takes above the scan, at a quarter of the rows and at all."""
    case = models.regression(rows, rounds=100, depth=6).case
    with database(case) as base:
        file = Path(base.asked("SELECT path FROM duckdb_databases() WHERE database_name = 'rows'"))
        base.connection.execute(f"CREATE TABLE quarter AS FROM {TABLE} LIMIT {rows // 4}")
        base.connection.execute("CHECKPOINT")
        base.connection.close()
        few = memory_above_scan_mb(file, case, "quarter")
        report.add("A_memory_above_scan_quarter_mb", few)
        report.add("A_memory_above_scan_mb", memory_above_scan_mb(file, case, TABLE))


def part_row(report: Report, rows: int) -> None:
    """What model A adds to a prepared statement of one row in a session."""
    case = models.regression(models.TRAINING_ROWS, rounds=100, depth=6).case
    report.add("A_one_row_us", one_row_us(case))


# --- Are they the same? -------------------------------------------------------------------------


def predictions(base: Database, case: models.Case) -> NDArray[Any]:
    """The predictions that SQL returns, in the order of the rows."""
    found = base.connection.execute(f"SELECT {call(case)} AS y FROM {TABLE}").fetchnumpy()
    return np.asarray(found["y"])


def same(
    what: str, ours: NDArray[Any], theirs: Any, *, apart: float = 0.0, but_for: float = 0.0
) -> None:
    """Nothing, if both predict the same.

    Args:
        what: Which models these are.
        ours: Predictions of this project.
        theirs: Those of the rival.
        apart: How far from each other two may be.
        but_for: The share of rows that may be further.
    """
    far = np.abs(ours.astype(np.float64) - np.asarray(theirs, np.float64)) > apart
    print(f"# {what}: {int(far.sum())} of {len(far)} predictions differ", flush=True)
    if far.mean() > but_for:
        sys.exit(f"{what}: the two do not predict the same, so no figure would mean anything")


# --- The whole ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Processor:
    """The machine's processor, as Linux tells it."""

    name: str
    instructions: str

    @classmethod
    def here(cls) -> Processor:
        """This machine's."""
        told: dict[str, str] = {}
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            key, _, value = line.partition(":")
            told.setdefault(key.strip(), value.strip())
        flags = told.get("flags", told.get("Features", "")).split()
        known = sorted(flag for flag in flags if flag.startswith(EXTENSIONS))
        return cls(told.get("model name", platform.machine()), " ".join(known))


def print_machine() -> None:
    """What the figures were measured on, and with."""
    processor = Processor.here()
    path = connected(Path(":memory:")).execute("SELECT vesto_kernel()").fetchall()[0][0]
    libraries = ("duckdb", "xgboost-cpu", "scikit-learn", "pandas", "lightgbm", "onnxruntime")
    print(f"# processor: {processor.name}, {os.cpu_count()} cores")
    print(f"# instructions: {processor.instructions}")
    print(f"# kernel: {path}; load {os.getloadavg()[0]:.2f}")
    print("# " + ", ".join(f"{name} {_version(name)}" for name in libraries), flush=True)


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "missing"


PARTS: Final[dict[str, Callable[[Report, int], None]]] = {
    "A": part_a, "B": part_b, "C": part_c, "D": part_d, "E": part_e, "F": part_f, "G": part_g,
    "like": part_like, "memory": part_memory, "row": part_row,
}  # fmt: skip


def main() -> int:
    """All figures and a summary; 1 when one is short of its reach."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="*", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--rows", type=int, default=ROWS)
    given = parser.parse_args()
    began = time.perf_counter()
    report = Report(BOUNDS)
    print_machine()
    for name in given.only:
        print(f"# {name}", flush=True)
        PARTS[name](report, given.rows)
    took = time.perf_counter() - began
    short = ", ".join(report.short) or "none"
    print(f"{report.figures} figures in {took:.0f} s; short of their reach: {short}")
    return 1 if report.short else 0


if __name__ == "__main__":
    sys.exit(main())

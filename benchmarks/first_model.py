"""CREATE MODEL against XGBoost with its defaults, on every example set.

Run: ``make bench`` or ``python -m benchmarks.first_model [--only NAME ...] [--seeds N]``.

For each set and seed a quarter of the rows is held out (of every class alike). Vesto trains on the
rest through SQL with MAX_RUNTIME 45; XGBoost fits the same rows with its defaults (100 rounds, depth
6, eta 0.3; text as ordinal codes, dates as seconds). The figure is the log loss or RMSE on the rows
held out, ours divided by theirs: at most 1.005 is a win, and 90 % of the runs must be wins.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xgboost
from numpy.typing import NDArray

import vesto
from benchmarks._example_sets import CASES, Case, loss, read, split
from vesto.programs.reference import probabilities
from vesto.programs.storage import load

WIN: Final = 1.005
REACH: Final = 0.9
AIM: Final = 1.0


def ours(train: pa.Table, test: pa.Table, case: Case, seed: int, runtime: int) -> float:
    """The held-out loss of a model that CREATE MODEL trained."""
    kind = {"binary": "", "regression": "PROBLEM_TYPE REGRESSION",
            "multiclass": "PROBLEM_TYPE MULTICLASS_CLASSIFICATION"}[case.problem]  # fmt: skip
    with (
        tempfile.TemporaryDirectory() as folder,
        vesto.connect(Path(folder) / "w", settings={"seed": seed}) as session,
    ):
        session.register("training_rows", train)
        session.execute(
            f"CREATE MODEL m FROM (SELECT * FROM training_rows) TARGET {case.target} "
            f"FUNCTION predict_m {kind} SETTINGS (MAX_RUNTIME {runtime})"
        )
        model = session.model("m")
        program = load(session.warehouse.files.program_file(model).read_bytes())
    columns = [test[item.name].combine_chunks() for item in program.inputs]
    after = probabilities(program, columns)
    return loss(test, case, after, list(program.output.labels))


def theirs(train: pa.Table, test: pa.Table, case: Case) -> float:
    """The held-out loss of XGBoost with its defaults."""
    both = pa.concat_tables([train, test])
    x = np.stack(
        [_plain(both[n].combine_chunks()) for n in both.schema.names if n != case.target], 1
    )
    cut = len(train)
    target = both[case.target].combine_chunks()
    labels = pc.unique(target).sort()
    parameters: dict[str, Any] = {"objective": "reg:squarederror", "nthread": 1}
    y = target.cast(pa.float64()).to_numpy(zero_copy_only=False) if case.regression else None
    if y is None:
        y = pc.index_in(target, labels).to_numpy(zero_copy_only=False)
        many = {"objective": "multi:softprob", "num_class": len(labels)}
        parameters |= many if len(labels) > 2 else {"objective": "binary:logistic"}
    booster = xgboost.train(parameters, xgboost.DMatrix(x[:cut], y[:cut]), 100)
    found = booster.predict(xgboost.DMatrix(x[cut:])).reshape(len(test), -1)
    if not case.regression and len(labels) == 2:
        found = np.hstack([1 - found, found])
    return loss(test, case, found.astype(np.float64), [str(label) for label in labels.to_pylist()])


def _plain(column: pa.Array) -> NDArray[np.float64]:
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        words = pc.unique(column.drop_null()).sort()
        column = pc.index_in(column, words)
    elif pa.types.is_temporal(kind):
        column = column.cast(pa.timestamp("us")).cast(pa.int64())
    elif pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    return pc.fill_null(column.cast(pa.float64()), np.nan).to_numpy(zero_copy_only=False)


def run(case: Case, seed: int, runtime: int) -> float:
    """One run's ratio, printed."""
    train, test = split(read(case), case, seed)
    began, cpu = time.perf_counter(), _cpu()
    peer = theirs(train, test, case)
    middle, cpu_middle = time.perf_counter(), _cpu()
    mine = ours(train, test, case, seed, runtime)
    ratio = mine / peer
    sys.stdout.write(
        f"{case.name}.{seed} {ratio:.4f} {WIN} {AIM} {'ok' if ratio <= WIN else 'short'}"
        f"   loss {mine:.5g} against {peer:.5g}, wall {time.perf_counter() - middle:.1f} s against "
        f"{middle - began:.1f} s, CPU {_cpu() - cpu_middle:.1f} s against {cpu_middle - cpu:.1f} s\n"
    )
    sys.stdout.flush()
    return ratio


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> int:
    """All runs; 1 when fewer than 90 % are wins."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="*", default=[case.name for case in CASES])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--max-runtime", type=int, default=45)
    given = parser.parse_args()
    began = time.perf_counter()
    ratios = [
        run(case, seed, given.max_runtime)
        for case in CASES
        if case.name in given.only
        for seed in range(given.seeds)
    ]
    wins = sum(ratio <= WIN for ratio in ratios) / len(ratios)
    mean = float(np.exp(np.mean(np.log(ratios))))
    sys.stdout.write(
        f"wins {wins:.3f} {REACH} {AIM} {'ok' if wins >= REACH else 'short'}   "
        f"{len(ratios)} runs, mean ratio {mean:.4f}, {time.perf_counter() - began:.0f} s\n"
    )
    return int(wins < REACH)


if __name__ == "__main__":
    sys.exit(main())

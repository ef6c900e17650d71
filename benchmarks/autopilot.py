"""Autopilot against other engines at equal processor seconds.

Run: ``make bench-autopilot``, or ``python -m benchmarks.autopilot [--peers PYTHON] [--only NAME ...]``.

For each example set and seed a quarter of the rows is held out. Every engine trains on the rest in
a process of its own, one thread, with clocks that count its processor seconds: 30 on every set,
120 on four. XGBoost and CatBoost take their defaults and the time those need. The loss (log loss,
RMSE) on the rows held out is divided by the best engine's on that split; a figure is the geometric
mean, and passes when the paired bootstrap interval over splits does not exclude its bound.

Runs of the peers are kept in ``benchmarks/results/autopilot.json`` with their version, seed and
processor seconds; ``--peers`` names the Python of an environment made from
``requirements/bench-autopilot-peers.txt`` and runs those that are missing. Our own runs are kept in
``build/`` until ``--fresh``, so that a run can be taken up again. Explanations are compared with the
``shap`` package, forecasts with statsforecast, clusters with scikit-learn.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow.parquet as pq

from benchmarks import _autopilot_explain as explain
from benchmarks import _autopilot_forecast as forecast
from benchmarks import _autopilot_kmeans as kmeans
from benchmarks._example_sets import CASES, loss, read, split
from benchmarks._measure import Bound, Report
from vesto.training.supervisor import ENVIRONMENT

STORED: Final = Path("benchmarks/results/autopilot.json")
OWN: Final = Path("build/bench-autopilot.json")
PEERS: Final = ("xgboost", "catboost", "flaml", "autogluon")
BUDGETED: Final = frozenset({"vesto", "flaml", "autogluon"})
LONG: Final = ("telecom_churn", "bank_marketing", "california_housing", "steel_plates_faults")
SEEDS: Final = 3
BOUNDS: Final = {
    "30 s: loss / best": Bound(1.020, 1.010), "120 s: loss / best": Bound(1.015, 1.0),
    "30 s: engines ahead, AutoGluon apart": Bound(0, 0), "120 s: engines ahead": Bound(0, 0),
    "rows a CPU second / AutoGluon": Bound(50, 200), "size / AutoGluon": Bound(1 / 20, 1 / 100),
} | explain.BOUNDS | forecast.BOUNDS | kmeans.BOUNDS  # fmt: skip


@dataclass(frozen=True, order=True)
class Key:
    """One run. The budget is 0 for engines that take their own time."""

    case: str
    seed: int
    budget_s: int
    engine: str

    def __str__(self) -> str:
        return f"{self.engine} {self.case} {self.seed} {self.budget_s}"


@dataclass(frozen=True)
class Run:
    """What came of it."""

    version: str
    loss: float
    cpu_s: float
    rows_per_cpu_s: float
    bytes: int


Runs = dict[Key, Run]


def keys(engine: str, names: list[str]) -> list[Key]:
    """The runs of an engine, the short ones first."""
    budgets = (30, 120) if engine in BUDGETED else (0,)
    return [
        Key(case.name, seed, budget, engine)
        for budget in budgets
        for seed in range(SEEDS)
        for case in CASES
        if case.name in names and (budget != 120 or case.name in LONG)
    ]


def run(key: Key, command: list[str]) -> Run:
    """Train and predict in a process of its own."""
    case = next(case for case in CASES if case.name == key.case)
    train, test = split(read(case), case, key.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pq.write_table(train, folder / "train.parquet")
        pq.write_table(test, folder / "test.parquet")
        spec = {"target": case.target, "problem": case.problem, **asdict(key)}
        (folder / "spec.json").write_text(json.dumps(spec))
        quiet = subprocess.DEVNULL
        subprocess.run([*command, name], check=True, stdout=quiet, stderr=quiet, env=_environment())
        found = json.loads((folder / "result.json").read_text())
        after = np.load(folder / "predictions.npz")["after"]
    held = loss(test, case, after, found.pop("labels"))
    return Run(**found, loss=held)


def _environment() -> dict[str, str]:
    """What Vesto's own jobs are started with, and none of the extras that other figures need."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | ENVIRONMENT


def _turn(key: Key) -> tuple[bool, int, str]:
    """Splits one after the other, so that a part of the runs compares already."""
    return key.budget_s > 30, key.seed, key.case


def run_missing(wanted: list[Key], known: Runs, path: Path, command: list[str]) -> None:
    """Run what is not known yet; each result is kept at once."""
    for key in wanted:
        if key in known:
            continue
        try:
            known[key] = run(key, command)
        except subprocess.CalledProcessError as error:
            print(f"# {key}: failed with {error.returncode}", flush=True)
            continue
        write(path, known)
        print(f"# {key}: loss {known[key].loss:.5g}, {known[key].cpu_s:.1f} s CPU", flush=True)


def read_runs(path: Path) -> Runs:
    """The runs kept in a file."""
    rows = json.loads(path.read_text()) if path.exists() else []
    return {Key(**row["key"]): Run(**row["run"]) for row in rows}


def write(path: Path, runs: Runs) -> None:
    """Keep runs, one a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"key": asdict(key), "run": asdict(runs[key])}) for key in sorted(runs)]
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n")


def losses(runs: Runs, budget: int) -> dict[str, np.ndarray]:
    """For each engine its loss divided by the best one's, a number for each split all have run."""
    engines = ("vesto", *PEERS)
    wanted = {
        engine: [
            key for key in keys(engine, [c.name for c in CASES]) if key.budget_s in (0, budget)
        ]
        for engine in engines
    }
    splits = {
        engine: {(key.case, key.seed): runs[key].loss for key in wanted[engine] if key in runs}
        for engine in engines
    }
    present = {engine: found for engine, found in splits.items() if found}
    shared = sorted(set.intersection(*(set(found) for found in present.values())))
    best = {at: min(found[at] for found in present.values()) for at in shared}
    return {
        engine: np.array([found[at] / best[at] for at in shared])
        for engine, found in present.items()
    }


def interval(ratios: np.ndarray, draws: int = 2000) -> tuple[float, float]:
    """The 95 % bootstrap interval over splits of the geometric mean."""
    random = np.random.default_rng(0)
    logs = np.log(ratios)[random.integers(0, len(ratios), (draws, len(ratios)))].mean(axis=1)
    low, high = np.exp(np.quantile(logs, (0.025, 0.975)))
    return float(low), float(high)


def report_losses(report: Report, runs: Runs, budget: int) -> None:
    """The figures of one budget, a comment line for every engine."""
    ratios = losses(runs, budget)
    if "vesto" not in ratios or len(ratios) == 1:
        return
    ahead = 0
    for engine, found in ratios.items():
        low, high = interval(found)
        beside = interval(found / ratios["vesto"])
        print(
            f"#   {budget} s: {engine} {_mean(found):.4f} ({low:.4f} to {high:.4f}), worst "
            f"{found.max():.3f}, against vesto {_mean(found / ratios['vesto']):.4f} "
            f"({beside[0]:.4f} to {beside[1]:.4f}), {len(found)} splits"
        )
        counts = engine != "vesto" and not (budget == 30 and engine == "autogluon")
        ahead += counts and beside[1] < 1
    ours = ratios["vesto"]
    report.add(f"{budget} s: loss / best", _mean(ours), judged=interval(ours)[0])
    report.add(
        "30 s: engines ahead, AutoGluon apart" if budget == 30 else "120 s: engines ahead",
        float(ahead),
    )


def _mean(ratios: np.ndarray) -> float:
    return float(np.exp(np.log(ratios).mean()))


def report_models(report: Report, runs: Runs) -> None:
    """Speed and size of the chosen models against AutoGluon's, geometric means."""
    ours = {(k.case, k.seed, k.budget_s): r for k, r in runs.items() if k.engine == "vesto"}
    pairs = [
        (ours[at], r)
        for k, r in runs.items()
        if k.engine == "autogluon" and (at := (k.case, k.seed, k.budget_s)) in ours
    ]
    if pairs:
        speed = np.array([a.rows_per_cpu_s / b.rows_per_cpu_s for a, b in pairs])
        size = np.array([a.bytes / b.bytes for a, b in pairs])
        report.add("rows a CPU second / AutoGluon", _mean(speed))
        report.add("size / AutoGluon", _mean(size))


def report_others(report: Report) -> None:
    """Explanations, forecasts and clusters, each against a peer of its own."""
    for name, value in explain.explain_figures():
        report.add(name, value)
    for name, value in forecast.figures():
        report.add(name, value)
    for name, value, _ in kmeans.figures():
        report.add(name, value)


def main() -> int:
    """Run what is missing, print the figures; 1 when a reach is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--peers", help="the Python of the peers' environment")
    parser.add_argument("--engines", nargs="*", default=list(PEERS))
    parser.add_argument("--only", nargs="*", default=[case.name for case in CASES])
    parser.add_argument("--fresh", action="store_true", help="run our own anew")
    parser.add_argument("--no-own", action="store_true", help="only the peers")
    given = parser.parse_args()
    stored = read_runs(STORED)
    if given.peers:
        child = [given.peers, str(Path(__file__).parent / "_autopilot_peer.py")]
        wanted = [key for engine in given.engines for key in keys(engine, given.only)]
        run_missing(sorted(wanted, key=_turn), stored, STORED, child)
    own = {} if given.fresh else read_runs(OWN)
    if not given.no_own:
        child = [sys.executable, "-m", "benchmarks._autopilot_vesto"]
        run_missing(keys("vesto", given.only), own, OWN, child)
    report = Report(BOUNDS)
    for budget in (30, 120):
        report_losses(report, stored | own, budget)
    report_models(report, stored | own)
    if not given.no_own:
        report_others(report)
    print(f"{report.figures} figures, {len(report.short)} short: {', '.join(report.short) or '-'}")
    return int(bool(report.short))


if __name__ == "__main__":
    sys.exit(main())

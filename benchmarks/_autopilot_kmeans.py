"""K-means against scikit-learn's: sum of squared distances and CPU time at the same K.

Run: ``python -m benchmarks._autopilot_kmeans``.

1,000,000 rows of 10 numbers in three shapes: ``heaps`` are 20 normal clouds that overlap, ``normal``
one cloud without any clusters, ``skewed`` correlated log-normal numbers; K is 20. ``many`` is 100,000
rows of the one cloud in 500 clusters. The rival is
``KMeans(K)`` of scikit-learn with its defaults on float64 rows, on one thread; ours is what the
training process runs, from the same rows. They take turns in every round, each with the round's
seed. The time's figure is the median over the rounds of ours divided by theirs, that of the
distances the mean of ours divided by the mean of theirs, for both start at random.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from benchmarks._measure import Bound, Cost, Report, print_costs, ratio, timed
from vesto.algorithms.kmeans import ALGORITHM

F64 = NDArray[np.float64]
ROWS: Final = 1_000_000
COLUMNS: Final = 10
ROUNDS: Final = 3


@dataclass(frozen=True, slots=True)
class Case:
    """So many rows of a shape, and K."""

    shape: str
    rows: int = ROWS
    clusters: int = 20


CASES: Final = {
    "heaps": Case("heaps"), "normal": Case("normal"), "skewed": Case("skewed"),
    "many": Case("normal", 100_000, 500),
}  # fmt: skip
BOUNDS: Final = {f"KMEANS_{shape}_time": Bound(1, 0.5) for shape in CASES} | {
    f"KMEANS_{shape}_distances": Bound(1.01, 1.0) for shape in CASES
}


@dataclass(slots=True)
class Runs:
    """What the runs of one rival took, and the sums of squared distances they came to."""

    costs: list[Cost] = field(default_factory=list)
    distances: list[float] = field(default_factory=list)


def rows_of(shape: str, rows: int) -> F64:
    """Rows of a shape, always the same ones."""
    random = np.random.default_rng(5)
    if shape == "heaps":
        places = random.normal(size=(20, COLUMNS)) * 2
        return places[random.integers(0, 20, rows)] + random.normal(size=(rows, COLUMNS))
    x = random.normal(size=(rows, COLUMNS))
    if shape == "normal":
        return x
    return np.exp(x @ random.normal(size=(COLUMNS, COLUMNS)) * 0.3)


def raced(case: Case, rounds: int = ROUNDS) -> tuple[Runs, Runs]:
    """Ours and theirs on the same rows; a first round on few rows warms up."""
    x, ours, theirs = rows_of(case.shape, case.rows), Runs(), Runs()
    _ours(x[:2000], 20, 0), _theirs(x[:2000], 20, 0)
    for seed in range(rounds):
        for runs, find in ((ours, _ours), (theirs, _theirs)):
            runs.costs.append(timed(partial(_kept, runs, find, x, case.clusters, seed)))
    return ours, theirs


def _kept(
    runs: Runs, find: Callable[[F64, int, int], float], x: F64, clusters: int, seed: int
) -> None:
    runs.distances.append(find(x, clusters, seed))


def _ours(x: F64, clusters: int, seed: int) -> float:
    around = np.stack([column - column.mean() for column in x.T]).T
    deadline = time.monotonic() + 3600
    return ALGORITHM.cluster(around, {"k": str(clusters)}, seed=seed, deadline=deadline).ssd


def _theirs(x: F64, clusters: int, seed: int) -> float:
    return float(KMeans(clusters, random_state=seed).fit(x).inertia_)


def figures() -> Iterator[tuple[str, float, Bound]]:
    """The name, the value and the bound of each figure."""
    for title, case in CASES.items():
        with threadpool_limits(1):
            ours, theirs = raced(case)
        costs = {"vesto": ours.costs, "scikit-learn": theirs.costs}
        print(f"# {title}", flush=True)
        print_costs(costs, case.rows)
        name = f"KMEANS_{title}"
        time_ratio = ratio(costs, "vesto", "scikit-learn")
        yield f"{name}_time", time_ratio, BOUNDS[f"{name}_time"]
        apart = float(np.mean(ours.distances) / np.mean(theirs.distances))
        yield f"{name}_distances", apart, BOUNDS[f"{name}_distances"]


def main() -> int:
    """All figures; 1 when one is short of its reach."""
    report = Report(BOUNDS)
    for name, value, _ in figures():
        report.add(name, value)
    return 1 if report.short else 0


if __name__ == "__main__":
    sys.exit(main())

"""MODEL_TYPE KMEANS: columns to clusters, and these to a program.

A row's features are its columns, as PREPROCESSORS make them, each less its mean over the training rows. The linear form that
finds the nearest centroid counts a missing feature as 0: so a NULL counts as its column's mean. Around
the mean nothing of a number is lost in squares, however far from 0 it stands.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vesto.algorithms._kmeans_parameters import DEFAULTS, WITHOUT_EFFECT, metrics
from vesto.algorithms.kmeans import ALGORITHM, Clusters
from vesto.catalog.records import Definition, Outcome
from vesto.errors import InvalidTrainingData
from vesto.features import Tape
from vesto.features.transformers import Raw, as_number, mean_of
from vesto.programs.bodies import nearest_centroid
from vesto.programs.program import Program, label_output
from vesto.programs.reference import run_step
from vesto.programs.steps import Number, Scale
from vesto.training.encoding import Columns, prepare

F64 = NDArray[np.float64]
RUNTIME_REACHED: Final = "MaxRuntimeExceeded"
FEW_ROWS: Final = 5000
REPORTED_MEANS: Final = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A program, what SHOW MODEL tells of it, and its report; of how many rows it was made."""

    program: Program
    outcome: Outcome
    report: dict[str, Any]
    rows: int


@dataclass(frozen=True, slots=True, eq=False)
class _Features:
    """The tape, its registers that are features, their columns and values (rows, features), no NaN."""

    tape: Tape
    registers: tuple[int, ...]
    names: tuple[str, ...]
    x: F64


def check_rows(columns: Columns, definition: Definition) -> None:
    """Nothing, if the rows can make as many clusters as are wanted.

    Raises:
        InvalidTrainingData: There are fewer different rows than K, or numbers too great to square.
    """
    clusters, x = _clusters(definition), _features(columns).x
    size = max(1000, 2 * clusters)
    while True:
        different = len(np.unique(x[:size], axis=0))
        if different >= clusters:
            return
        if size >= len(x):
            break
        size *= 4
    hint = f"Use a K of {different} or less."
    message = f"K is {clusters}, but FROM has only {different} different rows"
    raise InvalidTrainingData(message, hint=hint)


def train(
    columns: Columns, definition: Definition, deadline: float, *, at_once: bool = False
) -> Trained:
    """Find the clusters until ``time.monotonic()`` passes ``deadline``, or guess them from a few rows.

    Where the time does not allow all rows, as many as it does are drawn.

    Raises:
        InvalidTrainingData: A column holds numbers too great to square.
    """
    if at_once:
        columns, deadline = _drawn(columns, _few(definition), definition), time.monotonic()
    features, rows = _features(columns), len(columns.arrays[0])
    if not at_once:
        in_time = ALGORITHM.rows_in_time(features.x, _clusters(definition), deadline)
        if in_time < rows:
            columns = _drawn(columns, max(in_time, _few(definition)), definition)
            features = _features(columns)

    began = time.monotonic()
    found = ALGORITHM.cluster(
        features.x, dict(definition.hyperparameters), seed=definition.seed, deadline=deadline,
    )  # fmt: skip
    seconds = max(time.monotonic() - began, 1e-9)
    labels = tuple(str(place) for place in range(len(found.centroids)))
    program = Program(
        features.tape.inputs, tuple(features.tape.steps), features.registers,
        nearest_centroid(found.centroids), label_output("int4", labels, link="argmax"),
    )  # fmt: skip
    outcome = _outcome(definition, features, found, seconds)
    if len(features.x) < rows:
        outcome = replace(outcome, job_status=RUNTIME_REACHED)
    return Trained(program, outcome, _report(columns, features, found), len(features.x))


def notices(definition: Definition) -> tuple[str, ...]:
    """What the user should know of hyperparameters that change nothing."""
    given = [key for key, _ in definition.hyperparameters if key in WITHOUT_EFFECT]
    return tuple(
        f"hyperparameter {key} has no effect: rows are not read as a stream" for key in given
    )


def _few(definition: Definition) -> int:
    return max(FEW_ROWS, 2 * _clusters(definition))


def _drawn(columns: Columns, count: int, definition: Definition) -> Columns:
    """So many of the rows, or all where there are no more."""
    rows = len(columns.arrays[0])
    if count >= rows:
        return columns
    return columns.take(np.random.default_rng(definition.seed).choice(rows, count, replace=False))


def _clusters(definition: Definition) -> int:
    return int(dict(definition.hyperparameters)["k"])


def _features(columns: Columns) -> _Features:
    tape = Tape(columns.inputs)
    made = [
        as_number(tape, Raw(f.name, f.place, f.family, columns.arrays[f.place]))
        for f in columns.features
        if f.use != "prepared"
    ]
    made += prepare(tape, columns)
    registers: list[int] = []
    parts: list[F64] = []
    for one in made:
        mean = mean_of(one)
        registers += tape.append(Scale(one.register, mean, 1.0))
        parts.append(np.where(np.isfinite(one.values), one.values - mean, 0.0))
    names = tuple(one.name for one in made)
    return _Features(tape, tuple(registers), names, np.stack(parts).T)


def _values(columns: Columns, place: int) -> F64:
    (values,) = run_step(Number(place), columns.arrays[place])
    return values


def _outcome(
    definition: Definition, features: _Features, found: Clusters, seconds: float
) -> Outcome:
    rows, width = features.x.shape
    given = dict(definition.hyperparameters)
    values = {"msd": found.ssd / rows, "ssd": found.ssd}
    wanted = [(f"train:{name}", values[name]) for name in metrics(given.get("eval_metrics", "msd"))]
    most = int(given.get("local_lloyd_max_iter", DEFAULTS["local_lloyd_max_iter"]))
    share = 1.0 if found.settled else found.rounds / most
    wanted += [("train:progress", 100 * share), ("train:throughput", rows / seconds)]
    (metric, score), *more = wanted
    return Outcome(
        model_type="kmeans", metric=metric, score=score, more_metrics=tuple(more),
        job_status="" if found.settled or found.rounds == most else RUNTIME_REACHED,
        hyperparameters=tuple(sorted((given | {"feature_dim": str(width)}).items())),
    )  # fmt: skip


def _report(columns: Columns, features: _Features, found: Clusters) -> dict[str, Any]:
    count, rows = len(found.centroids), len(features.x)
    sizes = np.bincount(found.labels, minlength=count)
    between = (sizes[:, None] * np.square(found.centroids)).sum(axis=0)
    shares = between / (between.sum() or 1.0)
    total = float(np.square(features.x).sum())
    return {
        "quality": {
            "msd": found.ssd / rows, "ssd": found.ssd,
            "explained": 1 - found.ssd / total if total > 0 else 1.0,
        },
        "importance": {
            name: float(share) for name, share in zip(features.names, shares, strict=True)
        },
        "clusters": _cluster_rows(columns, found, sizes),
        "rounds": found.rounds,
    }  # fmt: skip


def _cluster_rows(
    columns: Columns, found: Clusters, sizes: NDArray[np.int64]
) -> list[dict[str, Any]]:
    """How many rows each cluster has, and the mean of each column over those that have a value."""
    clusters: list[dict[str, Any]] = [
        {"cluster": place, "rows": int(size), "means": {}} for place, size in enumerate(sizes)
    ]
    if len(sizes) * len(columns.features) > REPORTED_MEANS:
        return clusters
    for feature in columns.features:
        values = _values(columns, feature.place)
        known = np.isfinite(values)
        counts = np.bincount(found.labels[known], minlength=len(sizes))
        sums = np.bincount(found.labels[known], weights=values[known], minlength=len(sizes))
        for cluster, total, rows in zip(clusters, sums.tolist(), counts.tolist(), strict=True):
            cluster["means"][feature.name] = total / rows if rows else None
    return clusters

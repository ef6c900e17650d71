"""K-means clusters (MODEL_TYPE KMEANS): Lloyd's algorithm, begun on a small weighted sample.

Lloyd's algorithm is slow where it begins and ends where it began: so it begins several times on a
lightweight coreset, whose rows are drawn half uniformly and half by their squared distance from the
mean, goes on from the best on a larger one, and needs only a few rounds over all rows. Rows are given to centroids
by the compiled scorer, and sums are changed by the rows that moved. No part begins that the deadline, with
the last pass over all rows that follows it, would not see end.

Sources: Lloyd, "Least squares quantization in PCM", IEEE Trans. Inf. Theory 28(2), 1982; Arthur and
Vassilvitskii, "k-means++", SODA 2007; Bachem, Lucic and Krause, "Scalable k-means clustering via
lightweight coresets", KDD 2018.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any, ClassVar, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vesto.algorithms._kmeans_parameters import DEFAULTS
from vesto.programs.bodies import nearest_centroid
from vesto.programs.image import image
from vesto.programs.program import Input, Program, label_output
from vesto.programs.reference import score
from vesto.programs.steps import Number

F64 = NDArray[np.float64]
Labels = NDArray[np.int32]
Score = Callable[[Sequence[pa.Array]], pa.Array]

CORESET_ROWS: Final = 20_000
CORESET_ROWS_PER_CLUSTER: Final = 20
LARGER: Final = 8
# How often it begins, but with no more centroids than these in all: of many, one start is as good as the next.
TRIALS: Final = 10
TRIED_CENTROIDS: Final = 1000
# So many rows at most does k-means++ try as its next one.
DRAWS: Final = 4
# What even a hurried run gives to centroids, counted in all rows.
PASSES: Final = 8
PROBE_ROWS: Final = 2000
# Of the time, what the first start may take before Lloyd's rounds.
START_SHARE: Final = 0.3
# Sums over all rows cost less than taking away and adding more than that share of them.
MOVED_SHARE: Final = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Centroids, shape (k, features), the greatest cluster first.

    ``labels`` has shape (rows,): the cluster of each row, and ``ssd`` is the sum of the rows'
    squared distances from their centroids. ``rounds`` counts passes over all rows; ``settled``
    tells that they ended because the sum no longer fell.
    """

    centroids: F64
    labels: Labels
    ssd: float
    rounds: int
    settled: bool


class KMeans:
    """Lloyd's algorithm; the hyperparameters are those of ``_kmeans_parameters``."""

    name: ClassVar[str] = "kmeans"

    def cluster(
        self, x: F64, configuration: Mapping[str, str], *, seed: int, deadline: float
    ) -> Clusters:
        """The clusters of rows ``x``, shape (rows, features), finite, around their mean.

        Ends early, with what it has, when ``time.monotonic()`` passes ``deadline``. There must be
        at least k different rows. The same seed gives the same clusters.
        """
        search = _Search(np.asfortranarray(x), DEFAULTS | dict(configuration), seed, deadline)
        return _finished(search.x, search.run())

    def rows_in_time(self, x: F64, clusters: int, deadline: float) -> int:
        """Of how many rows like ``x`` clusters are found well before the deadline, by a few of them."""
        left, some = deadline - time.monotonic(), x[:: -(-len(x) // PROBE_ROWS)]
        centroids = np.resize(some, (clusters, x.shape[1]))
        row_s = _Nearest(some).timed(centroids)[1] / len(some)
        return int(max(left, 0.0) / (PASSES * max(row_s, 1e-9)))


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    """Rows in column order, what each counts for, and sum(weight * |row|^2)."""

    x: F64
    weights: F64 | None
    total: float


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """Centroids and their sum of squared distances over a sample."""

    centroids: F64
    ssd: float
    rounds: int = 0
    settled: bool = False


@dataclass(slots=True, eq=False)
class _Search:
    """One run: its rows, its hyperparameters, and when it must end.

    ``row_s`` is how long it took to find the nearest centroid of a row, in seconds.
    """

    x: F64
    configuration: Mapping[str, str]
    seed: int
    deadline: float
    row_s: float = 0.0

    def run(self) -> _Fit:
        """From the starts on a coreset to all rows."""
        clusters, rows = int(self.configuration["k"]), len(self.x)
        size = max(CORESET_ROWS, CORESET_ROWS_PER_CLUSTER * clusters)
        random, squares = np.random.default_rng(self.seed), _squared_lengths(self.x)
        centroids = None
        if size < rows:
            centroids = self._best_start(_coreset(self.x, squares, size, random), clusters)
            if size * LARGER < rows and not self._late(2 * size * LARGER):
                sample = _coreset(self.x, squares, size * LARGER, random)
                centroids = self._lloyd(sample, centroids).centroids
        everything = _Sample(self.x, None, float(squares.sum()))
        if centroids is None:
            centroids = self._best_start(everything, clusters)
        if self._late(rows):
            return _Fit(centroids, np.inf)
        return self._lloyd(everything, centroids)

    def _late(self, more: int = 0) -> bool:
        """Whether no time is left to give ``more`` rows to centroids, and then all of them."""
        return time.monotonic() + self.row_s * (len(self.x) + more) > self.deadline

    def _best_start(self, sample: _Sample, clusters: int) -> F64:
        given = self.configuration["local_lloyd_num_trials"]
        best: _Fit | None = None
        most = max(1, min(TRIALS, TRIED_CENTROIDS // clusters))
        for trial in range(most if given == "auto" else int(given)):
            if best is not None and self._late(len(sample.x)):
                break
            fit = self._lloyd(sample, self._start(sample, clusters, self.seed + trial))
            if best is None or fit.ssd < best.ssd:
                best = fit
        assert best is not None
        return best.centroids

    def _start(self, sample: _Sample, clusters: int, seed: int) -> F64:
        random, x = np.random.default_rng(seed), sample.x
        at_random = self.configuration["local_lloyd_init_method"] == "random"
        if at_random or clusters > len(x) or self._late():
            return x[random.choice(len(x), clusters, replace=False)]
        from threadpoolctl import threadpool_limits  # noqa: PLC0415 - only training needs it

        now = time.monotonic()
        deadline = now + (self.deadline - now) * START_SHARE
        # Several threads would add in an order of their own each time.
        with threadpool_limits(1):
            return _far_apart(sample, clusters, random, lambda: time.monotonic() > deadline)

    def _lloyd(self, sample: _Sample, centroids: F64) -> _Fit:
        """Rounds of giving rows to centroids and moving these to the means of their rows."""
        tolerance = float(self.configuration["local_lloyd_tol"])
        most, sums = int(self.configuration["local_lloyd_max_iter"]), _Sums(sample, len(centroids))
        rows, ssd, rounds, settled = _Nearest(sample.x), np.inf, 0, False
        while rounds < most and not settled and not (rounds and self._late(len(sample.x))):
            labels, seconds = rows.timed(centroids)
            self.row_s = seconds / len(sample.x)
            still = not sums.move(labels)
            before, ssd = ssd, sums.ssd(centroids)
            centroids = sums.means(centroids)
            rounds += 1
            empty = np.flatnonzero(sums.counts <= 0)
            spread = _spread(sample.x, sums.labels, centroids, empty) if len(empty) else False
            settled = not spread and (still or before - ssd <= tolerance * ssd)
        return _Fit(centroids, ssd, rounds, settled)


class _Sums:
    """How much each cluster counts, and the sums of its rows, kept up as rows move."""

    def __init__(self, sample: _Sample, clusters: int) -> None:
        self._sample = sample
        self._clusters = clusters
        self.labels: Labels = np.empty(0, np.int32)
        self.counts: F64 = np.zeros(clusters)
        self._sums: F64 = np.zeros((clusters, sample.x.shape[1]))

    def move(self, labels: Labels) -> int:
        """Give the rows to other clusters; how many moved."""
        x, weights = self._sample.x, self._sample.weights
        before, self.labels = self.labels, labels
        moved = np.flatnonzero(labels != before) if len(before) else np.arange(len(labels))
        if len(moved) > MOVED_SHARE * len(labels):
            self.counts, self._sums = self._of(x, labels, weights)
        elif len(moved):
            some = np.asfortranarray(x[moved])
            theirs = None if weights is None else weights[moved]
            for where, sign in ((labels, 1), (before, -1)):
                counts, sums = self._of(some, where[moved], theirs)
                self.counts, self._sums = self.counts + sign * counts, self._sums + sign * sums
        return len(moved)

    def _of(self, x: F64, labels: Labels, weights: F64 | None) -> tuple[F64, F64]:
        count = partial(np.bincount, labels, minlength=self._clusters)
        scaled = x.T if weights is None else x.T * weights
        sums: F64 = np.stack([count(weights=column) for column in scaled], axis=1)
        counts: F64 = count(weights=weights).astype(np.float64)
        return counts, sums

    def means(self, centroids: F64) -> F64:
        """The means of the clusters; an empty one stays where it is."""
        some = self.counts > 0
        means: F64 = self._sums / np.where(some, self.counts, 1.0)[:, None]
        return np.where(some[:, None], means, centroids)

    def ssd(self, centroids: F64) -> float:
        """The sum of squared distances from the centroids: |x|^2 + |c|^2 - 2 x . c, summed."""
        lengths = self.counts * np.square(centroids).sum(axis=1)
        crossed = (centroids * self._sums).sum(axis=1)
        return max(0.0, self._sample.total + float((lengths - 2 * crossed).sum()))


def _far_apart(
    sample: _Sample, clusters: int, random: np.random.Generator, late: Callable[[], bool]
) -> F64:
    """Rows drawn one by one by their squared distances from those before: k-means++.

    Of a few draws the one that helps most is taken. What is missing when it gets late is drawn at
    once, by the distances from what there is.
    """
    x, weights = sample.x, sample.weights
    weights = np.ones(len(x)) if weights is None else weights
    lengths, draws = _squared_lengths(x), min(DRAWS, 2 + int(np.log(clusters)))
    chosen = [int(random.choice(len(x), p=weights / weights.sum()))]
    near = _apart(x, lengths, np.array(chosen))[0]
    while len(chosen) < clusters and not late():
        ends = np.cumsum(near * weights)
        drawn = np.searchsorted(ends, random.random(draws) * ends[-1], side="right")
        places = np.minimum(drawn, len(x) - 1)
        apart = np.minimum(_apart(x, lengths, places), near)
        best = int(np.argmin(apart @ weights))
        near = apart[best]
        chosen.append(int(places[best]))
    missing, rest = clusters - len(chosen), near * weights
    rest[chosen] = 0.0
    if np.count_nonzero(rest) < missing:
        rest = np.ones(len(x))
        rest[chosen] = 0.0
    if missing:
        chosen += random.choice(len(x), missing, replace=False, p=rest / rest.sum()).tolist()
    return x[chosen]


def _apart(x: F64, lengths: F64, places: NDArray[np.int64]) -> F64:
    """Squared distances, shape (places, rows), from the rows at ``places`` to all."""
    apart = lengths[places][:, None] + lengths - 2 * (x[places] @ x.T)
    return np.maximum(apart, 0.0, out=apart)


def _coreset(x: F64, squares: F64, size: int, random: np.random.Generator) -> _Sample:
    """Rows drawn by one half 1 / rows, one half their share of the squared distances from 0."""
    share = np.full(len(x), 1.0 / len(x))
    if squares.any():
        share = (share + squares / squares.sum()) / 2
    ends = np.cumsum(share)
    drawn = (np.arange(size) + random.random(size)) / size * ends[-1]
    places = np.minimum(np.searchsorted(ends, drawn, side="right"), len(x) - 1)
    weights = 1.0 / (size * share[places])
    return _Sample(np.asfortranarray(x[places]), weights, float(weights @ squares[places]))


def _squared_lengths(x: F64) -> F64:
    total = np.zeros(len(x))
    for column in x.T:
        total += column * column
    return total


def _squared_distances(x: F64, centroids: F64, labels: Labels) -> F64:
    """From each row to the centroid of its label, a column at a time as the rows are stored."""
    total = np.zeros(len(x))
    for column, place in zip(x.T, centroids.T, strict=True):
        apart = column - place[labels]
        total += apart * apart
    return total


def _spread(x: F64, labels: Labels, centroids: F64, empty: NDArray[np.int64]) -> bool:
    """Put centroids without rows where rows are farthest from theirs; whether any was moved."""
    far, nobody = _squared_distances(x, centroids, labels), np.zeros(len(x), np.int32)
    for place in empty:
        farthest = int(np.argmax(far))
        if not far[farthest] > 0:
            return bool(place != empty[0])
        centroids[place] = x[farthest]
        far = np.minimum(far, _squared_distances(x, centroids[[place]], nobody))
    return True


def _finished(x: F64, fit: _Fit) -> Clusters:
    """The clusters numbered by their size, with each row's own and the exact sum of squares."""
    labels, _ = _Nearest(x).timed(fit.centroids)
    order = np.argsort(-np.bincount(labels, minlength=len(fit.centroids)), kind="stable")
    centroids, place = fit.centroids[order], np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    labels = place[labels]
    ssd = float(_squared_distances(x, centroids, labels).sum())
    return Clusters(centroids, labels, ssd, fit.rounds, fit.settled)


class _Nearest:
    """Rows, in the columns that the compiled scorer reads."""

    def __init__(self, x: F64) -> None:
        self._columns = [pa.array(column) for column in x.T]

    def timed(self, centroids: F64) -> tuple[Labels, float]:
        """The nearest centroid of each row, as the trained model will find it; seconds it took."""
        count, features = centroids.shape
        program = Program(
            tuple(Input(f"x{place}", "float8") for place in range(features)),
            tuple(Number(place) for place in range(features)),
            tuple(range(features, 2 * features)),
            nearest_centroid(centroids),
            label_output("int4", tuple(map(str, range(count))), link="argmax"),
        )
        run, began = _scorer(program), time.monotonic()
        labels: Labels = run(self._columns).to_numpy(zero_copy_only=False)
        return labels, time.monotonic() - began


def _scorer(program: Program) -> Score:
    """The compiled scorer, or where there is none the reference, which it equals."""
    try:
        native: Any = import_module("vesto._native")
    except ImportError:
        return partial(score, program)
    compiled = native.Program(image(program, "0" * 64))
    return lambda columns: pa.array(compiled.predict(list(columns)))


ALGORITHM: Final = KMeans()

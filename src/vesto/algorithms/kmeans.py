"""K-means clusters (MODEL_TYPE KMEANS): Lloyd's algorithm, begun on a small weighted sample.

Lloyd's algorithm is slow where it begins and ends where it began: so it begins several times on a
lightweight coreset, whose rows are drawn half uniformly and half by their squared distance from the
mean, goes on from the best on a larger one, and needs only a few rounds over all rows. Rows are given to centroids
by the compiled scorer, and sums are changed by the rows that moved.

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
Score = Callable[[Program, Sequence[pa.Array]], pa.Array]

CORESET_ROWS: Final = 20_000
CORESET_ROWS_PER_CLUSTER: Final = 50
LARGER: Final = 8
TRIALS: Final = 10
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
    """One run: its rows, its hyperparameters, and when it must end."""

    x: F64
    configuration: Mapping[str, str]
    seed: int
    deadline: float

    def run(self) -> _Fit:
        """From the starts on a coreset to all rows."""
        clusters, rows = int(self.configuration["k"]), len(self.x)
        size = max(CORESET_ROWS, CORESET_ROWS_PER_CLUSTER * clusters)
        random, squares = np.random.default_rng(self.seed), _squared_lengths(self.x)
        centroids = None
        if size < rows:
            centroids = self._best_start(_coreset(self.x, squares, size, random), clusters)
            if size * LARGER < rows and not self._late():
                sample = _coreset(self.x, squares, size * LARGER, random)
                centroids = self._lloyd(sample, centroids).centroids
        everything = _Sample(self.x, None, float(squares.sum()))
        if centroids is None:
            centroids = self._best_start(everything, clusters)
        if self._late():
            return _Fit(centroids, np.inf)
        return self._lloyd(everything, centroids)

    def _late(self) -> bool:
        return time.monotonic() > self.deadline

    def _best_start(self, sample: _Sample, clusters: int) -> F64:
        given = self.configuration["local_lloyd_num_trials"]
        best: _Fit | None = None
        for trial in range(TRIALS if given == "auto" else int(given)):
            if best is not None and self._late():
                break
            fit = self._lloyd(sample, self._start(sample, clusters, self.seed + trial))
            if best is None or fit.ssd < best.ssd:
                best = fit
        assert best is not None
        return best.centroids

    def _start(self, sample: _Sample, clusters: int, seed: int) -> F64:
        at_random = self.configuration["local_lloyd_init_method"] == "random"
        if at_random or clusters > len(sample.x) or self._late():
            random = np.random.default_rng(seed)
            return sample.x[random.choice(len(sample.x), clusters, replace=False)]
        from sklearn.cluster import kmeans_plusplus  # noqa: PLC0415 - only training needs it
        from threadpoolctl import threadpool_limits  # noqa: PLC0415

        # Several threads would add in an order of their own each time.
        with threadpool_limits(1):
            found: F64
            found, _ = kmeans_plusplus(
                sample.x, clusters, sample_weight=sample.weights, random_state=seed % 2**32
            )
        return found

    def _lloyd(self, sample: _Sample, centroids: F64) -> _Fit:
        """Rounds of giving rows to centroids and moving these to the means of their rows."""
        tolerance = float(self.configuration["local_lloyd_tol"])
        most, sums = int(self.configuration["local_lloyd_max_iter"]), _Sums(sample, len(centroids))
        columns, ssd, rounds, settled = _columns(sample.x), np.inf, 0, False
        while rounds < most and not settled and not (rounds and self._late()):
            still = not sums.move(nearest(columns, centroids))
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
    labels = nearest(_columns(x), fit.centroids)
    order = np.argsort(-np.bincount(labels, minlength=len(fit.centroids)), kind="stable")
    centroids, place = fit.centroids[order], np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    labels = place[labels]
    ssd = float(_squared_distances(x, centroids, labels).sum())
    return Clusters(centroids, labels, ssd, fit.rounds, fit.settled)


def _columns(x: F64) -> list[pa.Array]:
    return [pa.array(column) for column in x.T]


def nearest(columns: Sequence[pa.Array], centroids: F64) -> Labels:
    """The nearest centroid of each row, as the trained model will find it."""
    count, features = centroids.shape
    program = Program(
        tuple(Input(f"x{place}", "float8") for place in range(features)),
        tuple(Number(place) for place in range(features)),
        tuple(range(features, 2 * features)),
        nearest_centroid(centroids),
        label_output("int4", tuple(map(str, range(count))), link="argmax"),
    )
    labels: Labels = _score(program, columns).to_numpy(zero_copy_only=False)
    return labels


def _score(program: Program, columns: Sequence[pa.Array]) -> pa.Array:
    """Scored by the compiled scorer, or where there is none by the reference, which it equals."""
    try:
        native: Any = import_module("vesto._native")
    except ImportError:
        return score(program, columns)
    return pa.array(native.Program(image(program, "0" * 64)).predict(list(columns)))


ALGORITHM: Final = KMeans()

"""How good answers are: every metric of a problem, its interval, and a constant answer's score.

Metrics by problem: Amazon SageMaker, "Autopilot metrics". All but the intervals equal
scikit-learn's (user guide, "Metrics and scoring").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vesto.algorithms import Problem

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Scores = dict[str, float]
Weigh = Callable[[F64], Scores]

LOWER_IS_BETTER: Final = frozenset({"log_loss", "mse", "rmse", "mae"})
# What a constant answer scores says something of these only.
WITHOUT_BASELINE: Final = frozenset({"precision", "recall"})
REPLICATES: Final = 200
INTERVAL: Final = (0.025, 0.975)
LEAST_SHARE: Final = 1e-15


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """True and predicted targets of some rows; all arrays have shape (rows,).

    Of a regression ``y`` and ``chosen`` are values. Of a classification they are class numbers: 0
    to ``classes`` - 1 are the model's, those above are labels that it does not know. ``share`` is
    the probability of class 1 (binary) or of the chosen class, ``own`` that of the true class, NaN
    where the model does not know it; both None where a model knows no probabilities.
    """

    problem: Problem
    y: F64
    chosen: F64
    classes: int = 0
    share: F64 | None = None
    own: F64 | None = None

    def __len__(self) -> int:
        return len(self.y)

    def take(self, places: I64) -> Answers:
        """Some of the rows."""
        share = None if self.share is None else self.share[places]
        own = None if self.own is None else self.own[places]
        taken = replace(self, y=self.y[places], chosen=self.chosen[places])
        return replace(taken, share=share, own=own)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric with the interval that holds it in 95 of 100 samples of such rows.

    ``baseline`` is what the best constant answer scores, None where that says nothing.
    ``beats_baseline`` is the share of resamples in which the model was better.
    """

    name: str
    value: float
    lower: float
    upper: float
    baseline: float | None
    beats_baseline: float | None


def of_probabilities(y: F64, chosen: F64, after: F64, *, known: bool = True) -> Answers:
    """The answers of a classifier; ``after`` is (rows, classes), ``known`` that it is probabilities.

    ``y`` may hold class numbers beyond the columns of ``after``.
    """
    classes = after.shape[1]
    problem: Problem = "binary" if classes == 2 else "multiclass"  # noqa: PLR2004 - two classes
    if not known:
        return Answers(problem, y, chosen, classes)
    rows = np.arange(len(y))
    inside = y < classes
    own = np.where(inside, after[rows, np.where(inside, y, 0).astype(np.int64)], np.nan)
    share = after[:, 1] if problem == "binary" else after[rows, chosen.astype(np.int64)]
    return Answers(problem, y, chosen, classes, share, own)


def scores(answers: Answers) -> Scores:
    """Every metric of the problem; NaN where the rows do not define it."""
    return _weighing(answers)(np.ones(len(answers)))


def measured(answers: Answers, seed: int, replicates: int = REPLICATES) -> list[Metric]:
    """Every metric with its percentile interval over resampled rows, and a constant's score.

    Source: Efron, Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
    """
    weigh, constant = _weighing(answers), _constant(answers)
    everything = np.ones(len(answers))
    value, base = weigh(everything), constant(everything)
    random = np.random.default_rng(seed)
    drawn: list[tuple[Scores, Scores]] = []
    for _ in range(replicates):
        rows = random.integers(0, len(answers), len(answers))
        weights = np.bincount(rows, minlength=len(answers)).astype(np.float64)
        drawn.append((weigh(weights), constant(weights)))
    return [_metric(name, value[name], base.get(name), drawn) for name in value]


def _metric(
    name: str, value: float, base: float | None, drawn: list[tuple[Scores, Scores]]
) -> Metric:
    mine = np.array([scored[name] for scored, _ in drawn])
    lower, upper = np.nanquantile(mine, INTERVAL) if np.isfinite(mine).any() else (np.nan, np.nan)
    beats = None
    if base is not None:
        other = np.array([scored[name] for _, scored in drawn])
        better = mine < other if name in LOWER_IS_BETTER else mine > other
        beats = float(better.mean())
    return Metric(name, value, float(lower), float(upper), base, beats)


def _weighing(answers: Answers) -> Weigh:
    """The scores as a function of how often each row counts; what they share is made once."""
    if answers.problem == "regression":
        return partial(_of_values, answers.y, answers.y - answers.chosen)
    labels, chances = _of_labels(answers), _of_chances(answers)
    return lambda weights: labels(weights) | chances(weights)


def _constant(answers: Answers) -> Weigh:
    """The scores of the best answer that is the same for every row.

    The mean of a regression; else the most frequent class with every class's share as its
    probability. F1 is that of always saying 1, which is the better constant there.
    """
    y, rows = answers.y, np.arange(len(answers))
    if answers.problem == "regression":
        return _weighing(replace(answers, chosen=np.full(len(y), y.mean())))
    shares = np.bincount(y.astype(np.int64)) / len(y)
    most = np.full(len(y), float(shares.argmax()))
    if answers.share is not None:
        share = np.broadcast_to(shares, (len(y), len(shares)))
        own = share[rows, y.astype(np.int64)]
        place = 1 if answers.problem == "binary" else int(shares.argmax())
        column = share[:, place] if place < len(shares) else np.zeros(len(y))
        answers = replace(answers, share=column, own=own)
    weigh = _weighing(replace(answers, chosen=most))
    always = _of_labels(replace(answers, chosen=np.ones(len(y))))

    def constant(weights: F64) -> Scores:
        found = weigh(weights)
        if answers.problem == "binary":
            found["f1"] = always(weights)["f1"]
        return {name: value for name, value in found.items() if name not in WITHOUT_BASELINE}

    return constant


# --- Regression --------------------------------------------------------------------------------


def _of_values(y: F64, error: F64, weights: F64) -> Scores:
    total = weights.sum()
    if not total:
        return dict.fromkeys(("mse", "rmse", "mae", "r2"), np.nan)
    with np.errstate(over="ignore", invalid="ignore"):
        mse = float(weights @ error**2 / total)
        mean = weights @ y / total
        around = float(weights @ (y - mean) ** 2 / total)
        mae = float(weights @ np.abs(error) / total)
    r2 = 1 - mse / around if 0 < around < np.inf else np.nan
    return {"mse": mse, "rmse": mse**0.5, "mae": mae, "r2": r2}


# --- Classification -----------------------------------------------------------------------------


def _of_labels(answers: Answers) -> Weigh:
    y, chosen = answers.y.astype(np.int64), answers.chosen.astype(np.int64)
    width = int(max(y.max(initial=0), chosen.max(initial=0))) + 1
    cells, cell = np.unique(y * width + chosen, return_inverse=True)
    actual, said = np.divmod(cells, width)
    binary = answers.problem == "binary"

    def weigh(weights: F64) -> Scores:
        rows = _sums(cell, weights, len(cells))
        return _of_counts(by_class(actual, said, rows, width), binary=binary)

    return weigh


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Rows of each class, shape (classes,): that are it, that were taken for it, that are both."""

    support: F64
    said: F64
    hits: F64

    @property
    def precision(self) -> F64:
        """Share of what was taken for the class that is it; 0 where nothing was."""
        return _share(self.hits, self.said)

    @property
    def recall(self) -> F64:
        """Share of the class that was taken for it; 0 where the class has no rows."""
        return _share(self.hits, self.support)

    @property
    def f1(self) -> F64:
        """Harmonic mean of precision and recall; 0 where neither is defined."""
        return _share(2 * self.hits, self.support + self.said)


def by_class(actual: I64, said: I64, rows: F64, classes: int) -> Counts:
    """Counts by class from the cells of a confusion matrix; all have shape (cells,)."""
    right = actual == said
    support, taken = _sums(actual, rows, classes), _sums(said, rows, classes)
    return Counts(support, taken, _sums(actual[right], rows[right], classes))


def _sums(places: I64, rows: F64, length: int) -> F64:
    return np.bincount(places, rows, minlength=length).astype(np.float64)


def _share(part: F64, whole: F64) -> F64:
    return np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)


def _of_counts(counts: Counts, *, binary: bool) -> Scores:
    total = counts.support.sum()
    present = counts.support + counts.said > 0
    if not total:
        present[:] = False
    known = counts.support > 0
    found = {
        "accuracy": float(counts.hits.sum() / total) if total else np.nan,
        "balanced_accuracy": _mean(counts.recall[known]),
        "f1_macro": _mean(counts.f1[present]),
    }
    if binary:
        one = [
            float(part[1]) if len(part) > 1 else 0.0
            for part in (counts.f1, counts.precision, counts.recall)
        ]
        return found | dict(zip(("f1", "precision", "recall"), one, strict=True))
    return found | {
        "precision_macro": _mean(counts.precision[present]),
        "recall_macro": _mean(counts.recall[present]),
    }


def _mean(values: F64) -> float:
    return float(values.mean()) if len(values) else np.nan


def _of_chances(answers: Answers) -> Weigh:
    if answers.own is None or answers.share is None:
        return lambda _: {}
    known = np.isfinite(answers.own)
    loss = -np.log(np.clip(np.where(known, answers.own, 1.0), LEAST_SHARE, 1))
    area = _auc(answers.y, answers.share) if answers.problem == "binary" else None

    def weigh(weights: F64) -> Scores:
        inside = weights * known
        total = inside.sum()
        found = {"log_loss": float(inside @ loss / total) if total else np.nan}
        return found | ({"auc": area(inside)} if area else {})

    return weigh


def _auc(y: F64, share: F64) -> Callable[[F64], float]:
    """Area under the ROC curve, ties counted half; NaN where a class has no rows."""
    order = np.argsort(share, kind="stable")
    starts = np.flatnonzero(np.diff(share[order], prepend=np.nan) != 0)
    ones = y[order] == 1

    def area(weights: F64) -> float:
        sorted_weights = weights[order]
        if not len(order):
            return np.nan
        up = np.add.reduceat(sorted_weights * ones, starts)
        down = np.add.reduceat(sorted_weights * ~ones, starts)
        pairs = up.sum() * down.sum()
        before = np.cumsum(down) - down
        return float(up @ (before + down / 2) / pairs) if pairs else np.nan

    return area

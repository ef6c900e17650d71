"""What the report shows of answers on rows: metrics, confusion, ROC, calibration, residuals.

Every part is bounded: many classes, labels or rows are summed up.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vesto.training.profile import short, shortened
from vesto.training.quality import Answers, Metric, by_class, measured

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
MATRIX_CLASSES: Final = 20
SHOWN_CLASSES: Final = 100
SHOWN_PAIRS: Final = 50
ROC_POINTS: Final = 100
BINS: Final = 10
RESIDUAL_BINS: Final = 30
# What SHOW MODEL calls them, where it is another name.
_NAMES: Final = {
    "f1_binary": "f1", "multiclass_accuracy": "accuracy", "binary_classification_accuracy": "accuracy",
    "error": "accuracy", "merror": "accuracy",
}  # fmt: skip


def judged(
    answers: Answers, labels: tuple[str, ...], *, split: str, metric: str, seed: int
) -> dict[str, Any]:
    """The parts of the report that tell how good the answers are.

    Args:
        answers: The rows to judge by, at least one.
        labels: The classes' labels as text, none of a regression.
        split: Which rows these are: "validation" (not learnt from) or "training".
        metric: What SHOW MODEL prints, as ``validation:f1_binary``.
        seed: Of the resampling.
    """
    found = measured(answers, seed)
    document: dict[str, Any] = {
        "problem": answers.problem, "split": split, "judged_rows": len(answers),
        "headline": headline(found, metric, answers.problem),
        "metrics": [_shown(one) for one in found],
    }  # fmt: skip
    if answers.problem == "regression":
        return document | {"residuals": residuals(answers)}
    document |= classes(answers, labels)
    if answers.share is not None:
        document["calibration"] = calibration(answers)
    if answers.share is not None and answers.problem == "binary":
        document["roc"] = roc(answers.y == 1, answers.share)
    return document


def headline(found: list[Metric], metric: str, problem: str) -> str:
    """The name of the metric that the model was chosen by, or the plainest one of the problem."""
    bare = metric.rpartition(":")[2]
    name = _NAMES.get(bare, bare)
    if name in {one.name for one in found}:
        return name
    return "rmse" if problem == "regression" else "accuracy"


def _shown(metric: Metric) -> dict[str, Any]:
    base, beats = metric.baseline, metric.beats_baseline
    return {
        "metric": metric.name, "value": short(metric.value, 12),
        "lower": short(metric.lower), "upper": short(metric.upper),
        "baseline": None if base is None else short(base), "beats_baseline": beats,
    }  # fmt: skip


# --- Classes ------------------------------------------------------------------------------------


def classes(answers: Answers, labels: tuple[str, ...]) -> dict[str, Any]:
    """Rows, precision, recall and F1 of the greatest classes, and who is taken for whom."""
    y, chosen, many = answers.y.astype(np.int64), answers.chosen.astype(np.int64), len(labels)
    cells, rows = np.unique(y * many + chosen, return_counts=True)
    actual, said = np.divmod(cells, many)
    counts = by_class(actual, said, rows.astype(np.float64), many)
    order = np.argsort(-counts.support, kind="stable")[:SHOWN_CLASSES]
    names = [shortened(label) for label in labels]
    listed = [
        {"label": names[place], "rows": int(counts.support[place]),
         "precision": short(counts.precision[place]), "recall": short(counts.recall[place]),
         "f1": short(counts.f1[place])}
        for place in order
    ]  # fmt: skip
    found = {"classes": listed, "classes_left_out": many - len(listed)}
    if many <= MATRIX_CLASSES:
        matrix = np.zeros((many, many), np.int64)
        matrix[actual, said] = rows
        return found | {"confusion": {"labels": names, "counts": matrix.tolist()}}
    wrong = np.flatnonzero(actual != said)
    wrong = wrong[np.argsort(-rows[wrong], kind="stable")[:SHOWN_PAIRS]]
    pairs = [[names[actual[at]], names[said[at]], int(rows[at])] for at in wrong]
    return found | {"confusion": {"pairs": pairs}}


def roc(is_one: NDArray[np.bool_], share: F64) -> list[list[float | None]]:
    """Up to about a hundred points of the ROC curve: false and true positive rate, threshold."""
    order = np.argsort(-share, kind="stable")
    ends = np.flatnonzero(np.diff(share[order], append=np.nan) != 0)
    hits, misses = np.cumsum(is_one[order])[ends], np.cumsum(~is_one[order])[ends]
    if not hits[-1] or not misses[-1]:
        return []
    true, false = hits / hits[-1], misses / misses[-1]
    # Evenly along the curve, not along the rows: both of its ends are steep.
    way = np.cumsum(np.diff(true, prepend=0) + np.diff(false, prepend=0))
    places = np.unique(np.searchsorted(way, np.linspace(0, way[-1], ROC_POINTS)))
    places = places[places < len(ends)]
    points = [
        [short(false[at], 4), short(true[at], 4), short(share[order][ends[at]], 4)] for at in places
    ]
    return [[0.0, 0.0, None], *points]


def calibration(answers: Answers, bins: int = BINS) -> list[dict[str, Any]]:
    """What was predicted and what came true, in bins of about equal rows.

    Binary: the probability of class 1, and the share of rows that are it. Several classes: the
    probability of the chosen class, and the share of rows that are right.
    """
    assert answers.share is not None
    is_true = answers.y == (1 if answers.problem == "binary" else answers.chosen)
    return binned(answers.share, is_true.astype(np.float64), bins)


def binned(predicted: F64, observed: F64, bins: int = BINS) -> list[dict[str, Any]]:
    """Means of both by bins of ``predicted``; rows with one prediction are in one bin."""
    edges = np.unique(np.quantile(predicted, np.linspace(0, 1, bins + 1)[1:-1]))
    bin_of = np.searchsorted(edges, predicted, side="left")
    rows = np.bincount(bin_of)
    sums = np.bincount(bin_of, predicted), np.bincount(bin_of, observed)
    lowest, highest = np.full(len(rows), np.inf), np.full(len(rows), -np.inf)
    np.minimum.at(lowest, bin_of, predicted)
    np.maximum.at(highest, bin_of, predicted)
    return [
        {"low": short(lowest[at]), "high": short(highest[at]), "rows": int(rows[at]),
         "predicted": short(sums[0][at] / rows[at]), "observed": short(sums[1][at] / rows[at])}
        for at in np.flatnonzero(rows)
    ]  # fmt: skip


# --- Regression ---------------------------------------------------------------------------------


def residuals(answers: Answers) -> dict[str, Any]:
    """How the errors (true minus predicted) are spread, and the truth by bins of the prediction."""
    error = answers.y - answers.chosen
    low, high = np.quantile(error, (0.005, 0.995))
    inside = np.clip(error, low, high)
    rows, edges = np.histogram(inside, RESIDUAL_BINS, (low, high if high > low else low + 1.0))
    levels = (0.05, 0.25, 0.5, 0.75, 0.95)
    return {
        "histogram": {"edges": [short(edge) for edge in edges], "rows": rows.tolist()},
        "quantiles": dict(
            zip(map(str, levels), map(short, np.quantile(error, levels)), strict=True)
        ),
        "bins": binned(answers.chosen, answers.y),
    }

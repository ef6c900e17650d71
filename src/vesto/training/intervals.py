"""Conformal calibration: how far rows that a model did not see lie from what it predicts.

The residuals are those of the winner on the fold that each of its models left out. A quantile of
them, raised for the one row more that a prediction is about, makes intervals that hold the truth
as often as their level says, whatever the data, as long as rows to come are like those of training.

Sources: Vovk, Gammerman, Shafer, "Algorithmic learning in a random world", 2005; Lei et al.,
"Distribution-free predictive inference for regression", JASA 113(523), 2018, also for residuals that are scaled; Barber et al.,
"Predictive inference with the jackknife+", Annals of Statistics 49(1), 2021, for residuals of
folds; Sadinle, Lei, Wasserman, "Least ambiguous set-valued classifiers", JASA 114(525), 2019.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from vesto.catalog.records import Intervals

F64 = NDArray[np.float64]
LEVELS: Final = tuple(round(0.5 + 0.005 * place, 3) for place in range(99))
# Intervals of this level are compared.
COMPARED: Final = LEVELS.index(0.9)
MOST_SCALES: Final = 10
ROWS_PER_SCALE: Final = 100


def of_values(y: F64, predicted: F64) -> Intervals:
    """The intervals of a regression, both arrays of shape (rows,): the narrowest of three kinds.

    ``differences`` reach a quantile to both sides of the prediction. ``scaled`` ones reach a
    quantile times the mean error of predictions of that size: the scale between two edges.
    ``ratios``, where all is positive, go from the prediction divided by a quantile to that times it.
    """
    kinds = [_differences(y, predicted), _scaled(y, predicted), _ratios(y, predicted)]
    return min((found for found in kinds if found is not None), key=lambda found: found[0])[1]


def of_labels(y: F64, probabilities: F64) -> Intervals:
    """The sets of labels of a classification: all whose probability is at least a quantile.

    ``y`` has shape (rows,), numbers of classes; ``probabilities`` has shape (rows, classes).
    """
    truth = np.sort(probabilities[np.arange(len(y)), y.astype(np.int64)])
    left_out = [int((1 - level) * (len(truth) + 1) + 1e-9) for level in LEVELS]
    quantiles = tuple(float(truth[count - 1]) if count else 0.0 for count in left_out)
    return Intervals(kind="labels", quantiles=quantiles)


Measured = tuple[float, Intervals]  # mean width, and the intervals


def _differences(y: F64, predicted: F64) -> Measured:
    quantiles = _greatest(np.abs(y - predicted))
    return 2 * quantiles[COMPARED], Intervals(kind="differences", quantiles=quantiles)


def _scaled(y: F64, predicted: F64) -> Measured | None:
    count = min(MOST_SCALES, len(y) // ROWS_PER_SCALE)
    if count < 2:  # noqa: PLR2004 - one scale is none
        return None
    edges = np.unique(np.quantile(predicted, np.arange(1, count) / count))
    residuals, place = np.abs(y - predicted), np.searchsorted(edges, predicted, side="right")
    rows = np.bincount(place, minlength=len(edges) + 1)
    errors = np.bincount(place, residuals, minlength=len(edges) + 1) / np.maximum(rows, 1)
    # Where hardly anything went wrong, a row to come may still be off.
    scales = np.maximum(errors, residuals.mean() * 0.01)
    if not scales.min() > 0:
        return None
    quantiles = _greatest(residuals / scales[place])
    width = 2 * quantiles[COMPARED] * float(scales[place].mean())
    found = Intervals(
        kind="scaled", quantiles=quantiles, edges=tuple(map(float, edges)),
        scales=tuple(map(float, scales)),
    )  # fmt: skip
    return width, found


def _ratios(y: F64, predicted: F64) -> Measured | None:
    if y.min() <= 0 or predicted.min() <= 0:
        return None
    quantiles = _greatest(np.maximum(y / predicted, predicted / y))
    if not np.isfinite(quantiles[-1]):
        return None
    width = float(predicted.mean()) * (quantiles[COMPARED] - 1 / quantiles[COMPARED])
    return width, Intervals(kind="ratios", quantiles=quantiles)


def _greatest(residuals: F64) -> tuple[float, ...]:
    """What a residual exceeds with one minus each level's probability."""
    ordered, rows = np.sort(residuals), len(residuals)
    places = [min(rows, int(np.ceil(level * (rows + 1) - 1e-9))) for level in LEVELS]
    return tuple(float(ordered[place - 1]) for place in places)

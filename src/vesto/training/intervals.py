"""Conformal calibration: how far rows that a model did not see lie from what it predicts.

The residuals are those of the winner on the fold that each of its models left out. A quantile of
them, raised for the one row more that a prediction is about, makes intervals that hold the truth
as often as their level says, whatever the data, as long as rows to come are like those of training.

Sources: Vovk, Gammerman, Shafer, "Algorithmic learning in a random world", 2005; Lei et al.,
"Distribution-free predictive inference for regression", JASA 113(523), 2018; Barber et al.,
"Predictive inference with the jackknife+", Annals of Statistics 49(1), 2021, for residuals of
folds; Sadinle, Lei, Wasserman, "Least ambiguous set-valued classifiers", JASA 114(525), 2019.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
# Differences: the prediction plus and minus the quantile. Ratios: times and divided by it. Labels:
# all those whose probability is at least the quantile.
Kind = Literal["differences", "ratios", "labels"]
LEVELS: Final = tuple(round(0.5 + 0.005 * place, 3) for place in range(99))
COMPARED: Final = 0.9


def of_values(y: F64, predicted: F64) -> tuple[Kind, tuple[float, ...]]:
    """Kind and quantiles, one a level, of a regression; both arrays have shape (rows,).

    Where all values are positive, errors may grow with them: ratios are taken if intervals of the
    level 0.9 are narrower then on average.
    """
    differences = _greatest(np.abs(y - predicted))
    if y.min() <= 0 or predicted.min() <= 0:
        return "differences", differences
    ratios = _greatest(np.maximum(y / predicted, predicted / y))
    place = LEVELS.index(COMPARED)
    width = float(predicted.mean()) * (ratios[place] - 1 / ratios[place])
    narrower = np.isfinite(ratios[-1]) and width < 2 * differences[place]
    return ("ratios", ratios) if narrower else ("differences", differences)


def of_labels(y: F64, probabilities: F64) -> tuple[Kind, tuple[float, ...]]:
    """Kind and quantiles of a classification.

    ``y`` has shape (rows,), numbers of classes; ``probabilities`` has shape (rows, classes).
    """
    truth = np.sort(probabilities[np.arange(len(y)), y.astype(np.int64)])
    left_out = [int((1 - level) * (len(truth) + 1) + 1e-9) for level in LEVELS]
    return "labels", tuple(float(truth[count - 1]) if count else 0.0 for count in left_out)


def _greatest(residuals: F64) -> tuple[float, ...]:
    """What a residual exceeds with one minus each level's probability."""
    ordered, rows = np.sort(residuals), len(residuals)
    places = [min(rows, int(np.ceil(level * (rows + 1) - 1e-9))) for level in LEVELS]
    return tuple(float(ordered[place - 1]) for place in places)

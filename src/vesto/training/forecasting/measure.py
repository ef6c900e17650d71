"""The objectives of MODEL_TYPE FORECAST, over back-tests.

Source: Amazon Forecast Developer Guide, "Evaluating Predictor Accuracy".
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]


def measured(
    objective: str, forecast: F64, actual: F64, scale: F64, quantiles: Mapping[float, F64]
) -> float:
    """The objective over all windows, series and steps where both are known; NaN for none.

    ``forecast`` and ``actual`` are (windows, series, steps), ``scale`` is each series' own unit of
    MASE, ``quantiles`` are those of AverageWeightedQuantileLoss by their share.
    """
    known = np.isfinite(actual) & np.isfinite(forecast)
    if not known.any():
        return float("nan")
    error = np.abs(forecast - actual)[known]
    size = np.abs(actual)[known]
    total = max(float(size.sum()), 1e-12)
    if objective == "RMSE":
        return float(np.sqrt((error**2).mean()))
    if objective == "WAPE":
        return float(error.sum() / total)
    if objective == "MAPE":
        some = size > 0
        return float((error[some] / size[some]).mean()) if some.any() else float("nan")
    if objective == "MASE":
        unit = np.broadcast_to(scale[:, None], actual.shape)[known]
        return float((error / unit).mean())
    found = [
        _weighted_loss(q[known], actual[known], share) / total for share, q in quantiles.items()
    ]
    return float(np.mean(found)) if found else float(error.sum() / total)


def _weighted_loss(quantile: F64, actual: F64, share: float) -> float:
    over = np.maximum(actual - quantile, 0.0)
    under = np.maximum(quantile - actual, 0.0)
    return float(2 * (share * over + (1 - share) * under).sum())

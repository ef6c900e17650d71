"""Rolling-origin back-tests: which models to trust for which series, and how far they miss.

Source: Tashman, "Out-of-sample tests of forecasting accuracy", International Journal of
Forecasting 16, 2000; weights by inverse error: Bates and Granger, "The combination of forecasts",
Operational Research Quarterly 20, 1969.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vesto.training.forecasting.history import lengths_of

F64 = NDArray[np.float64]
MOST_WINDOWS: Final = 4
# Series beyond this many speak for each other: fewer windows do.
MANY_SERIES: Final = 200
# A series must keep that many periods before a window, or it is not tested there.
LEAST_HISTORY: Final = 4
# How many windows of its own outweigh what all series together say of a model.
POOLED: Final = 2.0
KEPT: Final = 5
POWER: Final = 4.0


@dataclass(frozen=True, slots=True)
class Windows:
    """How many last periods each window leaves out, and how many of them it tests."""

    backs: tuple[int, ...]
    steps: int

    def actual(self, y: F64) -> F64:
        """What came to be, (windows, series, steps); NaN where a series is too short to test."""
        lengths, end = lengths_of(y), y.shape[1]
        found = []
        for back in self.backs:
            values = y[:, end - back : end - back + self.steps]
            short = lengths - back < LEAST_HISTORY
            found.append(np.where(short[:, None], np.nan, values))
        return np.stack(found) if found else np.zeros((0, len(y), self.steps))


def windows_for(y: F64, season: int, horizon: int) -> Windows:
    """Windows that end with the history and follow each other, as many as it has room for."""
    periods = y.shape[1]
    least = max(2 * season + 1, 10) if periods > 3 * season + 1 else LEAST_HISTORY
    steps = min(horizon, max((periods - least) // 2, 0))
    if steps < 1:
        return Windows((), horizon)
    most = MOST_WINDOWS if len(y) <= MANY_SERIES else 2
    count = min(most, (periods - least) // steps)
    return Windows(tuple(steps * (place + 1) for place in range(count)), steps)


def scales(y: F64, season: int) -> F64:
    """The mean step from season to season of each series: what MASE divides by.

    A series that has none, or is shorter than a season, takes its steps from period to period,
    and one that never changes its size.

    Source: Hyndman and Koehler, "Another look at measures of forecast accuracy", 2006.
    """
    found = np.zeros(len(y))
    for lag in dict.fromkeys((season, 1)):
        if y.shape[1] > lag:
            steps = np.abs(y[:, lag:] - y[:, :-lag])
            known = np.isfinite(steps)
            mean = np.where(known, steps, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
            found = np.where(found > 0, found, mean)
    size = np.nanmax(np.abs(y), axis=1)
    scale: F64 = np.where(found > 0, found, np.maximum(size, 1.0) * 1e-3)
    return scale


def losses(forecasts: F64, actual: F64, objective: str) -> F64:
    """The loss of each candidate on each series, (candidates, series); NaN where not tested.

    ``forecasts`` are (candidates, windows, series, steps). RMSE counts squares, MAPE shares of
    what came to be, every other objective absolute errors.
    """
    error = np.abs(forecasts - actual)
    if objective == "RMSE":
        error = error**2
    elif objective == "MAPE":
        error = error / np.maximum(np.abs(actual), 1e-9)
    tested = np.isfinite(actual)
    count = np.broadcast_to(tested, error.shape).sum(axis=(1, 3))
    total = np.where(tested, error, 0.0).sum(axis=(1, 3))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def weights_of(loss: F64, windows: int, objective: str) -> F64:
    """How much of each candidate goes into each series' forecast, (candidates, series).

    A candidate's losses on a series are pulled towards those on all series; the best few share
    by the inverse of their loss. A candidate without a forecast (NaN) gets nothing.
    """
    if objective == "RMSE":
        loss = np.sqrt(loss)
    middle = np.nanmedian(_with_some(loss), axis=0)
    relative = loss / np.maximum(middle, 1e-12)
    relative = np.clip(relative, 1e-3, 1e3)
    known = np.isfinite(relative)
    pooled = np.where(known, relative, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    pooled = np.where(known.any(axis=1), pooled, np.inf)[:, None]
    own = np.where(known, relative, 0.0)
    others = np.where(np.isfinite(pooled), pooled, 0.0)
    tested = known.any(axis=0) * windows
    share = tested / (tested + POOLED) if relative.shape[1] > 1 else tested / np.maximum(tested, 1)
    mixed = np.where(known, share * own + (1 - share) * others, np.inf)
    # Series without a test go by what the others say.
    mixed = np.where(tested > 0, mixed, np.broadcast_to(pooled, mixed.shape))
    return _shared(mixed)


def _with_some(loss: F64) -> F64:
    """The losses, with ones where a series has none at all."""
    return np.where(np.isfinite(loss).any(axis=0), loss, 1.0)


def _shared(mixed: F64) -> F64:
    order = np.argsort(mixed, axis=0, kind="stable")
    rank = np.argsort(order, axis=0, kind="stable")
    with np.errstate(divide="ignore"):
        weight = np.where((rank < KEPT) & np.isfinite(mixed), mixed**-POWER, 0.0)
    total = weight.sum(axis=0)
    shared: F64 = np.where(total > 0, weight / np.where(total > 0, total, 1.0), 0.0)
    return shared


def combined(weights: F64, forecasts: F64, instead: F64) -> F64:
    """The weighted mean over the first axis, of the candidates that have a forecast.

    ``instead`` stands where none has. ``weights`` are (candidates, series), ``forecasts``
    (candidates, ..., series, steps).
    """
    shape = (len(weights), *[1] * (forecasts.ndim - 3), weights.shape[1], 1)
    known = np.isfinite(forecasts)
    weight = np.where(known, weights.reshape(shape), 0.0)
    total = weight.sum(axis=0)
    mean = (weight * np.where(known, forecasts, 0.0)).sum(axis=0)
    found: F64 = np.where(total > 0, mean / np.where(total > 0, total, 1.0), instead)
    return found

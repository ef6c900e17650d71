"""The models that compete, cheap ones first. Each takes many series at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vesto.training.forecasting import simple
from vesto.training.forecasting.arima import arima
from vesto.training.forecasting.smoothing import smoothed

F64 = NDArray[np.float64]
Fit = Callable[[F64, int, int, int], F64]
# Longer seasons are taken out before a model that would need a parameter for each part.
LONGEST_SEASON: Final = 200
# What the models with a state look back on, in periods and in seasons.
PERIODS: Final = 1000
SEASONS: Final = 6
FARTHEST: Final = 5.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model: ``fit`` takes histories, season, horizon and seed, and gives (series, horizon).

    One ``on_logs`` works on the logarithms of the series that are above zero, and leaves the
    others out (NaN).
    """

    name: str
    fit: Fit
    on_logs: bool = False

    def forecast(self, y: F64, season: int, horizon: int, seed: int) -> F64:
        """Forecasts that are finite and not absurdly far from the history; NaN for none."""
        usable = np.nanmin(y, axis=1) > 0 if self.on_logs else np.ones(len(y), bool)
        found = np.full((len(y), horizon), np.nan)
        if usable.any():
            kept = y[usable]
            with np.errstate(all="ignore"):
                given = np.log(kept) if self.on_logs else kept
                ahead = self.fit(given, season, horizon, seed)
                found[usable] = np.exp(np.minimum(ahead, 700.0)) if self.on_logs else ahead
        return within_reach(y, found)


def within_reach(y: F64, ahead: F64) -> F64:
    """The forecasts, held within some ranges of the history around it."""
    low = np.fmin.reduce(y, axis=1, keepdims=True)
    high = np.fmax.reduce(y, axis=1, keepdims=True)
    room = FARTHEST * np.maximum(high - low, 1e-9 * np.maximum(np.abs(high), 1.0))
    found: F64 = np.where(np.isfinite(ahead), np.clip(ahead, low - room, high + room), np.nan)
    return found


def _seasonal_naive(y: F64, season: int, horizon: int, seed: int) -> F64:
    return simple.seasonal_naive(y, season, horizon)


def _naive(y: F64, season: int, horizon: int, seed: int) -> F64:
    return simple.seasonal_naive(y, 1, horizon)


def _seasonal_drift(y: F64, season: int, horizon: int, seed: int) -> F64:
    return simple.seasonal_drift(y, season, horizon)


def _seasonal_mean(y: F64, season: int, horizon: int, seed: int) -> F64:
    return simple.seasonal_mean(y, season, horizon)


def _theta(y: F64, season: int, horizon: int, seed: int) -> F64:
    return simple.theta(_recent(y, season), season, horizon, seed)


def _ets(y: F64, season: int, horizon: int, seed: int) -> F64:
    return _around_long_season(smoothed, _recent(y, season), season, horizon, seed)


def _arima(y: F64, season: int, horizon: int, seed: int) -> F64:
    return _around_long_season(arima, _recent(y, season), season, horizon, seed)


def _recent(y: F64, season: int) -> F64:
    return y[:, -max(PERIODS, SEASONS * season) :]


def _around_long_season(fit: Fit, y: F64, season: int, horizon: int, seed: int) -> F64:
    if season <= LONGEST_SEASON:
        return fit(y, season, horizon, seed)
    plain, future = simple.without_season(y, season, horizon)
    return fit(plain[:, -PERIODS:], 1, horizon, seed) + future


SEASONAL_NAIVE: Final = Candidate("seasonal_naive", _seasonal_naive)
CANDIDATES: Final = (
    SEASONAL_NAIVE,
    Candidate("naive", _naive),
    Candidate("seasonal_drift", _seasonal_drift),
    Candidate("seasonal_drift_log", _seasonal_drift, on_logs=True),
    Candidate("seasonal_mean", _seasonal_mean),
    Candidate("theta", _theta),
    Candidate("theta_log", _theta, on_logs=True),
    Candidate("ets", _ets),
    Candidate("ets_log", _ets, on_logs=True),
    Candidate("arima_log", _arima, on_logs=True),
    Candidate("arima", _arima),
)

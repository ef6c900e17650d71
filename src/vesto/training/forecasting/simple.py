"""The plain models: last value, last season, drift, means, Theta."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vesto.training.forecasting.history import lengths_of
from vesto.training.forecasting.minimise import minimise
from vesto.training.forecasting.smoothing import Form, States, beginning, line, run

F64 = NDArray[np.float64]


def seasonal_naive(y: F64, season: int, horizon: int) -> F64:
    """The last season again; the last value where a series is shorter than a season."""
    last = np.broadcast_to(y[:, -1:], (len(y), horizon))
    if y.shape[1] < season:
        return last.copy()
    again = y[:, y.shape[1] - season + np.arange(horizon) % season]
    whole = (lengths_of(y) >= season)[:, None]
    found: F64 = np.where(whole, again, last)
    return found


def seasonal_mean(y: F64, season: int, horizon: int) -> F64:
    """The mean of the last three values of each part of the season."""
    found = [seasonal_naive(y[:, : y.shape[1] - back * season], season, horizon)
             for back in range(3) if y.shape[1] > back * season]  # fmt: skip
    stacked = np.stack(found)
    known = np.isfinite(stacked)
    mean: F64 = np.where(known, stacked, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return mean


def seasonal_drift(y: F64, season: int, horizon: int) -> F64:
    """The last season again, moved by the mean yearly (or seasonal) change of the last seasons."""
    base = seasonal_naive(y, season, horizon)
    lengths = lengths_of(y)
    back = np.clip((lengths - season) // season, 0, 3)
    rows = np.arange(len(y))
    recent = _mean_before(y, 0, season)
    change = np.zeros(len(y))
    for seasons in (1, 2, 3):
        if y.shape[1] >= (seasons + 1) * season:
            step = (recent - _mean_before(y, seasons * season, season)) / seasons
            change = np.where(back == seasons, step, change)
    ahead = np.arange(horizon) // season + 1
    found: F64 = base + np.nan_to_num(change)[rows, None] * ahead
    return found


def _mean_before(y: F64, back: int, season: int) -> F64:
    end = y.shape[1] - back
    mean: F64 = y[:, end - season : end].mean(axis=1)
    return mean


def theta(y: F64, season: int, horizon: int, seed: int) -> F64:
    """The Theta method on series without their season, which is added again.

    Source: Assimakopoulos and Nikolopoulos, "The theta model", International Journal of Forecasting
    16, 2000; as smoothing with drift: Hyndman and Billah, ibidem 19, 2003.
    """
    plain, future = without_season(y, season, horizon)
    form = Form(trend=False, season=1)
    states = beginning(plain, form)
    drift = line(plain, np.arange(y.shape[1], dtype=float))[1] / 2
    low, high = np.array([0.01]), np.array([0.99])

    def whole(alpha: F64) -> F64:
        rest = np.broadcast_to([0.0, 0.0, 1.0], (*alpha.shape[:2], 3))
        return np.concatenate([alpha, rest], axis=2)

    scale = np.maximum(np.nanstd(plain, axis=1, keepdims=True), 1e-12)
    best = minimise(
        lambda alpha: run(plain, whole(alpha), states, form)[0] / scale**2,
        low, high, len(y), tries=12, seed=seed,
    )  # fmt: skip
    end: States = run(plain, whole(best[:, None, :]), states, form)[1]
    steps = np.arange(horizon)
    alpha, count = best[:, :1], lengths_of(y)[:, None]
    moved = drift[:, None] * (steps + (1 - (1 - alpha) ** count) / alpha)
    found: F64 = end.level[:, :1] + moved + future
    return found


def without_season(y: F64, season: int, horizon: int) -> tuple[F64, F64]:
    """The series without their season, and the season of the periods to come.

    A series shorter than two seasons keeps what it has.
    """
    if season == 1:
        return y, np.zeros((len(y), horizon))
    parts = np.where(lengths_of(y) < 2 * season + 1, 0.0, _season(y, season))
    phase = np.arange(y.shape[1] + horizon) % season
    past, future = parts[phase[: y.shape[1]]].T, parts[phase[y.shape[1] :]].T
    return y - past, future


def _season(y: F64, season: int) -> F64:
    """The mean of each part of the season around a running mean; shape (season, series)."""
    half = season // 2
    weights = np.ones(season) if season % 2 else np.r_[0.5, np.ones(season - 1), 0.5]
    width = len(weights)
    if y.shape[1] < width:
        return np.zeros((season, len(y)))
    windows = np.lib.stride_tricks.sliding_window_view(y, width, axis=1)
    smooth = windows @ (weights / season)
    rest = y[:, half : half + smooth.shape[1]] - smooth
    phase = (np.arange(rest.shape[1]) + half) % season
    known = np.isfinite(rest)
    means = np.zeros((season, len(y)))
    for part in range(season):
        here = known & (phase == part)
        total = np.where(here, rest, 0.0).sum(axis=1)
        means[part] = total / np.maximum(here.sum(axis=1), 1)
    centred: F64 = means - means.mean(axis=0)
    return centred

"""Seasonal ARIMA of many series at once, fitted by conditional sums of squares.

Source: Box, Jenkins, Reinsel and Ljung, "Time Series Analysis", 5th edition, chapters 7 and 9.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vesto.training.forecasting.history import lengths_of
from vesto.training.forecasting.minimise import minimise

F64 = NDArray[np.float64]
TRIES: Final = 48
BOUND: Final = 0.96


@dataclass(frozen=True, slots=True)
class Order:
    """Differences and which parameters are free, among AR 1, AR 2, MA 1, seasonal AR and MA."""

    differences: int
    seasonal_differences: int
    free: tuple[int, ...]
    has_mean: bool
    season: int

    @property
    def lost(self) -> int:
        """Periods that differencing takes."""
        return self.differences + self.seasonal_differences * self.season


def orders(season: int) -> list[Order]:
    """The models that are tried."""
    plain = [
        Order(0, 0, (0, 1, 2), has_mean=True, season=1),
        Order(1, 0, (0, 1, 2), has_mean=False, season=1),
        Order(1, 0, (0, 2), has_mean=True, season=1),
    ]
    if season == 1:
        return plain
    return [
        *plain,
        Order(1, 0, (0, 2, 3, 4), has_mean=False, season=season),
        Order(0, 1, (0, 1, 2, 4), has_mean=True, season=season),
        Order(1, 1, (2, 4), has_mean=False, season=season),
        Order(1, 1, (0, 2, 4), has_mean=False, season=season),
        Order(1, 1, (0, 1, 2, 4), has_mean=False, season=season),
    ]


def arima(y: F64, season: int, horizon: int, seed: int) -> F64:
    """Forecasts of the order with the best criterion, over errors that all orders have.

    ``y`` has the shape (series, periods), NaN before a series begins; the answer is (series,
    horizon). The errors one period ahead of differenced series are those of the series, so that
    orders of differencing can be compared. Of fewer than five periods the last value goes on.
    """
    lengths = lengths_of(y)
    scale = np.maximum(np.nanstd(y, axis=1, keepdims=True), 1e-12)
    known = y / scale
    tried = [order for order in orders(season) if order.lost + 4 < lengths.max()]
    if not tried:
        return np.repeat(y[:, -1:], horizon, axis=1)
    skipped = np.minimum(lengths // 3, season + 1)
    found, criteria = [], []
    for order in tried:
        ahead, errors, counted = _fitted(known, order, horizon, seed, skipped)
        enough = lengths >= order.lost + 2 * order.season + 2
        criteria.append(np.where(enough, _criterion(errors, counted, order), np.inf))
        found.append(ahead)
    chosen = np.argmin(np.stack(criteria), axis=0)
    picked: F64 = np.stack(found)[chosen, np.arange(len(y))] * scale
    return picked


def _criterion(errors: F64, counted: NDArray[np.int64], order: Order) -> F64:
    parameters = len(order.free) + order.has_mean + 1
    count = np.maximum(counted, 1)
    penalty = 2 * parameters * count / np.maximum(count - parameters - 1, 0.5)
    criterion: F64 = count * np.log(np.maximum(errors, 1e-12) / count) + penalty
    return criterion


def _fitted(
    y: F64, order: Order, horizon: int, seed: int, skipped: NDArray[np.int64]
) -> tuple[F64, F64, NDArray[np.int64]]:
    moved = differenced(y, order)
    mean = _means(moved) if order.has_mean else np.zeros((len(y), 1))
    centred = moved - mean
    start = y.shape[1] - lengths_of(y)
    counts = np.arange(y.shape[1]) >= (start + skipped)[:, None]
    counts &= np.isfinite(centred)

    def whole(parameters: F64) -> F64:
        every = np.zeros((*parameters.shape[:2], 5))
        every[:, :, list(order.free)] = parameters
        return every

    def loss(parameters: F64) -> F64:
        return errors_of(centred, whole(parameters), order.season, counts)[0]

    bound = np.full(len(order.free), BOUND)
    best = minimise(loss, -bound, bound, len(y), tries=TRIES, seed=seed)
    parameters = whole(best[:, None, :])
    total, errors = errors_of(centred, parameters, order.season, counts)
    future = _ahead(centred, errors[:, :, 0], parameters[:, 0], order.season, horizon)
    return integrated(y, future + mean, order), total[:, 0], counts.sum(axis=1)


def _means(moved: F64) -> F64:
    known = np.isfinite(moved)
    total = np.where(known, moved, 0.0).sum(axis=1, keepdims=True)
    mean: F64 = total / np.maximum(known.sum(axis=1, keepdims=True), 1)
    return mean


def differenced(y: F64, order: Order) -> F64:
    """The series after differencing, of the same shape, NaN where a difference is not known."""
    moved = y
    for lag in _lags(order):
        moved = np.concatenate(
            [np.full((len(y), lag), np.nan), moved[:, lag:] - moved[:, :-lag]], axis=1
        )
    return moved


def _lags(order: Order) -> list[int]:
    return [order.season] * order.seasonal_differences + [1] * order.differences


def integrated(y: F64, future: F64, order: Order) -> F64:
    """Differences undone: ``future`` follows the differenced ``y``."""
    stages = [y]
    for lag in _lags(order):
        last = stages[-1]
        stages.append(
            np.concatenate([np.full((len(y), lag), np.nan), last[:, lag:] - last[:, :-lag]], axis=1)
        )
    for lag, before in zip(reversed(_lags(order)), reversed(stages[:-1]), strict=True):
        whole = np.concatenate([np.nan_to_num(before[:, -lag:]), future], axis=1)
        for step in range(future.shape[1]):
            whole[:, lag + step] += whole[:, step]
        future = whole[:, lag:]
    return future


def _weights(parameters: F64, season: int) -> tuple[dict[int, F64], dict[int, F64]]:
    """Weights of earlier values and of earlier errors, by lag: the products of the polynomials."""
    one, two, moving, seasonal, seasonal_moving = np.moveaxis(parameters, -1, 0)
    if season == 1:
        return {1: one, 2: two}, {1: moving}
    values = {1: one, 2: two, season: seasonal, season + 1: -one * seasonal,
              season + 2: -two * seasonal}  # fmt: skip
    errors = {1: moving, season: seasonal_moving, season + 1: moving * seasonal_moving}
    return values, errors


def errors_of(
    centred: F64, parameters: F64, season: int, counts: NDArray[np.bool_]
) -> tuple[F64, F64]:
    """Sums of squares where ``counts``, (series, tries), and errors (series, periods, tries).

    Before the beginning, values and errors are zero.
    """
    of_values, of_errors = _weights(parameters, season)
    used_values = {lag: w for lag, w in of_values.items() if np.any(w)}
    used_errors = {lag: w for lag, w in of_errors.items() if np.any(w)}
    known = np.nan_to_num(centred).T[:, :, None]
    seen = np.isfinite(centred).T[:, :, None]
    errors = np.zeros((centred.shape[1], *parameters.shape[:2]))
    for at in range(len(known)):
        error = np.broadcast_to(known[at], parameters.shape[:2]).copy()
        for lag, weight in used_values.items():
            if lag <= at:
                error -= weight * known[at - lag]
        for lag, weight in used_errors.items():
            if lag <= at:
                error -= weight * errors[at - lag]
        errors[at] = np.where(seen[at], np.clip(error, -1e6, 1e6), 0.0)
    total = np.einsum("tsk,tsk,ts->sk", errors, errors, counts.T.astype(float))
    return total, errors.transpose(1, 0, 2)


def _ahead(centred: F64, errors: F64, parameters: F64, season: int, horizon: int) -> F64:
    of_values, of_errors = _weights(parameters, season)
    values = np.concatenate([np.nan_to_num(centred), np.zeros((len(centred), horizon))], axis=1)
    past = centred.shape[1]
    for at in range(past, past + horizon):
        for lag, weight in of_values.items():
            if lag <= at:
                values[:, at] += weight * values[:, at - lag]
        for lag, weight in of_errors.items():
            if past > at - lag >= 0:
                values[:, at] += weight * errors[:, at - lag]
    return values[:, past:]

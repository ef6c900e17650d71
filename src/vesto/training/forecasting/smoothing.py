"""Exponential smoothing of many series at once, in state space form with additive errors.

Source: Hyndman, Koehler, Ord and Snyder, "Forecasting with Exponential Smoothing", 2008, chapter 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vesto.training.forecasting.history import first_values, lengths_of
from vesto.training.forecasting.minimise import minimise

F64 = NDArray[np.float64]
TRIES: Final = 24
# Bounds of alpha, beta (a share of alpha), gamma (a share of 1 - alpha) and phi.
_LOW: Final = np.array([0.01, 0.001, 0.001, 0.80])
_HIGH: Final = np.array([0.99, 0.60, 0.60, 1.00])


@dataclass(frozen=True, slots=True, eq=False)
class States:
    """Level, slope and season of every series and try: (series, tries), season (season, ...)."""

    level: F64
    slope: F64
    season: F64


@dataclass(frozen=True, slots=True)
class Form:
    """Which parts the model has; ``season`` is 1 where it has none."""

    trend: bool
    season: int

    @property
    def free(self) -> list[int]:
        """The places of its parameters among alpha, beta, gamma, phi."""
        return [0, *([1, 3] if self.trend else []), *([2] if self.season > 1 else [])]

    @property
    def counted(self) -> int:
        """Parameters and states, for the information criterion."""
        return len(self.free) + 1 + self.trend + (self.season - 1 if self.season > 1 else 0)


def smoothed(y: F64, season: int, horizon: int, seed: int) -> F64:
    """Forecasts of the form that the corrected information criterion of Akaike prefers.

    ``y`` has the shape (series, periods), NaN before a series begins; the answer is (series,
    horizon).
    """
    forms = [Form(trend, s) for s in dict.fromkeys((1, season)) for trend in (False, True)]
    lengths = lengths_of(y)
    found, criteria = [], []
    for form in forms:
        ahead, errors = _fitted(y, form, horizon, seed)
        criterion = _criterion(errors, lengths, form.counted)
        if form.season > 1:
            criterion[lengths < 2 * form.season + 1] = np.inf
        found.append(ahead)
        criteria.append(criterion)
    chosen = np.argmin(np.stack(criteria), axis=0)
    picked: F64 = np.stack(found)[chosen, np.arange(len(y))]
    return picked


def _criterion(errors: F64, lengths: NDArray[np.int64], counted: int) -> F64:
    room = np.maximum(lengths - counted - 2, 0.5)
    penalty = 2 * (counted + 1) * lengths / room
    criterion: F64 = lengths * np.log(np.maximum(errors, 1e-12) / lengths) + penalty
    return criterion


def _fitted(y: F64, form: Form, horizon: int, seed: int) -> tuple[F64, F64]:
    start = beginning(y, form)
    scale = np.maximum(np.nanstd(y, axis=1), 1e-12)

    def whole(parameters: F64) -> F64:
        every = np.broadcast_to([0.0, 0.0, 0.0, 1.0], (*parameters.shape[:2], 4)).copy()
        every[:, :, form.free] = parameters
        return every

    def loss(parameters: F64) -> F64:
        squares: F64 = run(y, whole(parameters), start, form)[0] / scale[:, None] ** 2
        return squares

    low, high = _LOW[form.free], _HIGH[form.free]
    best = minimise(loss, low, high, len(y), tries=TRIES, seed=seed)
    parameters = whole(best[:, None, :])
    errors, end = run(y, parameters, start, form)
    relative = errors[:, 0] / scale**2
    return ahead(parameters[:, 0], end, form, y.shape[1], horizon), relative


def beginning(y: F64, form: Form) -> States:
    """Level, slope and season at the beginning, from a line and means over the first seasons."""
    count = int(min(y.shape[1], max(10, 4 * form.season)))
    window = first_values(y, count)
    times = np.arange(count, dtype=float)
    season = np.zeros((form.season, len(y)))
    phase = _phases(y, count, form.season)
    for _ in range(3 if form.season > 1 else 1):
        level, slope = line(window - _at(season, phase), times)
        if form.season > 1:
            rest = window - level[:, None] - slope[:, None] * times
            season = _means(rest, phase, form.season)
    if not form.trend:
        level = np.nanmean((window - _at(season, phase))[:, : max(3, form.season)], axis=1)
        slope = np.zeros(len(y))
    return States(level - slope, slope, season)


def line(window: F64, times: F64) -> tuple[F64, F64]:
    """Level at time 0 and slope of the least-squares line through each row's known values."""
    known = np.isfinite(window)
    count = np.maximum(known.sum(axis=1), 1)
    t = np.where(known, times, 0.0)
    values = np.where(known, window, 0.0)
    middle, mean = t.sum(axis=1) / count, values.sum(axis=1) / count
    away = np.where(known, times - middle[:, None], 0.0)
    spread = (away**2).sum(axis=1)
    slope = np.divide(
        (away * values).sum(axis=1), spread, out=np.zeros_like(mean), where=spread > 0
    )
    return mean - slope * middle, slope


def _phases(y: F64, count: int, season: int) -> NDArray[np.int64]:
    """Which part of the season each of the first values is in, counted over all columns."""
    start = y.shape[1] - lengths_of(y)
    places: NDArray[np.int64] = (start[:, None] + np.arange(count)) % season
    return places


def _at(season: F64, phase: NDArray[np.int64]) -> F64:
    values: F64 = season[phase, np.arange(len(phase))[:, None]]
    return values


def _means(rest: F64, phase: NDArray[np.int64], season: int) -> F64:
    """The mean of each part of the season, over all parts zero."""
    means = np.zeros((season, len(rest)))
    known = np.isfinite(rest)
    for part in range(season):
        here = known & (phase == part)
        total = np.where(here, rest, 0.0).sum(axis=1)
        means[part] = total / np.maximum(here.sum(axis=1), 1)
    centred: F64 = means - means.mean(axis=0)
    return centred


def run(y: F64, parameters: F64, start: States, form: Form) -> tuple[F64, States]:
    """Sums of squared errors one period ahead, (series, tries), and the states at the end."""
    alpha, beta, gamma, phi = np.moveaxis(parameters, 2, 0)
    beta, gamma = alpha * beta, gamma * (1 - alpha)
    level = np.broadcast_to(start.level[:, None], alpha.shape)
    slope = np.broadcast_to(start.slope[:, None], alpha.shape)
    season = np.repeat(start.season[:, :, None], alpha.shape[1], axis=2)
    errors = np.zeros(alpha.shape)
    for at in range(y.shape[1]):
        value = y[:, at, None]
        known = np.isfinite(value)
        part = at % form.season
        base = level + phi * slope
        error = np.where(known, value - base - season[part], 0.0)
        level = np.where(known, base + alpha * error, level)
        if form.trend:
            slope = np.where(known, phi * slope + beta * error, slope)
        if form.season > 1:
            season[part] += gamma * error
        errors += error * error
    return errors, States(level, slope, season)


def ahead(parameters: F64, end: States, form: Form, periods: int, horizon: int) -> F64:
    """Forecasts from the states at the end, (series, horizon)."""
    steps = np.arange(1, horizon + 1)
    phi = parameters[:, 3, None]
    grown = np.cumsum(phi**steps, axis=1)
    season = end.season[(periods + steps - 1) % form.season, :, 0].T
    found: F64 = end.level[:, :1] + grown * end.slope[:, :1] + season
    return found

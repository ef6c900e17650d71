"""Forecasts of all series: every candidate back-tested, the best combined, quantiles around them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vesto.training.forecasting.backtest import (
    Windows,
    combined,
    losses,
    scales,
    weights_of,
    windows_for,
)
from vesto.training.forecasting.boosted import Panel, boosted
from vesto.training.forecasting.candidates import (
    CANDIDATES,
    SEASONAL_NAIVE,
    Candidate,
    within_reach,
)
from vesto.training.forecasting.frequency import Frequency
from vesto.training.forecasting.measure import measured
from vesto.training.forecasting.quantiles import Spread, spread_of

F64 = NDArray[np.float64]
BOOSTED: Final = "xgboost"
# Values that a model with a state may hold at a time, over series, periods and tries.
CELLS: Final = 6_000_000
TRIES: Final = 48
# What is trusted where nothing can be tested.
PLAIN: Final = ("seasonal_naive", "theta", "ets")
BOOSTED_SHARE: Final = 0.3
Say = Callable[[float, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is wanted: ``percentiles`` are shares from 0 to 1, ``deadline`` is monotonic."""

    frequency: Frequency
    horizon: int
    objective: str
    percentiles: tuple[float, ...]
    seed: int
    deadline: float


@dataclass(frozen=True, slots=True, eq=False)
class Forecasts:
    """Quantiles by share, and ``mean``, each (series, horizon); how good the back-tests were.

    ``shares`` are the mean weights of the candidates, ``by_candidate`` their own scores.
    ``cut_short`` counts series for which the time did not reach to try every candidate.
    """

    quantiles: dict[float, F64]
    mean: F64
    score: float
    tested: int
    windows: int
    shares: dict[str, float]
    by_candidate: dict[str, float]
    cut_short: int


@dataclass(slots=True, eq=False)
class Run:
    """One run over a panel."""

    panel: Panel
    task: Task
    say: Say
    candidates: tuple[Candidate, ...] = CANDIDATES
    boosts: bool = True
    windows: Windows = field(init=False)
    names: list[str] = field(init=False)
    tested: F64 = field(init=False)
    future: F64 = field(init=False)
    complete: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        y = self.panel.y
        self.windows = windows_for(y, self.task.frequency.season, self.task.horizon)
        self.names = [BOOSTED, *(candidate.name for candidate in self.candidates)]
        shape = (len(self.names), len(self.windows.backs), len(y), self.windows.steps)
        self.tested = np.full(shape, np.nan)
        self.future = np.full((len(self.names), len(y), self.task.horizon), np.nan)
        self.complete = np.ones(len(y), bool)

    def run(self) -> Forecasts:
        """Fit everything that there is time for, and combine it."""
        if self.boosts:
            self._boost()
        count = len(self.panel.y)
        for rows in self._chunks():
            left = max(0.0, self.task.deadline - time.monotonic())
            share = (rows.stop - rows.start) / (count - rows.start)
            self._chunk(rows, time.monotonic() + left * share)
            self.say(rows.stop / count, len(self.names))
        return self._joined()

    def _chunks(self) -> list[slice]:
        count, periods = self.panel.y.shape
        most = max(1, CELLS // (min(periods, 1000) * TRIES))
        width = -(-count // -(-count // most))
        return [slice(at, min(at + width, count)) for at in range(0, count, width)]

    def _boost(self) -> None:
        """The boosted forest, which learns from all series together."""
        task, y = self.task, self.panel.y
        start = time.monotonic()
        deadline = start + BOOSTED_SHARE * max(0.0, task.deadline - start)
        fits = [*self.windows.backs, 0]
        for place, back in enumerate(fits):
            began = time.monotonic()
            known = Panel(y[:, : y.shape[1] - back], self.panel.ends - back, self.panel.fixed)
            steps = self.windows.steps if back else task.horizon
            ahead = boosted(
                known, task.frequency, steps, seed=task.seed, squared=task.objective == "RMSE",
                deadline=began + (deadline - began) / (len(fits) - place),
            )  # fmt: skip
            if ahead is None:
                self.tested[0], self.future[0] = np.nan, np.nan
                return
            self._put(0, place, slice(0, len(y)), ahead, back)

    def _put(self, candidate: int, window: int, rows: slice, ahead: F64, back: int) -> None:
        y = self.panel.y[rows]
        ahead = within_reach(y[:, : y.shape[1] - back], ahead)
        if back:
            self.tested[candidate, window, rows] = ahead
        else:
            self.future[candidate, rows] = ahead

    def _chunk(self, rows: slice, until: float) -> None:
        """Every candidate on some series, the cheap ones first, while there is time."""
        for place, candidate in enumerate(self.candidates, start=1):
            began = time.monotonic()
            # The last fit costs as much as the first: it is known after one whether all fit in.
            for number, back in enumerate((0, *self.windows.backs)):
                used = time.monotonic() - began
                fits = len(self.windows.backs) + 1
                late = time.monotonic() + (used / number if number else 0) * (fits - number) > until
                if late and candidate is not SEASONAL_NAIVE:
                    self.tested[place, :, rows] = np.nan
                    self.future[place, rows] = np.nan
                    self.complete[rows] = False
                    break
                y = self.panel.y[rows]
                y = y[:, : y.shape[1] - back]
                steps = self.windows.steps if back else self.task.horizon
                known = np.isfinite(y).any(axis=1)
                ahead = np.full((len(y), steps), np.nan)
                if known.any():
                    season = self.task.frequency.season
                    ahead[known] = candidate.forecast(y[known], season, steps, self.task.seed)
                self._put(place, number - 1, rows, ahead, back)

    # --- From candidates to forecasts -----------------------------------------------------------

    def _joined(self) -> Forecasts:
        y, task = self.panel.y, self.task
        actual = self.windows.actual(y)
        weights = self._weights(actual, slice(None))
        naive = self.names.index(SEASONAL_NAIVE.name)
        past = self._past(actual)
        point = combined(weights, self.future, self.future[naive])
        scale = scales(y, task.frequency.season)
        around_mean = task.objective == "RMSE"
        spread = spread_of(actual - past, scale, task.horizon, around_mean=around_mean)
        shares = weights.mean(axis=1)
        return Forecasts(
            quantiles={share: self._kept(spread.quantile(point, share)) for share in
                       sorted({0.5, *task.percentiles})},
            mean=self._kept(spread.mean(point)),
            score=self._score(past, actual, scale),
            tested=int(np.isfinite(actual).any(axis=(0, 2)).sum()),
            windows=len(self.windows.backs),
            shares=dict(zip(self.names, map(float, shares), strict=True)),
            by_candidate=self._scores(actual, scale),
            cut_short=int((~self.complete).sum()),
        )  # fmt: skip

    def _weights(self, actual: F64, windows: Any) -> F64:
        tested, actual = self.tested[:, windows], actual[windows]
        if not len(actual):
            return self._untested()
        loss = losses(tested, actual, self.task.objective)
        return weights_of(loss, len(actual), self.task.objective)

    def _past(self, actual: F64) -> F64:
        """What would have been forecast in each window, by weights that the others give."""
        naive = self.names.index(SEASONAL_NAIVE.name)
        count = len(actual)
        found = np.full(actual.shape, np.nan)
        for window in range(count):
            others = np.arange(count) != window if count > 1 else np.ones(1, bool)
            weights = self._weights(actual, others)
            tested = self.tested[:, window]
            found[window] = combined(weights, tested, tested[naive])
        return found

    def _untested(self) -> F64:
        """Where nothing can be tested, the plain models share alike."""
        plain = [self.names.index(name) for name in PLAIN if name in self.names]
        weights = np.zeros((len(self.names), len(self.panel.y)))
        weights[plain] = 1 / len(plain)
        return weights

    def _kept(self, values: F64) -> F64:
        """Series that were never below zero stay there."""
        positive = np.nanmin(self.panel.y, axis=1, keepdims=True) >= 0
        kept: F64 = np.where(positive, np.maximum(values, 0.0), values)
        return kept

    def _score(self, past: F64, actual: F64, scale: F64) -> float:
        """The objective over the back-tests; each window's quantiles come from the others."""
        quantiles: dict[float, F64] = {}
        if self.task.objective == "AverageWeightedQuantileLoss":
            quantiles = {share: np.full_like(past, np.nan) for share in self.task.percentiles}
            for window in range(len(past)):
                others = np.arange(len(past)) != window
                spread: Spread = spread_of(
                    (actual - past)[others if len(past) > 1 else [window]], scale,
                    past.shape[2], around_mean=False,
                )  # fmt: skip
                for share, found in quantiles.items():
                    found[window] = spread.quantile(past[window], share)
        return measured(self.task.objective, past, actual, scale, quantiles)

    def _scores(self, actual: F64, scale: F64) -> dict[str, float]:
        """MASE of each candidate on the back-tests, where it was tried."""
        found = {}
        for name, past in zip(self.names, self.tested, strict=True):
            value = measured("MASE", past, actual, scale, {})
            if np.isfinite(value):
                found[name] = value
        return found

"""One boosted forest over all series: every step ahead of every origin is a row.

The target is the difference from the same part of the last season, in units of the series' recent
size, so that series of any size teach each other.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vesto.algorithms.xgboost import ALGORITHM
from vesto.training.forecasting.frequency import Frequency
from vesto.training.forecasting.history import lengths_of

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]
I64 = NDArray[np.int64]
ROWS: Final = 40_000
# How many rows have their features in memory at a time, when they are foretold.
PREDICTED_ROWS: Final = 200_000
MINIMUM_ROWS: Final = 200
LAGS: Final = 6
SEASONS: Final = 3
ROUNDS: Final = 150
PARAMETERS: Final = {
    "objective": "reg:absoluteerror", "tree_method": "hist", "nthread": 1, "eta": 0.06,
    "max_depth": 5, "min_child_weight": 5, "subsample": 0.7, "colsample_bytree": 0.7,
    "verbosity": 0,
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Histories, (series, periods), the number of each one's last period, and what never changes.

    ``fixed`` has the shape (series, attributes).
    """

    y: F64
    ends: I64
    fixed: F32

    def part(self, rows: slice) -> Panel:
        """Some of the series."""
        return Panel(self.y[rows], self.ends[rows], self.fixed[rows])


def boosted(
    panel: Panel, frequency: Frequency, horizon: int, *, seed: int, squared: bool, deadline: float
) -> F64 | None:
    """Forecasts, (series, horizon); None where there are too few rows to learn from."""
    ALGORITHM.load()
    import xgboost  # noqa: PLC0415 - importing vesto must stay quick

    series, origins, steps = _examples(panel.y, horizon, frequency, seed)
    if len(series) < MINIMUM_ROWS or time.monotonic() > deadline:
        return None
    x, base, size = _features(panel, frequency, series, origins, steps)
    target = (panel.y[series, origins + steps] - base) / size
    objective = "reg:squarederror" if squared else "reg:absoluteerror"
    data = xgboost.DMatrix(x, target, nthread=1)
    booster = xgboost.train(
        PARAMETERS | {"seed": seed, "objective": objective}, data, ROUNDS,
        callbacks=[_until(deadline)], verbose_eval=False,
    )  # fmt: skip
    most = max(1, PREDICTED_ROWS // horizon)
    parts = [
        _ahead(booster, panel.part(slice(at, at + most)), frequency, horizon)
        for at in range(0, len(panel.y), most)
    ]
    return np.concatenate(parts)


def _ahead(booster: Any, panel: Panel, frequency: Frequency, horizon: int) -> F64:
    count, last = len(panel.y), panel.y.shape[1] - 1
    series = np.repeat(np.arange(count), horizon)
    steps = np.tile(np.arange(1, horizon + 1), count)
    x, base, size = _features(panel, frequency, series, np.full(len(series), last), steps)
    moved = booster.inplace_predict(x).astype(np.float64)
    found: F64 = (base + moved * size).reshape(count, horizon)
    return found


def _until(deadline: float) -> Any:
    import xgboost  # noqa: PLC0415 - importing vesto must stay quick

    class Until(xgboost.callback.TrainingCallback):
        def after_iteration(self, _model: Any, _epoch: int, _log: Any) -> bool:
            return time.monotonic() > deadline

    return Until()


def _examples(y: F64, horizon: int, frequency: Frequency, seed: int) -> tuple[I64, I64, I64]:
    """Series, origin and step of the rows to learn from, at most ``ROWS`` of them."""
    periods = y.shape[1]
    first = periods - lengths_of(y) + max(frequency.season, 3) - 1
    counts = np.maximum(periods - 1 - first, 0)
    total = int(counts.sum())
    if not total:
        empty = np.zeros(0, np.int64)
        return empty, empty, empty
    random = np.random.default_rng(seed)
    per_origin = min(horizon, max(1, ROWS // total))
    if total > ROWS:
        places = np.sort(random.choice(total, ROWS, replace=False))
    else:
        places = np.repeat(np.arange(total), per_origin)
    bounds = np.cumsum(counts)
    series = np.searchsorted(bounds, places, side="right")
    origins = places - (bounds - counts)[series] + first[series]
    if per_origin == horizon and total <= ROWS:
        steps = np.tile(np.arange(1, horizon + 1), total)
    else:
        steps = random.integers(1, horizon + 1, len(places))
    inside = origins + steps < periods
    return series[inside], origins[inside], steps[inside]


def _features(
    panel: Panel, frequency: Frequency, series: I64, origins: I64, steps: I64
) -> tuple[F32, F64, F64]:
    """Features of the rows, what the target is measured from, and its unit."""
    y, season = panel.y, frequency.season

    def at(places: I64) -> F64:
        known = places >= 0
        return np.where(known, y[series, np.maximum(places, 0)], np.nan)

    window = max(season, 7)
    recent = _mean_of_last(y, window)[series, origins]
    size = _mean_of_last(np.abs(y), window)[series, origins]
    size = np.maximum(np.nan_to_num(size), 1e-9)
    wanted = origins + steps
    seasons_back = [at(wanted - season * (-(-steps // season) + n)) for n in range(SEASONS)]
    base = np.where(np.isfinite(seasons_back[0]), seasons_back[0], y[series, origins])
    parts = [*seasons_back, *(at(origins - lag) for lag in range(LAGS)), recent]
    if frequency.long_season:
        long = frequency.long_season
        parts += [at(wanted - long * (-(-steps // long) + n)) for n in (0, 1)]
    earlier = _mean_of_last(y, window)[series, np.maximum(origins - season, 0)]
    parts.append(earlier)
    relative = (np.stack(parts, axis=1) - base[:, None]) / size[:, None]
    calendar = frequency.calendar(panel.ends[series] - (y.shape[1] - 1) + wanted)
    columns = [relative.astype(np.float32), (base / size)[:, None].astype(np.float32),
               steps[:, None].astype(np.float32), calendar, panel.fixed[series]]  # fmt: skip
    return np.concatenate(columns, axis=1), base, size


def _mean_of_last(y: F64, window: int) -> F64:
    """The mean of the known values among the last ``window`` up to each period."""
    known = np.isfinite(y)
    total = np.cumsum(np.where(known, y, 0.0), axis=1)
    count = np.cumsum(known, axis=1).astype(float)
    if y.shape[1] > window:
        total[:, window:] -= total[:, :-window].copy()
        count[:, window:] -= count[:, :-window].copy()
    mean: F64 = total / np.maximum(count, 1.0)
    return mean

"""Quantiles around forecasts, from how far the back-tests missed at each step ahead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
# How many residuals of its own outweigh the spread that all series have.
POOLED: Final = 8.0
LEAST: Final = 8
# From so many residuals on, their skewness is taken for that of what will come.
SKEWED: Final = 200
_NORMAL_POINTS: Final = 199


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """How far forecasts miss.

    ``width`` is each series' own, in its unit, ``growth`` its growth by step ahead, ``shape`` the
    sorted misses of all series in units of both, around the forecast.
    """

    width: F64
    growth: F64
    shape: F64

    def quantile(self, point: F64, share: float) -> F64:
        """The quantile around the forecasts, (series, steps)."""
        return self._moved(point, float(np.quantile(self.shape, share)))

    def mean(self, point: F64) -> F64:
        """The mean of what may come."""
        return self._moved(point, float(self.shape.mean()))

    def _moved(self, point: F64, misses: float) -> F64:
        away: F64 = misses * self.width[:, None] * self.growth[: point.shape[1]]
        return point + away


def spread_of(residuals: F64, scale: F64, steps: int, *, around_mean: bool) -> Spread:
    """The spread of ``residuals``, (windows, series, tested steps), NaN where not tested.

    ``scale`` is each series' unit; the spread reaches ``steps`` ahead, beyond the tested ones as
    the root of the step. The shape's median is zero, or its mean where forecasts are means.
    """
    relative = residuals / scale[:, None]
    growth = _growth(relative, steps)
    level = relative / growth[: relative.shape[2]]
    known = np.isfinite(level)
    count = known.sum(axis=(0, 2))
    squares = np.where(known, level, 0.0) ** 2
    pooled = squares.sum() / max(count.sum(), 1)
    own = (squares.sum(axis=(0, 2)) + POOLED * pooled) / (count + POOLED)
    width = np.sqrt(own)
    if count.sum() < LEAST or not pooled > 0:
        width = np.ones(len(scale)) if count.sum() < LEAST else np.zeros(len(scale))
        return Spread(width * scale, growth, _normal())
    shape = (level / np.maximum(width, 1e-12)[:, None])[known]
    if len(shape) < SKEWED:
        # Too few to tell on which side the misses are larger.
        shape = np.concatenate([shape, -shape])
    shape = np.sort(shape)
    centre = shape.mean() if around_mean else np.median(shape)
    return Spread(width * scale, growth, shape - centre)


def _growth(relative: F64, steps: int) -> F64:
    """How the misses grow with the step: between constant and as the step, never shrinking."""
    ahead = np.arange(1, steps + 1, dtype=float)
    steady: F64 = np.sqrt(ahead)
    known = np.isfinite(relative)
    count = known.sum(axis=(0, 1))
    tested = relative.shape[2]
    if count.sum() < LEAST or tested < 2:  # noqa: PLR2004 - a slope needs two points
        return steady
    size = np.where(known, np.abs(relative), 0.0).sum(axis=(0, 1)) / np.maximum(count, 1)
    good = (size > 0) & (count > 0)
    if good.sum() < 2:  # noqa: PLR2004 - the same
        return steady
    slope, _ = np.polyfit(np.log(ahead[:tested][good]), np.log(size[good]), 1)
    grown: F64 = ahead ** float(np.clip(slope, 0.0, 1.0))
    return grown


def _normal() -> F64:
    from statistics import NormalDist  # noqa: PLC0415 - only where nothing was tested

    shares = (np.arange(_NORMAL_POINTS) + 0.5) / _NORMAL_POINTS
    return np.array([NormalDist().inv_cdf(share) for share in shares])

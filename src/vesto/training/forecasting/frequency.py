"""FREQUENCY: which period a moment is in, when a period begins, and how long a season is.

Periods are numbered from 1970 on. As in Amazon Forecast a month begins on its first day and a week
on Monday; a period is written as the moment it begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]
# 1970 began on a Thursday.
_MONDAY: Final = 3
_DAYS_A_WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class Frequency:
    """One unit of FREQUENCY.

    ``unit`` and ``count`` are NumPy's unit and how many of it a period has; ``season`` is the
    periods of the usual season, 1 where there is none, ``long_season`` those of the next longer.
    """

    name: str
    unit: str
    count: int
    season: int
    long_season: int = 0

    @property
    def has_time(self) -> bool:
        """Whether a period is shorter than a day, so that its text tells the time."""
        return self.unit in {"h", "m"}

    def periods(self, moments: NDArray[np.datetime64]) -> I64:
        """The number of the period that each moment is in."""
        numbers = moments.astype(f"datetime64[{self._base}]").astype(np.int64)
        if self.unit == "W":
            return (numbers + _MONDAY) // _DAYS_A_WEEK
        return numbers // self.count

    def starts(self, periods: I64) -> NDArray[np.datetime64]:
        """When each period begins, to the second."""
        numbers = periods * self.count
        if self.unit == "W":
            numbers = periods * _DAYS_A_WEEK - _MONDAY
        return numbers.astype(f"datetime64[{self._base}]").astype("datetime64[s]")

    def written(self, periods: I64) -> list[str]:
        """Each period as ``YYYY-MM-DD``, with ``THH:MM:SS`` where it is shorter than a day."""
        moments = self.starts(periods)
        kind = "datetime64[s]" if self.has_time else "datetime64[D]"
        found: list[str] = np.datetime_as_string(moments.astype(kind)).tolist()
        return found

    def calendar(self, periods: I64) -> NDArray[np.float32]:
        """Month, day of the month, weekday and minute of the day; shape (*periods, 4)."""
        moments = self.starts(periods)
        days, months = moments.astype("datetime64[D]"), moments.astype("datetime64[M]")
        parts = (
            months.astype(np.int64) % 12,
            (days - months.astype("datetime64[D]")).astype(np.int64),
            (days.astype(np.int64) + _MONDAY) % _DAYS_A_WEEK,
            (moments - days.astype("datetime64[s]")).astype(np.int64) // 60,
        )
        return np.stack(parts, axis=-1).astype(np.float32)

    @property
    def _base(self) -> str:
        return "D" if self.unit == "W" else self.unit


FREQUENCIES: Final = {
    frequency.name: frequency
    for frequency in (
        Frequency("Y", "Y", 1, 1), Frequency("M", "M", 1, 12), Frequency("W", "W", 1, 52),
        Frequency("D", "D", 1, 7), Frequency("H", "h", 1, 24, 168),
        Frequency("30min", "m", 30, 48, 336), Frequency("15min", "m", 15, 96, 672),
        Frequency("10min", "m", 10, 144, 1008), Frequency("5min", "m", 5, 288, 2016),
        Frequency("1min", "m", 1, 1440),
    )
}  # fmt: skip


def named(text: str) -> Frequency | None:
    """The frequency of that name, whatever its case; None if there is none."""
    wanted = text.strip().lower()
    return next((f for name, f in FREQUENCIES.items() if name.lower() == wanted), None)

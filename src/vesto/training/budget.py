"""What a search may spend: time, or a number of candidates, which a clock cannot change."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

Stage = Literal["first", "portfolio", "tuning", "finalists"]

# Of a number of candidates, as of a time, not all go to those that are tried first.
TRIAL_SHARES: Final[dict[Stage, float]] = {
    "first": 0.6, "portfolio": 0.6, "tuning": 1.0, "finalists": math.inf,
}  # fmt: skip
TIME_SHARES: Final[dict[Stage, float]] = {
    "first": 0.4, "portfolio": 0.6, "tuning": 0.6, "finalists": 0.95,
}  # fmt: skip
# Where what follows is quick, the search may go on for longer; where it is slow, it ends earlier.
END_SHARE: Final = 0.95
LEAST_SHARE: Final = 0.3


def now() -> float:
    """The clock that a budget reads unless it is given another."""
    return time.monotonic()


@dataclass(frozen=True, slots=True)
class Budget:
    """``seconds`` from ``start`` on, both of ``clock``; or ``max_trials`` candidates where not 0.

    With a number of candidates no decision looks at the clock, so that the same seed finds the same
    model on every machine.
    """

    start: float
    seconds: float
    max_trials: int = 0
    clock: Callable[[], float] = now

    @property
    def counts(self) -> bool:
        """Whether candidates are counted and not seconds."""
        return self.max_trials > 0

    @property
    def deadline(self) -> float:
        """The moment of the clock by which the last fit ends; infinite where candidates count."""
        return math.inf if self.counts else self.start + self.seconds

    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return self.clock() - self.start

    def spent(self, tried: int) -> float:
        """The share that is spent, after so many candidates."""
        return tried / self.max_trials if self.counts else self.elapsed_s() / self.seconds

    def has_room(
        self, stage: Stage, tried: int, expected_s: float, wanted_s: float = math.inf,
        needed_s: float = 0.0,
    ) -> bool:  # fmt: skip
        """Whether one more candidate, expected to take so long, belongs to the stage.

        What comes after the stage would take ``wanted_s``: if that is short, the stage has more
        than its share. It cannot do with less than ``needed_s``.
        """
        if self.counts:
            return tried < self.max_trials * TRIAL_SHARES[stage]
        end_s = self.seconds * END_SHARE
        least_s = max(self.seconds * LEAST_SHARE, end_s - needed_s)
        share_s = min(self.seconds * TIME_SHARES[stage], least_s)
        return self.elapsed_s() + expected_s < max(share_s, end_s - wanted_s)

    def limit_s(self, share: float) -> float:
        """The seconds that are this share of the budget; no limit where candidates count."""
        return math.inf if self.counts else self.seconds * share

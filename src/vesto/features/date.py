"""Dates and times: their parts, and the seconds between pairs of them."""

from __future__ import annotations

from itertools import combinations
from typing import Final

from vesto.features import Tape
from vesto.programs.steps import DateParts, Difference

_PARTS: Final = {
    "date": ("year", "month", "day", "weekday", "epoch"),
    "time": ("hour", "minute", "epoch"),
    "timestamp": ("year", "month", "day", "weekday", "hour", "minute", "epoch"),
}
MAX_PAIRS: Final = 6


def parts(tape: Tape, source: int, family: str) -> list[int]:
    """The parts of one column; the last register is its epoch."""
    return tape.append(DateParts(source, _PARTS[family]))


def differences(tape: Tape, epochs: list[int]) -> list[int]:
    """Seconds between each pair of columns, for the first six pairs."""
    pairs = list(combinations(epochs, 2))[:MAX_PAIRS]
    return [register for a, b in pairs for register in tape.append(Difference(b, a))]

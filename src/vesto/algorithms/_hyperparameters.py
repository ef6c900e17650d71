"""What a hyperparameter may be, and the errors of one that is something else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from vesto.errors import InvalidParameterValue


@dataclass(frozen=True, slots=True)
class Range:
    """The numbers a parameter may have; ``words`` are what it may be besides, or instead."""

    kind: type[int | float | str]
    low: float = float("-inf")
    high: float = float("inf")
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        choice = "one of " + ", ".join(self.words) if len(self.words) > 1 else "".join(self.words)
        if self.kind is str:
            return choice or "a text"
        what = "a whole number" if self.kind is int else "a number"
        numbers = f"{what} from {self.low:g} to {self.high:g}"
        return f"{choice} or {numbers}" if choice else numbers


def unknown(key: str, known: Iterable[str]) -> InvalidParameterValue:
    """The error of a hyperparameter that is none."""
    names = list(known)
    close = get_close_matches(key.lower(), names, n=1)
    start = f'Perhaps you meant "{close[0]}". ' if close else ""
    hint = f"{start}The hyperparameters are {', '.join(names)}."
    return InvalidParameterValue(f'hyperparameter "{key}" is not known', hint=hint)


def in_range(name: str, value: str, wanted: Range) -> str:
    """The value, a word of ``wanted`` in lower case.

    Raises:
        InvalidParameterValue: It is out of range.
    """
    if value.lower() in wanted.words:
        return value.lower()
    if wanted.kind is str and not wanted.words:
        return value
    try:
        number = wanted.kind(value)
    except ValueError:
        raise wrong(name, value, wanted) from None
    if isinstance(number, str) or not wanted.low <= float(number) <= wanted.high:
        raise wrong(name, value, wanted)
    return value


def wrong(name: str, value: str, wanted: object) -> InvalidParameterValue:
    """The error of a value that is out of range."""
    hint = f"It must be {wanted}."
    return InvalidParameterValue(f'hyperparameter "{name}" cannot be {value!r}', hint=hint)

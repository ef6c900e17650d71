"""DateTimeVectorizer: the parts of a date or time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from vesto.features import Tape
from vesto.features.transformers import NUMBER, Raw, Series, after
from vesto.programs.steps import DateParts

_DATE: Final = ("year", "month", "day", "weekday")
_TIME: Final = ("hour", "minute", "second")
_PARTS: Final = {"date": _DATE, "time": _TIME, "timestamp": _DATE + _TIME}


class DateTimeVectorizer:
    """Year, month, day and weekday (0 on Monday), and hour, minute and second, a register each.

    A date has the first four, a time the last three. What is missing stays missing; a timestamp with
    zone is taken in UTC.
    """

    name: ClassVar[str] = "DateTimeVectorizer"
    takes: ClassVar[Mapping[str, str]] = {"moment": NUMBER}

    def fit(self, tape: Tape, given: Sequence[Series]) -> Sequence[Series]:
        """Three to seven registers for each column."""
        made: list[Series] = []
        for one in given:
            assert isinstance(one, Raw)
            made += after(tape, DateParts(one.place, _PARTS[one.family]), one.name, one.column)
        return made


TRANSFORMER: Final = DateTimeVectorizer()

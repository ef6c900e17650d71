"""MinMax: numbers from 0 to 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from vesto.features import Tape
from vesto.features.transformers import NUMBERS, Series, after, as_number, finite
from vesto.programs.steps import Scale


class MinMax:
    """(x - least) / (greatest - least), as scikit-learn's MinMaxScaler; what is missing stays missing.

    Numbers beyond those of the training rows go beyond 0 and 1: to hold them would hide how far away
    they are. A column whose values are all the same becomes 0.
    """

    name: ClassVar[str] = "MinMax"
    takes: ClassVar[Mapping[str, str]] = NUMBERS

    def fit(self, tape: Tape, given: Sequence[Series]) -> Sequence[Series]:
        """A register for each column."""
        made: list[Series] = []
        for one in (as_number(tape, series) for series in given):
            known = finite(one)
            least, greatest = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
            step = Scale(one.register, least, greatest - least or 1.0)
            made += after(tape, step, one.name, one.values)
        return made


TRANSFORMER: Final = MinMax()

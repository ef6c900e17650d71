"""StandardScaler: numbers with mean 0 and deviation 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from vesto.features import Tape
from vesto.features.transformers import NUMBERS, Series, after, as_number, finite, mean_of
from vesto.programs.steps import Scale


class StandardScaler:
    """(x - mean) / deviation, as scikit-learn's; what is missing stays missing.

    A column whose values are all the same becomes 0.
    """

    name: ClassVar[str] = "StandardScaler"
    takes: ClassVar[Mapping[str, str]] = NUMBERS

    def fit(self, tape: Tape, given: Sequence[Series]) -> Sequence[Series]:
        """A register for each column."""
        made: list[Series] = []
        for one in (as_number(tape, series) for series in given):
            known = finite(one)
            same = not len(known) or known.min() == known.max()
            deviation = 1.0 if same else float(known.std()) or 1.0
            step = Scale(one.register, mean_of(one), deviation)
            made += after(tape, step, one.name, one.values)
        return made


TRANSFORMER: Final = StandardScaler()

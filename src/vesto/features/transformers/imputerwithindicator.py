"""ImputerWithIndicator: something in place of what is missing, and a flag that says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from vesto.features import Tape
from vesto.features.transformers import NUMBERS, Series, after, as_number
from vesto.features.transformers.imputer import imputed
from vesto.programs.steps import Missing


class ImputerWithIndicator:
    """The mean in place of missing numbers, and a second register: 1 where it was missing, else 0.

    The flag is there even if nothing is missing in the training rows.
    """

    name: ClassVar[str] = "ImputerWithIndicator"
    takes: ClassVar[Mapping[str, str]] = NUMBERS

    def fit(self, tape: Tape, given: Sequence[Series]) -> Sequence[Series]:
        """Two registers for each column."""
        made: list[Series] = []
        for one in (as_number(tape, series) for series in given):
            made.append(imputed(tape, one))
            made += after(tape, Missing(one.register), one.name, one.values)
        return made


TRANSFORMER: Final = ImputerWithIndicator()

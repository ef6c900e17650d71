"""NumericPassthrough: a number as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from vesto.features import Tape
from vesto.features.transformers import NUMBERS, Series, as_number


class NumericPassthrough:
    """Numbers and booleans as they are; what is missing stays missing."""

    name: ClassVar[str] = "NumericPassthrough"
    takes: ClassVar[Mapping[str, str]] = NUMBERS

    def fit(self, tape: Tape, given: Sequence[Series]) -> Sequence[Series]:
        """A register for each column."""
        return [as_number(tape, one) for one in given]


TRANSFORMER: Final = NumericPassthrough()

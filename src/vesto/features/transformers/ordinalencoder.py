"""OrdinalEncoder: the place of a word among all words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from vesto.features import Tape
from vesto.features.transformers import WORDS, Raw, Series, after
from vesto.features.transformers._words import coded


class OrdinalEncoder:
    """0, 1, 2 ... in the order of the values, as scikit-learn's; of integers in that of numbers.

    What is missing stays missing, and so is a word that the training rows lack; blanks at the end of a
    text do not count.
    """

    name: ClassVar[str] = "OrdinalEncoder"
    takes: ClassVar[Mapping[str, str]] = WORDS

    def fit(self, tape: Tape, given: Sequence[Series]) -> Sequence[Series]:
        """A register for each column."""
        made: list[Series] = []
        for one in given:
            assert isinstance(one, Raw)
            made += after(tape, coded(one, missing_has_code=False).step, one.name, one.column)
        return made


TRANSFORMER: Final = OrdinalEncoder()

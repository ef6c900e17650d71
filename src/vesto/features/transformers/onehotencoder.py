"""OneHotEncoder: a register of 0 and 1 for each word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from vesto.errors import InvalidTrainingData
from vesto.features import Tape
from vesto.features.transformers import WORDS, Raw, Series, after
from vesto.features.transformers._words import coded
from vesto.programs.steps import OneHot

MOST_WORDS: Final = 1000


class OneHotEncoder:
    """A register for each word of the training rows, and one for what is missing if any of them misses it.

    As scikit-learn's with ``handle_unknown="ignore"``: a word that the training rows lack gives zeros,
    and blanks at the end of a text do not count.
    """

    name: ClassVar[str] = "OneHotEncoder"
    takes: ClassVar[Mapping[str, str]] = WORDS

    def fit(self, tape: Tape, given: Sequence[Series]) -> Sequence[Series]:
        """As many registers as the columns have words."""
        made: list[Series] = []
        for one in given:
            assert isinstance(one, Raw)
            found = coded(one, missing_has_code=True)
            if found.codes > MOST_WORDS:
                message = f'column "{one.name}" has {found.codes} different values: OneHotEncoder'
                hint = "Use OrdinalEncoder, or group rare values."
                raise InvalidTrainingData(f"{message} takes {MOST_WORDS}", hint=hint)
            (code,) = after(tape, found.step, one.name, one.column)
            step = OneHot(code.register, max(found.codes, 1))
            made += after(tape, step, one.name, code.values)
        return made


TRANSFORMER: Final = OneHotEncoder()

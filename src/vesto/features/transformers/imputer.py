"""Imputer: something in place of what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Final

import pyarrow.compute as pc

from vesto.features import Tape
from vesto.features.transformers import NUMBERS, Made, Raw, Series, after, as_number, mean_of
from vesto.programs.reference import words_in
from vesto.programs.steps import Impute


class Imputer:
    """The mean in place of missing numbers, as scikit-learn's SimpleImputer; of texts the most frequent word.

    Of words that are equally frequent it is the first. An encoder must follow a text.
    """

    name: ClassVar[str] = "Imputer"
    takes: ClassVar[Mapping[str, str]] = NUMBERS | {"text": "text"}

    def fit(self, tape: Tape, given: Sequence[Series]) -> Sequence[Series]:
        """A register for each number; a text stays what it is, but for its missing values."""
        return [_filled(tape, one) for one in given]


def _filled(tape: Tape, one: Series) -> Series:
    if isinstance(one, Raw) and one.family == "text":
        return replace(one, fill=_most_frequent(one))
    return imputed(tape, as_number(tape, one))


def imputed(tape: Tape, one: Made) -> Made:
    """The register with its mean in place of what is missing."""
    (made,) = after(tape, Impute(one.register, mean_of(one)), one.name, one.values)
    return made


def _most_frequent(one: Raw) -> str | None:
    counted = words_in(one.column).drop_null().value_counts()
    if not len(counted):
        return None
    most = pc.max(counted.field("counts"))
    return str(pc.min(counted.filter(pc.equal(counted.field("counts"), most)).field("values")))


TRANSFORMER: Final = Imputer()

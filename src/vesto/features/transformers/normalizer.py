"""Normalizer: rows of length 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

import numpy as np

from vesto.features import Tape
from vesto.features.transformers import NUMBERS, Made, Series, as_number
from vesto.programs.reference import run_step
from vesto.programs.steps import Normalize


class Normalizer:
    """Each row's numbers of the column set divided by the root of the sum of their squares.

    As scikit-learn's Normalizer. What is missing stays missing and counts as 0 in the sum; a row of zeros stays so.
    """

    name: ClassVar[str] = "Normalizer"
    takes: ClassVar[Mapping[str, str]] = NUMBERS

    def fit(self, tape: Tape, given: Sequence[Series]) -> Sequence[Series]:
        """A register for each number of the set."""
        numbers = [as_number(tape, one) for one in given]
        step = Normalize(tuple(one.register for one in numbers))
        registers = tape.append(step)
        with np.errstate(all="ignore"):
            values = run_step(step, *(one.values for one in numbers))
        return [
            Made(one.name, register, made)
            for one, register, made in zip(numbers, registers, values, strict=True)
        ]


TRANSFORMER: Final = Normalizer()

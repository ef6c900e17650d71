"""The words of a column as codes, for the encoders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from vesto.features.transformers import Raw
from vesto.programs.reference import words_in
from vesto.programs.steps import Category


@dataclass(frozen=True, slots=True)
class Coded:
    """A dictionary's step; ``codes`` counts the codes, with the one of missing values if it has any."""

    step: Category
    codes: int


def coded(one: Raw, *, missing_has_code: bool) -> Coded:
    """Codes 0, 1, ... in the order of the values: of texts by code point, of integers by size.

    A word that the training rows lack is NaN. A missing one has the code of the column's ``fill``, or
    else, if wanted and if training rows miss it, the last code; or else NaN.
    """
    words = sorted(pc.unique(words_in(one.column).drop_null()).to_pylist())
    ordered = sorted(words, key=int) if one.family == "integer" else words
    place = {word: float(code) for code, word in enumerate(ordered)}
    absent, codes = np.nan, len(words)
    if one.fill is not None:
        absent = place[one.fill]
    elif missing_has_code and one.column.null_count:
        absent, codes = float(codes), codes + 1
    values = np.array([place[word] for word in words], np.float64)
    return Coded(Category(one.place, tuple(words), values, np.nan, absent, ()), codes)

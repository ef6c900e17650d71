"""What each feature column is: a number, a number in text, a category, free text, a date, or of no use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vesto.catalog.records import Parameter
from vesto.features.category import MISSING_WORDS
from vesto.programs.reference import run_step
from vesto.programs.steps import TextNumber
from vesto.types import BY_NAME

Use = Literal["number", "parsed", "category", "text", "date", "dropped", "prepared"]
IDENTIFIER_SHARE: Final = 0.95
NUMBER_SHARE: Final = 0.95
# Free text has so many words in the mean, and so large a share of different values.
TEXT_WORDS: Final = 3.0
TEXT_SHARE: Final = 0.3
# What is written as text without being one, and how FROM makes it what it is.
_NUMBER: Final = r"^[-+]?[$€£¥]?\s?[-+]?\d[\d,]*(\.\d+)?\s?[%$€£¥]?$"
_DATE: Final = r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}(:?\d{2})?)?)?$"
_OTHER_DATE: Final = r"^\d{1,2}([/.-])\d{1,2}[/.-]\d{4}$"
_WRITTEN: Final = (
    (_NUMBER, "numbers", "regexp_replace({}, '[^0-9.-]')::float8"),
    (_DATE, "dates or times", "{}::timestamp"),
    (_OTHER_DATE, "dates", "to_date({}, 'DD/MM/YYYY')"),
)
WRITTEN_ROWS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature column and what it is used as; ``reason`` says why one was dropped.

    Of a category it says what it would be, were it not written as text.

    What is ``prepared`` goes through the transformers of PREPROCESSORS.
    ``place`` is its number among the function's arguments, ``words`` counts different values.
    """

    place: int
    name: str
    family: str
    use: Use
    words: int = 0
    reason: str = ""


def read_features(rows: pa.Table, parameters: tuple[Parameter, ...]) -> list[Feature]:
    """What each column of the training rows is used as."""
    return [
        _feature(place, parameter, rows[parameter.name].combine_chunks())
        for place, parameter in enumerate(parameters)
    ]


def plain_features(rows: pa.Table, parameters: tuple[Parameter, ...]) -> list[Feature]:
    """Every column as numbers, without a look at its values."""
    del rows
    return [
        Feature(place, parameter.name, BY_NAME[parameter.type].family, "number")
        for place, parameter in enumerate(parameters)
    ]


def _feature(place: int, parameter: Parameter, column: pa.Array) -> Feature:
    family = BY_NAME[parameter.type].family
    words = pc.count_distinct(column).as_py()
    use, reason = _use(family, column, words)
    if family == "text" and use in {"category", "dropped"}:
        reason = _written(column, parameter.name) or reason
    return Feature(place, parameter.name, family, use, words, reason)


def _use(family: str, column: pa.Array, words: int) -> tuple[Use, str]:
    if column.null_count == len(column):
        return "dropped", "all values are NULL"
    if words <= 1 and not column.null_count:
        return "dropped", "all values are the same"
    if family in {"date", "time", "timestamp"}:
        return "date", ""
    if family in {"integer", "fraction", "boolean"}:
        return "number", ""
    return _text_use(column, words)


def _text_use(column: pa.Array, words: int) -> tuple[Use, str]:
    missing = pc.is_in(column, pa.array(MISSING_WORDS, column.type))
    filled = column.filter(pc.and_(pc.is_valid(column), pc.invert(missing)))
    if not len(filled):
        return "dropped", "all values are blank or missing"
    (numbers,) = run_step(TextNumber(0, MISSING_WORDS), filled)
    if (~np.isnan(numbers)).mean() > NUMBER_SHARE:
        return "parsed", ""
    if words > TEXT_SHARE * len(column) and _words_in_mean(filled) >= TEXT_WORDS:
        return "text", ""
    if words > IDENTIFIER_SHARE * len(column):
        return "dropped", "almost every row has a value of its own: an identifier"
    return "category", ""


def _words_in_mean(texts: pa.Array) -> float:
    parts = pc.count_substring_regex(texts, r"\S+")
    return float(pc.mean(parts).as_py() or 0.0)


def _written(column: pa.Array, name: str) -> str:
    """That the text stands for numbers or dates, and what to do about it; empty if it does not."""
    missing = pc.is_in(column, pa.array(MISSING_WORDS, column.type))
    filled = column.filter(pc.and_(pc.is_valid(column), pc.invert(missing)))[:WRITTEN_ROWS]
    trimmed = pc.utf8_trim_whitespace(filled)
    for pattern, what, cast in _WRITTEN:
        share = pc.mean(pc.match_substring_regex(trimmed, pattern).cast(pa.float64())).as_py()
        if (share or 0.0) > NUMBER_SHARE:
            return f"its text stands for {what}: cast it in FROM, as in {cast.format(name)}"
    return ""

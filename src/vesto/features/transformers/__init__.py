"""One file per transformer of PREPROCESSORS; its name in small letters is the word the user types.

A transformer is fitted on training rows and leaves steps of a program. Missing is NULL or NaN; what
is infinite counts for nothing when a transformer is fitted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Final, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vesto.errors import InvalidTrainingData
from vesto.features import Tape
from vesto.plugins import Plugins
from vesto.programs.reference import run_step
from vesto.programs.steps import Number, Step

F64 = NDArray[np.float64]

NUMBER: Final = "number"
NUMBERS: Final = {"integer": NUMBER, "fraction": NUMBER, "boolean": NUMBER, NUMBER: NUMBER}
WORDS: Final = {"text": NUMBER, "integer": NUMBER, "boolean": NUMBER}
MOMENTS: Final = frozenset({"date", "time", "timestamp"})
# Above this the sum of squares of a column may be infinite.
MOST: Final = 1e150


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """A column as it comes from SQL: the input's number, and its training rows.

    ``fill`` is the word that stands in for a missing one, if any does.
    """

    name: str
    place: int
    family: str
    column: pa.Array
    fill: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A register that a transformer has made of the columns ``name``, and its training values (rows,)."""

    name: str
    register: int
    values: F64


Series = Raw | Made


class Transformer(Protocol):
    """What a file of this folder exports as ``TRANSFORMER``.

    ``takes`` has the kinds of columns that it can read, and what each becomes: text, integer,
    fraction, boolean or moment, and number for what another transformer has made.
    """

    name: ClassVar[str]
    takes: ClassVar[Mapping[str, str]]

    def fit(self, tape: Tape, given: Sequence[Series]) -> Sequence[Series]:
        """Add steps for a whole column set, fitted on its training rows.

        Raises:
            InvalidTrainingData: The rows of a column cannot be transformed so.
        """
        ...


TRANSFORMERS: Final[Plugins[Transformer]] = Plugins("vesto.features.transformers", "TRANSFORMER")


def transformer_named(name: str) -> Transformer | None:
    """The transformer of that name; case does not count."""
    return _by_name().get(name.lower())


@cache
def _by_name() -> dict[str, Transformer]:
    return {transformer.name.lower(): transformer for transformer in TRANSFORMERS.all()}


def kind_of(family: str) -> str:
    """The kind of a column of that family of types."""
    return "moment" if family in MOMENTS else family


def chained(tape: Tape, names: Sequence[str], columns: Sequence[Raw]) -> list[Made]:
    """The columns of one set through the transformers, one after the other.

    Raises:
        InvalidTrainingData: The rows of a column cannot be transformed so.
    """
    series: Sequence[Series] = columns
    for name in names:
        found = transformer_named(name)
        assert found is not None
        series = found.fit(tape, series)
    return [as_number(tape, one) for one in series]


def as_number(tape: Tape, one: Series) -> Made:
    """A column as a register of numbers."""
    if isinstance(one, Made):
        return one
    (register,) = tape.append(Number(one.place))
    (values,) = run_step(Number(one.place), one.column)
    return Made(one.name, register, values)


def after(tape: Tape, step: Step, name: str, *values: F64 | pa.Array) -> list[Made]:
    """The step's registers with their training values, computed as they will be when predicting."""
    registers = tape.append(step)
    with np.errstate(all="ignore"):
        made = run_step(step, *values)
    return [Made(name, *pair) for pair in zip(registers, made, strict=True)]


def finite(one: Made) -> F64:
    """The values that are neither missing nor infinite.

    Raises:
        InvalidTrainingData: Their squares could not be summed.
    """
    values = one.values[np.isfinite(one.values)]
    if len(values) and np.abs(values).max() > MOST:
        message = f'column "{one.name}" holds numbers too great to square'
        raise InvalidTrainingData(message, hint="Divide it in the query, or leave it out.")
    return values


def mean_of(one: Made) -> float:
    """The mean of what is known; 0 where nothing is."""
    values = finite(one)
    return float(values.mean()) if len(values) else 0.0

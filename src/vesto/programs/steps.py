"""Feature steps: each reads registers and appends registers of numbers.

A program is a tape. Its first registers are its inputs, as they come from SQL; every step appends
one or more registers of float64 in which NaN stands for a missing value. A step refers to
registers by their index, always to ones before it, so a tape has no loops.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

PARTS: Final = ("year", "month", "day", "weekday", "hour", "minute", "second", "epoch")


@dataclass(frozen=True, slots=True)
class Number:
    """A number or boolean input as the nearest float64; NULL is NaN, true is 1."""

    kind: ClassVar[str] = "number"
    width: ClassVar[int] = 1
    source: int


@dataclass(frozen=True, slots=True)
class TextNumber:
    """A number written in text, as ``-1.5e3``, as the nearest float64.

    ASCII white space around it does not count. A number is an optional sign, ASCII digits with at
    most one point, and an optional exponent; one that is too great is infinite. NULL, a text in
    ``missing`` and a text that is no number (``nan``, ``inf``, ``0x10``) are NaN.
    """

    kind: ClassVar[str] = "text_number"
    width: ClassVar[int] = 1
    source: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Category:
    """A text, boolean or integer input looked up in a dictionary.

    ``words`` are sorted by code point and different; ``values`` has one number for each. A word
    that is not among them gives ``unseen``; NULL or a word in ``missing`` gives ``absent``.
    Booleans are the words ``true`` and ``false``, integers their decimal digits. Blanks at the end
    of a text do not count, of CHAR and VARCHAR alike, as in Redshift's comparisons.
    """

    kind: ClassVar[str] = "category"
    width: ClassVar[int] = 1
    source: int
    words: tuple[str, ...]
    values: F64 = field(metadata={"dtype": "<f8"})
    unseen: float
    absent: float
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OneHot:
    """A register of codes 0 to ``count - 1`` as ``count`` registers of 0 and 1.

    A NaN or any other code gives zeros.
    """

    kind: ClassVar[str] = "one_hot"
    source: int
    count: int

    @property
    def width(self) -> int:
        """Registers appended."""
        return self.count


@dataclass(frozen=True, slots=True)
class DateParts:
    """Parts of a date, time or timestamp input, each one register; NULL and infinity are NaN.

    ``weekday`` is 0 on Monday; ``epoch`` counts seconds since 1970-01-01 (of a time: since
    midnight), cut down to microseconds. A part that the type does not have is 0. The calendar is
    the Gregorian one; a timestamp with zone is taken in UTC, a time with zone as its clock reads.

    The day is ``d = floor(t / day)`` and the rest ``r = t - d * day`` in whole microseconds;
    ``epoch`` is ``d * 86400.0 + r / 1e6``.
    """

    kind: ClassVar[str] = "date_parts"
    source: int
    parts: tuple[str, ...]

    @property
    def width(self) -> int:
        """Registers appended."""
        return len(self.parts)


@dataclass(frozen=True, slots=True)
class Difference:
    """Register ``first`` minus register ``second``; NaN where one of them is."""

    kind: ClassVar[str] = "difference"
    width: ClassVar[int] = 1
    first: int
    second: int


@dataclass(frozen=True, slots=True)
class Impute:
    """The register with ``value`` in place of NaN."""

    kind: ClassVar[str] = "impute"
    width: ClassVar[int] = 1
    source: int
    value: float


@dataclass(frozen=True, slots=True)
class Missing:
    """1 where the register is NaN, else 0."""

    kind: ClassVar[str] = "missing"
    width: ClassVar[int] = 1
    source: int


@dataclass(frozen=True, slots=True)
class SignedLog:
    """sign(x) * log1p(|x|), which draws in heavy tails; NaN stays. log1p is the C library's."""

    kind: ClassVar[str] = "signed_log"
    width: ClassVar[int] = 1
    source: int


@dataclass(frozen=True, slots=True)
class Scale:
    """(x - mean) / deviation; NaN stays."""

    kind: ClassVar[str] = "scale"
    width: ClassVar[int] = 1
    source: int
    mean: float
    deviation: float


@dataclass(frozen=True, slots=True)
class Clip:
    """x held between ``low`` and ``high``; NaN stays."""

    kind: ClassVar[str] = "clip"
    width: ClassVar[int] = 1
    source: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Normalize:
    """Registers divided by the root of the sum of their squares, a register each.

    The sum is made in the order of ``sources``. A register that is NaN stays so and counts as 0; where the
    sum is 0, all stay as they are.
    """

    kind: ClassVar[str] = "normalize"
    sources: tuple[int, ...]

    @property
    def width(self) -> int:
        """Registers appended."""
        return len(self.sources)


@dataclass(frozen=True, slots=True, eq=False)
class Project:
    """Principal components: ``0 + (x[0] - mean[0]) * c[0] + ...`` in that order, a register each.

    ``mean`` has shape (sources,), ``components`` (registers, sources). A register that is NaN counts as its mean.
    """

    kind: ClassVar[str] = "project"
    sources: tuple[int, ...]
    mean: F64 = field(metadata={"dtype": "<f8"})
    components: F64 = field(metadata={"dtype": "<f8", "dimensions": 2})

    @property
    def width(self) -> int:
        """Registers appended."""
        return len(self.components)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class TextScore:
    """What linear models of the words of a text input say, a register each; NULL is NaN.

    ASCII letters count as small ones. They, ASCII digits and the characters beyond ASCII make words, but
    for U+0080 to U+00BF, U+2000 to U+207F and U+3000 to U+303F, signs and blanks, which divide words as the
    rest of ASCII does. What is shorter than two bytes of UTF-8 is left out. A gram is a word, or two
    words that follow each other, with a blank between.

    ``grams`` are sorted by code point and different. The value v of each is its count in the text times ``idf``
    (grams,). A register is ``bias + (0 + v[0] * w[0] + ...) / norm`` with ``norm`` the root of
    ``0 + v[0] * v[0] + ...``, over the grams that stand in the text, in their order; ``bias`` where
    none does. ``weights`` has shape (registers, grams), ``bias`` (registers,).
    """

    kind: ClassVar[str] = "text_score"
    source: int
    grams: tuple[str, ...]
    idf: F64 = field(metadata={"dtype": "<f8"})
    weights: F64 = field(metadata={"dtype": "<f8", "dimensions": 2})
    bias: F64 = field(metadata={"dtype": "<f8"})

    @property
    def width(self) -> int:
        """Registers appended."""
        return len(self.bias)


@dataclass(frozen=True, slots=True)
class TextLength:
    """Characters of a text input; blanks at its end do not count, NULL is NaN."""

    kind: ClassVar[str] = "text_length"
    width: ClassVar[int] = 1
    source: int


Step = (
    Number
    | TextNumber
    | Category
    | OneHot
    | DateParts
    | Difference
    | Impute
    | Missing
    | SignedLog
    | Scale
    | Clip
    | Normalize
    | Project
    | TextScore
    | TextLength
)
STEPS: Final[dict[str, type[Step]]] = {
    kind.kind: kind
    for kind in (
        Number, TextNumber, Category, OneHot, DateParts, Difference,
        Impute, Missing, SignedLog, Scale, Clip, Normalize, Project, TextScore, TextLength,
    )
}  # fmt: skip


def sources(step: Step) -> tuple[int, ...]:
    """The registers a step reads."""
    if isinstance(step, Difference):
        return (step.first, step.second)
    if isinstance(step, Normalize | Project):
        return step.sources
    return (step.source,)


def reads_input(step: Step) -> bool:
    """Whether the step reads an input as it came from SQL; the others read numbers."""
    return isinstance(step, Number | TextNumber | Category | DateParts | TextScore | TextLength)

"""The feature steps as the reference scorer runs them: Arrow columns in, float64 registers out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import singledispatch
from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vesto.errors import DatatypeMismatch
from vesto.programs import reference_text
from vesto.programs.steps import (
    Category,
    Clip,
    DateParts,
    Difference,
    Impute,
    Missing,
    Normalize,
    Number,
    OneHot,
    Project,
    Scale,
    SignedLog,
    Step,
    TextLength,
    TextNumber,
    TextScore,
    reads_input,
    sources,
)

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

_NUMBER: Final = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_PER_DAY: Final = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
# The C library's, which the compiled scorer calls too; NumPy's own differs in the last bit.
_log1p: Final = np.frompyfunc(math.log1p, 1, 1)
_INFINITY: Final = {"date32": 2**31 - 1, "timestamp": 2**63 - 1}


def run_steps(steps: Sequence[Step], columns: Sequence[pa.Array]) -> list[F64]:
    """All registers: a placeholder for each input, then what each step appends.

    Args:
        steps: In the order of the tape.
        columns: One Arrow array for each input, all of one length; chunked ones, dictionaries and
            any width of number, text or time will do.

    Returns:
        Arrays of shape (rows,); NaN is missing.

    Raises:
        DatatypeMismatch: A column has a type that its step cannot read.
    """
    inputs = [_plain(column) for column in columns]
    registers: list[F64] = [np.empty(0) for _ in inputs]
    for step in steps:
        given = [inputs[i] if reads_input(step) else registers[i] for i in sources(step)]
        try:
            with np.errstate(all="ignore"):
                registers.extend(run_step(step, *given))
        except pa.ArrowException as error:
            kinds = ", ".join(str(inputs[i].type) for i in sources(step))
            message = f"a model cannot read {kinds} as {step.kind}"
            raise DatatypeMismatch(message, detail=str(error)) from error
    return registers


def _plain(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


@singledispatch
def run_step(step: Step, *given: Any) -> list[F64]:
    """The registers that ``step`` appends."""
    raise NotImplementedError(type(step).__name__)


@run_step.register
def _(step: Number, column: pa.Array) -> list[F64]:
    return [_numbers(column)]


def _numbers(column: pa.Array) -> F64:
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    if pa.types.is_decimal(column.type):
        # Arrow's own cast multiplies by a power of ten and misses the nearest float64.
        column = column.cast(pa.string())
    if not pa.types.is_float64(column.type):
        column = column.cast(pa.float64(), safe=False)
    numbers: F64 = pc.fill_null(column, np.nan).to_numpy(zero_copy_only=False)
    return numbers


@run_step.register
def _(step: TextNumber, column: pa.Array) -> list[F64]:
    trimmed = pc.ascii_trim_whitespace(column.cast(pa.string()))
    known = pc.if_else(pc.is_in(trimmed, pa.array(step.missing, pa.string())), None, trimmed)
    number = pc.match_substring_regex(known, _NUMBER)
    text = pc.if_else(number, pc.utf8_ltrim(known, "+"), None)
    return [_numbers(text)]


def words_in(column: pa.Array) -> pa.Array:
    """A column as the words that ``Category`` looks up: text without blanks at its end."""
    return pc.utf8_rtrim(column.cast(pa.string()), " ")


_DICTIONARIES: Final[WeakKeyDictionary[Category, pa.Array]] = WeakKeyDictionary()


def _dictionary(step: Category) -> pa.Array:
    """The step's words in Arrow's form, which takes long to make and is asked for every chunk."""
    if step not in _DICTIONARIES:
        _DICTIONARIES[step] = pa.array(step.words, pa.string())
    return _DICTIONARIES[step]


@run_step.register
def _(step: Category, column: pa.Array) -> list[F64]:
    words = words_in(column)
    place = pc.index_in(words, _dictionary(step))
    absent = pc.or_(pc.is_null(words), pc.is_in(words, pa.array(step.missing, pa.string())))
    found = pc.fill_null(place, len(step.words)).to_numpy(zero_copy_only=False)
    values = np.append(step.values, step.unseen)[found]
    values[absent.to_numpy(zero_copy_only=False)] = step.absent
    return [values]


@run_step.register
def _(step: OneHot, codes: F64) -> list[F64]:
    return list((codes == np.arange(step.count)[:, None]).astype(np.float64))


@run_step.register
def _(step: DateParts, column: pa.Array) -> list[F64]:
    if pa.types.is_null(column.type):
        return [np.full(len(column), np.nan) for _ in step.parts]
    missing = pc.is_null(column).to_numpy(zero_copy_only=False)
    day, rest, endless = _day_and_rest(column)
    timed = pa.types.is_time(column.type)
    nothing = missing | endless
    return [np.where(nothing, np.nan, _part(part, day, rest, timed=timed)) for part in step.parts]


def _day_and_rest(column: pa.Array) -> tuple[I64, I64, NDArray[np.bool_]]:
    """Days since 1970-01-01, microseconds since midnight, and where the moment is infinite."""
    kind = column.type
    if not (pa.types.is_date(kind) or pa.types.is_time(kind) or pa.types.is_timestamp(kind)):
        raise pa.ArrowTypeError(f"{kind} is no moment")
    storage = pa.int32() if pa.types.is_date32(kind) or pa.types.is_time32(kind) else pa.int64()
    whole = pc.fill_null(column.cast(storage), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    if pa.types.is_date32(kind):
        return whole, np.zeros_like(whole), np.abs(whole) == _INFINITY["date32"]
    per_day = _PER_DAY["ms" if pa.types.is_date64(kind) else kind.unit]
    # A time of 24:00 belongs to its own day.
    day = np.zeros_like(whole) if pa.types.is_time(kind) else whole // per_day
    rest = whole - day * per_day
    micros = rest // 1000 if per_day > _PER_DAY["us"] else rest * (_PER_DAY["us"] // per_day)
    return day, micros, np.abs(whole) == _INFINITY["timestamp"]


def _part(part: str, day: I64, rest: I64, *, timed: bool) -> F64:
    clock: dict[str, Callable[[], NDArray[Any]]] = {
        "hour": lambda: rest // 3_600_000_000,
        "minute": lambda: rest // 60_000_000 % 60,
        "second": lambda: rest // 1_000_000 % 60,
        "epoch": lambda: day * 86_400.0 + rest / 1e6,
    }
    if part in clock:
        return clock[part]().astype(np.float64)
    if timed:
        return np.zeros(len(day))
    date = day.astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    calendar: dict[str, Callable[[], NDArray[Any]]] = {
        "year": lambda: date.astype("datetime64[Y]").astype(np.int64) + 1970,
        "month": lambda: month.astype(np.int64) % 12 + 1,
        "day": lambda: (date - month).astype(np.int64) + 1,
        "weekday": lambda: (day + 3) % 7,
    }
    return calendar[part]().astype(np.float64)


@run_step.register
def _(step: Difference, first: F64, second: F64) -> list[F64]:
    return [first - second]


@run_step.register
def _(step: Impute, x: F64) -> list[F64]:
    return [np.where(np.isnan(x), step.value, x)]


@run_step.register
def _(step: Missing, x: F64) -> list[F64]:
    return [np.isnan(x).astype(np.float64)]


@run_step.register
def _(step: SignedLog, x: F64) -> list[F64]:
    return [np.sign(x) * np.asarray(_log1p(np.abs(x)), np.float64)]


@run_step.register
def _(step: Scale, x: F64) -> list[F64]:
    return [(x - step.mean) / step.deviation]


@run_step.register
def _(step: Clip, x: F64) -> list[F64]:
    return [np.clip(x, step.low, step.high)]


@run_step.register
def _(step: Normalize, *registers: F64) -> list[F64]:
    total = np.zeros(len(registers[0]))
    for x in registers:
        known = np.where(np.isnan(x), 0.0, x)
        total = total + known * known
    norm = np.where(total == 0, 1.0, np.sqrt(total))
    return [x / norm for x in registers]


@run_step.register
def _(step: Project, *registers: F64) -> list[F64]:
    sums = np.zeros((len(step.components), len(registers[0])))
    for x, mean, component in zip(registers, step.mean, step.components.T, strict=True):
        moved = np.where(np.isnan(x), 0.0, x - mean)
        sums += component[:, None] * moved
    return list(sums)


@run_step.register
def _(step: TextScore, column: pa.Array) -> list[F64]:
    return reference_text.scores(step, column)


@run_step.register
def _(step: TextLength, column: pa.Array) -> list[F64]:
    return [_numbers(pc.utf8_length(words_in(column)))]

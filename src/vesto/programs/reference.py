"""The reference scorer: slow, obvious, and the law for every other one.

``score`` runs a program's tape over Arrow columns with NumPy. Rows keep their order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import singledispatch
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vesto.programs.bodies import LEAF, Body, Forest, Linear
from vesto.programs.program import Output, Program
from vesto.programs.steps import (
    Category,
    Clip,
    DateParts,
    Difference,
    Impute,
    Missing,
    Number,
    OneHot,
    Scale,
    SignedLog,
    Step,
    TextNumber,
    reads_input,
    sources,
)

F64 = NDArray[np.float64]
BLOCK_ROWS = 8192


def score(program: Program, columns: Sequence[pa.Array]) -> pa.Array:
    """The predictions of ``program``, one a row.

    Args:
        program: A checked program.
        columns: One Arrow array for each input, all of one length.

    Returns:
        An array of the output's type. It holds no NULL.
    """
    return decide(program.output, probabilities(program, columns))


def probabilities(program: Program, columns: Sequence[pa.Array]) -> F64:
    """Values or probabilities after the link, shape (rows, outputs), float64.

    With labels there is a column a label; the column order is that of the labels.
    """
    return link(program.output, margins(program, columns))


def margins(program: Program, columns: Sequence[pa.Array]) -> NDArray[Any]:
    """The body's numbers, shape (rows, outputs): float32 of a forest, else float64."""
    return run_body(program.body, features(program, columns))


def features(program: Program, columns: Sequence[pa.Array]) -> F64:
    """The body's inputs, shape (rows, features), float64; NaN is missing."""
    registers = run_steps(program.steps, columns)
    rows = len(columns[0])
    matrix = np.empty((rows, len(program.features)), order="F")
    for place, register in enumerate(program.features):
        matrix[:, place] = registers[register]
    return matrix


def run_steps(steps: Sequence[Step], columns: Sequence[pa.Array]) -> list[F64]:
    """All registers: a placeholder for each input, then what each step appends."""
    inputs = [_plain(column) for column in columns]
    registers: list[F64] = [np.empty(0) for _ in inputs]
    for step in steps:
        given = [inputs[i] if reads_input(step) else registers[i] for i in sources(step)]
        with np.errstate(all="ignore"):
            registers.extend(run_step(step, *given))
    return registers


def _plain(column: pa.Array) -> pa.Array:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return column


@singledispatch
def run_step(step: Step, *given: Any) -> list[F64]:
    """The registers that ``step`` appends."""
    raise NotImplementedError(type(step).__name__)


@run_step.register
def _(step: Number, column: pa.Array) -> list[F64]:
    return [_numbers(column)]


def _numbers(column: pa.Array) -> F64:
    if pa.types.is_null(column.type):
        return np.full(len(column), np.nan)
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    if not pa.types.is_float64(column.type):
        column = column.cast(pa.float64(), safe=False)
    numbers: F64 = pc.fill_null(column, np.nan).to_numpy(zero_copy_only=False)
    return numbers


@run_step.register
def _(step: TextNumber, column: pa.Array) -> list[F64]:
    trimmed = pc.utf8_trim_whitespace(column.cast(pa.string()))
    known = pc.if_else(pc.is_in(trimmed, pa.array(step.missing, pa.string())), None, trimmed)
    number = pc.match_substring_regex(known, r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
    text = pc.if_else(number, pc.utf8_ltrim(known, "+"), None)
    return [_numbers(pc.cast(text, pa.float64()))]


@run_step.register
def _(step: Category, column: pa.Array) -> list[F64]:
    text = column.cast(pa.string())
    place = pc.index_in(text, pa.array(step.words, pa.string()))
    absent = pc.or_(pc.is_null(text), pc.is_in(text, pa.array(step.missing, pa.string())))
    found = pc.fill_null(place, len(step.words)).to_numpy(zero_copy_only=False)
    values = np.append(step.values, step.unseen)[found]
    values[absent.to_numpy(zero_copy_only=False)] = step.absent
    return [values]


@run_step.register
def _(step: OneHot, codes: F64) -> list[F64]:
    return [(codes == code).astype(np.float64) for code in range(step.count)]


@run_step.register
def _(step: DateParts, column: pa.Array) -> list[F64]:
    if pa.types.is_null(column.type):
        return [np.full(len(column), np.nan) for _ in step.parts]
    moment = _moment(column)
    missing = pc.is_null(moment).to_numpy(zero_copy_only=False)
    whole = pc.fill_null(moment, 0).to_numpy(zero_copy_only=False).astype(np.int64)
    timed = pa.types.is_time(column.type)
    return [np.where(missing, np.nan, _part(part, whole, timed=timed)) for part in step.parts]


def _moment(column: pa.Array) -> pa.Array:
    """Microseconds since 1970-01-01 in UTC, or since midnight."""
    if pa.types.is_date(column.type):
        column = column.cast(pa.timestamp("us"))
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
    if pa.types.is_time(column.type):
        column = column.cast(pa.time64("us"))
    return column.cast(pa.int64())


def _part(part: str, micros: NDArray[np.int64], *, timed: bool) -> F64:
    day = micros // 86_400_000_000
    in_day = micros - day * 86_400_000_000
    clock: dict[str, Callable[[], NDArray[Any]]] = {
        "hour": lambda: in_day // 3_600_000_000,
        "minute": lambda: in_day // 60_000_000 % 60,
        "second": lambda: in_day // 1_000_000 % 60,
        "epoch": lambda: micros / 1e6,
    }
    if part in clock:
        return clock[part]().astype(np.float64)
    if timed:
        return np.zeros(len(micros))
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
    return [np.sign(x) * np.log1p(np.abs(x))]


@run_step.register
def _(step: Scale, x: F64) -> list[F64]:
    return [(x - step.mean) / step.deviation]


@run_step.register
def _(step: Clip, x: F64) -> list[F64]:
    return [np.clip(x, step.low, step.high)]


@singledispatch
def run_body(body: Body, x: F64) -> NDArray[Any]:
    """The body's numbers for features of shape (rows, features)."""
    raise NotImplementedError(type(body).__name__)


@run_body.register
def _(body: Forest, x: F64) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        small = x.astype(np.float32)
    blocks = [
        _forest_block(body, small[at : at + BLOCK_ROWS]) for at in range(0, len(x), BLOCK_ROWS)
    ]
    return np.concatenate(blocks) if blocks else np.empty((0, body.outputs), np.float32)


def _forest_block(forest: Forest, x: NDArray[np.float32]) -> NDArray[np.float32]:
    sums = np.tile(forest.base, (len(x), 1))
    for root, output in zip(forest.roots, forest.output, strict=True):
        sums[:, output] += _walk(forest, x, root)
    return sums


def _walk(forest: Forest, x: NDArray[np.float32], root: int) -> NDArray[np.float32]:
    """The leaf value that each row reaches in the tree that starts at ``root``."""
    node = np.full(len(x), root, np.int64)
    rows = np.arange(len(x))
    while True:
        inner = forest.feature[node] != LEAF
        if not inner.any():
            return forest.threshold[node]
        at, row = node[inner], rows[inner]
        node[inner] = np.where(_goes_left(forest, at, x[row, forest.feature[at]]),
                               forest.left[at], forest.right[at])  # fmt: skip


def _goes_left(
    forest: Forest, at: NDArray[np.int64], value: NDArray[np.float32]
) -> NDArray[np.bool_]:
    left = value < forest.threshold[at]
    for node in np.unique(at[forest.categories_size[at] > 0]):
        start = forest.categories_start[node]
        inside = forest.categories[start : start + forest.categories_size[node]]
        here = at == node
        left[here] = ~np.isin(np.trunc(value[here]), inside)
    return np.where(np.isnan(value), forest.nan_left[at].astype(bool), left)


@run_body.register
def _(body: Linear, x: F64) -> F64:
    sums = np.tile(body.bias, (len(x), 1))
    for place in range(x.shape[1]):
        sums += x[:, place, None] * body.weights[:, place]
    return sums


def link(output: Output, margin: NDArray[Any]) -> F64:
    """From margins to values or probabilities; shapes as in ``probabilities``."""
    wide = margin.astype(np.float64)
    if output.link == "sigmoid":
        share = 1.0 / (1.0 + np.exp(-wide))
        return np.hstack([1.0 - share, share]) if output.labels else share
    if output.link == "softmax":
        raised = np.exp(wide - wide.max(axis=1, keepdims=True))
        ordered: F64 = raised / np.add.accumulate(raised, axis=1)[:, -1:]
        return ordered
    value = np.exp(wide) if output.link == "exp" else wide
    return np.clip(value * output.factor, output.low, output.high)


def decide(output: Output, after: F64) -> pa.Array:
    """From values or probabilities to predictions of the output's SQL type."""
    if not output.labels:
        return _as_type(after[:, 0], output.type)
    return _as_label(output, choose(output, after))


def choose(output: Output, after: F64) -> NDArray[np.int64]:
    """The place of the label that each row of probabilities gets."""
    if output.link == "sigmoid":
        return (after[:, 1] > output.threshold).astype(np.int64)
    with np.errstate(divide="ignore"):
        best: NDArray[np.int64] = np.argmax(np.log(after) + output.offsets, axis=1)
    return best


_INTEGERS = {"int2": pa.int16(), "int4": pa.int32(), "int8": pa.int64()}


def _as_type(value: F64, type_name: str) -> pa.Array:
    if type_name in _INTEGERS:
        kind = _INTEGERS[type_name]
        edge = np.iinfo(kind.to_pandas_dtype())
        rounded = np.clip(np.round(np.nan_to_num(value)), edge.min, edge.max)
        # The greatest int64 is no float64: the nearest one below keeps the cast exact.
        return pa.array(np.minimum(rounded, np.nextafter(edge.max + 1.0, 0)).astype(np.int64)).cast(
            kind
        )
    return pa.array(value).cast(pa.float32() if type_name == "float4" else pa.float64())


def _as_label(output: Output, place: NDArray[np.int64]) -> pa.Array:
    return label_values(output).take(pa.array(place))


def label_values(output: Output) -> pa.Array:
    """The labels as values of the output's type, in their order."""
    labels = pa.array(output.labels, pa.string())
    if output.type == "bool":
        return pc.equal(labels, "true")
    if output.type in _INTEGERS:
        return labels.cast(_INTEGERS[output.type])
    if output.type in {"float4", "float8"}:
        return labels.cast(pa.float32() if output.type == "float4" else pa.float64())
    return labels

"""The reference scorer: slow, obvious, and the law for every other one.

``score`` runs a program's tape over Arrow columns with NumPy. Rows keep their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vesto.programs.bodies import Body, Forest, Linear, Network
from vesto.programs.program import Output, Program
from vesto.programs.reference_steps import run_step, run_steps, words_in
from vesto.programs.walk import BLOCK_ROWS, walk_of

__all__ = [
    "choose", "decide", "features", "label_values", "link", "margins", "probabilities",
    "run_body", "run_step", "run_steps", "score", "words_in",
]  # fmt: skip

F64 = NDArray[np.float64]
# The numbers of a layer of a few hundred fit into a processor's cache.
NETWORK_ROWS: Final = 256


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

    With labels there is a column a label, in the order of the labels: probabilities, or with the
    link ``argmax`` the margins as they are.
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


@singledispatch
def run_body(body: Body, x: F64) -> NDArray[Any]:
    """The body's numbers for features of shape (rows, features)."""
    raise NotImplementedError(type(body).__name__)


@run_body.register
def _(body: Forest, x: F64) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        small = x.astype(np.float32)
    small[np.isinf(small)] = np.nan
    margin = np.empty((len(x), body.outputs), np.float32)
    for at in range(0, len(x), BLOCK_ROWS):
        margin[at : at + BLOCK_ROWS] = _forest_sums(body, small[at : at + BLOCK_ROWS]).T
    return margin


def _forest_sums(forest: Forest, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shape (outputs, rows). The order of the additions is part of the law."""
    sums = np.repeat(forest.base[:, None], len(x), axis=1)
    leaves = forest.threshold.take(walk_of(forest).leaves(forest.roots, x))
    with np.errstate(over="ignore", invalid="ignore"):
        for output, leaf in zip(forest.output, leaves, strict=True):
            sums[output] += leaf
    return sums


@run_body.register
def _(body: Linear, x: F64) -> F64:
    finite = np.where(np.isfinite(x), x, 0.0)
    # A sum that begins with 0.0 is never -0.0, so that products with 0 may be left out.
    sums = np.tile(body.bias + 0.0, (len(x), 1))
    with np.errstate(over="ignore", invalid="ignore"):
        for place in range(x.shape[1]):
            sums += finite[:, place, None] * body.weights[:, place]
    return sums


@run_body.register
def _(body: Network, x: F64) -> F64:
    with np.errstate(over="ignore", invalid="ignore"):
        small = x.astype(np.float32)
        small[~np.isfinite(small)] = 0.0
        sums = np.empty((len(x), body.outputs), np.float32)
        for at in range(0, len(x), NETWORK_ROWS):
            sums[at : at + NETWORK_ROWS] = _network_sums(body, small[at : at + NETWORK_ROWS].T).T
        margin: F64 = body.shift + body.scale * sums.astype(np.float64)
    return margin


def _network_sums(network: Network, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shapes (features, rows) and (outputs, rows). The order of the additions is part of the law."""
    total = np.empty((0, 0), np.float32)
    for member in range(len(network.weights)):
        numbers = sums = x
        for weights, bias in network.layers(member):
            sums = np.repeat(bias[:, None], x.shape[1], axis=1)
            for number, weight in zip(numbers, weights, strict=True):
                sums += weight[:, None] * number
            numbers = np.where(sums > 0, sums, np.float32(0))
        total = total + sums if member else sums
    return total


def link(output: Output, margin: NDArray[Any]) -> F64:
    """From margins to values or probabilities; shapes as in ``probabilities``."""
    wide = np.nan_to_num(margin.astype(np.float64))
    with np.errstate(over="ignore"):
        if output.link == "argmax":
            return wide
        if output.link == "softmax":
            raised = np.exp(wide - wide.max(axis=1, keepdims=True))
            ordered: F64 = raised / np.add.accumulate(raised, axis=1)[:, -1:]
            return ordered
        if output.link == "sigmoid":
            wide = 1.0 / (1.0 + np.exp(-wide))
        elif output.link == "exp":
            wide = np.exp(wide)
        if output.labels:
            return np.hstack([1.0 - wide, wide])
        return np.clip(wide * output.factor, output.low, output.high)


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
        scores = after if output.link == "argmax" else np.log(after)
        best: NDArray[np.int64] = np.argmax(scores + output.offsets, axis=1)
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
        # The word is that of programs that an earlier version trained.
        return pc.is_in(labels, pa.array(["t", "true"]))
    if output.type in _INTEGERS:
        return labels.cast(_INTEGERS[output.type])
    if output.type in {"float4", "float8"}:
        return labels.cast(pa.float32() if output.type == "float4" else pa.float64())
    return labels

"""Is a program sound? Every index, count and length is looked at before anything is scored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from vesto.errors import DataCorrupted
from vesto.programs.bodies import LEAF, Forest, Linear
from vesto.programs.program import LINKS, Output, Program
from vesto.programs.steps import (
    PARTS,
    Category,
    DateParts,
    OneHot,
    Scale,
    Step,
    reads_input,
    sources,
)
from vesto.types import BY_NAME

MAX_REGISTERS: Final = 100_000
_OUTPUT_TYPES: Final = {
    "bool", "int2", "int4", "int8", "float4", "float8", "bpchar", "varchar"
}  # fmt: skip


def check(program: Program) -> None:
    """Nothing, if the program is sound.

    Raises:
        DataCorrupted: It is not; the detail says which part.
    """
    for mistake in _mistakes(program):
        raise DataCorrupted("the program is not sound", detail=mistake)


def _mistakes(program: Program) -> Iterator[str]:
    if not program.inputs or any(item.type not in BY_NAME for item in program.inputs):
        yield "an input has an unknown type, or there is none"
    register = len(program.inputs)
    for step in program.steps:
        yield from _step_mistakes(step, len(program.inputs), register)
        register += step.width
        if register > MAX_REGISTERS:
            yield f"more than {MAX_REGISTERS} registers"
    if any(not len(program.inputs) <= f < register for f in program.features):
        yield "a feature is no register"
    if isinstance(program.body, Forest):
        yield from _forest_mistakes(program.body, len(program.features))
    else:
        yield from _linear_mistakes(program.body, len(program.features))
    yield from _output_mistakes(program.output, program.body.outputs)


def _step_mistakes(step: Step, inputs: int, registers: int) -> Iterator[str]:
    low, high = (0, inputs) if reads_input(step) else (inputs, registers)
    if any(not low <= source < high for source in sources(step)):
        yield f"{step.kind} reads a register that it cannot"
    if isinstance(step, OneHot) and not 1 <= step.count <= MAX_REGISTERS:
        yield "one_hot has a wrong count"
    if isinstance(step, DateParts) and (not step.parts or set(step.parts) - set(PARTS)):
        yield "date_parts names an unknown part"
    if isinstance(step, Scale) and not step.deviation > 0:
        yield "scale divides by something that is not positive"
    if isinstance(step, Category):
        words = step.words
        if step.values.shape != (len(words),) or list(words) != sorted(set(words)):
            yield "category has words that are not sorted, or not one value for each"


def _forest_mistakes(forest: Forest, features: int) -> Iterator[str]:
    nodes, trees = len(forest.feature), len(forest.roots)
    per_node = (
        forest.feature, forest.threshold, forest.nan_left, forest.left, forest.right,
        forest.categories_start, forest.categories_size,
    )  # fmt: skip
    if any(part.shape != (nodes,) for part in per_node):
        yield "the forest's node arrays differ in length"
        return
    if forest.output.shape != (trees,) or forest.base.ndim != 1 or not forest.outputs:
        yield "the forest's tree arrays differ in length"
        return
    if ((forest.roots < 0) | (forest.roots >= nodes)).any():
        yield "a tree starts at no node"
    if ((forest.output < 0) | (forest.output >= forest.outputs)).any():
        yield "a tree adds to an output that is not there"
    if ((forest.feature < LEAF) | (forest.feature >= features)).any():
        yield "a node splits by a feature that is not there"
    inner = forest.feature != LEAF
    here = np.flatnonzero(inner)
    for child in (forest.left[inner], forest.right[inner]):
        if ((child <= here) | (child >= nodes)).any():
            yield "a node's child does not come after it"
    start = forest.categories_start.astype(np.int64)
    if (start < 0).any() or (forest.categories_size < 0).any():
        yield "a node has categories that are not there"
    if (start + forest.categories_size > len(forest.categories)).any():
        yield "a node has categories that are not there"


def _linear_mistakes(linear: Linear, features: int) -> Iterator[str]:
    if linear.bias.ndim != 1 or linear.weights.shape != (len(linear.bias), features):
        yield "the linear form's arrays do not fit together"


def _output_mistakes(output: Output, outputs: int) -> Iterator[str]:
    labels = len(output.labels)
    if output.type not in _OUTPUT_TYPES or output.link not in LINKS:
        yield "the output has an unknown type or link"
    wanted = {"sigmoid": 1, "softmax": labels}.get(output.link, 1)
    if outputs != wanted:
        yield "the body has another number of outputs than the output reads"
    two = labels == 2  # noqa: PLR2004 - a sigmoid tells two labels apart
    if labels and not (output.link == "softmax" or (output.link == "sigmoid" and two)):
        yield "the output's labels do not fit its link"
    if not labels and (output.link == "softmax" or output.type in {"bool", "bpchar", "varchar"}):
        yield "the output has no labels"
    if output.offsets.shape != (labels,):
        yield "the output has not one offset for each label"
    if output.type.startswith("int") and any(not _is_integer(label) for label in output.labels):
        yield "a label is no whole number"
    if output.type.startswith("float") and any(not _is_number(label) for label in output.labels):
        yield "a label is no number"


def _is_integer(text: str) -> bool:
    return text.removeprefix("-").isdecimal() and abs(int(text)) < 2**63


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

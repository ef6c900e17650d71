"""Is a program sound? Every index, count and length is looked at before anything is scored."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import singledispatch
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vesto.errors import DataCorrupted
from vesto.programs.bodies import LEAF, Forest, Linear, Network
from vesto.programs.program import LINKS, Input, Output, Program
from vesto.programs.reference import label_values
from vesto.programs.steps import (
    PARTS,
    Category,
    Clip,
    DateParts,
    Impute,
    Normalize,
    Number,
    OneHot,
    Project,
    Scale,
    Step,
    TextLength,
    TextNumber,
    TextScore,
    reads_input,
    sources,
)
from vesto.programs.walk import MAX_CATEGORY
from vesto.types import BY_NAME

# Of features, of registers and of labels: a chunk of 2,048 rows stays under 2 GB.
MAX_REGISTERS: Final = 100_000
# One byte each while a forest is scored: for every node with categories, its greatest one.
MAX_CATEGORY_CELLS: Final = 2**27
_FAMILIES: Final[dict[type[Step], set[str]]] = {
    Number: {"boolean", "integer", "fraction"},
    TextNumber: {"text"},
    Category: {"text", "boolean", "integer"},
    DateParts: {"date", "time", "timestamp"},
    TextScore: {"text"},
    TextLength: {"text"},
}
_VALUE_TYPES: Final = {"int2", "int4", "int8", "float4", "float8"}
_LABEL_TYPES: Final = _VALUE_TYPES | {"bool", "bpchar", "varchar"}


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
        yield from _source_mistakes(step, program.inputs, register)
        yield from _step_mistakes(step)
        register += step.width
        if register > MAX_REGISTERS:
            yield f"more than {MAX_REGISTERS} registers"
    if len(program.features) > MAX_REGISTERS:
        yield f"more than {MAX_REGISTERS} features"
    if any(not len(program.inputs) <= f < register for f in program.features):
        yield "a feature is no register"
    if isinstance(program.body, Forest):
        yield from _forest_mistakes(program.body, len(program.features))
    elif isinstance(program.body, Linear):
        yield from _linear_mistakes(program.body, len(program.features))
    else:
        yield from _network_mistakes(program.body, len(program.features))
    yield from _output_mistakes(program.output, program.body.outputs)


# --- Steps --------------------------------------------------------------------------------------


def _source_mistakes(step: Step, inputs: Sequence[Input], registers: int) -> Iterator[str]:
    low, high = (0, len(inputs)) if reads_input(step) else (len(inputs), registers)
    if any(not low <= source < high for source in sources(step)):
        yield f"{step.kind} reads a register that it cannot"
        return
    if families := _FAMILIES.get(type(step)):
        (source,) = sources(step)
        if BY_NAME[inputs[source].type].family not in families:
            yield f"{step.kind} cannot read an input of the type {inputs[source].type}"


@singledispatch
def _step_mistakes(step: Step) -> Iterator[str]:
    """What is wrong with the step's own numbers; most steps have none."""
    del step
    yield from ()


@_step_mistakes.register
def _(step: OneHot) -> Iterator[str]:
    if not 1 <= step.count <= MAX_REGISTERS:
        yield "one_hot has a wrong count"


@_step_mistakes.register
def _(step: DateParts) -> Iterator[str]:
    if not step.parts or set(step.parts) - set(PARTS) or len(set(step.parts)) < len(step.parts):
        yield "date_parts names an unknown part, or one twice, or none"


@_step_mistakes.register
def _(step: Impute) -> Iterator[str]:
    if not math.isfinite(step.value):
        yield "impute fills in something that is no number"


@_step_mistakes.register
def _(step: Scale) -> Iterator[str]:
    if not (math.isfinite(step.mean) and math.isfinite(step.deviation) and step.deviation > 0):
        yield "scale needs a mean and a positive deviation"


@_step_mistakes.register
def _(step: Clip) -> Iterator[str]:
    if not _are_bounds(step.low, step.high):
        yield "clip has bounds that hold nothing"


def _are_bounds(low: float, high: float) -> bool:
    return low <= high and low < math.inf and high > -math.inf


@_step_mistakes.register
def _(step: Normalize) -> Iterator[str]:
    if not 1 <= len(step.sources) <= MAX_REGISTERS:
        yield "normalize has too few or too many registers"


@_step_mistakes.register
def _(step: Project) -> Iterator[str]:
    width, sources = len(step.components), len(step.sources)
    if not (1 <= width <= MAX_REGISTERS and 1 <= sources <= MAX_REGISTERS):
        yield "project has too few or too many registers"
    elif step.mean.shape != (sources,) or step.components.shape != (width, sources):
        yield "project's arrays do not fit together"
    elif not (np.isfinite(step.mean).all() and np.isfinite(step.components).all()):
        yield "project has a mean or component that is no number"


@_step_mistakes.register
def _(step: Category) -> Iterator[str]:
    words = step.words
    if step.values.shape != (len(words),) or list(words) != sorted(set(words)):
        yield "category has words that are not sorted, or not one value for each"
    elif not np.isfinite(step.values).all():
        yield "category gives a word something that is no number"
    if any(word.endswith(" ") for word in (*words, *step.missing)):
        yield "category has a word with blanks at its end"


@_step_mistakes.register
def _(step: TextScore) -> Iterator[str]:
    grams, width = len(step.grams), len(step.bias)
    fits = step.idf.shape == (grams,) and step.weights.shape == (width, grams)
    if not fits or not 1 <= width <= MAX_REGISTERS:
        yield "text_score's arrays do not fit together"
    elif not all(np.isfinite(part).all() for part in (step.idf, step.weights, step.bias)):
        yield "text_score has a weight that is no number"
    if list(step.grams) != sorted(set(step.grams)):
        yield "text_score has grams that are not sorted"


# --- Bodies -------------------------------------------------------------------------------------


def _forest_mistakes(forest: Forest, features: int) -> Iterator[str]:
    nodes, trees = len(forest.feature), len(forest.roots)
    per_node = (
        forest.feature, forest.threshold, forest.nan_left, forest.left, forest.right,
        forest.categories_start, forest.categories_size,
    )  # fmt: skip
    if any(part.shape != (nodes,) for part in per_node):
        yield "the forest's node arrays differ in length"
        return
    if forest.output.shape != (trees,) or not 1 <= forest.outputs <= MAX_REGISTERS:
        yield "the forest's tree arrays differ in length"
        return
    if ((forest.output < 0) | (forest.output >= forest.outputs)).any():
        yield "a tree adds to an output that is not there"
    if ((forest.feature < LEAF) | (forest.feature >= features)).any():
        yield "a node splits by a feature that is not there"
    if np.isnan(forest.threshold).any() or not np.isfinite(forest.base).all():
        yield "a threshold or a base is no number"
    if not np.isfinite(forest.threshold[forest.feature == LEAF]).all():
        yield "a leaf is no number"
    if (forest.nan_left > 1).any():
        yield "a node sends missing values neither left nor right"
    if forest.cover.shape not in {(0,), (nodes,)}:
        yield "the forest's node arrays differ in length"
    elif not (np.isfinite(forest.cover).all() and (forest.cover >= 0).all()):
        yield "a node's cover is no number, or negative"
    yield from _tree_mistakes(forest)
    yield from _category_mistakes(forest)


def _tree_mistakes(forest: Forest) -> Iterator[str]:
    """A tree starts at its root and goes on to the next one; no node has two parents."""
    nodes, roots = len(forest.feature), forest.roots
    if roots.tolist() != sorted(set(roots.tolist())) or bool(nodes) != bool(len(roots)):
        yield "the trees do not start one after the other"
        return
    if not nodes:
        return
    if roots[0] != 0 or roots[-1] >= nodes:
        yield "the trees do not start one after the other"
        return
    end = np.repeat(np.append(roots[1:], nodes), np.diff(np.append(roots, nodes)))
    inner = forest.feature != LEAF
    parents: NDArray[np.int64] = np.zeros(nodes, np.int64)
    for child in (forest.left[inner], forest.right[inner]):
        if ((child <= np.flatnonzero(inner)) | (child >= end[inner])).any():
            yield "a node's child does not come after it in its tree"
            return
        parents += np.bincount(child, minlength=nodes)
    if (parents > 1).any():
        yield "two nodes have one child"


def _category_mistakes(forest: Forest) -> Iterator[str]:
    start = forest.categories_start.astype(np.int64)
    size = forest.categories_size.astype(np.int64)
    if ((start < 0) | (size < 0) | (start + size > len(forest.categories))).any():
        yield "a node has categories that are not there"
        return
    split = np.flatnonzero(size)
    order = split[np.argsort(start[split], kind="stable")]
    if (start[order][1:] < (start + size)[order][:-1]).any():
        yield "two nodes share categories"
        return
    if ((forest.categories < 0) | (forest.categories >= MAX_CATEGORY)).any():
        yield "a category is negative or too great"
        return
    greatest = [int(forest.categories[start[n] : start[n] + size[n]].max()) for n in split]
    if sum(greatest) > MAX_CATEGORY_CELLS:
        yield "the categories are spread too far"


def _linear_mistakes(linear: Linear, features: int) -> Iterator[str]:
    if linear.weights.shape != (linear.outputs, features) or linear.outputs > MAX_REGISTERS:
        yield "the linear form's arrays do not fit together"
    elif not (np.isfinite(linear.weights).all() and np.isfinite(linear.bias).all()):
        yield "a weight or bias is no number"
    elif linear.center.shape not in {(0,), (features,)} or not np.isfinite(linear.center).all():
        yield "the linear form has not one center for each feature"


def _network_mistakes(network: Network, features: int) -> Iterator[str]:
    sizes: list[int] = network.sizes.tolist()
    hidden = sizes[1:]
    if not hidden or sizes[0] != features or not all(1 <= size <= MAX_REGISTERS for size in hidden):
        yield "the network's layers have wrong sizes"
        return
    weights = sum(inputs * outputs for inputs, outputs in pairwise(sizes))
    members = len(network.weights)
    shapes = ((members, weights), (members, sum(hidden)), (sizes[-1],), (sizes[-1],))
    parts: tuple[NDArray[Any], ...] = (
        network.weights, network.bias, network.scale, network.shift,
    )  # fmt: skip
    if not members or any(part.shape != shape for part, shape in zip(parts, shapes, strict=True)):
        yield "the network's arrays do not fit together"
    elif not all(np.isfinite(part).all() for part in parts):
        yield "a weight or bias is no number"


# --- Output -------------------------------------------------------------------------------------


def _output_mistakes(output: Output, outputs: int) -> Iterator[str]:
    labels = len(output.labels)
    if output.link not in LINKS or output.type not in (_LABEL_TYPES if labels else _VALUE_TYPES):
        yield "the output has an unknown type or link, or lacks labels"
        return
    several = output.link in {"softmax", "argmax"}
    if outputs != (labels if several else 1):
        yield "the body has another number of outputs than the output reads"
    two = labels == 2  # noqa: PLR2004 - a sigmoid tells two labels apart
    fits = several or (output.link == "sigmoid" and two)
    if fits != bool(labels):
        yield "the output's labels do not fit its link"
    if output.offsets.shape != (labels,) or not np.isfinite(output.offsets).all():
        yield "the output has not one offset for each label"
    if not (math.isfinite(output.threshold) and math.isfinite(output.factor) and output.factor > 0):
        yield "the output's threshold or factor is no number"
    if not _are_bounds(output.low, output.high):
        yield "the output has bounds that hold nothing"
    yield from _label_mistakes(output)


def _label_mistakes(output: Output) -> Iterator[str]:
    try:
        values = label_values(output).to_pylist()
    except pa.ArrowInvalid:
        yield f"a label is no {output.type}"
        return
    if len(set(values)) < len(values):
        yield "the output has a label twice"
    if output.type.startswith("int") and [str(value) for value in values] != list(output.labels):
        yield "a label is no whole number as it is printed"
    if output.type.startswith("float") and not all(math.isfinite(value) for value in values):
        yield "a label is no number"
    if output.type == "bool" and set(output.labels) - {"f", "t", "false", "true"}:
        yield "a label is neither true nor false"

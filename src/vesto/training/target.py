"""The target column: which problem it poses, its labels, and its values as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vesto.algorithms import Problem, Task
from vesto.errors import InvalidTrainingData

MAX_INTEGER_CLASSES: Final = 20
# Errors are squared in float64 and summed in float32: a margin of some powers of ten is left.
GREATEST: Final = 1e36
PROBLEMS: Final[dict[str, Problem]] = {
    "REGRESSION": "regression", "BINARY_CLASSIFICATION": "binary",
    "MULTICLASS_CLASSIFICATION": "multiclass",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """The target of a training set.

    ``values`` has shape (rows,): the number itself, or the place of the label. ``labels`` are the
    target's values as text, numbers in numeric order, empty for a regression.
    """

    task: Task
    labels: tuple[str, ...]
    values: NDArray[np.float64]


def read_target(column: pa.Array, name: str, problem_type: str, max_classes: int) -> Target:
    """The target in ``column``, which holds no NULL.

    Raises:
        InvalidTrainingData: It cannot be learnt: one value only, too many classes, no number
            for a regression, an infinity, a number beyond float32, in which trees are grown.
    """
    problem = PROBLEMS.get(problem_type) or infer_problem(column)
    if problem == "regression":
        return Target(Task("regression"), (), _numbers(column, name))
    labels, places = _labels(column)
    _check_classes(labels, name, problem, max_classes)
    if len(labels) == 2:  # noqa: PLR2004 - two classes
        problem = "binary"
    return Target(Task(problem, len(labels)), labels, places)


def infer_problem(column: pa.Array) -> Problem:
    """Text and booleans are classes; so are integers with few different values."""
    different = pc.count_distinct(column).as_py()
    if different <= 2:  # noqa: PLR2004 - two values are two classes
        return "binary"
    if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
        return "multiclass"
    few = different <= MAX_INTEGER_CLASSES and different < 0.05 * len(column)
    return "multiclass" if pa.types.is_integer(column.type) and few else "regression"


def _numbers(column: pa.Array, name: str) -> NDArray[np.float64]:
    if pa.types.is_string(column.type) or pa.types.is_boolean(column.type):
        hint = "Leave PROBLEM_TYPE out, or choose a classification."
        raise InvalidTrainingData(f'target "{name}" is no number: no regression', hint=hint)
    values: NDArray[np.float64] = column.cast(pa.float64(), safe=False).to_numpy()
    wrong = len(values) - int(np.isfinite(values).sum())
    if wrong:
        message = f'target "{name}" is infinite or NaN in {wrong} of {len(values)} rows'
        raise InvalidTrainingData(message, hint="Leave such rows out with WHERE.")
    great = int((np.abs(values) > GREATEST).sum())
    if great:
        message = f'target "{name}" is beyond {GREATEST:g} in {great} of {len(values)} rows'
        hint = f"Leave such rows out with WHERE, or divide, as in {name} / 1e30 AS {name}."
        raise InvalidTrainingData(message, hint=hint)
    if (values == values[0]).all():
        raise InvalidTrainingData(f'target "{name}" has only one value')
    return values


def _labels(column: pa.Array) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    different = pc.unique(column)
    ordered = different.take(pc.sort_indices(different))
    places = pc.index_in(column, ordered).to_numpy(zero_copy_only=False).astype(np.float64)
    return tuple(as_label(value) for value in ordered.to_pylist()), places


def as_label(value: object) -> str:
    """A target's value as text, as a label is stored; a boolean as Redshift prints it, t or f."""
    return "ft"[value] if isinstance(value, bool) else str(value)


def _check_classes(labels: tuple[str, ...], name: str, problem: Problem, most: int) -> None:
    if len(labels) < 2:  # noqa: PLR2004 - two classes
        raise InvalidTrainingData(f'target "{name}" has only one value, {labels[0]!r}')
    if problem == "binary" and len(labels) > 2:  # noqa: PLR2004 - two classes
        hint = "Use PROBLEM_TYPE MULTICLASS_CLASSIFICATION."
        message = f'target "{name}" has {len(labels)} values: no binary classification'
        raise InvalidTrainingData(message, hint=hint)
    if len(labels) > most:
        hint = f"At most {most} (setting maximum_classes); group rare values, or use REGRESSION."
        raise InvalidTrainingData(f'target "{name}" has {len(labels)} classes', hint=hint)

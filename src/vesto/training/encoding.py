"""Columns to a matrix: a tape of steps for a style, fitted on some rows and run over all.

Training and prediction see the same numbers because the matrix is made by the reference scorer
from the very steps that go into the program.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vesto.algorithms import Task
from vesto.catalog.records import Definition
from vesto.errors import InvalidTrainingData
from vesto.features import Tape, category, date, number, text
from vesto.features.category import Words, words_of
from vesto.features.preprocessors import Entry, parse
from vesto.features.transformers import Made, Raw, chained
from vesto.programs.program import Input
from vesto.programs.reference import run_steps
from vesto.programs.steps import Missing, OneHot
from vesto.training.columns import Feature, plain_features, read_features

F64 = NDArray[np.float64]
Style = Literal["ordinal", "native", "means", "linear"]

NATIVE_WORDS: Final = 64
MEANS_WORDS: Final = 10
MEANS_CLASSES: Final = 10
TEXT_CLASSES: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The feature columns of a training set, what each is used as, and the PREPROCESSORS of some."""

    inputs: tuple[Input, ...]
    arrays: tuple[pa.Array, ...]
    features: tuple[Feature, ...]
    entries: tuple[Entry, ...] = ()

    @property
    def has_categories(self) -> bool:
        """Whether styles differ at all."""
        return any(feature.use == "category" for feature in self.features)

    def take(self, rows: NDArray[np.int64]) -> Columns:
        """Some of the rows."""
        places = pa.array(rows)
        return replace(self, arrays=tuple(a.take(places) for a in self.arrays))


@dataclass(frozen=True, slots=True, eq=False)
class Encoding:
    """A fitted tape: ``registers`` are the body's features, ``names`` the column each is from.

    ``x`` has shape (rows, features), float32, over all rows, in it what each row may know of the
    target.
    """

    tape: Tape
    registers: tuple[int, ...]
    categorical: tuple[bool, ...]
    names: tuple[str, ...]
    x: NDArray[np.float32]


@dataclass(slots=True, eq=False)
class _Draft:
    tape: Tape
    registers: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    codes: set[int] = field(default_factory=set)
    honest: dict[int, F64] = field(default_factory=dict)

    def add(self, feature: Feature, registers: list[int]) -> None:
        self.registers += registers
        self.names += [feature.name] * len(registers)


def read_columns(rows: pa.Table, definition: Definition) -> Columns:
    """The feature columns of a snapshot.

    Raises:
        InvalidTrainingData: None of them is of any use.
    """
    inputs = tuple(Input(p.name, p.type) for p in definition.parameters)
    arrays = tuple(rows[p.name].combine_chunks() for p in definition.parameters)
    # Distances ask nothing of a column but its numbers, and counting values takes long.
    read = plain_features if definition.model_type == "KMEANS" else read_features
    found = read(rows, definition.parameters)
    if not definition.auto:
        found = [replace(feature, use="number") for feature in found]
    entries = parse(definition.preprocessors or "none")
    named = {name for entry in entries for name in entry.columns}
    found = [replace(f, use="prepared", reason="") if f.name in named else f for f in found]
    if all(feature.use == "dropped" for feature in found):
        reasons = "; ".join(f"{feature.name}: {feature.reason}" for feature in found)
        raise InvalidTrainingData("no column of FROM can be learnt from", detail=reasons)
    return Columns(inputs, arrays, tuple(found), entries)


def prepare(tape: Tape, known: Columns) -> list[Made]:
    """The registers of the columns that PREPROCESSORS names, fitted on the ``known`` rows.

    Raises:
        InvalidTrainingData: The rows of a column cannot be transformed so.
    """
    raw = {
        feature.name: Raw(feature.name, feature.place, feature.family, known.arrays[feature.place])
        for feature in known.features
    }
    return [
        made
        for entry in known.entries
        for made in chained(tape, entry.transformers, [raw[name] for name in entry.columns])
    ]


def uses_target(columns: Columns, style: Style) -> bool:
    """Whether the style lets the target into the features, so that every fold needs its own."""
    limit = {
        "ordinal": np.inf,
        "native": NATIVE_WORDS,
        "means": MEANS_WORDS,
        "linear": NATIVE_WORDS,
    }
    return any(
        f.use == "text" or (f.use == "category" and f.words > limit[style])
        for f in columns.features
    )


def encode(
    columns: Columns, y: F64, task: Task, style: Style, train: NDArray[np.int64], seed: int,
    tape: Tape | None = None,
) -> Encoding:  # fmt: skip
    """Fit the style's steps on the ``train`` rows and run them over all rows.

    They are appended to ``tape`` where one is given.
    """
    draft = _Draft(Tape(columns.inputs) if tape is None else tape)
    known = columns.take(train)
    folds = np.random.default_rng(seed).integers(0, 5, len(train))
    epochs: list[int] = []
    for feature in columns.features:
        if feature.use in {"number", "parsed"}:
            make = number.plain if feature.use == "number" else number.parsed
            draft.add(feature, make(draft.tape, feature.place))
        elif feature.use == "date":
            parts = date.parts(draft.tape, feature.place, feature.family)
            draft.add(feature, parts)
            epochs += parts[-1:]
        elif feature.use == "text":
            _read_text(draft, feature, known.arrays[feature.place], (y[train], task), folds)
        elif feature.use == "category":
            words = words_of(known.arrays[feature.place])
            _categorise(draft, feature, words, style, _sides(y[train], task), folds)
    registers = date.differences(draft.tape, epochs)
    draft.registers += registers
    draft.names += ["differences of dates"] * len(registers)
    if style == "linear":
        draft = _standardised(draft, known)
    for made in prepare(draft.tape, known):
        draft.registers.append(made.register)
        draft.names.append(made.name)
    return _run(draft, columns, train)


def _read_text(
    draft: _Draft, feature: Feature, column: pa.Array, goal: tuple[F64, Task],
    folds: NDArray[np.int64],
) -> None:  # fmt: skip
    """What the words say of the target, and how long the text is.

    Of many classes only the length: a score for each would be many features.
    """
    y, task = goal
    if task.classes <= TEXT_CLASSES:
        found = text.scores(draft.tape, feature.place, column, y, task.classes, folds)
        draft.honest |= {
            register: found.honest[:, at] for at, register in enumerate(found.registers)
        }
        draft.add(feature, found.registers)
    draft.add(feature, text.length(draft.tape, feature.place))


def _sides(y: F64, task: Task) -> list[F64]:
    """What means are taken of: the value, the second class, or each class of a few."""
    if task.problem != "multiclass":
        return [y]
    return [(y == place).astype(np.float64) for place in range(task.classes)]


def _categorise(
    draft: _Draft, feature: Feature, words: Words, style: Style, sides: list[F64],
    folds: NDArray[np.int64],
) -> None:  # fmt: skip
    tape, source, many = draft.tape, feature.place, feature.words
    coded = many <= {"ordinal": np.inf, "native": NATIVE_WORDS, "means": MEANS_WORDS}.get(style, 0)
    if coded or (style != "linear" and len(sides) > MEANS_CLASSES):
        registers = category.codes(tape, source, words)
        draft.codes.update(registers if style == "native" and coded else [])
        draft.add(feature, registers)
    elif style == "linear" and (many <= NATIVE_WORDS or len(sides) > MEANS_CLASSES):
        (code,) = category.codes(tape, source, words)
        draft.add(feature, tape.append(OneHot(code, max(len(words.words), 1))))
    else:
        for side in sides:
            registers = category.means(tape, source, words, side)
            draft.honest[registers[0]] = category.honest_means(words, side, folds)
            draft.add(feature, registers)
        draft.add(feature, category.shares(tape, source, words))


def _standardised(draft: _Draft, known: Columns) -> _Draft:
    """The draft with every register but the one-hot ones made fit for weighted sums."""
    values = run_steps(draft.tape.steps, known.arrays)
    hot = {
        register
        for step, first in _placed(draft.tape)
        if isinstance(step, OneHot)
        for register in range(first, first + step.width)
    }
    ready = _Draft(draft.tape)
    for register, name in zip(draft.registers, draft.names, strict=True):
        made = [register]
        if register not in hot:
            seen = draft.honest.get(register, values[register])
            made = number.standardised(draft.tape, register, seen)
        ready.registers += made
        ready.names += [name] * len(made)
    if draft.registers and not ready.registers:
        # Among these rows nothing varies, and a model has a feature all the same.
        ready.registers = draft.tape.append(Missing(draft.registers[0]))
        ready.names = draft.names[:1]
    return ready


def _placed(tape: Tape) -> list[tuple[object, int]]:
    at = len(tape.inputs)
    placed: list[tuple[object, int]] = []
    for step in tape.steps:
        placed.append((step, at))
        at += step.width
    return placed


def _run(draft: _Draft, columns: Columns, train: NDArray[np.int64]) -> Encoding:
    values = run_steps(draft.tape.steps, columns.arrays)
    rows = len(columns.arrays[0])
    x = np.empty((rows, len(draft.registers)), np.float32)
    with np.errstate(over="ignore"):
        for place, register in enumerate(draft.registers):
            x[:, place] = values[register]
            if register in draft.honest:
                x[train, place] = draft.honest[register]
    x[np.isinf(x)] = np.nan
    categorical = tuple(register in draft.codes for register in draft.registers)
    return Encoding(draft.tape, tuple(draft.registers), categorical, tuple(draft.names), x)

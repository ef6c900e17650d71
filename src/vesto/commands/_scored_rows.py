"""Rows of a query with a model's answers to them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vesto.catalog.records import Outcome
from vesto.programs.program import Program
from vesto.programs.reference import choose, decide, label_values
from vesto.programs.scoring import scorer
from vesto.training.evaluation import Scored
from vesto.training.quality import Answers, of_probabilities
from vesto.training.target import as_label

F64 = NDArray[np.float64]


class ScoredRows:
    """Takes in batches of target and arguments; keeps what metrics need of each row.

    ``known`` says whether the program gives probabilities.
    """

    def __init__(self, program: Program, outcome: Outcome, *, known: bool, compiled: bool) -> None:
        self._program, self._known = program, known
        self._score = scorer(program, outcome.program, compiled=compiled)
        self._labels = label_values(program.output) if program.output.labels else None
        self._answers: list[Answers] = []
        self._unknown: list[pa.Array] = []

    def add(self, target: pa.Array, arguments: list[pa.Array]) -> None:
        """Score one batch; the target has the type of the model's labels, or is a number."""
        if not len(target):
            return
        after = np.asarray(self._score(arguments))
        output = self._program.output
        if self._labels is None:
            values = _numbers(decide(output, after))
            self._answers.append(Answers("regression", _numbers(target), values))
            return
        chosen = choose(output, after).astype(np.float64)
        y = self._codes(target)
        self._answers.append(of_probabilities(y, chosen, after, known=self._known))

    def _codes(self, target: pa.Array) -> F64:
        """Class numbers; NaN without a target, -1 where the model does not know the label."""
        assert self._labels is not None
        known = pc.is_valid(target)
        if pa.types.is_floating(target.type):
            known = pc.and_kleene(known, pc.invert(pc.is_nan(target)))
        codes = pc.index_in(target, self._labels)
        unknown = pc.and_(known, pc.is_null(codes))
        self._unknown.append(target.filter(unknown))
        y: F64 = pc.fill_null(codes, -1).cast(pa.float64()).to_numpy(zero_copy_only=False).copy()
        y[~known.to_numpy(zero_copy_only=False)] = np.nan
        return y

    def scored(self) -> Scored:
        """All rows together."""
        if self._labels is None:
            return Scored(_joined(self._answers) or Answers("regression", np.empty(0), np.empty(0)))
        labels = tuple(self._program.output.labels)
        many = len(labels)
        answers = _joined(self._answers)
        if answers is None:
            nothing = np.empty(0)
            return Scored(
                of_probabilities(nothing, nothing, np.empty((0, many)), known=self._known), labels
            )
        unknown = pa.chunked_array(self._unknown, self._labels.type).combine_chunks()
        encoded = unknown.dictionary_encode()
        answers.y[answers.y == -1] = many + encoded.indices.to_numpy(zero_copy_only=False)
        more = tuple(as_label(value) for value in encoded.dictionary.to_pylist())
        return Scored(answers, labels + more)


def _numbers(column: pa.Array) -> F64:
    values: F64 = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return np.where(np.isfinite(values), values, np.nan)


def _joined(parts: list[Answers]) -> Answers | None:
    if not parts:
        return None
    first = parts[0]

    def column(name: str) -> F64 | None:
        if getattr(first, name) is None:
            return None
        return np.concatenate([getattr(part, name) for part in parts])

    y, chosen = column("y"), column("chosen")
    assert y is not None
    assert chosen is not None
    return Answers(first.problem, y, chosen, first.classes, column("share"), column("own"))

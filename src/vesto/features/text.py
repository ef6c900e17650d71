"""Free text as numbers: what a linear model of its words says, and its length.

Words and pairs of words are weighted as scikit-learn's TfidfVectorizer does by default, but for what a word
is, which ``TextScore`` says: the counts come from the reference scorer itself. One register an output
serves trees better than thousands of words.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vesto.features import Tape
from vesto.programs.reference_text import counts_in, grams_in, slices
from vesto.programs.steps import TextLength, TextScore

F64 = NDArray[np.float64]

MAX_GRAMS: Final = 20_000
LEAST_TEXTS: Final = 2
# What a class that is not there gets: e to the -30th is all but impossible.
SURE: Final = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """The registers, and what each training row may know of its score: shape (rows, registers)."""

    registers: list[int]
    honest: F64


def length(tape: Tape, source: int) -> list[int]:
    """Characters of the text."""
    return tape.append(TextLength(source))


def scores(
    tape: Tape, source: int, column: pa.Array, target: F64, classes: int, folds: NDArray[np.int64]
) -> Scored:
    """A linear model of the column's words for ``target`` (rows,).

    Args:
        tape: Gets one step, or none where no word stands in two texts.
        source: The input's place.
        column: The texts to learn from.
        target: Values, or numbers of classes.
        classes: How many there are; 0 for values. Two give one register, more give one each.
        folds: A number for each row; rows of one number get the score of a model of the others.
    """
    grams, idf = _vocabulary(column)
    if not grams:
        return Scored([], np.empty((len(target), 0)))
    x = _weighted(column, grams, idf)
    weights, bias = _fit(x, target, classes)
    registers = tape.append(TextScore(source, grams, idf, weights, bias))
    honest = np.empty((len(target), len(registers)))
    for fold in np.unique(folds):
        inside = folds == fold
        learnt, offset = _fit(x[~inside], target[~inside], classes)
        honest[inside] = x[inside] @ learnt.T + offset
    honest[pc.is_null(column).to_numpy(zero_copy_only=False)] = np.nan
    return Scored(registers, honest)


def _vocabulary(column: pa.Array) -> tuple[tuple[str, ...], F64]:
    """The grams that stand in most texts, sorted, and how much each weighs.

    A gram in d of n texts weighs ln((1 + n) / (1 + d)) + 1.
    """
    parts = [_texts_with(part) for _, part in slices(column)]
    totals = pa.concat_tables(parts).group_by("gram").aggregate([("texts", "sum")])
    totals = totals.filter(pc.greater_equal(totals["texts_sum"], LEAST_TEXTS))
    order = [("texts_sum", "descending"), ("gram", "ascending")]
    most = totals.sort_by(order).slice(0, MAX_GRAMS).sort_by("gram")
    texts = most["texts_sum"].to_numpy().astype(np.float64)
    idf = np.log((1 + len(column)) / (1 + texts)) + 1
    return tuple(most["gram"].to_pylist()), idf


def _texts_with(column: pa.Array) -> pa.Table:
    """Each gram of a few texts, and in how many of them it stands."""
    row, grams = grams_in(column)
    coded = grams.dictionary_encode()
    size = max(1, len(coded.dictionary))
    code = coded.indices.to_numpy().astype(np.int64)
    texts = np.bincount(np.unique(row * size + code) % size, minlength=len(coded.dictionary))
    return pa.table({"gram": coded.dictionary, "texts": texts.astype(np.int64)})


def _weighted(column: pa.Array, grams: tuple[str, ...], idf: F64) -> Any:
    """A sparse matrix (rows, grams) whose rows have the length 1, or 0."""
    from scipy.sparse import csr_matrix  # noqa: PLC0415

    found = counts_in(column, pa.array(grams, pa.string()))
    value = found.count * idf[found.gram]
    norm = np.sqrt(np.bincount(found.row, value * value, len(column)))
    cells = (value / norm[found.row], (found.row, found.gram))
    return csr_matrix(cells, shape=(len(column), len(grams)))


def _fit(x: Any, target: F64, classes: int) -> tuple[F64, F64]:
    """Weights, shape (outputs, grams), and bias (outputs,)."""
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression, Ridge  # noqa: PLC0415

    if not classes:
        line = Ridge(alpha=1.0).fit(x, target)
        return line.coef_.reshape(1, -1), np.atleast_1d(line.intercept_)
    outputs = classes if classes > 2 else 1  # noqa: PLR2004 - two classes have one margin
    weights, bias = np.zeros((outputs, x.shape[1])), np.full(outputs, -SURE)
    present = np.unique(target).astype(np.int64)
    if len(present) == 1:
        bias[min(int(present[0]), outputs - 1)] = (
            0.0 if outputs > 1 else SURE * (2 * present[0] - 1)
        )
        return weights, bias
    model = LogisticRegression(max_iter=200)
    with warnings.catch_warnings():
        # Weights that have not settled after 200 steps still make a feature.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(x, target.astype(np.int64))
    if outputs == 1:
        return model.coef_, model.intercept_
    if len(present) == 2:  # noqa: PLR2004 - scikit-learn then has one row of weights
        weights[present[1]], bias[present] = model.coef_[0], [0.0, model.intercept_[0]]
    else:
        weights[present], bias[present] = model.coef_, model.intercept_
    return weights, bias

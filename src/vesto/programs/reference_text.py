"""Words of texts, as ``TextScore`` counts them: what training fits and what the reference scorer runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vesto.programs.steps import TextScore

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

# Rows whose words are held at once.
SLICE_ROWS: Final = 8192
WORD_BYTES: Final = 2
# All that divides words, once the letters are small.
_DIVIDERS: Final = r"[\x00-/:-`{-\x7f\x{80}-\x{bf}\x{2000}-\x{207f}\x{3000}-\x{303f}]+"


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """How often known grams stand in rows; by row, then gram, each pair once."""

    row: I64
    gram: I64
    count: F64


def slices(column: pa.Array) -> Iterator[tuple[int, pa.Array]]:
    """Parts of a column, and the row at which each begins."""
    for first in range(0, len(column), SLICE_ROWS):
        yield first, column.slice(first, SLICE_ROWS)


def grams_in(column: pa.Array) -> tuple[I64, pa.Array]:
    """The words of each text and the pairs of words that follow each other, and their rows."""
    lowered = pc.ascii_lower(column.cast(pa.string()))
    parts = pc.split_pattern(pc.replace_substring_regex(lowered, _DIVIDERS, " "), " ")
    words, row = pc.list_flatten(parts), pc.list_parent_indices(parts)
    long = pc.greater_equal(pc.binary_length(words), WORD_BYTES)
    words, rows = words.filter(long), row.filter(long).to_numpy().astype(np.int64)
    follow = rows[1:] == rows[:-1]
    pairs = pc.binary_join_element_wise(words[:-1], words[1:], " ").filter(pa.array(follow))
    grams = pa.concat_arrays([words, pairs])
    return np.concatenate([rows, rows[1:][follow]]), grams


def counts_in(column: pa.Array, grams: pa.Array) -> Counts:
    """How often each of ``grams`` stands in each text."""
    size = max(1, len(grams))
    keys, counts = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for first, part in slices(column):
        row, found = grams_in(part)
        place = pc.fill_null(pc.index_in(found, grams), -1).to_numpy().astype(np.int64)
        known = place >= 0
        key, count = np.unique((row[known] + first) * size + place[known], return_counts=True)
        keys.append(key)
        counts.append(count)
    key = np.concatenate(keys)
    return Counts(key // size, key % size, np.concatenate(counts).astype(np.float64))


_GRAMS: Final[WeakKeyDictionary[TextScore, pa.Array]] = WeakKeyDictionary()


def scores(step: TextScore, column: pa.Array) -> list[F64]:
    """The registers that the step appends. The order of the additions is part of the law."""
    if step not in _GRAMS:
        _GRAMS[step] = pa.array(step.grams, pa.string())
    found, rows = counts_in(column, _GRAMS[step]), len(column)
    value = found.count * step.idf[found.gram]
    norm = np.sqrt(np.bincount(found.row, value * value, rows))
    norm[norm == 0] = 1.0
    missing = pc.is_null(column).to_numpy(zero_copy_only=False)
    registers = []
    for weights, bias in zip(step.weights, step.bias, strict=True):
        sums = np.bincount(found.row, value * weights[found.gram], rows)
        registers.append(np.where(missing, np.nan, bias + sums / norm))
    return registers

"""Categories as numbers: codes in the order of the words, shares of rows, means of the target.

A smoothed mean of the target is ``(sum + m * prior) / (count + m)`` with m = 20, so that a rare
word says little. Source: Micci-Barreca, "A preprocessing scheme for high-cardinality categorical
attributes", SIGKDD Explorations 3(1), 2001.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vesto.features import Tape
from vesto.programs.reference import words_in
from vesto.programs.steps import Category

F64 = NDArray[np.float64]
SMOOTHING: Final = 20.0
MISSING_WORDS: Final = ("", "?", "N/A", "NA", "NULL", "NaN", "None", "nan", "null")


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """The words of a column and how often each stands there.

    ``place`` has shape (rows,): the word's number, or -1 where it is missing.
    """

    words: tuple[str, ...]
    counts: F64
    place: NDArray[np.int64]


def words_of(column: pa.Array) -> Words:
    """The different words of a text, boolean or integer column, sorted, missing ones left out."""
    text = words_in(column)
    known = pc.if_else(pc.is_in(text, pa.array(MISSING_WORDS)), None, text)
    words = sorted(word for word in pc.unique(known).to_pylist() if word is not None)
    place = pc.fill_null(pc.index_in(known, pa.array(words, pa.string()), skip_nulls=True), -1)
    numbers = place.to_numpy(zero_copy_only=False).astype(np.int64)
    counts = np.bincount(numbers[numbers >= 0], minlength=len(words)).astype(np.float64)
    return Words(tuple(words), counts, numbers)


def codes(tape: Tape, source: int, found: Words) -> list[int]:
    """The word's place in the dictionary; a word not seen in training counts as missing."""
    values = np.arange(len(found.words), dtype=np.float64)
    return tape.append(Category(source, found.words, values, np.nan, np.nan, MISSING_WORDS))


def shares(tape: Tape, source: int, found: Words) -> list[int]:
    """The share of training rows that have the word."""
    values = found.counts / max(len(found.place), 1)
    return tape.append(Category(source, found.words, values, 0.0, np.nan, MISSING_WORDS))


def means(tape: Tape, source: int, found: Words, target: F64) -> list[int]:
    """The smoothed mean of ``target`` (rows,) for the word; its overall mean for a new word."""
    values, prior = smoothed_means(found, target, np.ones(len(target), bool))
    return tape.append(Category(source, found.words, values, prior, np.nan, MISSING_WORDS))


def smoothed_means(found: Words, target: F64, rows: NDArray[np.bool_]) -> tuple[F64, float]:
    """The mean for each word over ``rows``, and the mean over all of them."""
    known = rows & (found.place >= 0)
    prior = float(target[rows].mean()) if rows.any() else 0.0
    size = len(found.words)
    sums = np.bincount(found.place[known], weights=target[known], minlength=size)
    counts = np.bincount(found.place[known], minlength=size)
    return (sums + SMOOTHING * prior) / (counts + SMOOTHING), prior


def honest_means(found: Words, target: F64, folds: NDArray[np.int64]) -> F64:
    """For each training row the mean that the rows of the other folds give its word.

    Means over all rows would show a row its own target, and trees would learn to trust that.
    """
    honest = np.empty(len(target))
    for fold in np.unique(folds):
        inside = folds == fold
        values, prior = smoothed_means(found, target, ~inside)
        honest[inside] = np.append(values, prior)[found.place[inside]]
    honest[found.place < 0] = np.nan
    return honest

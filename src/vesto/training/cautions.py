"""What to know before trusting a model: leaks, identifiers, imbalance and other traps in the data.

The same are told before training (EXPLAIN CREATE MODEL) and after it (the report).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vesto.features.category import MISSING_WORDS
from vesto.training.columns import Feature
from vesto.training.leaks import SAMPLE_ROWS, strength
from vesto.training.profile import as_numbers, shortened
from vesto.training.target import Target

Kind = Literal[
    "leak", "identifier", "constant", "missing", "imbalance", "missing target", "duplicates",
    "contradictions", "few rows", "outlier", "text", "far from zero",
]  # fmt: skip
LEAK: Final = 0.999
# Of the rows that a class would have if all were alike.
RARE_SHARE: Final = 0.1
RARE_ROWS: Final = 20
MISSING_SHARE: Final = 0.5
FEW_ROWS: Final = 1000
ROWS_PER_COLUMN: Final = 10
DUPLICATE_SHARE: Final = 0.01
FAR: Final = 1000.0
# Of a float32 hardly a decimal digit is left for the differences.
FAR_FROM_ZERO: Final = 1e6
SHOWN_CLASSES: Final = 5


@dataclass(frozen=True, slots=True)
class Caution:
    """One thing to know; ``column`` is empty where it is about all rows."""

    kind: Kind
    column: str
    message: str


def cautions(
    rows: pa.Table, name: str, target: Target, features: tuple[Feature, ...], seed: int
) -> list[Caution]:
    """Everything that the training rows give reason to tell; ``name`` is the target's.

    ``rows`` hold the target and all features; rows without a target are not among them.
    """
    return [
        *leaks(rows, target, features, seed), *of_columns(rows, features),
        *_of_target(name, target), *_of_rows(rows, name, features),
    ]  # fmt: skip


def without_target(name: str, missing: int, total: int) -> list[Caution]:
    """Rows whose target is NULL: they teach nothing."""
    if not missing:
        return []
    message = f'{missing} of {total} rows have no "{name}" and are left out'
    return [Caution("missing target", name, message)]


def leaks(
    rows: pa.Table, target: Target, features: tuple[Feature, ...], seed: int
) -> Iterator[Caution]:
    """Columns that predict the target almost perfectly alone: often they come after it."""
    places = np.random.default_rng(seed).permutation(len(rows))[:SAMPLE_ROWS]
    some, y = rows.take(pa.array(places)), target.values[places]
    measure = "R2" if target.task.problem == "regression" else "AUC"
    for feature in features:
        if feature.use == "dropped":
            continue
        found = strength(coded(some[feature.name].combine_chunks(), feature), y, target.task)
        if found > LEAK:
            message = (
                f'column "{feature.name}" alone predicts the target almost perfectly ({measure} '
                f"{found:.4f}): make sure that it is known before the target is"
            )
            yield Caution("leak", feature.name, message)


def coded(column: pa.Array, feature: Feature) -> NDArray[np.float64]:
    """The column as numbers, words as their place in alphabetical order; missing values are NaN."""
    if feature.family == "text":
        blank = pc.is_in(column, pa.array(MISSING_WORDS, column.type))
        column = pc.if_else(blank, pa.scalar(None, column.type), column)
        words = pc.unique(column.drop_null())
        words = words.take(pc.sort_indices(words))
        column = pc.index_in(column, words)
    return as_numbers(column)


def of_columns(rows: pa.Table, features: tuple[Feature, ...]) -> Iterator[Caution]:
    """Columns that say nothing, or that stand for single rows."""
    for feature in features:
        column = rows[feature.name]
        if feature.use == "dropped":
            message = f'column "{feature.name}" is not used: {feature.reason}'
            yield Caution(_kind_of_dropped(feature.reason), feature.name, message)
        elif feature.reason:
            message = f'column "{feature.name}" is used as a category: {feature.reason}'
            yield Caution("text", feature.name, message)
        elif feature.family == "integer" and _counts_up(column, feature):
            message = (
                f'column "{feature.name}" has another whole number in every row: if it is an '
                "identifier, leave it out"
            )
            yield Caution("identifier", feature.name, message)
        elif column.null_count > MISSING_SHARE * len(column):
            share = column.null_count / len(column)
            yield Caution("missing", feature.name, f'{share:.0%} of "{feature.name}" are NULL')


def _kind_of_dropped(reason: str) -> Kind:
    if "cast it" in reason:
        return "text"
    return "identifier" if "identifier" in reason else "constant"


def _counts_up(column: pa.ChunkedArray, feature: Feature) -> bool:
    """Whether whole numbers look given out one by one: all different, hardly any left out."""
    if column.null_count or feature.words < len(column):
        return False
    edges = pc.min_max(column).as_py()
    return bool(edges["max"] - edges["min"] < ROWS_PER_COLUMN * len(column))


def _of_target(name: str, target: Target) -> Iterator[Caution]:
    if target.task.problem == "regression":
        yield from _of_outliers(name, target.values)
        return
    counts = np.bincount(target.values.astype(np.int64), minlength=len(target.labels))
    total = counts.sum()
    few = max(RARE_ROWS, RARE_SHARE * total / len(counts))
    rare = np.flatnonzero(counts < few)
    if not len(rare):
        return
    rare = rare[np.argsort(counts[rare], kind="stable")]
    words = ", ".join(
        f"{shortened(target.labels[place])!r} {counts[place]}" for place in rare[:SHOWN_CLASSES]
    )
    more = f" and {len(rare) - SHOWN_CLASSES} more" if len(rare) > SHOWN_CLASSES else ""
    message = f'classes of "{name}" with few rows of {total}: {words}{more}'
    yield Caution("imbalance", name, message)


def _of_outliers(name: str, values: NDArray[np.float64]) -> Iterator[Caution]:
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
    width = high - low
    if width <= 0:
        return
    if abs(middle) > FAR_FROM_ZERO * width:
        message = (
            f'the values of "{name}" differ by little for their size: subtract a constant in FROM, '
            f"as in {name} - {middle:.0f} AS {name}, or trees, which count in float32, cannot tell them apart"
        )
        yield Caution("far from zero", name, message)
    far = int((np.abs(values - middle) > FAR * width).sum())
    if far:
        message = (
            f'rows whose "{name}" lies far off all others: {far}; where they are mistakes, leave '
            "them out with WHERE, for the model bends to them"
        )
        yield Caution("outlier", name, message)


def _of_rows(rows: pa.Table, name: str, features: tuple[Feature, ...]) -> Iterator[Caution]:
    used = [feature.name for feature in features if feature.use != "dropped"]
    if len(rows) < max(FEW_ROWS, ROWS_PER_COLUMN * len(used)):
        message = f"{len(rows)} rows for {len(used)} columns are few: expect the scores to vary"
        yield Caution("few rows", "", message)
    if not used:
        return
    groups = rows.group_by([*used, name]).aggregate([([], "count_all")])
    repeated = len(rows) - len(groups)
    if repeated > DUPLICATE_SHARE * len(rows):
        message = (
            f"{repeated} of {len(rows)} rows repeat another one: a copy among the rows that test a "
            "model makes it look better than it is"
        )
        yield Caution("duplicates", "", message)
    alike = groups.group_by(used).aggregate([("count_all", "sum"), ([], "count_all")])
    unlike = alike.filter(pc.greater(alike["count_all"], 1))
    against = pc.sum(unlike["count_all_sum"]).as_py() or 0
    if against > DUPLICATE_SHARE * len(rows):
        message = (
            f'{against} of {len(rows)} rows are equal but for "{name}": nobody can tell them apart'
        )
        yield Caution("contradictions", "", message)

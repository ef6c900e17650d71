"""Answers of a model on any rows as one tidy table: what EVALUATE MODEL returns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vesto.training.judgement import binned
from vesto.training.quality import Answers, by_class, scores

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
SCHEMA: Final = pa.schema([
    ("section", pa.string()), ("name", pa.string()), ("label", pa.string()),
    ("predicted", pa.string()), ("expected", pa.float64()), ("value", pa.float64()),
    ("rows", pa.int64()),
])  # fmt: skip
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Answers on rows, those without a target among them, which have ``y`` NaN.

    ``labels`` are the texts of the class numbers in ``answers``, the model's own first.
    """

    answers: Answers
    labels: tuple[str, ...] = ()

    def take(self, places: I64) -> Scored:
        """Some of the rows."""
        return replace(self, answers=self.answers.take(places))


def tidy(scored: Scored) -> pa.Table:
    """One row a fact, as ``docs/reference/evaluate-model.md`` lists them."""
    known = np.flatnonzero(np.isfinite(scored.answers.y))
    missing = len(scored.answers) - len(known)
    answers = scored.answers.take(known)
    parts = [_table(_counted(answers, scored.labels, missing))]
    if len(answers):
        parts.append(_table(_metrics(answers)))
        if answers.problem == "regression":
            parts.append(_table(_quantiles(answers)))
        else:
            parts += list(_classes(answers, scored.labels))
        parts.append(_table(_bins(answers)))
    return pa.concat_tables(parts)


def by_groups(scored: Scored, keys: pa.Table, groups: Sequence[I64]) -> pa.Table:
    """``tidy`` of every group, the group's keys before it; ``groups`` are the places of its rows."""
    parts = []
    for number, places in enumerate(groups):
        found = tidy(scored.take(places))
        for at, field in enumerate(keys.schema):
            key = keys[field.name][number]
            # pa.repeat knows no types of decimals and zones; taking one value knows all.
            column = keys[field.name].take(pa.array(np.full(len(found), number)))
            found = found.add_column(at, pa.field(field.name, key.type), column)
        parts.append(found)
    return pa.concat_tables(parts)


def grouped(columns: pa.Table) -> tuple[pa.Table, list[I64]]:
    """The different rows of ``columns``, in order of their values, and the places of each."""
    codes = np.zeros(columns.num_rows, np.int64)
    for column in columns.columns:
        encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
        values = encoded.dictionary
        rank = np.empty(len(values), np.int64)
        rank[pc.sort_indices(values).to_numpy()] = np.arange(len(values))
        mine = rank[encoded.indices.to_numpy()]
        _, codes = np.unique(codes * max(len(values), 1) + mine, return_inverse=True)
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    groups = np.split(order, starts[1:]) if len(order) else []
    return columns.take(pa.array(order[starts])), groups


def _table(rows: Iterator[Row]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), SCHEMA)


def _counted(answers: Answers, labels: tuple[str, ...], missing: int) -> Iterator[Row]:
    yield {"section": "rows", "name": "scored", "rows": len(answers)}
    yield {"section": "rows", "name": "without target", "rows": missing}
    if answers.problem == "regression":
        return
    unknown = answers.y[answers.y >= answers.classes].astype(np.int64)
    for place, rows in zip(*np.unique(unknown, return_counts=True), strict=True):
        yield {"section": "rows", "name": "unknown label", "label": labels[place], "rows": rows}


def _metrics(answers: Answers) -> Iterator[Row]:
    known = int((answers.y < answers.classes).sum())
    for name, value in scores(answers).items():
        rows = known if name in {"log_loss", "auc"} else len(answers)
        shown = None if np.isnan(value) else value
        yield {"section": "metric", "name": name, "value": shown, "rows": rows}


def _classes(answers: Answers, labels: tuple[str, ...]) -> Iterator[pa.Table]:
    many, names = len(labels), pa.array(labels, pa.string())
    y, chosen = answers.y.astype(np.int64), answers.chosen.astype(np.int64)
    cells, rows = np.unique(y * many + chosen, return_counts=True)
    actual, said = np.divmod(cells, many)
    counts = by_class(actual, said, rows.astype(np.float64), many)
    seen = np.flatnonzero(counts.support + counts.said)
    for name in ("precision", "recall", "f1"):
        yield _columns(
            len(seen), section="class", name=name, label=names.take(pa.array(seen)),
            value=getattr(counts, name)[seen], rows=counts.support[seen].astype(np.int64),
        )  # fmt: skip
    yield _columns(
        len(cells), section="confusion", label=names.take(pa.array(actual)),
        predicted=names.take(pa.array(said)), value=rows / counts.support[actual], rows=rows,
    )  # fmt: skip


def _columns(length: int, **given: Any) -> pa.Table:
    made = []
    for field in SCHEMA:
        value = given.get(field.name)
        if value is None or isinstance(value, str):
            made.append(pa.array([value], field.type).take(pa.array(np.zeros(length, np.int64))))
        else:
            made.append(value if isinstance(value, pa.Array) else pa.array(value, field.type))
    return pa.table(made, schema=SCHEMA)


def _quantiles(answers: Answers) -> Iterator[Row]:
    error = answers.y - answers.chosen
    for level, value in zip(QUANTILES, np.quantile(error, QUANTILES), strict=True):
        name = f"quantile {level}"
        yield {"section": "residual", "name": name, "value": value, "rows": len(error)}


def _bins(answers: Answers) -> Iterator[Row]:
    """What was predicted and what came true, in ten bins of about equal rows."""
    if answers.problem == "regression":
        expected, value = answers.chosen, answers.y
    elif answers.share is None:
        return
    else:
        known = answers.y < answers.classes
        wanted = 1 if answers.problem == "binary" else answers.chosen
        expected, value = answers.share[known], (answers.y == wanted)[known].astype(np.float64)
    if not len(expected):
        return
    for number, one in enumerate(binned(expected, value), start=1):
        yield {
            "section": "calibration", "name": f"bin {number}", "expected": one["predicted"],
            "value": one["observed"], "rows": one["rows"],
        }  # fmt: skip

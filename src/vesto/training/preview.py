"""What a training would do with the rows it would get: the answer of EXPLAIN CREATE MODEL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from vesto.catalog.records import Definition, Parameter
from vesto.engines import Sample
from vesto.errors import VestoError
from vesto.settings import Settings
from vesto.training.candidates import PORTFOLIO
from vesto.training.cautions import Caution, cautions, of_columns, without_target
from vesto.training.columns import Feature, read_features
from vesto.training.direct import read_job_target
from vesto.training.estimate import estimate
from vesto.training.families import algorithms_of
from vesto.training.profile import described, shortened
from vesto.training.snapshot import most_rows, training_rows, with_target
from vesto.training.target import Target
from vesto.types import from_arrow

Row = tuple[str, str, str, str]
SHOWN_CLASSES: Final = 10
COLUMNS: Final = ("section", "item", "value", "detail")
_PROBLEMS: Final = {
    "regression": "REGRESSION", "binary": "BINARY_CLASSIFICATION",
    "multiclass": "MULTICLASS_CLASSIFICATION",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """The rows that a training would keep, and what is known of them."""

    definition: Definition
    rows: pa.Table
    features: tuple[Feature, ...]
    target: Target | None = None


class _Kept(NamedTuple):
    """Why training would be refused, the rows it would keep, their target, what it would say."""

    refusal: VestoError | None
    rows: pa.Table
    target: Target | None
    notices: tuple[str, ...]


def preview(sample: Sample, definition: Definition, settings: Settings) -> list[Row]:
    """Section, item, value and detail of everything there is to tell.

    A training that would be refused has a row of section ``error`` with what CREATE MODEL would
    say; the rest is told as far as it can be.
    """
    learns = bool(definition.target) and definition.model_type != "FORECAST"
    known = with_target(sample.rows, definition.target) if definition.target else sample.rows
    refusal, kept, target, notices = _Kept(None, known, None, ())
    if learns:
        refusal, kept, target, notices = _kept(sample, known, definition, settings)
    definition = _with_parameters(definition, kept)
    features = tuple(read_features(kept, definition.parameters)) if len(kept) else ()
    seen = _Seen(definition, kept, features, target)
    missing = without_target(definition.target, len(sample.rows) - len(known), len(sample.rows))
    rows = [*_refused(refusal), *_data(sample, definition, kept), *_problem(seen), *_columns(seen)]
    if refusal is None:
        rows += [*_candidates(seen), *_time(seen, settings)]
    told = [Caution("few rows", definition.target, notice) for notice in notices]
    return [*rows, *_warned([*missing, *told, *_cautions(seen)])]


def _with_parameters(definition: Definition, rows: pa.Table) -> Definition:
    """The definition; one that makes no function has every column but the target looked at."""
    if definition.parameters:
        return definition
    others = [field for field in rows.schema if field.name != definition.target]
    return replace(
        definition, parameters=tuple(Parameter(f.name, from_arrow(f.type).name) for f in others)
    )


def _kept(sample: Sample, known: pa.Table, definition: Definition, settings: Settings) -> _Kept:
    refusal: VestoError | None = None
    notices: tuple[str, ...] = ()
    try:
        made = training_rows(sample, definition, settings)
        known, notices = made.rows, made.notices
    except VestoError as error:
        refusal = error
    try:
        target = read_job_target(known, definition, settings.maximum_classes)
    except (VestoError, IndexError):
        target = None
    return _Kept(refusal, known, target, notices)


def _refused(error: VestoError | None) -> Iterator[Row]:
    if error is not None:
        yield "error", error.sqlstate, error.message, error.hint


def _data(sample: Sample, definition: Definition, kept: pa.Table) -> Iterator[Row]:
    width = len(sample.rows.schema)
    total, cells = sample.total_rows, sample.total_rows * width
    yield "data", "rows", str(total), "of the training query"
    yield "data", "columns", str(width), "the target among them" if definition.target else ""
    yield "data", "cells", str(cells), "rows x columns"
    most = most_rows(definition)
    if total > most:
        detail = f"MAX_CELLS {definition.max_cells} keeps {most / total:.1%}, drawn at random"
    else:
        detail = f"MAX_CELLS {definition.max_cells} keeps all"
    yield "data", "rows kept", str(len(kept)), detail


def _problem(seen: _Seen) -> Iterator[Row]:
    definition, target = seen.definition, seen.target
    if definition.model_type in {"KMEANS", "FORECAST"}:
        yield "problem", "type", definition.model_type, "as the statement says"
        return
    if target is None:
        return
    given = definition.problem_type or not definition.auto
    how = "as the statement says" if given else "found from the target"
    yield "problem", "type", _PROBLEMS[target.task.problem], how
    if not target.labels:
        low, mean, high = target.values.min(), target.values.mean(), target.values.max()
        yield "problem", "target", f"{low:.6g} to {high:.6g}", f"mean {mean:.6g}"
        return
    counts = np.bincount(target.values.astype(np.int64), minlength=len(target.labels))
    yield "problem", "classes", str(len(counts)), ""
    for place in np.argsort(-counts, kind="stable")[:SHOWN_CLASSES]:
        share = counts[place] / counts.sum()
        yield (
            "problem",
            "class",
            shortened(target.labels[place]),
            f"{counts[place]} rows, {share:.1%}",
        )


def _columns(seen: _Seen) -> Iterator[Row]:
    kinds = {parameter.name: parameter.type for parameter in seen.definition.parameters}
    for feature in seen.features:
        column = described(seen.rows[feature.name].combine_chunks(), kinds[feature.name])
        detail = f"{kinds[feature.name]}, {column['distinct']} different values"
        if column["missing"]:
            detail += f", {column['missing']} NULL"
        use = feature.use if seen.definition.auto else "number"
        if use == "dropped":
            detail += f"; {feature.reason}"
        yield "column", feature.name, use, detail


def _candidates(seen: _Seen) -> Iterator[Row]:
    definition = seen.definition
    if not definition.auto or definition.model_type in {"KMEANS", "FORECAST"}:
        given = ", ".join(f"{key} {value}" for key, value in definition.hyperparameters)
        objective = f"objective {definition.objective}" if definition.objective else ""
        detail = ", ".join(part for part in (objective, given) if part)
        yield "candidate", definition.model_type.lower(), "one run", detail
        return
    for name in algorithms_of(definition.model_type):
        yield "candidate", name, "searched", _searched(name, seen)


def _searched(name: str, seen: _Seen) -> str:
    if name != "xgboost":
        return ""
    words = any(feature.use == "category" for feature in seen.features)
    encodings = "; categories encoded in several ways" if words else ""
    return f"{len(PORTFOLIO)} settings found good elsewhere, then Optuna{encodings}"


def _time(seen: _Seen, settings: Settings) -> Iterator[Row]:
    definition, rate = seen.definition, settings.cost_per_cpu_hour
    threads = settings.training_threads
    found = estimate(definition, len(seen.rows), seen.target, threads=threads, rate=rate)
    most = f"MAX_RUNTIME, with {threads} candidates at a time" if definition.auto else "MAX_RUNTIME"
    if seen.target is not None:
        end = "; it ends where more time no longer helps" if definition.auto else ""
        detail = f"told from the size of the data{end}"
        yield "time", "expected seconds", f"{found.wall_s:.0f}", detail
    yield "time", "seconds at most", f"{found.most_wall_s:.0f}", most
    detail = f"{rate:g} dollars an hour of a processor (setting cost_per_cpu_hour)"
    if seen.target is not None:
        yield "cost", "expected dollars", f"{found.cost:.6f}", f"{found.cpu_s:.0f} s at {detail}"
    yield (
        "cost",
        "dollars at most",
        f"{found.most_cost:.6f}",
        f"{found.most_cpu_s:.0f} s at {detail}",
    )


def _cautions(seen: _Seen) -> list[Caution]:
    if not len(seen.rows):
        return []
    if seen.target is None:
        return list(of_columns(seen.rows, seen.features))
    name, seed = seen.definition.target, seen.definition.seed
    return cautions(seen.rows, name, seen.target, seen.features, seed)


def _warned(found: list[Caution]) -> Iterator[Row]:
    for one in found:
        yield "warning", one.kind, one.column, one.message

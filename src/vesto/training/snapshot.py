"""The training rows, drawn from the query."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from vesto.catalog.records import Definition
from vesto.dialect.names import NAMELESS
from vesto.engines import Column, Connection, Sample
from vesto.errors import (
    DatatypeMismatch,
    DuplicateColumn,
    InvalidParameterValue,
    InvalidTrainingData,
    UndefinedColumn,
)
from vesto.features import Tape
from vesto.settings import Settings
from vesto.training import clusters
from vesto.training.direct import read_job_target
from vesto.training.encoding import prepare, read_columns
from vesto.training.target import as_label

AUTO_FAMILIES = {"integer", "fraction", "boolean", "text", "date", "time", "timestamp"}
DIRECT_FAMILIES = {"integer", "fraction", "boolean"}
TARGET_TYPES = {"int2", "int4", "int8", "float4", "float8", "bool", "bpchar", "varchar"}


@dataclass(frozen=True, slots=True)
class TrainingRows:
    """The rows to train on, how many the query had, and what was left out."""

    rows: pa.Table
    total_rows: int
    notices: tuple[str, ...]


def check_columns(columns: list[Column], target: str, auto: bool, settings: Settings) -> None:
    """Nothing, if the training query's columns can train a model; ``target`` may be empty.

    Raises:
        UndefinedColumn: The target is not among them.
        DuplicateColumn: Two have one name.
        DatatypeMismatch: A type cannot be learnt from, or the target's cannot be learnt.
        InvalidParameterValue: Too few or too many columns.
    """
    check_names(columns, target)
    features = [column for column in columns if column.name != target]
    if not features:
        raise InvalidParameterValue("FROM needs at least one column besides the target")
    if len(features) > settings.maximum_features:
        message = f"FROM has {len(features)} feature columns"
        hint = f"At most {settings.maximum_features} (setting maximum_features)."
        raise InvalidParameterValue(message, hint=hint)
    for column in features:
        _check_feature(column, auto)
    if not target:
        return
    kind = next(column.type for column in columns if column.name == target)
    if kind.name not in TARGET_TYPES:
        hint = f"Cast it in the query, as in {target}::float8 or {target}::varchar."
        raise DatatypeMismatch(f'TARGET column "{target}" has the type {kind.sql}', hint=hint)


def check_names(columns: list[Column], target: str) -> None:
    """Nothing, if every column has a name of its own and the target is among them.

    Raises:
        UndefinedColumn: The target is not among them.
        DuplicateColumn: Two have one name.
        InvalidParameterValue: One has none.
    """
    names = [column.name for column in columns]
    folded = Counter(name.lower() for name in names)
    for name in names:
        if folded[name.lower()] > 1:
            hint = "Give one of them an alias."
            raise DuplicateColumn(f'FROM has the column "{name}" more than once', hint=hint)
        if name == NAMELESS or "(" in name or name.startswith("'"):
            hint = "Give it an alias with AS."
            raise InvalidParameterValue(f'the column "{name}" of FROM has no name', hint=hint)
    if target and target not in names:
        hint = f"The columns are {', '.join(names)}."
        raise UndefinedColumn(f'TARGET column "{target}" is not in FROM', hint=hint)


def _check_feature(column: Column, auto: bool) -> None:
    if column.type.family in (AUTO_FAMILIES if auto else DIRECT_FAMILIES):
        return
    message = f'column "{column.name}" has the type {column.type.sql}'
    if column.type.family in AUTO_FAMILIES:
        hint = "With AUTO OFF features are numbers and booleans; encode it, or use AUTO ON."
        raise DatatypeMismatch(f"{message}, which AUTO OFF cannot use", hint=hint)
    raise DatatypeMismatch(f"{message}, which no model can use", hint="Leave it out or cast it.")


def draw_rows(connection: Connection, definition: Definition, settings: Settings) -> TrainingRows:
    """At most MAX_CELLS cells of the training query, rows without a target left out.

    Raises:
        InvalidTrainingData: Too few rows, or a target that cannot be learnt.
    """
    most = most_rows(definition)
    sample = connection.sample(definition.engine_sql, most, definition.seed)
    return training_rows(sample, definition, settings)


def most_rows(definition: Definition) -> int:
    """How many rows MAX_CELLS keeps of the training query."""
    return max(1, definition.max_cells // (len(definition.parameters) + bool(definition.target)))


def training_rows(sample: Sample, definition: Definition, settings: Settings) -> TrainingRows:
    """The rows of a sample that teach, checked as ``draw_rows`` says."""
    most, kept = most_rows(definition), with_target(sample.rows, definition.target)
    what = "MAX_CELLS keeps" if most < settings.minimum_rows else "FROM has"
    which = "rows with a target" if definition.target else "rows"
    _check_count(f"{what} {len(kept)} {which}", kept, settings)
    # What the worker would refuse is refused now, while the user still looks.
    target_read = read_job_target(kept, definition, settings.maximum_classes)
    notices: tuple[str, ...] = ()
    if definition.auto and target_read.labels:
        kept, notices = without_lonely_classes(kept, definition.target)
        which = f'rows whose class of "{definition.target}" others have too'
        _check_count(f"FROM has {len(kept)} {which}", kept, settings)
        read_job_target(kept, definition, settings.maximum_classes)
    found = read_columns(kept, definition)
    prepare(Tape(found.inputs), found)
    if definition.model_type == "KMEANS":
        clusters.check_rows(found, definition)
    return TrainingRows(kept, sample.total_rows, notices)


def _check_count(found: str, rows: pa.Table, settings: Settings) -> None:
    """Nothing, if there are enough rows; ``found`` says how many there are, and of which."""
    if len(rows) >= settings.minimum_rows:
        return
    hint = "Training needs that many (setting minimum_rows)."
    raise InvalidTrainingData(f"{found}, fewer than {settings.minimum_rows}", hint=hint)


def with_target(rows: pa.Table, name: str) -> pa.Table:
    """The rows whose target is known; all of them where there is none to learn."""
    if not name:
        return rows
    target = rows[name]
    known = pc.is_valid(target)
    if pa.types.is_floating(target.type):
        known = pc.and_kleene(known, pc.invert(pc.is_nan(target)))
    return rows.filter(known)


def without_lonely_classes(rows: pa.Table, target: str) -> tuple[pa.Table, tuple[str, ...]]:
    """The rows whose class others have too: one of its own can be learnt or tested, not both."""
    counts = rows[target].value_counts()
    lonely = counts.filter(pc.equal(counts.field("counts"), 1)).field("values")
    if not len(lonely):
        return rows, ()
    words = ", ".join(repr(as_label(value)) for value in lonely.to_pylist()[:5])
    more = ", ..." if len(lonely) > 5 else ""  # noqa: PLR2004 - examples enough
    notice = f'classes of "{target}" with a single row are left out: {words}{more}'
    return rows.filter(pc.invert(pc.is_in(rows[target], lonely))), (notice,)

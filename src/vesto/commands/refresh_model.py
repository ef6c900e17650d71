"""REFRESH MODEL name [ SETTINGS ( ... ) ]: ours; Redshift's users drop and create."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

import pyarrow.compute as pc

from vesto.catalog.records import Definition, Model, Outcome, State
from vesto.commands import Context
from vesto.commands._model_clauses import SETTINGS, printed_settings, read_settings
from vesto.commands._train_model import job_name, staging_of
from vesto.commands._training_job import drawn_rows, start_training, waited
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name
from vesto.errors import (
    ActiveTransaction,
    DatatypeMismatch,
    InvalidParameterValue,
    Span,
    UndefinedColumn,
    VestoError,
    WrongObjectType,
    WrongState,
)
from vesto.result import Result
from vesto.training.snapshot import TrainingRows
from vesto.translation import changes, owner_guard

# What a model is made for stays as it is.
FIXED: Final = frozenset({"HORIZON", "FREQUENCY", "PERCENTILES", "MAX_BATCH_ROWS"})
_FIELDS: Final[dict[str, tuple[str, Callable[[str], Any]]]] = {
    "MAX_CELLS": ("max_cells", int), "MAX_RUNTIME": ("max_runtime_s", int),
    "MAX_TRIALS": ("max_trials", int),
    "TAGS": ("tags", str), "KMS_KEY_ID": ("kms_key", str), "S3_BUCKET": ("s3_bucket", str),
    "S3_GARBAGE_COLLECT": ("garbage_collect", lambda value: value != "OFF"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RefreshModel:
    """Trains a new version of a model on what its query gives now; the old one serves until then.

    ``settings`` go before those of CREATE MODEL, for this version.
    """

    starts: ClassVar[tuple[str, ...]] = ("REFRESH", "MODEL")

    name: Name
    settings: tuple[tuple[str, str], ...] = ()
    span: Span | None = field(default=None, compare=False)
    settings_span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> RefreshModel:
        """Read it."""
        cursor.expect(*cls.starts)
        span = cursor.span
        name = cursor.name("a model's name")
        settings_span = cursor.span
        settings = read_settings(cursor) if cursor.accept("SETTINGS") else ()
        cursor.end()
        return cls(name, settings, span, settings_span)

    def sql(self) -> str:
        """The statement as text."""
        settings = f" {printed_settings(self.settings)}" if self.settings else ""
        return f"REFRESH MODEL {self.name.sql()}{settings}"

    def bind(self, context: Context) -> TrainVersion:
        """Find the model, and whether its query still gives what the function takes.

        Raises:
            ActiveTransaction: Inside a transaction block.
            UndefinedModel: There is none.
            PermissionDenied: It is somebody else's.
            WrongState: A version is being trained.
            WrongObjectType: It was made from a job, and has no query.
            InvalidParameterValue: A setting says what the model is made for.
            UndefinedColumn: A column of the query has gone, or is new.
            DatatypeMismatch: One has another type now.
            VestoError: The query can no longer be run.
        """
        if context.in_transaction:
            raise ActiveTransaction("REFRESH MODEL cannot run inside a transaction block")
        model = context.own_model(self.name, self.span)
        if model.definition.source_job:
            message = f'model "{model.name}" was made from a job and has no training query'
            hint = "REFRESH the model that the job has trained, and make a model of its new job."
            raise WrongObjectType(message, hint=hint, span=self.span)
        newest = context.warehouse.catalog.newest(model.id) or model
        if newest.state is State.TRAINING:
            raise WrongState.training(newest.name, newest.version).at(self.span)
        definition = self._definition(context, model)
        return TrainVersion(replace(model, definition=definition), model)

    def _definition(self, context: Context, model: Model) -> Definition:
        """What CREATE MODEL said, as of now, with these settings."""
        definition = context.warehouse.catalog.created(model)
        given: dict[str, Any] = {}
        for name, value in self.settings:
            if name in FIXED or name not in _FIELDS:
                hint = f"It takes {', '.join(n for n in SETTINGS if n in _FIELDS)}."
                message = f"{name} cannot be changed by REFRESH MODEL"
                raise InvalidParameterValue(message, hint=hint, span=self.settings_span)
            field_name, read = _FIELDS[name]
            given[field_name] = read(value)
        if "s3_bucket" in given:
            given["staging"] = staging_of(given["s3_bucket"], context, self.settings_span)
        try:
            with _as_its_maker(context, model) as sql:
                columns = context.connection.describe(sql)
        except VestoError as error:
            error.message = f'the training query of model "{model.name}" fails: {error.message}'
            raise error.at(self.span) from None
        _check_same(definition, model, changes(definition, columns), self.span)
        kind = _kept_problem(definition, model.outcome)
        return replace(
            definition, **given, engine_sql=sql, job_name=job_name(definition), problem_type=kind
        )


@contextmanager
def _as_its_maker(context: Context, model: Model) -> Iterator[str]:
    """The training query, on a connection that finds what the model's maker found."""
    line, parameters = context.connection, context.parameters
    try:
        if context.guard.is_user(model.owner):
            guard = context.guard
        else:
            guard = owner_guard(context.warehouse, line, model)
        yield context.warehouse.translator.training_query(model.definition, line, guard)
    except VestoError as error:
        # Where it is in the training query is nowhere in this statement.
        error.span = None
        raise
    finally:
        line.use(parameters.search_path)
        line.use_time_zone(parameters.get("timezone"))


def _check_same(
    definition: Definition, model: Model, changed: list[str], span: Span | None
) -> None:
    if not changed:
        return
    kind = DatatypeMismatch if "has the type" in changed[0] else UndefinedColumn
    message = f'the training query of model "{model.name}" is not what it was: {changed[0]}'
    hint = f"The function is {definition.signature}. DROP MODEL and create it again."
    raise kind(message, detail="; ".join(changed[1:]), hint=hint, span=span)


def _kept_problem(definition: Definition, outcome: Outcome | None) -> str:
    """The problem to train for: a function that told classes apart goes on to do so."""
    found = outcome.problem_type if outcome else ""
    if definition.problem_type or not definition.auto or not found:
        return definition.problem_type
    return "REGRESSION" if found == "REGRESSION" else "MULTICLASS_CLASSIFICATION"


def _with_classes(definition: Definition, before: Definition, drawn: TrainingRows) -> Definition:
    """The definition that says how many classes the rows have, where its maker left it open."""
    kind = definition.problem_type
    if kind == before.problem_type or kind != "MULTICLASS_CLASSIFICATION":
        return definition
    two = 2
    if pc.count_distinct(drawn.rows[definition.target]).as_py() == two:
        kind = "BINARY_CLASSIFICATION"
    return replace(definition, problem_type=kind)


@dataclass(frozen=True, slots=True)
class TrainVersion:
    """A model as it is to be trained anew, and as it serves."""

    model: Model
    serving: Model

    def run(self, context: Context) -> Result:
        """Record the version, write its snapshot, start its job; what fails leaves nothing.

        Raises:
            WrongState: Another version is being trained.
            VestoError: The query fails, or its rows cannot train the model.
        """
        started_at_s = time.time()
        warehouse = context.warehouse
        model = warehouse.versions.add_version(
            replace(self.model, version_created_at=datetime.now(UTC))
        )
        before = warehouse.catalog.created(model)

        def draw() -> tuple[Model, TrainingRows]:
            with _as_its_maker(context, self.model):
                drawn = drawn_rows(context, model.definition)
            return replace(model, definition=_with_classes(model.definition, before, drawn)), drawn

        start_training(warehouse, model, draw, started_at_s)
        return waited(context, model, "REFRESH MODEL")


COMMAND: Final = RefreshModel

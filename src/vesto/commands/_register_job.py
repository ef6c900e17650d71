"""CREATE MODEL FROM 'job': a model with the program that an earlier training job has made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from vesto.catalog.records import Definition, Model, Outcome, State
from vesto.commands import DEFAULT_SCHEMA, Context
from vesto.commands._model_clauses import ModelClauses
from vesto.commands._model_names import check_functions, check_names
from vesto.commands._train_model import staging_of
from vesto.errors import (
    DatatypeMismatch,
    FeatureNotSupported,
    Span,
    UndefinedModel,
    WrongState,
)
from vesto.result import Result
from vesto.training.staging import kept_files, read_kept_model
from vesto.types import BY_NAME, SqlType, from_words

_JOB: Final = re.compile(r"redshiftml-\d{20}(-[a-z_]+)?")
_NUMBERS: Final = frozenset({"integer", "fraction"})


@dataclass(frozen=True, slots=True)
class RegisterJob:
    """A model that is READY at once, and the files of its version."""

    model: Model
    files: Mapping[str, bytes]

    def run(self, context: Context) -> Result:
        """Add it.

        Raises:
            DuplicateModel: Its name was taken meanwhile.
            DataCorrupted: The program is damaged.
        """
        context.warehouse.versions.add_ready(self.model, self.files)
        return Result(tag="CREATE MODEL")


def bind_job(statement: ModelClauses, context: Context) -> RegisterJob:
    """Find the job, and every mistake in what the statement says of its function.

    Raises:
        UndefinedModel: There is no such job, or what it made is gone.
        WrongState: The job has not ended, or has failed.
        PermissionDenied: Its model is somebody else's.
        DatatypeMismatch: FUNCTION or RETURNS is not what the job's program takes or gives.
    """
    assert statement.source is not None
    assert statement.function is not None
    schema = statement.name.schema or DEFAULT_SCHEMA
    function_schema = statement.function.schema or schema
    check_names(statement, context, schema, function_schema)
    bucket = statement.setting("S3_BUCKET") or ""
    role = statement.iam_role or ""
    staging = staging_of(bucket, context, statement.span("SETTINGS"), role)
    found, files = _job(statement.source.text, context, staging, statement.span("FROM"))
    _check_types(statement, found)
    definition = replace(
        found.definition, statement=statement.text, query="", table="", training_query="",
        engine_sql="", function_schema=function_schema, function=statement.function.object,
        iam_role="default-aws-iam-role" if role.lower() == "default" else role,
        s3_bucket=bucket, staging=staging, kms_key=statement.setting("KMS_KEY_ID") or "",
        job_name="", source_job=statement.source.text, returns=_returns(statement, found),
    )  # fmt: skip
    model = replace(
        found, id=uuid4().hex, schema=schema, name=statement.name.object, owner=context.user,
        created_at=datetime.now(UTC), version=1, version_created_at=None, definition=definition,
    )  # fmt: skip
    check_functions(statement, context, model)
    return RegisterJob(model, files)


def _job(
    name: str, context: Context, staging: str, span: Span | None
) -> tuple[Model, Mapping[str, bytes]]:
    """The model that a job made, and the files of its version."""
    if not _JOB.fullmatch(name):
        if "/" in name:
            raise FeatureNotSupported("models from a file: not available yet", span=span)
        raise _unknown(name, span)
    known = [m for m in context.warehouse.catalog.all_versions() if name in jobs_of(m.definition)]
    ready = [model for model in known if model.state is State.READY]
    if known and not ready:
        context.check_owner(known[0], span)
        message = f'training job "{name}" of model "{known[0].name}" is {known[0].state}'
        detail = known[0].outcome.failure if known[0].outcome else ""
        raise WrongState(message, detail=detail, span=span)
    if ready:
        mine = next((m for m in ready if m.owner == context.user), ready[0])
        context.check_owner(mine, span)
        _check_kind(mine.definition, span)
        return mine, context.warehouse.files.contents(mine)
    kept = kept_files(staging, name) if staging else {}
    if not kept:
        raise _unknown(name, span)
    definition, outcome = read_kept_model(kept)
    _check_kind(definition, span)
    model = Model(
        id="", schema="", name=name, owner=context.user, created_at=datetime.now(UTC),
        definition=definition, outcome=outcome, state=State.READY,
    )  # fmt: skip
    return model, kept


def jobs_of(definition: Definition) -> set[str]:
    """The names of the job that made a version's program."""
    return {definition.job_name, definition.source_job} - {""}


def _unknown(name: str, span: Span | None) -> UndefinedModel:
    detail = (
        "What a job made goes with its model, unless S3_GARBAGE_COLLECT OFF kept it in S3_BUCKET, "
        "or another model was made of it."
    )
    hint = "SHOW MODEL ... VERSIONS lists the jobs of a model. Files are not available yet."
    return UndefinedModel(
        f'training job "{name}" is not known', detail=detail, hint=hint, span=span
    )


def _check_kind(definition: Definition, span: Span | None) -> None:
    if definition.model_type == "FORECAST":
        raise FeatureNotSupported("a forecast has no function to make of its job", span=span)


def _check_types(statement: ModelClauses, found: Model) -> None:
    parameters = found.definition.parameters
    wanted = [BY_NAME[parameter.type] for parameter in parameters]
    given = [_read(text) for text in statement.function_types or ()]
    listed = ", ".join(kind.sql for kind in wanted)
    hint = f"Write FUNCTION {statement.function} ({listed})."
    span = statement.span("FUNCTION")
    if len(given) != len(wanted):
        message = f"FUNCTION has {len(given)} argument types, the job's takes {len(wanted)}"
        raise DatatypeMismatch(message, hint=hint, span=span)
    for place, (mine, own) in enumerate(zip(given, wanted, strict=True), 1):
        if mine.name != own.name and {mine.family, own.family} != {"text"}:
            name = parameters[place - 1].name
            message = f'argument {place} "{name}" of FUNCTION is {mine.sql}, the job\'s {own.sql}'
            raise DatatypeMismatch(message, hint=hint, span=span)


def _returns(statement: ModelClauses, found: Model) -> str:
    """The engine's type that results are cast to; empty where the program gives it by itself."""
    outcome = found.outcome or Outcome()
    if statement.returns is None:
        return ""
    given, own = _read(statement.returns), BY_NAME[outcome.return_type]
    if given.name == own.name != "numeric" or {given.family, own.family} == {"text"}:
        return ""
    numbers = {given.family, own.family} <= _NUMBERS
    if numbers and (given.name == "numeric" or given.rank > own.rank):
        _, _, length = statement.returns.partition("(")
        # Redshift's DECIMAL is DECIMAL(18, 0); DuckDB's has three digits after the point.
        return f"DECIMAL({length or '18, 0)'}" if given.name == "numeric" else given.duckdb
    message = f"RETURNS is {given.sql}, and the job's program gives {own.sql}"
    hint = f"Write RETURNS {own.sql}."
    raise DatatypeMismatch(message, hint=hint, span=statement.span("RETURNS"))


def _read(text: str) -> SqlType:
    kind = from_words(text.partition("(")[0])
    assert kind is not None  # the parser has read it
    return kind

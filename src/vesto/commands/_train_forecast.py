"""CREATE MODEL ... MODEL_TYPE FORECAST: binding its clauses. It has no function of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

from vesto.catalog.records import Definition, Model, Parameter
from vesto.commands import DEFAULT_SCHEMA, Context
from vesto.commands._model_clauses import ModelClauses
from vesto.commands._model_forms import FORECAST_OBJECTIVES
from vesto.commands._model_names import check_model_name
from vesto.commands._train_model import common_parts, job_name
from vesto.commands._training_job import TrainModel
from vesto.commands._training_query import engine_query, query_columns, target_name
from vesto.dialect.names import checked
from vesto.engines import Column
from vesto.errors import InvalidParameterValue, VestoError
from vesto.training.forecasting import percentiles
from vesto.training.forecasting.columns import check_target, roles_of
from vesto.training.forecasting.frequency import named
from vesto.training.snapshot import check_names

MAXIMUM_HORIZON = 10_000


def bind_forecast(statement: ModelClauses, context: Context) -> TrainModel:
    """Every mistake of a forecasting statement that can be found before rows are read."""
    _check_values(statement)
    schema = statement.name.schema or DEFAULT_SCHEMA
    check_model_name(statement, context, schema)
    sql = engine_query(statement, context)
    columns = query_columns(statement, context, sql)
    target = target_name(statement, columns)
    parameters = _checked_columns(statement, columns, target)
    definition = _definition(statement, context, sql, target, parameters)
    return TrainModel(
        Model(
            id=uuid4().hex, schema=schema, name=statement.name.object, owner=context.user,
            created_at=datetime.now(UTC), definition=definition,
        )
    )  # fmt: skip


def _check_values(statement: ModelClauses) -> None:
    span = statement.span("SETTINGS")
    if int(statement.setting("HORIZON") or 0) > MAXIMUM_HORIZON:
        message = f"HORIZON cannot be {statement.setting('HORIZON')}"
        hint = f"It is at most {MAXIMUM_HORIZON:,} periods."
        raise InvalidParameterValue(message, hint=hint, span=span)
    text = statement.setting("PERCENTILES")
    if text is None:
        return
    try:
        percentiles.normal(text)
    except ValueError as error:
        hint = "It is up to five of 0.01 to 0.99 and mean, as in '0.25,0.5,mean'."
        message = f"PERCENTILES cannot be {text!r}: {error}"
        raise InvalidParameterValue(message, hint=hint, span=span) from None


def _checked_columns(
    statement: ModelClauses, columns: list[Column], target: str
) -> tuple[Parameter, ...]:
    """The columns besides the target, whose roles are clear."""
    try:
        check_names(columns, target)
        kind = next(column.type.name for column in columns if column.name == target)
        check_target(target, kind)
        parameters = tuple(Parameter(c.name, c.type.name) for c in columns if c.name != target)
        roles_of(parameters)
        for parameter in parameters:
            checked(parameter.name)
    except VestoError as error:
        clause = "TARGET" if "TARGET" in error.message else "FROM"
        raise error.at(statement.span(clause)) from None
    return parameters


def _definition(
    statement: ModelClauses, context: Context, sql: str, target: str,
    parameters: tuple[Parameter, ...],
) -> Definition:  # fmt: skip
    wanted = (statement.objective or "").lower()
    frequency = named(statement.setting("FREQUENCY") or "")
    assert frequency is not None  # check_form has seen it
    definition = Definition(
        **common_parts(statement, context, sql),
        target=target,
        target_type="float8",
        function_schema="",
        function="",
        parameters=parameters,
        model_type="FORECAST",
        objective=next((o for o in FORECAST_OBJECTIVES if o.lower() == wanted), ""),
        horizon=int(statement.setting("HORIZON") or 0),
        frequency=frequency.name,
        percentiles=percentiles.normal(statement.setting("PERCENTILES") or percentiles.DEFAULT),
    )
    return replace(definition, job_name=job_name(definition))

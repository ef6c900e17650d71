"""CREATE MODEL that trains a function: its clauses checked, and the definition made of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from vesto.algorithms import _kmeans_parameters, _xgboost_parameters
from vesto.catalog.records import Definition, Model, Parameter
from vesto.commands import DEFAULT_SCHEMA, Context
from vesto.commands._model_clauses import ModelClauses
from vesto.commands._model_names import check_functions, check_names
from vesto.commands._training_job import TrainModel
from vesto.commands._training_query import (
    engine_query,
    query_columns,
    target_name,
    training_query,
)
from vesto.errors import InvalidParameterValue, Span, VestoError
from vesto.features import preprocessors
from vesto.training.direct import METRICS
from vesto.training.snapshot import check_columns
from vesto.training.staging import place_of
from vesto.types import BY_NAME

AUTO_OBJECTIVES: Final = {
    "MSE": "MSE", "ACCURACY": "ACCURACY", "F1": "F1", "F1MACRO": "F1MACRO", "F1_MACRO": "F1MACRO",
    "AUC": "AUC",
}  # fmt: skip
_REGRESSION: Final = frozenset({"MSE"})


def bind_training(statement: ModelClauses, context: Context) -> TrainModel:
    """Every mistake of a training statement that can be found before rows are read."""
    _check_values(statement)
    assert statement.source is not None
    assert statement.function is not None
    auto = statement.auto is not False
    schema = statement.name.schema or DEFAULT_SCHEMA
    function = statement.function
    function_schema = function.schema or schema
    check_names(statement, context, schema, function_schema)
    sql = engine_query(statement, context)
    columns = query_columns(statement, context, sql)
    target = target_name(statement, columns)
    try:
        check_columns(columns, target, auto, context.warehouse.settings)
    except VestoError as error:
        clause = "TARGET" if "TARGET" in error.message else "FROM"
        raise error.at(statement.span(clause)) from None
    _check_feature_dim(statement, len(columns))
    parameters = tuple(Parameter(c.name, c.type.name) for c in columns if c.name != target)
    target_type = next((c.type.name for c in columns if c.name == target), "")
    definition = _definition(
        statement, context, sql, target, target_type, parameters, function_schema
    )
    model = Model(
        id=uuid4().hex, schema=schema, name=statement.name.object, owner=context.user,
        created_at=datetime.now(UTC), definition=definition,
    )  # fmt: skip
    check_functions(statement, context, model)
    return TrainModel(model)


# --- Values of the clauses -------------------------------------------------------------------


def _check_values(statement: ModelClauses) -> None:
    if statement.model_type == "KMEANS":
        _read_hyperparameters(statement)
    elif statement.auto is False:
        _check_auto_off(statement)
    else:
        _check_auto_on(statement)


def _refuse(statement: ModelClauses, clause: str, message: str, hint: str = "") -> None:
    raise InvalidParameterValue(message, hint=hint, span=statement.span(clause))


def _check_auto_on(statement: ModelClauses) -> None:
    if statement.objective is None:
        return
    name = AUTO_OBJECTIVES.get(statement.objective.upper())
    if name is None:
        hint = "It is one of MSE, Accuracy, F1, F1Macro, AUC; XGBoost's own need AUTO OFF."
        _refuse(statement, "OBJECTIVE", f"objective {statement.objective!r} is not known", hint)
    fits = {"REGRESSION": _REGRESSION, "BINARY_CLASSIFICATION": {"ACCURACY", "F1", "F1MACRO", "AUC"},
            "MULTICLASS_CLASSIFICATION": {"ACCURACY", "F1MACRO"}}  # fmt: skip
    problem = statement.problem_type
    if problem and name not in fits[problem]:
        hint = f"For {problem} it is one of {', '.join(sorted(fits[problem]))}."
        _refuse(statement, "OBJECTIVE", f"objective {statement.objective!r} does not fit", hint)


def _check_auto_off(statement: ModelClauses) -> None:
    assert statement.objective is not None
    objective = statement.objective.lower()
    if objective not in METRICS:
        hint = f"It is one of {', '.join(METRICS)}."
        _refuse(statement, "OBJECTIVE", f"objective {statement.objective!r} is not known", hint)
    _check_hyperparameters(statement, objective)


def _read_hyperparameters(statement: ModelClauses) -> tuple[tuple[str, str], ...]:
    """Each under its one name and in range, none twice."""
    read = _kmeans_parameters if statement.model_type == "KMEANS" else _xgboost_parameters
    try:
        pairs = tuple(read.checked(key, value) for key, value in statement.hyperparameters or ())
    except VestoError as error:
        raise error.at(statement.span("HYPERPARAMETERS")) from None
    names = [key for key, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            message = f'hyperparameter "{name}" is given twice'
            _refuse(statement, "HYPERPARAMETERS", message, "Leave one of them out.")
    return pairs


def _check_hyperparameters(statement: ModelClauses, objective: str) -> None:
    names = [key for key, _ in _read_hyperparameters(statement)]
    if objective != "multi:softmax" and "num_class" in names:
        hint = "Leave it out, or use OBJECTIVE 'multi:softmax'."
        _refuse(statement, "HYPERPARAMETERS", f"num_class does not fit {objective}", hint)
    if objective == "multi:softmax" and "num_class" not in names:
        hint = "Add num_class, as in EXCEPT (NUM_CLASS '3')."
        _refuse(statement, "HYPERPARAMETERS", "objective multi:softmax needs num_class", hint)


# --- The definition -------------------------------------------------------------------------------


def _check_feature_dim(statement: ModelClauses, columns: int) -> None:
    """SageMaker asks for the number of columns; here it may be left out, but not wrong."""
    given = dict(statement.hyperparameters or ()).get("feature_dim")
    if statement.model_type == "KMEANS" and given is not None and int(given) != columns:
        message = f"feature_dim is {given}, and FROM has {columns} columns"
        _refuse(statement, "HYPERPARAMETERS", message, "Leave it out: it is counted.")


def _definition(
    statement: ModelClauses, context: Context, sql: str, target: str, target_type: str,
    parameters: tuple[Parameter, ...], function_schema: str,
) -> Definition:  # fmt: skip
    assert statement.function is not None
    auto = statement.auto is not False
    objective = statement.objective or ""
    objective = AUTO_OBJECTIVES.get(objective.upper(), "") if auto else objective.lower()
    definition = Definition(
        **common_parts(statement, context, sql),
        target=target,
        target_type=target_type,
        function_schema=function_schema,
        function=statement.function.object,
        parameters=parameters,
        auto=auto,
        model_type=statement.model_type or "",
        problem_type=statement.problem_type or "",
        objective=objective,
        preprocessors=_preprocessors(statement, parameters, target),
        hyperparameters=_read_hyperparameters(statement),
        max_trials=int(statement.setting("MAX_TRIALS") or 0),
    )
    return replace(definition, job_name=job_name(definition))


def common_parts(statement: ModelClauses, context: Context, sql: str) -> dict[str, Any]:
    """The parts of a definition that every kind of training takes from the statement alike."""
    assert statement.source is not None
    settings, session = context.warehouse.settings, context.parameters
    role, bucket = statement.iam_role or "", statement.setting("S3_BUCKET") or ""
    return {
        "statement": statement.text,
        "query": statement.source.text if statement.source.kind == "query" else "",
        "table": str(statement.source.table or ""),
        "iam_role": "default-aws-iam-role" if role.lower() == "default" else role,
        "s3_bucket": bucket,
        "staging": staging_of(bucket, context, statement.span("SETTINGS"), role),
        "kms_key": statement.setting("KMS_KEY_ID") or "",
        "tags": statement.setting("TAGS") or "",
        "garbage_collect": statement.setting("S3_GARBAGE_COLLECT") != "OFF",
        "max_cells": int(statement.setting("MAX_CELLS") or settings.max_cells),
        "max_runtime_s": int(statement.setting("MAX_RUNTIME") or settings.max_runtime_s),
        "seed": settings.seed,
        "engine_sql": sql,
        "training_query": training_query(statement),
        "search_path": session.search_path,
        "rounding": session.get("enable_numeric_rounding") == "on",
        "time_zone": session.get("timezone"),
    }


def _preprocessors(statement: ModelClauses, parameters: tuple[Parameter, ...], target: str) -> str:
    """The clause as text that names every column as the query does; empty where it does nothing."""
    families = {parameter.name: BY_NAME[parameter.type].family for parameter in parameters}
    try:
        entries = preprocessors.parse(statement.preprocessors or "none")
        return preprocessors.written(preprocessors.resolved(entries, families, target))
    except VestoError as error:
        raise error.at(statement.span("PREPROCESSORS")) from None


def job_name(definition: Definition) -> str:
    """A new name for a training job, as Redshift makes them."""
    stamp = datetime.now(UTC).strftime("%Y%m%d%H%M%S%f")
    return f"redshiftml-{stamp}" + ("" if definition.auto else f"-{definition.model_type.lower()}")


def staging_of(bucket: str, context: Context, span: Span | None, role: str = "") -> str:
    """The directory or URL that a bucket stands for, where the user may have one.

    Raises:
        PermissionDenied: Neither the role nor the bucket is granted to the user.
    """
    warehouse = context.warehouse
    try:
        place = place_of(bucket, warehouse.settings, warehouse.path)
        if place:
            given = "DEFAULT" if role.lower() in {"", "default"} else role
            names = frozenset({given, f"s3://{bucket}"})
            context.guard.check_assume(names, "CREATE MODEL", f"s3://{bucket}")
    except VestoError as error:
        raise error.at(span) from None
    return place

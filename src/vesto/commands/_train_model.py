"""CREATE MODEL that trains: binding its clauses, and the steps from snapshot to running job."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from vesto.algorithms import _kmeans_parameters, _xgboost_parameters
from vesto.catalog.records import Definition, Model, Parameter
from vesto.commands import DEFAULT_SCHEMA, Context
from vesto.commands._objects import rows
from vesto.commands.wait_for_model import check_ready
from vesto.dialect.names import Name, checked
from vesto.dialect.translate import is_known_function
from vesto.engines import Column
from vesto.errors import (
    DiskFull,
    DuplicateFunction,
    DuplicateModel,
    InputOutputError,
    InvalidParameterValue,
    ReservedName,
    Span,
    StatementSyntaxError,
    UndefinedModel,
    UndefinedSchema,
    VestoError,
)
from vesto.features import preprocessors
from vesto.files import remove_folder
from vesto.functions import check_free
from vesto.result import Result
from vesto.training.direct import METRICS
from vesto.training.forecasting.snapshot import draw_series
from vesto.training.snapshot import TrainingRows, check_columns, draw_rows
from vesto.training.staging import place_of, remove_staged, write_snapshot
from vesto.types import BY_NAME
from vesto.warehouse import Warehouse

if TYPE_CHECKING:
    from vesto.commands.create_model import CreateModel

AUTO_OBJECTIVES: Final = {
    "MSE": "MSE", "ACCURACY": "ACCURACY", "F1": "F1", "F1MACRO": "F1MACRO", "F1_MACRO": "F1MACRO",
    "AUC": "AUC",
}  # fmt: skip
_REGRESSION: Final = frozenset({"MSE"})
RESERVED_SCHEMAS: Final = frozenset({"vesto", "pg_catalog", "information_schema"})


def bind_training(statement: CreateModel, context: Context) -> TrainModel:
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


def _check_values(statement: CreateModel) -> None:
    if statement.model_type == "KMEANS":
        _read_hyperparameters(statement)
    elif statement.auto is False:
        _check_auto_off(statement)
    else:
        _check_auto_on(statement)


def _refuse(statement: CreateModel, clause: str, message: str, hint: str = "") -> None:
    raise InvalidParameterValue(message, hint=hint, span=statement.span(clause))


def _check_auto_on(statement: CreateModel) -> None:
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


def _check_auto_off(statement: CreateModel) -> None:
    assert statement.objective is not None
    objective = statement.objective.lower()
    if objective not in METRICS:
        hint = f"It is one of {', '.join(METRICS)}."
        _refuse(statement, "OBJECTIVE", f"objective {statement.objective!r} is not known", hint)
    _check_hyperparameters(statement, objective)


def _read_hyperparameters(statement: CreateModel) -> tuple[tuple[str, str], ...]:
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


def _check_hyperparameters(statement: CreateModel, objective: str) -> None:
    names = [key for key, _ in _read_hyperparameters(statement)]
    if objective != "multi:softmax" and "num_class" in names:
        hint = "Leave it out, or use OBJECTIVE 'multi:softmax'."
        _refuse(statement, "HYPERPARAMETERS", f"num_class does not fit {objective}", hint)
    if objective == "multi:softmax" and "num_class" not in names:
        hint = "Add num_class, as in EXCEPT (NUM_CLASS '3')."
        _refuse(statement, "HYPERPARAMETERS", "objective multi:softmax needs num_class", hint)


# --- Names, columns and the definition ------------------------------------------------------------


def check_names(
    statement: CreateModel, context: Context, schema: str, function_schema: str
) -> None:
    """The model's name and those of its schemas may be used, and no model has the name."""
    assert statement.function
    context.guard.check_create_in(function_schema, statement.span("FUNCTION"))
    checked(statement.function.object, statement.span("FUNCTION"))
    check_model_name(statement, context, schema)
    _check_schema(context, function_schema, statement.span("FUNCTION"))


def check_model_name(statement: CreateModel, context: Context, schema: str) -> None:
    """The model's name may be used and is free; so may that of its schema."""
    context.guard.check_system("CREATE MODEL", "create model", statement.span("NAME"))
    context.guard.check_create_in(schema, statement.span("NAME"))
    checked(statement.name.object, statement.span("NAME"))
    _check_schema(context, schema, statement.span("NAME"))
    if context.warehouse.catalog.find(schema, statement.name.object):
        message = f'model "{statement.name.object}" already exists'
        hint = "DROP MODEL removes it."
        raise DuplicateModel(message, hint=hint, span=statement.span("NAME"))


def _check_schema(context: Context, schema: str, span: Span | None) -> None:
    """The schema is there, and not the system's: no training shall end without a place."""
    if schema.lower() in RESERVED_SCHEMAS:
        raise ReservedName(f'schema "{schema}" belongs to the system', span=span)
    known = (
        "SELECT 1 FROM information_schema.schemata "
        "WHERE catalog_name = 'dev' AND lower(schema_name) = ?"
    )
    if not rows(context.connection, known, [schema.lower()]):
        hint = "CREATE SCHEMA makes it."
        raise UndefinedSchema(f'schema "{schema}" does not exist', hint=hint, span=span)


def check_functions(statement: CreateModel, context: Context, model: Model) -> None:
    """The names of all functions that the model makes are free."""
    for name in model.functions:
        try:
            _check_free(context, model, name)
        except DuplicateFunction as error:
            raise _told(error, model, name).at(statement.span("FUNCTION")) from None
    longest = max(model.definition.parameters, key=lambda p: len(p.name))
    checked(longest.name, statement.span("FROM"))


def _check_free(context: Context, model: Model, name: str) -> None:
    if context.warehouse.engine.is_taken(name) or is_known_function(name):
        raise DuplicateFunction(f'"{name}" is a function of SQL', hint="Choose another name.")
    check_free(context.warehouse.catalog, model, name)
    schema = model.definition.function_schema
    mine = "SELECT 1 FROM dev.vesto.functions WHERE schema_name = ? AND function_name = ?"
    if rows(context.connection, mine, [schema.lower(), name.lower()]):
        hint = "DROP FUNCTION removes it."
        raise DuplicateFunction(f'function "{name}" already exists', hint=hint)


def _told(error: DuplicateFunction, model: Model, name: str) -> DuplicateFunction:
    """The error; of a name that the user did not write it says where it comes from."""
    function = model.definition.function
    if name != function:
        *others, last = model.document_functions
        error.hint += f" FUNCTION {function} makes {', '.join(others)} and {last} too."
    return error


def training_query(statement: CreateModel) -> str:
    """The training query, as the user wrote it or for the table that FROM names."""
    assert statement.source
    if statement.source.table is not None:
        return f"SELECT * FROM {statement.source.table.sql()}"
    return statement.source.text


def engine_query(statement: CreateModel, context: Context) -> str:
    """The training query in the engine's dialect."""
    text, start = training_query(statement), statement.span("FROM")
    try:
        translated = context.translate(text)
    except VestoError as error:
        raise _moved(error, statement, start) from None
    if translated.kind != "query":
        raise StatementSyntaxError("FROM needs a table or a SELECT in parentheses", span=start)
    return translated.sql


def _moved(error: VestoError, statement: CreateModel, start: Span | None) -> VestoError:
    """The error of an inner query with its position in the whole statement."""
    assert statement.source
    inside = statement.text.find(statement.source.text, start.start if start else 0)
    if error.span is not None and inside >= 0:
        error.span = Span(error.span.start + inside, error.span.end + inside)
        return error
    return error.at(start)


def query_columns(statement: CreateModel, context: Context, sql: str) -> list[Column]:
    """The columns of the training query."""
    try:
        columns = context.connection.describe(sql)
    except VestoError as error:
        raise error.at(statement.span("FROM")) from None
    for column in columns:
        if column.type.name in {"foreign", "interval"}:
            message = f'column "{column.name}" has no type a model can use'
            _refuse(statement, "FROM", message, "Cast it.")
    return columns


def target_name(statement: CreateModel, columns: list[Column]) -> str:
    """The target's name as the query spells it; case does not count. Clusters have none."""
    if statement.target is None:
        return ""
    wanted = statement.target.lower()
    return next((c.name for c in columns if c.name.lower() == wanted), statement.target)


def _check_feature_dim(statement: CreateModel, columns: int) -> None:
    """SageMaker asks for the number of columns; here it may be left out, but not wrong."""
    given = dict(statement.hyperparameters or ()).get("feature_dim")
    if statement.model_type == "KMEANS" and given is not None and int(given) != columns:
        message = f"feature_dim is {given}, and FROM has {columns} columns"
        _refuse(statement, "HYPERPARAMETERS", message, "Leave it out: it is counted.")


def _definition(
    statement: CreateModel, context: Context, sql: str, target: str, target_type: str,
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


def common_parts(statement: CreateModel, context: Context, sql: str) -> dict[str, Any]:
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


def _preprocessors(statement: CreateModel, parameters: tuple[Parameter, ...], target: str) -> str:
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


@dataclass(frozen=True, slots=True)
class TrainModel:
    """A model to train."""

    model: Model

    def run(self, context: Context) -> Result:
        """Record the model, write its snapshot, start its job; what fails leaves nothing.

        Raises:
            VestoError: The query fails, or its rows cannot train the model.
        """
        started_at_s = time.time()
        warehouse = context.warehouse
        warehouse.versions.add_model(self.model)

        def draw() -> tuple[Model, TrainingRows]:
            definition = self.model.definition
            return self.model, drawn_rows(context, definition)

        start_training(warehouse, self.model, draw, started_at_s)
        return waited(context, self.model, "CREATE MODEL")


def drawn_rows(context: Context, definition: Definition) -> TrainingRows:
    """The rows that the training query gives now.

    Raises:
        InvalidTrainingData: They cannot train the model.
    """
    if definition.is_forecast:
        return draw_series(context.connection, definition)
    drawn = draw_rows(context.connection, definition, context.warehouse.settings)
    if definition.auto or definition.model_type != "XGBOOST":
        return drawn
    said = _xgboost_parameters.notices(key for key, _ in definition.hyperparameters)
    return replace(drawn, notices=(*drawn.notices, *said))


def start_training(
    warehouse: Warehouse, model: Model, draw: Callable[[], tuple[Model, TrainingRows]],
    started_at_s: float,
) -> None:  # fmt: skip
    """Write the snapshot of a version that the catalog has, start its job; or take all of it back.

    ``draw`` reads the rows, and returns the model with what they showed.

    Raises:
        UndefinedModel: The model was dropped meanwhile.
        VestoError: The query fails, or its rows cannot train the model.
    """
    try:
        folder = warehouse.versions.new_job_folder(model)
        shown, drawn = draw()
        if shown != model:
            warehouse.catalog.replace(model, shown)
        write_snapshot(folder, shown.definition, drawn.rows)
        folder.write_job(warehouse.versions.job_for(shown, drawn, started_at_s))
        warehouse.versions.start_job(shown)
    except BaseException as error:
        dropped = warehouse.catalog.by_job(model.job_id) is None
        warehouse.versions.take_back(model)
        folder = warehouse.versions.jobs.folder(model.job_id)
        remove_staged(folder, replace(model.definition, garbage_collect=True))
        remove_folder(folder.path)
        if dropped and isinstance(error, OSError | VestoError):
            # Its folder went too, which is how it may have been noticed.
            raise UndefinedModel(f'model "{model.name}" was dropped') from error
        if isinstance(error, OSError):
            kind = DiskFull if error.errno == errno.ENOSPC else InputOutputError
            raise kind("the job could not be written", detail=str(error)) from error
        raise


def waited(context: Context, model: Model, tag: str) -> Result:
    """The result of a statement whose job has started, once it is over where the session waits.

    Raises:
        TrainingFailed: It came to nothing.
    """
    if context.wait:
        ended = context.warehouse.wait(model)
        check_ready(ended)
        return Result(tag=tag, notices=ended.outcome.notices if ended.outcome else ())
    return Result(tag=tag, model=Name(model.name, model.schema).sql())

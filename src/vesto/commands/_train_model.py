"""CREATE MODEL that trains: binding its clauses, and the steps from snapshot to running job."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from vesto.algorithms import _xgboost_parameters
from vesto.catalog.records import Definition, Model, Parameter
from vesto.commands import DEFAULT_SCHEMA, Context
from vesto.commands._objects import rows
from vesto.commands.wait_for_model import check_ready
from vesto.dialect.names import Name, checked
from vesto.dialect.translate import is_known_function
from vesto.engines import Column
from vesto.errors import (
    DuplicateFunction,
    DuplicateModel,
    InvalidParameterValue,
    ReservedName,
    Span,
    StatementSyntaxError,
    VestoError,
)
from vesto.files import remove_folder
from vesto.functions import check_free
from vesto.result import Result
from vesto.training.direct import METRICS
from vesto.training.snapshot import check_columns, draw_rows
from vesto.training.staging import place_of, remove_staged, write_snapshot

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
    _check_names(statement, context, schema, function_schema)
    sql = _query(statement, context)
    columns = _columns(statement, context, sql)
    target = _target(statement, columns)
    try:
        check_columns(columns, target, auto, context.warehouse.settings)
    except VestoError as error:
        clause = "TARGET" if "TARGET" in error.message else "FROM"
        raise error.at(statement.span(clause)) from None
    parameters = tuple(Parameter(c.name, c.type.name) for c in columns if c.name != target)
    target_type = next(column.type.name for column in columns if column.name == target)
    definition = _definition(
        statement, context, sql, target, target_type, parameters, function_schema
    )
    model = Model(
        id=uuid4().hex, schema=schema, name=statement.name.object, owner=context.user,
        created_at=datetime.now(UTC), definition=definition,
    )  # fmt: skip
    _check_functions(statement, context, model)
    return TrainModel(model)


# --- Values of the clauses -------------------------------------------------------------------


def _check_values(statement: CreateModel) -> None:
    (_check_auto_on if statement.auto is not False else _check_auto_off)(statement)


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


def _check_hyperparameters(statement: CreateModel, objective: str) -> None:
    try:
        pairs = [_xgboost_parameters.checked(k, v) for k, v in statement.hyperparameters or ()]
    except VestoError as error:
        raise error.at(statement.span("HYPERPARAMETERS")) from None
    names = [key for key, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            _refuse(statement, "HYPERPARAMETERS", f'hyperparameter "{name}" is given twice')
    if objective != "multi:softmax" and "num_class" in names:
        hint = "Leave it out, or use OBJECTIVE 'multi:softmax'."
        _refuse(statement, "HYPERPARAMETERS", f"num_class does not fit {objective}", hint)
    if objective == "multi:softmax" and "num_class" not in names:
        hint = "Add num_class, as in EXCEPT (NUM_CLASS '3')."
        _refuse(statement, "HYPERPARAMETERS", "objective multi:softmax needs num_class", hint)


# --- Names, columns and the definition ------------------------------------------------------------


def _check_names(
    statement: CreateModel, context: Context, schema: str, function_schema: str
) -> None:
    assert statement.function
    checked(statement.name.object, statement.span("NAME"))
    checked(statement.function.object, statement.span("FUNCTION"))
    for name, clause in ((schema, "NAME"), (function_schema, "FUNCTION")):
        if name.lower() in RESERVED_SCHEMAS:
            message = f'schema "{name}" belongs to the system'
            raise ReservedName(message, span=statement.span(clause))
    if context.warehouse.catalog.find(schema, statement.name.object):
        message = f'model "{statement.name.object}" already exists'
        hint = "DROP MODEL removes it."
        raise DuplicateModel(message, hint=hint, span=statement.span("NAME"))


def _check_functions(statement: CreateModel, context: Context, model: Model) -> None:
    """The names of all functions that the model makes are free."""
    for name in model.functions:
        try:
            _check_free(context, model.definition.function_schema, name)
        except DuplicateFunction as error:
            raise _told(error, model, name).at(statement.span("FUNCTION")) from None
    longest = max(model.definition.parameters, key=lambda p: len(p.name))
    checked(longest.name, statement.span("FROM"))


def _check_free(context: Context, schema: str, name: str) -> None:
    if context.warehouse.engine.is_taken(name) or is_known_function(name):
        raise DuplicateFunction(f'"{name}" is a function of SQL', hint="Choose another name.")
    check_free(context.warehouse.catalog, schema, name)
    mine = "SELECT 1 FROM dev.vesto.functions WHERE schema_name = ? AND function_name = ?"
    if rows(context.connection, mine, [schema.lower(), name.lower()]):
        hint = "DROP FUNCTION removes it."
        raise DuplicateFunction(f'function "{name}" already exists', hint=hint)


def _told(error: DuplicateFunction, model: Model, name: str) -> DuplicateFunction:
    """The error; of a name that the user did not write it says where it comes from."""
    function = model.definition.function
    if name != function:
        also = " and ".join(model.probability_functions)
        error.hint += f" FUNCTION {function} makes {also} too, for the probabilities of classes."
    return error


def _query(statement: CreateModel, context: Context) -> str:
    """The training query in the engine's dialect."""
    assert statement.source
    text = statement.source.text
    if statement.source.table is not None:
        text = f"SELECT * FROM {statement.source.table.sql()}"
    start = statement.span("FROM")
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


def _columns(statement: CreateModel, context: Context, sql: str) -> list[Column]:
    try:
        columns = context.connection.describe(sql)
    except VestoError as error:
        raise error.at(statement.span("FROM")) from None
    for column in columns:
        if column.type.name in {"foreign", "interval"}:
            message = f'column "{column.name}" has no type a model can use'
            _refuse(statement, "FROM", message, "Cast it.")
    return columns


def _target(statement: CreateModel, columns: list[Column]) -> str:
    """The target's name as the query spells it; case does not count."""
    assert statement.target is not None
    wanted = statement.target.lower()
    return next((c.name for c in columns if c.name.lower() == wanted), statement.target)


def _definition(
    statement: CreateModel, context: Context, sql: str, target: str, target_type: str,
    parameters: tuple[Parameter, ...], function_schema: str,
) -> Definition:  # fmt: skip
    assert statement.source is not None
    assert statement.function is not None
    settings, auto = context.warehouse.settings, statement.auto is not False
    objective = statement.objective or ""
    objective = AUTO_OBJECTIVES.get(objective.upper(), "") if auto else objective.lower()
    stamp = datetime.now(UTC).strftime("%Y%m%d%H%M%S%f")
    pairs = statement.hyperparameters or ()
    role = statement.iam_role or ""
    return Definition(
        statement=statement.text,
        query=statement.source.text if statement.source.kind == "query" else "",
        table=str(statement.source.table or ""),
        target=target,
        target_type=target_type,
        function_schema=function_schema,
        function=statement.function.object,
        parameters=parameters,
        auto=auto,
        model_type=statement.model_type or "",
        problem_type=statement.problem_type or "",
        objective=objective,
        hyperparameters=tuple(_xgboost_parameters.checked(k, v) for k, v in pairs),
        iam_role="default-aws-iam-role" if role.lower() == "default" else role,
        s3_bucket=statement.setting("S3_BUCKET") or "",
        staging=_staging(statement, context),
        kms_key=statement.setting("KMS_KEY_ID") or "",
        tags=statement.setting("TAGS") or "",
        garbage_collect=statement.setting("S3_GARBAGE_COLLECT") != "OFF",
        max_cells=int(statement.setting("MAX_CELLS") or settings.max_cells),
        max_runtime_s=int(statement.setting("MAX_RUNTIME") or settings.max_runtime_s),
        max_trials=int(statement.setting("MAX_TRIALS") or 0),
        seed=settings.seed,
        job_name=f"redshiftml-{stamp}" + ("" if auto else "-xgboost"),
        engine_sql=sql,
    )


def _staging(statement: CreateModel, context: Context) -> str:
    warehouse = context.warehouse
    try:
        return place_of(statement.setting("S3_BUCKET") or "", warehouse.settings, warehouse.path)
    except VestoError as error:
        raise error.at(statement.span("SETTINGS")) from None


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
        warehouse.add_model(self.model)
        try:
            folder = warehouse.new_job_folder(self.model)
            definition = self.model.definition
            drawn = draw_rows(context.connection, definition, warehouse.settings)
            write_snapshot(folder, definition, drawn.rows)
            job = warehouse.job_for(self.model, drawn, started_at_s)
            folder.write_job(job)
            warehouse.jobs.start(self.model.id)
        except BaseException:
            warehouse.catalog.remove(self.model)
            folder = warehouse.jobs.folder(self.model.id)
            remove_staged(folder, replace(self.model.definition, garbage_collect=True))
            remove_folder(folder.path)
            raise
        if context.wait:
            ended = warehouse.wait(self.model)
            check_ready(ended)
            notices = ended.outcome.notices if ended.outcome else ()
            return Result(tag="CREATE MODEL", notices=notices)
        name = Name(self.model.name, self.model.schema).sql()
        return Result(tag="CREATE MODEL", model=name)

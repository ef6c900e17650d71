"""Which clauses go together in CREATE MODEL: one row a form, and the check against it.

Source: Amazon Redshift Database Developer Guide, "CREATE MODEL", the synopsis of each use case.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vesto.commands._model_clauses import ModelClauses
from vesto.errors import InvalidParameterValue, Span, StatementSyntaxError, VestoError
from vesto.features.preprocessors import parse, refuse_others

KMEANS_TRANSFORMERS: Final = ("StandardScaler", "MinMax", "NumericPassthrough")
FREQUENCIES: Final = ("Y", "M", "W", "D", "H", "30min", "15min", "10min", "5min", "1min")
FORECAST_OBJECTIVES: Final = ("RMSE", "WAPE", "MAPE", "MASE", "AverageWeightedQuantileLoss")
MAXIMUM_PERCENTILES: Final = 5
_TRAINING: Final = frozenset(
    {"S3_BUCKET", "TAGS", "KMS_KEY_ID", "S3_GARBAGE_COLLECT", "MAX_CELLS", "MAX_RUNTIME"}
)
_SERIES: Final = frozenset({"HORIZON", "FREQUENCY", "PERCENTILES"})


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write CREATE MODEL: its clauses, and its names in SETTINGS."""

    name: str
    example: str
    needs: tuple[str, ...]
    takes: tuple[str, ...]
    settings: frozenset[str] = _TRAINING
    needs_settings: tuple[str, ...] = ()
    has_types: bool = False


AUTO_ON: Final = Form(
    "AUTO ON",
    "CREATE MODEL m FROM (SELECT ...) TARGET column FUNCTION f.",
    needs=("FROM", "TARGET", "FUNCTION"),
    takes=("AUTO", "MODEL_TYPE", "PROBLEM_TYPE", "OBJECTIVE", "PREPROCESSORS"),
    settings=_TRAINING | {"MAX_TRIALS"},
)
AUTO_OFF: Final = Form(
    "AUTO OFF MODEL_TYPE XGBOOST",
    "CREATE MODEL m FROM (SELECT ...) TARGET column FUNCTION f AUTO OFF MODEL_TYPE XGBOOST "
    "OBJECTIVE 'reg:squarederror' PREPROCESSORS 'none' HYPERPARAMETERS DEFAULT.",
    needs=("FROM", "TARGET", "FUNCTION", "AUTO", "MODEL_TYPE", "OBJECTIVE", "PREPROCESSORS",
           "HYPERPARAMETERS"),
    takes=(),
)  # fmt: skip
KMEANS: Final = Form(
    "MODEL_TYPE KMEANS",
    "CREATE MODEL m FROM (SELECT ...) FUNCTION f AUTO OFF MODEL_TYPE KMEANS "
    "HYPERPARAMETERS DEFAULT EXCEPT (K '5').",
    needs=("FROM", "FUNCTION", "AUTO", "MODEL_TYPE", "HYPERPARAMETERS"),
    takes=("PREPROCESSORS",),
)
FORECAST: Final = Form(
    "MODEL_TYPE FORECAST",
    "CREATE MODEL m FROM (SELECT ...) TARGET column MODEL_TYPE FORECAST "
    "SETTINGS (HORIZON 10, FREQUENCY 'D').",
    needs=("FROM", "TARGET", "MODEL_TYPE", "SETTINGS"),
    takes=("AUTO", "OBJECTIVE"),
    settings=_TRAINING | _SERIES,
    needs_settings=("HORIZON", "FREQUENCY"),
)
LOCAL: Final = Form(
    "a model from a job or a file",
    "CREATE MODEL m FROM 'job' FUNCTION f (INTEGER, ...) RETURNS INTEGER.",
    needs=("FROM", "FUNCTION"),
    takes=("RETURNS",),
    settings=frozenset({"S3_BUCKET", "KMS_KEY_ID"}),
    has_types=True,
)
REMOTE: Final = Form(
    "a model behind an endpoint",
    "CREATE MODEL m FUNCTION f (INTEGER, ...) RETURNS INTEGER SAGEMAKER 'endpoint'.",
    needs=("FUNCTION", "RETURNS", "SAGEMAKER"),
    takes=(),
    settings=frozenset({"MAX_BATCH_ROWS"}),
    has_types=True,
)
FORMS: Final = (AUTO_ON, AUTO_OFF, KMEANS, FORECAST, LOCAL, REMOTE)
_ALWAYS: Final = frozenset({"NAME", "IAM_ROLE", "SETTINGS"})


def form_of(statement: ModelClauses) -> Form:
    """The form that the statement has, by the clauses that tell forms apart."""
    if statement.sagemaker is not None:
        return REMOTE
    if statement.source is not None and statement.source.kind == "job":
        return LOCAL
    by_type = {"KMEANS": KMEANS, "FORECAST": FORECAST}
    if statement.model_type in by_type:
        return by_type[statement.model_type]
    return AUTO_OFF if statement.auto is False else AUTO_ON


def check_form(statement: ModelClauses) -> None:
    """Nothing, if the clauses go together.

    Raises:
        StatementSyntaxError: A clause is missing.
        InvalidParameterValue: A clause or setting does not go with the others.
    """
    form = form_of(statement)
    _check_foreign_clauses(statement, form)
    _check_missing_clauses(statement, form)
    _check_function(statement, form)
    _check_setting_names(statement, form)
    if form is AUTO_OFF and statement.model_type != "XGBOOST":
        hint = "AUTO OFF goes with MODEL_TYPE XGBOOST and KMEANS."
        message = f"MODEL_TYPE {statement.model_type} needs AUTO ON"
        raise _refused(statement, "MODEL_TYPE", message, hint)
    if form is KMEANS:
        _check_kmeans(statement)
    if form is FORECAST:
        _check_forecast(statement)
    _check_preprocessors(statement, form)


def _refused(
    statement: ModelClauses, clause: str, message: str, hint: str = ""
) -> InvalidParameterValue:
    return InvalidParameterValue(message, hint=hint, span=statement.span(clause))


def _check_foreign_clauses(statement: ModelClauses, form: Form) -> None:
    for clause, _ in statement.spans:
        if clause in {*form.needs, *form.takes, *_ALWAYS}:
            continue
        others = [other.name for other in FORMS if clause in {*other.needs, *other.takes}]
        verb = "need" if clause == "HYPERPARAMETERS" else "needs"
        message = f"{clause} {verb} {' or '.join(_short(name) for name in others)}"
        hint = f"Leave it out, as in {form.example}"
        raise _refused(statement, clause, f"{message}; it does not go with {form.name}", hint)


def _short(name: str) -> str:
    return "AUTO OFF" if name.startswith("AUTO OFF") else name


def _check_missing_clauses(statement: ModelClauses, form: Form) -> None:
    given = dict(statement.spans)
    for clause in form.needs:
        if clause not in given:
            what = "CREATE MODEL" if form is AUTO_ON else form.name
            message = f"{what} needs {clause}"
            hint = f"Write {form.example}"
            raise StatementSyntaxError(message, hint=hint, span=statement.span("NAME"))


def _check_function(statement: ModelClauses, form: Form) -> None:
    if statement.function is None:
        return
    if form.has_types and statement.function_types is None:
        hint = f"Write {form.example}"
        message = f"the FUNCTION of {form.name} needs its argument types"
        raise StatementSyntaxError(message, hint=hint, span=statement.span("FUNCTION"))
    if not form.has_types and statement.function_types is not None:
        message = "FUNCTION takes no types here: they are the columns' own"
        raise _refused(statement, "FUNCTION", message, f"Write {form.example}")
    if form is LOCAL and "SUPER" in {statement.returns, *(statement.function_types or ())}:
        hint = "SUPER goes with SAGEMAKER 'endpoint' alone."
        raise _refused(statement, "RETURNS", "a local model takes and returns plain values", hint)
    if form is REMOTE and statement.returns == "SUPER":
        _check_batch_rows(statement)


def _check_batch_rows(statement: ModelClauses) -> None:
    only_super = set(statement.function_types or ()) == {"SUPER"}
    if only_super and statement.setting("MAX_BATCH_ROWS") is None:
        hint = "Add SETTINGS (MAX_BATCH_ROWS 100)."
        message = "SUPER in and out needs MAX_BATCH_ROWS"
        raise StatementSyntaxError(message, hint=hint, span=statement.span("RETURNS"))


def _check_setting_names(statement: ModelClauses, form: Form) -> None:
    for name, _ in statement.settings:
        if name not in form.settings:
            others = " or ".join(other.name for other in FORMS if name in other.settings)
            hint = f"{form.name} takes {', '.join(sorted(form.settings))}."
            raise _refused(statement, "SETTINGS", f"{name} is only for {others}", hint)
    for name in form.needs_settings:
        if statement.setting(name) is None:
            hint = f"Write {form.example}"
            message = f"{form.name} needs {name} in SETTINGS"
            raise StatementSyntaxError(message, hint=hint, span=statement.span("SETTINGS"))


def _check_kmeans(statement: ModelClauses) -> None:
    if statement.auto is not False:
        raise _refused(statement, "AUTO", "MODEL_TYPE KMEANS needs AUTO OFF", KMEANS.example)
    number = dict(statement.hyperparameters or ()).get("k")
    if number is None:
        hint = "Write HYPERPARAMETERS DEFAULT EXCEPT (K '5')."
        message = "MODEL_TYPE KMEANS needs the hyperparameter K"
        raise StatementSyntaxError(message, hint=hint, span=statement.span("HYPERPARAMETERS"))
    if not number.isascii() or not number.isdigit() or int(number) < 1:
        message = "K must be a whole number from 1"
        raise _refused(statement, "HYPERPARAMETERS", message, "Write K '5'.")


def _check_forecast(statement: ModelClauses) -> None:
    if statement.auto is False:
        raise _refused(statement, "AUTO", "MODEL_TYPE FORECAST needs AUTO ON", "Leave it out.")
    known = {name.lower() for name in FORECAST_OBJECTIVES}
    if statement.objective is not None and statement.objective.lower() not in known:
        message = f"objective {statement.objective!r} is not known"
        hint = f"It is one of {', '.join(FORECAST_OBJECTIVES)}."
        raise _refused(statement, "OBJECTIVE", message, hint)
    frequency = statement.setting("FREQUENCY") or ""
    if frequency.lower() not in {name.lower() for name in FREQUENCIES}:
        hint = f"It is one of {', '.join(FREQUENCIES)}."
        raise _refused(statement, "SETTINGS", f"FREQUENCY cannot be {frequency!r}", hint)
    _check_percentiles(statement)


def _check_percentiles(statement: ModelClauses) -> None:
    text = statement.setting("PERCENTILES")
    if text is None:
        return
    parts = [part.strip().lower() for part in text.split(",")]
    if len(parts) > MAXIMUM_PERCENTILES or not all(_is_percentile(part) for part in parts):
        hint = "It is up to five of 0.01 to 0.99 and mean, as in '0.25,0.5,mean'."
        raise _refused(statement, "SETTINGS", f"PERCENTILES cannot be {text!r}", hint)


def _is_percentile(text: str) -> bool:
    if text == "mean":
        return True
    whole, _, digits = text.partition(".")
    return whole in {"", "0"} and digits.isascii() and digits.isdigit() and 0 < float(text) < 1


def _check_preprocessors(statement: ModelClauses, form: Form) -> None:
    text = statement.preprocessors
    if text is None or text.strip().lower() == "none":
        return
    if form is AUTO_OFF:
        message = "MODEL_TYPE XGBOOST with AUTO OFF takes PREPROCESSORS 'none' only"
        raise _refused(statement, "PREPROCESSORS", message, "Write PREPROCESSORS 'none'.")
    try:
        entries = parse(text)
        if form is KMEANS:
            refuse_others(entries, KMEANS_TRANSFORMERS, KMEANS.name)
    except VestoError as error:
        raise _in_statement(error, statement, text) from None


def _in_statement(error: VestoError, statement: ModelClauses, text: str) -> VestoError:
    """The error of a clause's text with its position in the whole statement."""
    clause = statement.span("PREPROCESSORS")
    start = statement.text.find(text, clause.start if clause else 0)
    if error.span is not None and start >= 0:
        error.span = Span(start + error.span.start, start + error.span.end)
        return error
    error.span = None
    return error.at(clause)

"""CREATE MODEL, in every form of its grammar; those not built yet are refused when bound."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal

from vesto.commands import Context
from vesto.commands._model_forms import check_form
from vesto.commands._register_job import RegisterJob, bind_job
from vesto.commands._train_forecast import bind_forecast
from vesto.commands._train_model import bind_training
from vesto.commands._training_job import TrainModel
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name, quoted, written
from vesto.errors import (
    ActiveTransaction,
    FeatureNotSupported,
    InvalidParameterValue,
    Span,
    StatementSyntaxError,
)
from vesto.types import from_words

# What is read and checked, and refused until it is built.
NOT_BUILT: Final = (
    "models from a file", "models behind an endpoint",
)  # fmt: skip
SourceKind = Literal["table", "query", "job"]
MODEL_TYPES: Final = ("XGBOOST", "MLP", "LINEAR_LEARNER", "KMEANS", "FORECAST")
PROBLEM_TYPES: Final = ("REGRESSION", "BINARY_CLASSIFICATION", "MULTICLASS_CLASSIFICATION")
SETTINGS: Final = {
    "S3_BUCKET": "string", "TAGS": "string", "KMS_KEY_ID": "string",
    "S3_GARBAGE_COLLECT": "switch", "MAX_CELLS": "integer", "MAX_RUNTIME": "integer",
    "HORIZON": "integer", "FREQUENCY": "string", "PERCENTILES": "string",
    "MAX_BATCH_ROWS": "integer", "MAX_TRIALS": "integer",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """What FROM names: a table, the text of a query, or a training job or file."""

    kind: SourceKind
    text: str
    table: Name | None = None

    def sql(self) -> str:
        """The clause's value as text."""
        if self.table is not None:
            return self.table.sql()
        return f"({self.text})" if self.kind == "query" else written(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateModel:
    """Trains a model, or makes one of a file or an endpoint. A clause not given is None.

    ``spans`` tells where each clause stands, by its first word. ``hyperparameters`` are () for
    DEFAULT. Grammar: Amazon Redshift Database Developer Guide, "CREATE MODEL".
    """

    starts: ClassVar[tuple[str, ...]] = ("CREATE", "MODEL")

    name: Name
    source: Source | None = None
    target: str | None = None
    function: Name | None = None
    function_types: tuple[str, ...] | None = None
    returns: str | None = None
    sagemaker: tuple[str, str] | None = None
    iam_role: str | None = None
    auto: bool | None = None
    model_type: str | None = None
    problem_type: str | None = None
    objective: str | None = None
    preprocessors: str | None = None
    hyperparameters: tuple[tuple[str, str], ...] | None = None
    settings: tuple[tuple[str, str], ...] = ()
    text: str = field(default="", compare=False)
    spans: tuple[tuple[str, Span], ...] = field(default=(), compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> CreateModel:
        """Read it; clauses may stand in any order, each once."""
        cursor.expect(*cls.starts)
        if cursor.peek("IF", "NOT", "EXISTS"):
            hint = "DROP MODEL IF EXISTS before it, or look with SHOW MODEL ALL."
            raise cursor.error("a model's name", hint)
        spans = {"NAME": cursor.span}
        values: dict[str, Any] = {"name": cursor.name("a model's name")}
        while cursor.here.kind != "end" and not cursor.peek(";"):
            span = cursor.span
            word = cursor.word("a clause of CREATE MODEL")
            if word not in _CLAUSES:
                hint = f"The clauses are {', '.join(_CLAUSES)}."
                message = f'"{word}" is no clause of CREATE MODEL'
                raise StatementSyntaxError(message, hint=hint, span=span)
            if word in spans:
                raise StatementSyntaxError(f"{word} is given twice", span=span)
            spans[word] = span
            values |= _CLAUSES[word](cursor)
        cursor.end()
        return cls(**values, text=cursor.sql, spans=tuple(spans.items()))

    def span(self, clause: str) -> Span | None:
        """Where a clause stands, by its first word."""
        return dict(self.spans).get(clause)

    def sql(self) -> str:
        """The statement as text."""
        return " ".join(["CREATE MODEL", self.name.sql(), *_printed(self)])

    def bind(self, context: Context) -> TrainModel | RegisterJob:
        """Check the clauses against each other, the query's columns and the catalog.

        Raises:
            ActiveTransaction: Inside a transaction block.
            StatementSyntaxError: A clause is missing.
            InvalidParameterValue: Clauses do not go together.
            FeatureNotSupported: A form that is not built yet.
            VestoError: Any other mistake, with its position.
        """
        if context.in_transaction:
            raise ActiveTransaction("CREATE MODEL cannot run inside a transaction block")
        check_form(self)
        self._check_built()
        if self.source and self.source.kind == "job":
            return bind_job(self, context)
        if self.model_type == "FORECAST":
            return bind_forecast(self, context)
        return bind_training(self, context)

    def setting(self, name: str) -> str | None:
        """One of SETTINGS."""
        return dict(self.settings).get(name)

    def _check_built(self) -> None:
        if self.sagemaker:
            raise self._not_yet("SAGEMAKER", "models behind an endpoint (SAGEMAKER)")

    def _not_yet(self, clause: str, what: str) -> FeatureNotSupported:
        return FeatureNotSupported(f"{what}: not available yet", span=self.span(clause))


# --- Clauses: each reads what follows its first word ----------------------------------------------


def _from(cursor: Cursor) -> dict[str, Any]:
    if cursor.here.kind == "string":
        return {"source": Source("job", cursor.string())}
    if not cursor.peek("("):
        table = cursor.name("a table, a query in parentheses or a job's name")
        return {"source": Source("table", str(table), table)}
    start = cursor.span
    text, _ = cursor.parenthesised("FROM")
    if not text.strip():
        raise StatementSyntaxError("FROM has an empty query", span=start)
    inside = Cursor(text)
    if inside.here.kind == "string":
        return {"source": Source("job", inside.string())}
    return {"source": Source("query", text)}


def _target(cursor: Cursor) -> dict[str, Any]:
    if cursor.here.kind == "string":
        return {"target": cursor.string().lower()}
    # A target may well be called "default" or "user": any word that stands here is one.
    token = cursor.here
    if token.kind == "word":
        return {"target": cursor.advance().text.lower()}
    return {"target": cursor.identifier("the target column")}


def _function(cursor: Cursor) -> dict[str, Any]:
    found: dict[str, Any] = {"function": cursor.name("the function's name")}
    if cursor.peek("("):
        text, span = cursor.parenthesised("FUNCTION")
        types = [part.strip() for part in _split_types(text)] if text.strip() else []
        found["function_types"] = tuple(_type(part, span) for part in types)
    return found


def _split_types(text: str) -> list[str]:
    parts, depth = [""], 0
    for letter in text:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _type(words: str, span: Span) -> str:
    bare, _, length = words.partition("(")
    found = from_words(bare)
    if found is None:
        raise StatementSyntaxError(f'"{words}" is no type', span=span)
    return found.sql + (f"({length}" if length else "")


def _returns(cursor: Cursor) -> dict[str, Any]:
    span = cursor.span
    words = cursor.word("a type")
    if cursor.peek("PRECISION") or cursor.peek("VARYING"):
        words += " " + cursor.word("a type")
    if cursor.peek("("):
        words += f"({cursor.parenthesised('RETURNS')[0]})"
    return {"returns": _type(words, span)}


def _sagemaker(cursor: Cursor) -> dict[str, Any]:
    endpoint = cursor.string("the endpoint's name")
    return {"sagemaker": (endpoint, cursor.string() if cursor.accept(":") else "")}


def _iam_role(cursor: Cursor) -> dict[str, Any]:
    if cursor.accept("DEFAULT"):
        return {"iam_role": "default"}
    return {"iam_role": cursor.string("default, or the role")}


def _auto(cursor: Cursor) -> dict[str, Any]:
    for word, value in (("ON", True), ("OFF", False)):
        if cursor.accept(word):
            return {"auto": value}
    raise cursor.error("ON or OFF")


def _model_type(cursor: Cursor) -> dict[str, Any]:
    return {"model_type": _choice(cursor, "MODEL_TYPE", MODEL_TYPES)}


def _problem_type(cursor: Cursor) -> dict[str, Any]:
    return {"problem_type": _choice(cursor, "PROBLEM_TYPE", PROBLEM_TYPES)}


def _choice(cursor: Cursor, clause: str, choices: tuple[str, ...]) -> str:
    opened = cursor.accept("(")
    span = cursor.span
    token = cursor.advance()
    word = token.text.upper() if token.kind in {"word", "string"} else ""
    if word not in choices:
        hint = f"It is one of {', '.join(choices)}."
        raise StatementSyntaxError(f"{clause} cannot be {token.text!r}", hint=hint, span=span)
    if opened:
        cursor.expect(")")
    return word


def _objective(cursor: Cursor) -> dict[str, Any]:
    opened = cursor.accept("(")
    value = cursor.string("an objective")
    if opened:
        cursor.expect(")")
    return {"objective": value}


def _preprocessors(cursor: Cursor) -> dict[str, Any]:
    return {"preprocessors": cursor.string("'none' or a JSON list")}


def _hyperparameters(cursor: Cursor) -> dict[str, Any]:
    cursor.expect("DEFAULT")
    pairs: list[tuple[str, str]] = []
    if not cursor.accept("EXCEPT"):
        return {"hyperparameters": ()}
    cursor.expect("(")
    while True:
        span = cursor.span
        token = cursor.advance()
        if token.kind not in {"word", "quoted", "string"}:
            message = "expected a hyperparameter's name"
            raise StatementSyntaxError(message, span=span)
        token_value = cursor.here
        if token_value.kind not in {"string", "number"}:
            raise cursor.error(f"the value of {token.text} in single quotes")
        pairs.append((token.text.lower(), cursor.advance().text))
        if not cursor.accept(","):
            break
    cursor.expect(")")
    return {"hyperparameters": tuple(pairs)}


def _settings(cursor: Cursor) -> dict[str, Any]:
    return {"settings": read_settings(cursor)}


def read_settings(cursor: Cursor) -> tuple[tuple[str, str], ...]:
    """What stands after SETTINGS, each name once."""
    cursor.expect("(")
    found: dict[str, str] = {}
    while True:
        span = cursor.span
        name = cursor.word("a setting")
        if name not in SETTINGS:
            hint = f"The settings are {', '.join(SETTINGS)}."
            message = f"{name} is no setting of CREATE MODEL"
            raise InvalidParameterValue(message, hint=hint, span=span)
        if name in found:
            raise StatementSyntaxError(f"{name} is given twice", span=span)
        cursor.accept("=")
        found[name] = _setting_value(cursor, name)
        if not cursor.accept(","):
            break
    cursor.expect(")")
    return tuple(found.items())


def _setting_value(cursor: Cursor, name: str) -> str:
    kind = SETTINGS[name]
    if kind == "integer":
        span = cursor.span
        value = cursor.integer(name)
        if value < 1:
            raise InvalidParameterValue(f"{name} must be 1 or more", span=span)
        return str(value)
    if kind == "switch":
        for word in ("ON", "OFF"):
            if cursor.accept(word):
                return word
        raise cursor.error("ON or OFF")
    return cursor.string(name)


_CLAUSES: Final = {
    "FROM": _from, "TARGET": _target, "FUNCTION": _function, "RETURNS": _returns,
    "SAGEMAKER": _sagemaker, "IAM_ROLE": _iam_role, "AUTO": _auto, "MODEL_TYPE": _model_type,
    "PROBLEM_TYPE": _problem_type, "OBJECTIVE": _objective, "PREPROCESSORS": _preprocessors,
    "HYPERPARAMETERS": _hyperparameters, "SETTINGS": _settings,
}  # fmt: skip


CLAUSE_WORDS: Final = tuple(_CLAUSES)


def _printed(model: CreateModel) -> list[str]:
    """The clauses as text, in the documented order."""
    parts = [f"FROM {model.source.sql()}"] if model.source else []
    parts += [f"TARGET {quoted(model.target)}"] if model.target is not None else []
    if model.function:
        types = model.function_types
        arguments = "" if types is None else f"({', '.join(types)})"
        parts.append(f"FUNCTION {model.function.sql()}{arguments}")
    parts += [f"RETURNS {model.returns}"] if model.returns else []
    if model.sagemaker:
        endpoint, name = model.sagemaker
        parts.append(f"SAGEMAKER {written(endpoint)}" + (f":{written(name)}" if name else ""))
    if model.iam_role is not None:
        parts.append(f"IAM_ROLE {written(model.iam_role)}")
    parts += [f"AUTO {'ON' if model.auto else 'OFF'}"] if model.auto is not None else []
    parts += [f"MODEL_TYPE {model.model_type}"] if model.model_type else []
    parts += [f"PROBLEM_TYPE {model.problem_type}"] if model.problem_type else []
    for word, text in (("OBJECTIVE", model.objective), ("PREPROCESSORS", model.preprocessors)):
        parts += [f"{word} {written(text)}"] if text is not None else []
    if model.hyperparameters is not None:
        pairs = ", ".join(f"{quoted(k)} {written(v)}" for k, v in model.hyperparameters)
        parts.append("HYPERPARAMETERS DEFAULT" + (f" EXCEPT ({pairs})" if pairs else ""))
    parts += [printed_settings(model.settings)] if model.settings else []
    return parts


def printed_settings(settings: tuple[tuple[str, str], ...]) -> str:
    """The clause SETTINGS as text."""
    inside = (f"{k} {written(v) if SETTINGS[k] == 'string' else v}" for k, v in settings)
    return f"SETTINGS ({', '.join(inside)})"


COMMAND: Final = CreateModel

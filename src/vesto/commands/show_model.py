"""SHOW MODEL { ALL | name }."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Final

import pyarrow as pa

from vesto.catalog.records import Definition, Model, Outcome, State
from vesto.commands import Context
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name
from vesto.errors import FeatureNotSupported, Span
from vesto.result import Result

Rows = list[tuple[str, str]]
_PROBLEMS: Final = {
    "REGRESSION": "Regression", "BINARY_CLASSIFICATION": "BinaryClassification",
    "MULTICLASS_CLASSIFICATION": "MulticlassClassification",
}  # fmt: skip
_OBJECTIVES: Final = {"ACCURACY": "Accuracy", "F1MACRO": "F1Macro"}
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_CLAUSES: Final = ("FROM", "WHERE", "GROUP BY", "HAVING", "ORDER BY", "LIMIT", "UNION")


@dataclass(frozen=True, slots=True)
class ShowModel:
    """Shows what is known of one model, or lists all. ``name`` is None for ALL.

    Grammar: Amazon Redshift Database Developer Guide, "SHOW MODEL".
    """

    starts: ClassVar[tuple[str, ...]] = ("SHOW", "MODEL")
    keeps_schema: ClassVar[bool] = True

    name: Name | None
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> ShowModel:
        """Read it."""
        cursor.expect(*cls.starts)
        span = cursor.span
        name = None if cursor.accept("ALL") else cursor.name("a model's name or ALL")
        if cursor.accept("VERSIONS"):
            raise FeatureNotSupported("SHOW MODEL ... VERSIONS is not available yet", span=span)
        cursor.end()
        return cls(name, span)

    def sql(self) -> str:
        """The statement as text."""
        return f"SHOW MODEL {self.name.sql() if self.name else 'ALL'}"

    def bind(self, context: Context) -> Shown:
        """Find the model."""
        return Shown(context.model(self.name, self.span) if self.name else None)


@dataclass(frozen=True, slots=True)
class Shown:
    """The model to show, or None for all."""

    model: Model | None

    def run(self, context: Context) -> Result:
        """The rows."""
        if self.model is None:
            models = context.warehouse.catalog.models()
            names = {
                "Schema Name": [m.schema for m in models],
                "Model Name": [m.name for m in models],
            }
            return Result.of(pa.table({k: pa.array(v, pa.string()) for k, v in names.items()}))
        rows = model_rows(self.model, context.warehouse.settings.cost_per_cpu_hour)
        keys, values = [key for key, _ in rows], [value for _, value in rows]
        table = pa.table(
            {"Key": pa.array(keys, pa.string()), "Value": pa.array(values, pa.string())}
        )
        return Result.of(table)


def model_rows(model: Model, rate: float) -> Rows:
    """Key and Value of every row, in Redshift's order and spelling. ``rate`` is per CPU hour."""
    outcome = model.outcome or Outcome()
    definition = model.definition
    rows: Rows = [
        ("Model Name", model.name),
        ("Schema Name", model.schema),
        ("Owner", model.owner),
        ("Creation Time", _moment(model.created_at)),
        ("Model State", str(model.state)),
    ]
    rows += [("Training Job Status", outcome.job_status)] if outcome.job_status else []
    rows += [("Failure Reason", outcome.failure)] if model.state is State.FAILED else []
    if model.state is State.READY:
        if outcome.metric:
            rows.append((outcome.metric, f"{outcome.score:.6f}"))
        rows.append(("Estimated Cost", f"{outcome.cpu_s / 3600 * rate:.6f}"))
    rows += [("", ""), ("TRAINING DATA:", "")]
    rows += [*_query_rows(definition), ("Target Column", definition.target.upper())]
    rows += [("", ""), ("PARAMETERS:", "")]
    rows += _parameter_rows(definition, outcome)
    if outcome.hyperparameters:
        rows += [("", ""), ("HYPERPARAMETERS:", ""), *outcome.hyperparameters]
    return rows


def _moment(when: datetime) -> str:
    """As Redshift prints it; strftime would name the day in the process's own language."""
    return f"{_DAYS[when.weekday()]}, {when:%d.%m.%Y %H:%M:%S}"


def _query_rows(definition: Definition) -> Rows:
    if definition.table:
        table = '"' + definition.table.upper() + '"'
        lines = ["SELECT *", f"FROM {table}"]
    else:
        lines = clauses(definition.query)
    return [("Query" if place == 0 else "", line) for place, line in enumerate(lines)]


def clauses(query: str) -> list[str]:
    """The query upper-cased, a line for each of its clauses; nested queries are not broken."""
    cursor, cuts, depth = Cursor(query), [0], 0
    while cursor.here.kind != "end":
        if cursor.here.kind == "symbol" and cursor.here.text in "()":
            depth += 1 if cursor.here.text == "(" else -1
        elif depth == 0 and any(cursor.peek(*clause.split()) for clause in _CLAUSES):
            cuts.append(cursor.span.start)
        cursor.advance()
    pieces = zip(cuts, [*cuts[1:], len(query)], strict=True)
    return [" ".join(query[a:b].upper().split()) for a, b in pieces if query[a:b].strip()]


def _parameter_rows(definition: Definition, outcome: Outcome) -> Rows:
    problem = outcome.problem_type or definition.problem_type
    objective = outcome.objective or definition.objective
    model_type = outcome.model_type or definition.model_type.lower() or "auto"
    rows: Rows = [("Model Type", model_type)]
    if definition.auto and not definition.is_forecast:
        rows.append(("Problem Type", _PROBLEMS.get(problem, "")))
    if definition.auto:
        rows.append(("Objective", _OBJECTIVES.get(objective, objective)))
    rows.append(
        ("AutoML Job Name" if definition.auto else "Training Job Name", definition.job_name)
    )
    rows += (
        _forecast_rows(definition)
        if definition.is_forecast
        else [
            ("Function Name", definition.function),
            ("Function Parameters", " ".join(p.name for p in definition.parameters)),
            ("Function Parameter Types", " ".join(p.type for p in definition.parameters)),
        ]
    )
    optional = (
        ("IAM Role", definition.iam_role), ("S3 Bucket", definition.s3_bucket),
        ("KMS Key", definition.kms_key),
    )  # fmt: skip
    rows += [(key, value) for key, value in optional if value]
    return [*rows, ("Max Runtime", str(definition.max_runtime_s))]


def _forecast_rows(definition: Definition) -> Rows:
    """What a forecast has in the place of a function; the rows and their names are ours."""
    return [
        ("Horizon", str(definition.horizon)),
        ("Frequency", definition.frequency),
        ("Percentiles", definition.percentiles),
    ]


COMMAND: Final = ShowModel

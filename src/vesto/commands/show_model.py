"""SHOW MODEL { ALL | name [ VERSIONS ] }."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final

import pyarrow as pa

from vesto.catalog.records import Definition, Model, Outcome, State
from vesto.commands import Context
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name
from vesto.errors import Span
from vesto.result import Result
from vesto.types import from_duckdb

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
    """Shows what is known of one model or its versions, or lists all. ``name`` is None for ALL.

    VERSIONS is ours.

    Grammar: Amazon Redshift Database Developer Guide, "SHOW MODEL".
    """

    starts: ClassVar[tuple[str, ...]] = ("SHOW", "MODEL")
    only_looks: ClassVar[bool] = True
    keeps_schema: ClassVar[bool] = True

    name: Name | None
    versions: bool = False
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> ShowModel:
        """Read it."""
        cursor.expect(*cls.starts)
        span = cursor.span
        name = None if cursor.accept("ALL") else cursor.name("a model's name or ALL")
        versions = name is not None and cursor.accept("VERSIONS")
        cursor.end()
        return cls(name, versions, span)

    def sql(self) -> str:
        """The statement as text."""
        name = self.name.sql() if self.name else "ALL"
        return f"SHOW MODEL {name}{' VERSIONS' if self.versions else ''}"

    def bind(self, context: Context) -> Shown | ShownVersions:
        """Find the model."""
        model = context.model(self.name, self.span) if self.name else None
        return ShownVersions(model) if model and self.versions else Shown(model)


@dataclass(frozen=True, slots=True)
class Shown:
    """The model to show, or None for all."""

    model: Model | None

    def run(self, context: Context) -> Result:
        """The rows."""
        if self.model is None:
            known = context.warehouse.catalog.models()
            models = [model for model in known if context.guard.sees_model(model)]
            names = {
                "Schema Name": [m.schema for m in models],
                "Model Name": [m.name for m in models],
            }
            return Result.of(pa.table({k: pa.array(v, pa.string()) for k, v in names.items()}))
        newest = context.warehouse.catalog.newest(self.model.id)
        rate = context.warehouse.settings.cost_per_cpu_hour
        rows = model_rows(self.model, rate, newest or self.model)
        if not context.guard.owns_model(self.model):
            rows = for_others(rows)
        keys, values = [key for key, _ in rows], [value for _, value in rows]
        table = pa.table(
            {"Key": pa.array(keys, pa.string()), "Value": pa.array(values, pa.string())}
        )
        return Result.of(table)


_VERSION_COLUMNS: Final = (
    ("version", pa.int32()), ("state", pa.string()), ("active", pa.bool_()),
    ("created", pa.timestamp("us")), ("metric", pa.string()), ("score", pa.float64()),
    ("model_type", pa.string()), ("rows", pa.int64()), ("job_name", pa.string()),
    ("failure", pa.string()),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ShownVersions:
    """The model whose versions are shown."""

    model: Model

    def run(self, context: Context) -> Result:
        """A row for each version, oldest first; what a version does not have is NULL."""
        versions = context.warehouse.catalog.versions(self.model.id)
        serving = context.warehouse.catalog.by_id(self.model.id) or self.model
        rows = [_version_row(version, serving) for version in versions]
        if not context.guard.owns_model(self.model):
            rows = [row | {"job_name": None, "failure": None} for row in rows]
        return Result.of(pa.Table.from_pylist(rows, schema=pa.schema(_VERSION_COLUMNS)))


def _version_row(version: Model, serving: Model) -> dict[str, Any]:
    outcome, ready = version.outcome or Outcome(), version.state is State.READY
    definition = version.definition
    return {
        "version": version.version,
        "state": str(version.state),
        "active": ready and version.version == serving.version,
        "created": (version.version_created_at or version.created_at).replace(tzinfo=None),
        "metric": outcome.metric if ready else None,
        "score": outcome.score if ready else None,
        "model_type": outcome.model_type or definition.model_type.lower() or "auto",
        "rows": outcome.rows or None,
        "job_name": definition.job_name or definition.source_job,
        "failure": outcome.failure or None,
    }


def model_rows(model: Model, rate: float, newest: Model) -> Rows:
    """Key and Value of every row, in Redshift's order and spelling.

    ``rate`` is per CPU hour; ``newest`` the model at its newest version, which may be training.
    """
    outcome = model.outcome or Outcome()
    definition = model.definition
    rows: Rows = [
        ("Model Name", model.name),
        ("Schema Name", model.schema),
        ("Owner", model.owner),
        ("Creation Time", _moment(model.created_at)),
        ("Model State", str(model.state)),
        *_refresh_rows(model, newest),
    ]
    rows += [("Training Job Status", outcome.job_status)] if outcome.job_status else []
    rows += [("Failure Reason", outcome.failure)] if model.state is State.FAILED else []
    if definition.source_job:
        return [*rows, ("", ""), ("PARAMETERS:", ""), *_local_rows(definition, outcome)]
    if model.state is State.READY:
        metrics = ((outcome.metric, outcome.score), *outcome.more_metrics)
        rows += [(name, f"{value:.6f}") for name, value in metrics if name]
        rows.append(("Estimated Cost", f"{outcome.cpu_s / 3600 * rate:.6f}"))
    rows += [("", ""), ("TRAINING DATA:", "")]
    rows += _query_rows(definition)
    rows += [("Target Column", definition.target.upper())] if definition.target else []
    rows += [("", ""), ("PARAMETERS:", "")]
    rows += _parameter_rows(definition, outcome)
    if outcome.hyperparameters:
        rows += [("", ""), ("HYPERPARAMETERS:", ""), *outcome.hyperparameters]
    return rows


# What only the owner of a model sees: what it cost, where its files are and what it was trained on.
_OWNERS_ROWS: Final = frozenset(
    {"Estimated Cost", "IAM Role", "S3 Bucket", "KMS Key", "Query", "Training Job Name",
     "AutoML Job Name", "Failure Reason", "Refresh Failure Reason"}
)  # fmt: skip


def for_others(rows: Rows) -> Rows:
    """The rows that somebody sees who may predict with a model and does not own it."""
    found: Rows = []
    inside = False
    for key, value in rows:
        # The query goes on in rows without a key.
        inside = key == "Query" or (inside and key == "" and value != "")
        if not inside and key not in _OWNERS_ROWS:
            found.append((key, value))
    return found


def _refresh_rows(model: Model, newest: Model) -> Rows:
    """The rows of a model that was refreshed; ours."""
    if newest.version == 1:
        return []
    rows: Rows = [("Model Version", str(model.version))]
    if newest.version != model.version and newest.state is not State.READY:
        rows.append(("Refresh State", f"{newest.state} (version {newest.version})"))
    if rows[-1][0] == "Refresh State" and newest.outcome is not None:
        rows.append(("Refresh Failure Reason", newest.outcome.failure))
    return rows


def _local_rows(definition: Definition, outcome: Outcome) -> Rows:
    """The parameters of a model that was made from a job."""
    return [
        ("Model Type", outcome.model_type),
        ("Training Job Name", definition.source_job),
        ("Function Name", definition.function),
        ("Inference Type", "Local"),
        ("Function Parameters", " ".join(p.name for p in definition.parameters)),
        ("Function Parameter Types", " ".join(p.type for p in definition.parameters)),
        ("Function Return Type", _returned(definition, outcome)),
        *_place_rows(definition),
    ]


def _returned(definition: Definition, outcome: Outcome) -> str:
    return from_duckdb(definition.returns).name if definition.returns else outcome.return_type


def _place_rows(definition: Definition) -> Rows:
    optional = (
        ("IAM Role", definition.iam_role), ("S3 Bucket", definition.s3_bucket),
        ("KMS Key", definition.kms_key),
    )  # fmt: skip
    return [(key, value) for key, value in optional if value]


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
    rows += _place_rows(definition)
    return [*rows, ("Max Runtime", str(definition.max_runtime_s))]


def _forecast_rows(definition: Definition) -> Rows:
    """What a forecast has in the place of a function; the rows and their names are ours."""
    return [
        ("Horizon", str(definition.horizon)),
        ("Frequency", definition.frequency),
        ("Percentiles", definition.percentiles),
    ]


COMMAND: Final = ShowModel

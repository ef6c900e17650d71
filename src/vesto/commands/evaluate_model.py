"""EVALUATE MODEL name ON { table | (query) } [BY column, ...]: ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

import pyarrow as pa

from vesto.catalog.records import Model, Outcome, State
from vesto.commands import Context
from vesto.commands._scored_rows import ScoredRows
from vesto.commands.wait_for_model import check_ready
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name, quoted
from vesto.dialect.translate import NOT_READY
from vesto.engines import Column
from vesto.errors import (
    DatatypeMismatch,
    DuplicateColumn,
    InvalidParameterValue,
    ModelNotReady,
    Span,
    StatementSyntaxError,
    UndefinedColumn,
    VestoError,
    WrongObjectType,
)
from vesto.functions import gives_probabilities
from vesto.result import Result
from vesto.training.evaluation import SCHEMA, by_groups, grouped, tidy
from vesto.training.snapshot import AUTO_FAMILIES
from vesto.types import BY_NAME, converts

MAXIMUM_GROUPS: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateModel:
    """Scores a model on a query's rows: metrics, confusion matrix, calibration, by group if asked.

    ``source`` is the query, or ``SELECT *`` of the table that ON names.
    """

    starts: ClassVar[tuple[str, ...]] = ("EVALUATE", "MODEL")
    only_looks: ClassVar[bool] = True
    keeps_schema: ClassVar[bool] = True

    name: Name
    source: str
    by: tuple[str, ...] = ()
    span: Span | None = field(default=None, compare=False)
    source_span: Span | None = field(default=None, compare=False)
    by_spans: tuple[Span, ...] = field(default=(), compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> EvaluateModel:
        """Read it."""
        cursor.expect(*cls.starts)
        span = cursor.span
        name = cursor.name("a model's name")
        cursor.expect("ON")
        source_span = cursor.span
        if cursor.peek("("):
            source, source_span = cursor.parenthesised("ON")
            if not source.strip():
                raise StatementSyntaxError("ON has an empty query", span=source_span)
        else:
            source = f"SELECT * FROM {cursor.name('a table or a query in parentheses').sql()}"
        by: list[tuple[str, Span]] = []
        if cursor.accept("BY"):
            by = cursor.listed(lambda inner: (inner.span, inner.identifier("a column"))[::-1])
        cursor.end()
        return cls(
            name=name, source=source, by=tuple(column for column, _ in by), span=span,
            source_span=source_span, by_spans=tuple(place for _, place in by),
        )  # fmt: skip

    def sql(self) -> str:
        """The statement as text."""
        by = f" BY {', '.join(quoted(column) for column in self.by)}" if self.by else ""
        return f"EVALUATE MODEL {self.name.sql()} ON ({self.source}){by}"

    def bind(self, context: Context) -> Evaluation:
        """Find the model and the columns it needs.

        Raises:
            UndefinedModel: There is no such model.
            ModelNotReady: It is being trained.
            WrongObjectType: It predicts no target from columns.
            UndefinedColumn: The query lacks the target, an argument or a column of BY.
            DatatypeMismatch: A column's type does not fit.
        """
        model = context.model(self.name, self.span)
        context.guard.check_execute(model, self.span)
        check_ready(model)
        if model.state is not State.READY:
            raise ModelNotReady(NOT_READY, span=self.span)
        self._check_kind(model)
        sql = self._query(context)
        try:
            found = self._found(context.connection.describe(sql))
        except VestoError as error:
            raise error.at(self.source_span) from None
        wanted = [p.name for p in model.definition.parameters]
        self._check_columns(found, [*wanted, model.definition.target], model)
        for column, span in zip(self.by, self.by_spans or (None,) * len(self.by), strict=True):
            self._check_group(found, column, span)
        return Evaluation(model, _selected(model, found, sql, self.by), self.by)

    def _check_kind(self, model: Model) -> None:
        if not model.definition.target or model.definition.model_type == "FORECAST":
            message = f'model "{model.name}" predicts no target from columns'
            hint = "EVALUATE MODEL is for classifications and regressions."
            raise WrongObjectType(message, hint=hint, span=self.span)

    def _query(self, context: Context) -> str:
        at = self.source_span.start if self.source_span else 0
        try:
            return context.translated(self.source, at, ("query",)).sql
        except VestoError as error:
            raise error.at(self.source_span) from None

    def _found(self, columns: list[Column]) -> dict[str, Column]:
        found: dict[str, Column] = {}
        for column in columns:
            if column.name.lower() in found:
                message = f'the query has the column "{column.name}" more than once'
                hint = "Give one of them an alias."
                raise DuplicateColumn(message, hint=hint, span=self.source_span)
            found[column.name.lower()] = column
        return found

    def _check_columns(self, found: dict[str, Column], wanted: list[str], model: Model) -> None:
        missing = [name for name in wanted if name.lower() not in found]
        if missing:
            target = model.definition.target
            listed = ", ".join(f'"{name}"' for name in missing)
            what = (
                "the target" if missing == [target] else f"what {model.definition.function} needs"
            )
            message = f"the query lacks {what}: {listed}"
            hint = f"It needs the columns {', '.join(wanted)}; it has {', '.join(found)}."
            raise UndefinedColumn(message, hint=hint, span=self.source_span)
        kinds = {p.name: p.type for p in model.definition.parameters}
        for name in wanted:
            column = found[name.lower()]
            kind = BY_NAME[kinds.get(name, model.definition.target_type)]
            if not converts(column.type, kind):
                message = f'column "{column.name}" has the type {column.type.sql}, not {kind.sql}'
                hint = f"Cast it in the query, as in {column.name}::{kind.name}."
                raise DatatypeMismatch(message, hint=hint, span=self.source_span)

    def _check_group(self, found: dict[str, Column], name: str, span: Span | None) -> None:
        column = found.get(name.lower())
        if column is None:
            hint = f"Its columns are {', '.join(found)}."
            raise UndefinedColumn(f'BY column "{name}" is not in the query', hint=hint, span=span)
        if name.lower() in SCHEMA.names or self.by.count(name) > 1:
            message = f'the result would have the column "{name}" twice'
            raise DuplicateColumn(message, hint="Give it an alias in the query.", span=span)
        if column.type.family not in AUTO_FAMILIES:
            message = f'BY column "{name}" has the type {column.type.sql}'
            raise DatatypeMismatch(message, hint="Cast it to VARCHAR.", span=span)


def _selected(model: Model, found: dict[str, Column], sql: str, by: tuple[str, ...]) -> str:
    """The engine's query for target, arguments and groups, in this order, cast to their types."""
    definition = model.definition
    kind = "float8" if definition.target_type == "numeric" else definition.target_type
    needed = [(definition.target, kind), *((p.name, p.type) for p in definition.parameters)]
    parts = [
        f"CAST({quoted(found[name.lower()].name)} AS {_engine_type(type_name)}) AS {quoted(f'c{at}')}"
        for at, (name, type_name) in enumerate(needed)
    ]
    parts += [
        f"{quoted(found[name.lower()].name)} AS {quoted(f'g{at}')}" for at, name in enumerate(by)
    ]
    return f"SELECT {', '.join(parts)} FROM ({sql}) AS evaluated"


def _engine_type(name: str) -> str:
    return "DOUBLE" if name == "numeric" else BY_NAME[name].duckdb


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A model and the query that gives it rows."""

    model: Model
    sql: str
    by: tuple[str, ...]

    def run(self, context: Context) -> Result:
        """Score the rows, batch by batch, and sum them up.

        Raises:
            InvalidParameterValue: BY makes too many groups.
        """
        rows = self._rows(context)
        groups: list[pa.RecordBatch] = []
        reader = context.connection.execute(self.sql)
        first = len(self.model.definition.parameters) + 1
        schema = pa.schema(list(reader.schema)[first:])
        for batch in reader:
            rows.add(batch.column(0), batch.columns[1:first])
            groups.append(batch.select(schema.names))
        scored = rows.scored()
        if not self.by:
            return Result.of(tidy(scored), tag="EVALUATE")
        columns = pa.Table.from_batches(groups, schema).rename_columns(list(self.by))
        keys, places = grouped(columns)
        if len(places) > MAXIMUM_GROUPS:
            message = f"BY makes {len(places)} groups"
            raise InvalidParameterValue(message, hint=f"At most {MAXIMUM_GROUPS}.")
        if not places:
            return Result.of(pa.schema([*columns.schema, *SCHEMA]).empty_table(), tag="EVALUATE")
        return Result.of(by_groups(scored, keys, places), tag="EVALUATE")

    def _rows(self, context: Context) -> ScoredRows:
        warehouse = context.warehouse
        program = warehouse.files.program(self.model)
        known = gives_probabilities(self.model, program)
        compiled = warehouse.settings.native != "off"
        return ScoredRows(program, self.model.outcome or Outcome(), known=known, compiled=compiled)


COMMAND: Final = EvaluateModel

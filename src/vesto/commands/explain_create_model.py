"""EXPLAIN CREATE MODEL ...: ours. What a training would do, before anything is spent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

import pyarrow as pa

from vesto.catalog.records import Model
from vesto.commands import Context
from vesto.commands.create_model import CreateModel
from vesto.dialect.cursor import Cursor
from vesto.errors import FeatureNotSupported
from vesto.result import Result
from vesto.training.preview import COLUMNS, preview
from vesto.training.snapshot import most_rows


@dataclass(frozen=True, slots=True)
class ExplainCreateModel:
    """Says what a training would do: rows kept, column types, problem, candidates, cost, warnings."""

    starts: ClassVar[tuple[str, ...]] = ("EXPLAIN", "CREATE", "MODEL")
    only_looks: ClassVar[bool] = True
    keeps_schema: ClassVar[bool] = True

    statement: CreateModel

    @classmethod
    def parse(cls, cursor: Cursor) -> ExplainCreateModel:
        """Read it."""
        cursor.expect("EXPLAIN")
        return cls(CreateModel.parse(cursor))

    def sql(self) -> str:
        """The statement as text."""
        return f"EXPLAIN {self.statement.sql()}"

    def bind(self, context: Context) -> Explanation:
        """Find every mistake that CREATE MODEL finds.

        Raises:
            VestoError: As CREATE MODEL raises it.
            FeatureNotSupported: The form trains nothing.
        """
        model = getattr(self.statement.bind(context), "model", None)
        if not isinstance(model, Model) or not model.definition.engine_sql:
            message = "EXPLAIN is for a CREATE MODEL that trains on a query's rows"
            raise FeatureNotSupported(message, span=self.statement.span("NAME"))
        return Explanation(model)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The model that would be trained."""

    model: Model

    def run(self, context: Context) -> Result:
        """Draw the rows that training would draw, and look at them; nothing is kept."""
        definition = self.model.definition
        most = most_rows(definition)
        sample = context.connection.sample(definition.engine_sql, most, definition.seed)
        rows = preview(sample, definition, context.warehouse.settings)
        columns = zip(*rows, strict=True)
        table = {
            name: pa.array(column, pa.string())
            for name, column in zip(COLUMNS, columns, strict=True)
        }
        return Result.of(pa.table(table), tag="EXPLAIN")


COMMAND: Final = ExplainCreateModel

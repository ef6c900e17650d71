"""MERGE ... REMOVE DUPLICATES; the other MERGE is plain SQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.commands import Context
from vesto.commands._objects import check_exists, check_open, check_use, engine_name, run
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name, quoted
from vesto.errors import Span
from vesto.result import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Replaces the rows of a table that match another's, and adds those that match none.

    Grammar: Amazon Redshift Database Developer Guide, "MERGE", the simplified mode.
    """

    starts: ClassVar[tuple[str, ...]] = ("MERGE",)
    engine_has_it: ClassVar[bool] = True

    target: Name
    source: Name
    alias: str = ""
    condition: str
    condition_span: Span = field(default=Span(0, 0), compare=False)
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> Merge:
        """Read it; a MERGE with WHEN is left to plain SQL."""
        cursor.expect("MERGE", "INTO")
        span = cursor.span
        target = cursor.name("a table's name")
        cursor.expect("USING")
        source = cursor.name("a table's name")
        alias = ""
        if cursor.accept("AS") or not cursor.peek("ON"):
            alias = cursor.identifier("an alias")
        cursor.expect("ON")
        start, end = cursor.span.start, cursor.span.start
        while cursor.here.kind != "end" and not cursor.peek("REMOVE", "DUPLICATES"):
            end = cursor.advance().span.end
        cursor.expect("REMOVE", "DUPLICATES")
        cursor.end()
        return cls(
            target=target, source=source, alias=alias, condition=cursor.sql[start:end],
            condition_span=Span(start, end), span=span,
        )  # fmt: skip

    def sql(self) -> str:
        """The statement as text."""
        alias = f" AS {quoted(self.alias)}" if self.alias else ""
        return (
            f"MERGE INTO {self.target.sql()} USING {self.source.sql()}{alias} "
            f"ON {self.condition} REMOVE DUPLICATES"
        )

    def bind(self, context: Context) -> BoundMerge:
        """Translate the condition.

        Raises:
            VestoError: A table is missing, or the condition has a mistake.
        """
        check_open(context.place(self.target), self.span)
        for action in ("SELECT", "INSERT", "DELETE"):
            check_use(context, action, self.target, self.span)
        check_use(context, "SELECT", self.source, self.span)
        for name in (self.target, self.source):
            check_exists(context, name, self.span)
        condition = context.expression(self.condition, self.condition_span.start)
        return BoundMerge(self, condition)


@dataclass(frozen=True, slots=True)
class BoundMerge:
    """Rows to replace and add."""

    statement: Merge
    condition: str

    def run(self, context: Context) -> Result:
        """Do both in one step."""
        statement = self.statement
        target, source = engine_name(statement.target), engine_name(statement.source)
        alias = f" AS {quoted(statement.alias)}" if statement.alias else ""
        with context.atomic() as connection:
            run(connection, f"DELETE FROM {target} USING {source}{alias} WHERE {self.condition}")
            run(connection, f"INSERT INTO {target} SELECT DISTINCT * FROM {source}")
        return Result(tag="MERGE")


COMMAND: Final = Merge

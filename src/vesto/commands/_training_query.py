"""The training query of CREATE MODEL, and its columns."""

from __future__ import annotations

from vesto.commands import Context
from vesto.commands._model_clauses import ModelClauses
from vesto.engines import Column
from vesto.errors import InvalidParameterValue, Span, StatementSyntaxError, VestoError


def training_query(statement: ModelClauses) -> str:
    """The training query, as the user wrote it or for the table that FROM names."""
    assert statement.source
    if statement.source.table is not None:
        return f"SELECT * FROM {statement.source.table.sql()}"
    return statement.source.text


def engine_query(statement: ModelClauses, context: Context) -> str:
    """The training query in the engine's dialect."""
    text, start = training_query(statement), statement.span("FROM")
    try:
        translated = context.translate(text)
    except VestoError as error:
        raise _moved(error, statement, start) from None
    if translated.kind != "query":
        raise StatementSyntaxError("FROM needs a table or a SELECT in parentheses", span=start)
    return translated.sql


def _moved(error: VestoError, statement: ModelClauses, start: Span | None) -> VestoError:
    """The error of an inner query with its position in the whole statement."""
    assert statement.source
    inside = statement.text.find(statement.source.text, start.start if start else 0)
    if error.span is not None and inside >= 0:
        error.span = Span(error.span.start + inside, error.span.end + inside)
        return error
    return error.at(start)


def query_columns(statement: ModelClauses, context: Context, sql: str) -> list[Column]:
    """The columns of the training query."""
    try:
        columns = context.connection.describe(sql)
    except VestoError as error:
        raise error.at(statement.span("FROM")) from None
    for column in columns:
        if column.type.name in {"foreign", "interval"}:
            message = f'column "{column.name}" has no type a model can use'
            raise InvalidParameterValue(message, hint="Cast it.", span=statement.span("FROM"))
    return columns


def target_name(statement: ModelClauses, columns: list[Column]) -> str:
    """The target's name as the query spells it; case does not count. Clusters have none."""
    if statement.target is None:
        return ""
    wanted = statement.target.lower()
    return next((c.name for c in columns if c.name.lower() == wanted), statement.target)

"""SELECT FORECAST(m): a query of nothing else becomes one of the model's rows.

Source: Amazon Redshift Database Developer Guide, "CREATE MODEL", the synopsis of FORECAST.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlglot import exp

from vesto.dialect.rules.spans import span_of
from vesto.errors import FeatureNotSupported, Span, UndefinedFunction, UndefinedModel, VestoError

FindForecast = Callable[[str, str], str]
NAME: Final = "forecast"
# What a query of a forecast may have besides it.
_MAY_HAVE: Final = frozenset({"expressions", "order", "limit", "offset", "with", "with_", "into"})
_HINT: Final = "Write SELECT FORECAST(m), alone or in FROM: SELECT * FROM (SELECT FORECAST(m)) f."


def no_forecasts(schema: str, name: str) -> str:
    """The lookup where there are none."""
    raise UndefinedModel.named(name, known=())


def relation_of(model_id: str) -> str:
    """The relation that the rows of a forecast are read from."""
    return f"vesto_forecast_{model_id}"


def resolve_forecasts(tree: exp.Expr, find: FindForecast) -> tuple[str, ...]:
    """Put the rows of the model where FORECAST stands; the identifiers of the models.

    Raises:
        FeatureNotSupported: The call stands where rows cannot.
        UndefinedFunction: It has other arguments than one model's name.
        VestoError: What ``find`` raises, at the call.
    """
    found = []
    for call in list(tree.find_all(exp.Anonymous)):
        if call.name.lower() != NAME:
            continue
        span = span_of(call)
        select = call.parent
        if not isinstance(select, exp.Select) or not _is_alone(select):
            message = "FORECAST() stands for rows, and cannot be a value in a query"
            raise FeatureNotSupported(message, hint=_HINT, span=span)
        schema, name = _model(call, span)
        try:
            model_id = find(schema, name)
        except VestoError as error:
            raise error.at(span) from None
        table = exp.Table(this=exp.to_identifier(relation_of(model_id), quoted=True))
        select.set("expressions", [exp.Star()])
        select.from_(table, copy=False)
        found.append(model_id)
    return tuple(dict.fromkeys(found))


def _is_alone(select: exp.Select) -> bool:
    given = {key for key, value in select.args.items() if value}
    return len(select.expressions) == 1 and given <= _MAY_HAVE


def _model(call: exp.Anonymous, span: Span | None) -> tuple[str, str]:
    """Schema and name of the model, folded where they are not quoted."""
    arguments = call.expressions
    if len(arguments) == 1 and isinstance(arguments[0], exp.Column):
        parts = [
            part.name if part.args.get("quoted") else part.name.lower()
            for part in arguments[0].parts
            if isinstance(part, exp.Identifier)
        ]
        return (parts[-2] if len(parts) > 1 else ""), parts[-1]
    message = "FORECAST takes one argument, the name of a model"
    raise UndefinedFunction(message, hint=_HINT, span=span)

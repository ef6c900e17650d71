"""A model's SQL functions: which it makes, and whether their names are free."""

from __future__ import annotations

from dataclasses import replace

from vesto.catalog.records import EXPLANATION_SUFFIX, INTERVAL_SUFFIX, Model, Outcome
from vesto.catalog.store import Catalog
from vesto.engines import Column, Function
from vesto.errors import DuplicateFunction, FeatureNotSupported
from vesto.programs.explain import unexplained
from vesto.programs.program import Program
from vesto.types import BY_NAME, SqlType


def functions_of(model: Model) -> list[Function]:
    """The SQL functions of a model, the prediction first; a forecast has none."""
    if model.definition.is_forecast:
        return []
    definition, outcome = model.definition, model.outcome or Outcome()
    parameters = tuple(Column(p.name, BY_NAME[p.type]) for p in definition.parameters)
    made = Function(
        definition.function_schema, definition.function, parameters,
        BY_NAME[outcome.return_type or "float8"], outcome.program, cast=definition.returns,
    )  # fmt: skip
    document = replace(made, returns=BY_NAME["super"], cast="")
    probabilities = replace(document, kind="probabilities")
    return [
        made,
        *(replace(probabilities, name=name) for name in model.probability_functions),
        _explanation(replace(document, name=made.name + EXPLANATION_SUFFIX), outcome),
        _interval(replace(document, name=made.name + INTERVAL_SUFFIX), made.returns, outcome),
    ]


def _explanation(function: Function, outcome: Outcome) -> Function:
    refusal = None
    if outcome.unexplained:
        name = function.name.removesuffix(EXPLANATION_SUFFIX)
        message = f"predictions of {name} cannot be explained"
        hint = "EXPLAIN_MODEL gives the whole model's importance of each column."
        refusal = FeatureNotSupported(message, detail=outcome.unexplained, hint=hint)
    return replace(function, kind="explanation", refusal=refusal)


def _interval(function: Function, predicts: SqlType, outcome: Outcome) -> Function:
    if outcome.intervals is not None:
        return replace(function, kind="interval", intervals=outcome.intervals, predicts=predicts)
    message = "the model kept no rows aside, from which an interval could be known"
    hint = "Train it with AUTO ON, and as a classification or a regression."
    return replace(function, kind="interval", refusal=FeatureNotSupported(message, hint=hint))


def gives_probabilities(model: Model, program: Program) -> bool:
    """Whether the model has functions for the probabilities of its classes."""
    known = bool(program.output.labels) and program.output.link != "argmax"
    return known and model.definition.may_give_probabilities


def with_facts(model: Model, outcome: Outcome, program: Program) -> Outcome:
    """The outcome, in it what its program says of the functions that the model has."""
    given = gives_probabilities(model, program)
    return replace(outcome, gives_probabilities=given, unexplained=unexplained(program))


def check_free(catalog: Catalog, model: Model, name: str) -> None:
    """Nothing, if no other model of the schema has such a function with as many parameters.

    Raises:
        DuplicateFunction: One has.
    """
    mine = model.definition
    for other in catalog.functions(name):
        theirs = other.definition
        same = theirs.function_schema.lower() == mine.function_schema.lower()
        if other.id != model.id and same and len(theirs.parameters) == len(mine.parameters):
            hint = f'It belongs to model "{other.name}".'
            raise DuplicateFunction(f'function "{name}" already exists', hint=hint)

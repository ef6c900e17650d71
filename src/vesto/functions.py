"""A model's SQL functions: which it makes, and whether their names are free."""

from __future__ import annotations

from dataclasses import replace

from vesto.catalog.records import Model, Outcome
from vesto.catalog.store import Catalog
from vesto.engines import Column, Function
from vesto.errors import DataCorrupted, DuplicateFunction
from vesto.programs.program import Program
from vesto.programs.storage import content_hash, load
from vesto.types import BY_NAME


def functions_of(model: Model) -> list[Function]:
    """The SQL functions of a model, the prediction first; a forecast has none."""
    if model.definition.is_forecast:
        return []
    definition, outcome = model.definition, model.outcome or Outcome()
    parameters = tuple(Column(p.name, BY_NAME[p.type]) for p in definition.parameters)
    made = Function(
        definition.function_schema, definition.function, parameters,
        BY_NAME[outcome.return_type or "float8"], outcome.program,
    )  # fmt: skip
    document = replace(made, returns=BY_NAME["super"], gives_probabilities=True)
    return [made, *(replace(document, name=name) for name in model.probability_functions)]


def gives_probabilities(model: Model, program: Program) -> bool:
    """Whether the model has functions for the probabilities of its classes."""
    known = bool(program.output.labels) and program.output.link != "argmax"
    return known and model.definition.may_give_probabilities


def checked_program(content: bytes, model: Model) -> Program:
    """The program in a file's content, which must be the one that the catalog names.

    Raises:
        DataCorrupted: It is damaged, or another one.
    """
    program = load(content)
    if model.outcome is None or content_hash(content) != model.outcome.program:
        raise DataCorrupted("the program is not the one that the catalog names")
    return program


def check_free(catalog: Catalog, schema: str, name: str) -> None:
    """Nothing, if no model of the schema has a function of that name.

    Raises:
        DuplicateFunction: One has.
    """
    for other in catalog.functions(name):
        if other.definition.function_schema.lower() == schema.lower():
            hint = f'It belongs to model "{other.name}".'
            raise DuplicateFunction(f'function "{name}" already exists', hint=hint)

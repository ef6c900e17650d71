"""The names that CREATE MODEL gives: they may be used, and are free."""

from __future__ import annotations

from typing import Final

from vesto.catalog.records import Model
from vesto.commands import Context
from vesto.commands._model_clauses import ModelClauses
from vesto.commands._objects import rows
from vesto.dialect.names import checked
from vesto.dialect.translate import is_known_function
from vesto.errors import DuplicateFunction, DuplicateModel, ReservedName, Span, UndefinedSchema
from vesto.functions import check_free

RESERVED_SCHEMAS: Final = frozenset({"vesto", "pg_catalog", "information_schema"})


def check_names(
    statement: ModelClauses, context: Context, schema: str, function_schema: str
) -> None:
    """The model's name and those of its schemas may be used, and no model has the name."""
    assert statement.function
    context.guard.check_create_in(function_schema, statement.span("FUNCTION"))
    checked(statement.function.object, statement.span("FUNCTION"))
    check_model_name(statement, context, schema)
    _check_schema(context, function_schema, statement.span("FUNCTION"))


def check_model_name(statement: ModelClauses, context: Context, schema: str) -> None:
    """The model's name may be used and is free; so may that of its schema."""
    context.guard.check_system("CREATE MODEL", "create model", statement.span("NAME"))
    context.guard.check_create_in(schema, statement.span("NAME"))
    checked(statement.name.object, statement.span("NAME"))
    _check_schema(context, schema, statement.span("NAME"))
    if context.warehouse.catalog.find(schema, statement.name.object):
        message = f'model "{statement.name.object}" already exists'
        hint = "DROP MODEL removes it."
        raise DuplicateModel(message, hint=hint, span=statement.span("NAME"))


def _check_schema(context: Context, schema: str, span: Span | None) -> None:
    """The schema is there, and not the system's: no training shall end without a place."""
    if schema.lower() in RESERVED_SCHEMAS:
        raise ReservedName(f'schema "{schema}" belongs to the system', span=span)
    known = (
        "SELECT 1 FROM information_schema.schemata "
        "WHERE catalog_name = 'dev' AND lower(schema_name) = ?"
    )
    if not rows(context.connection, known, [schema.lower()]):
        hint = "CREATE SCHEMA makes it."
        raise UndefinedSchema(f'schema "{schema}" does not exist', hint=hint, span=span)


def check_functions(statement: ModelClauses, context: Context, model: Model) -> None:
    """The names of all functions that the model makes are free."""
    for name in model.functions:
        try:
            _check_free(context, model, name)
        except DuplicateFunction as error:
            raise _told(error, model, name).at(statement.span("FUNCTION")) from None
    longest = max(model.definition.parameters, key=lambda p: len(p.name))
    checked(longest.name, statement.span("FROM"))


def _check_free(context: Context, model: Model, name: str) -> None:
    if context.warehouse.engine.is_taken(name) or is_known_function(name):
        raise DuplicateFunction(f'"{name}" is a function of SQL', hint="Choose another name.")
    check_free(context.warehouse.catalog, model, name)
    schema = model.definition.function_schema
    mine = "SELECT 1 FROM dev.vesto.functions WHERE schema_name = ? AND function_name = ?"
    if rows(context.connection, mine, [schema.lower(), name.lower()]):
        hint = "DROP FUNCTION removes it."
        raise DuplicateFunction(f'function "{name}" already exists', hint=hint)


def _told(error: DuplicateFunction, model: Model, name: str) -> DuplicateFunction:
    """The error; of a name that the user did not write it says where it comes from."""
    function = model.definition.function
    if name != function:
        *others, last = model.document_functions
        error.hint += f" FUNCTION {function} makes {', '.join(others)} and {last} too."
    return error

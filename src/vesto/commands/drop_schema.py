"""DROP SCHEMA, with everything that is recorded of what it holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.access.facts import forget_schema
from vesto.access.rights import schema_key
from vesto.catalog.records import Model
from vesto.commands import Context
from vesto.commands._objects import check_open, rows, run
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import quoted
from vesto.engines import Connection
from vesto.errors import ActiveTransaction, DependentObjects, Span, VestoError
from vesto.result import Result


@dataclass(frozen=True, slots=True)
class DropSchema:
    """Removes schemas; with CASCADE also their tables, views, functions and models."""

    starts: ClassVar[tuple[str, ...]] = ("DROP", "SCHEMA")
    engine_has_it: ClassVar[bool] = True

    names: tuple[str, ...]
    if_exists: bool = False
    cascade: bool = False
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> DropSchema:
        """Read it."""
        cursor.expect(*cls.starts)
        unless = cursor.accept("IF", "EXISTS")
        span = cursor.span
        names = cursor.listed(lambda c: c.identifier("a schema's name"))
        cascade = cursor.accept_behaviour()
        cursor.end()
        return cls(tuple(names), unless, cascade, span)

    def sql(self) -> str:
        """The statement as text."""
        unless = "IF EXISTS " if self.if_exists else ""
        return (
            f"DROP SCHEMA {unless}{', '.join(map(quoted, self.names))}{' CASCADE' * self.cascade}"
        )

    def bind(self, context: Context) -> BoundDrop:
        """Find the models of the schemas.

        Raises:
            DependentObjects: There are models or late views, and no CASCADE.
            ActiveTransaction: Models cannot be dropped inside a transaction block.
        """
        wanted = {name.lower() for name in self.names}
        for name in wanted:
            check_open((name, ""), self.span)
            context.guard.check_drop(schema_key(name), self.span)
        models = [model for model in context.warehouse.catalog.models() if _is_in(model, wanted)]
        late = [name for schema, name in context.surroundings.late_views if schema in wanted]
        if (models or late) and not self.cascade:
            first = f'model "{models[0].name}"' if models else f'view "{late[0]}"'
            message = f"the schema cannot be dropped because {first} depends on it"
            raise DependentObjects(message, hint="Add CASCADE to drop it too.", span=self.span)
        if models and context.in_transaction:
            message = "a schema with models cannot be dropped inside a transaction block"
            raise ActiveTransaction(message, span=self.span)
        return BoundDrop(self, tuple(models))


def _is_in(model: Model, schemas: set[str]) -> bool:
    places = (model.schema, model.definition.function_schema)
    return any(place.lower() in schemas for place in places)


@dataclass(frozen=True, slots=True)
class BoundDrop:
    """Schemas to remove, and their models."""

    statement: DropSchema
    models: tuple[Model, ...]

    def run(self, context: Context) -> Result:
        """Remove all of it, models last.

        Raises:
            UndefinedSchema: One is not there.
        """
        statement = self.statement
        words = "IF EXISTS " if statement.if_exists else ""
        cascade = " CASCADE" if statement.cascade else ""
        there = context.guard.rights.facts.schemas
        missing = [name for name in statement.names if name.lower() not in there]
        with context.atomic() as connection:
            for name in statement.names:
                try:
                    run(connection, f"DROP SCHEMA {words}{quoted(name)}{cascade}")
                except VestoError as error:
                    raise error.at(statement.span) from None
                _forget(connection, name.lower())
                forget_schema(connection, name.lower())
        for model in self.models:
            context.warehouse.versions.drop(model)
        notices = tuple(f'schema "{name}" does not exist, skipping' for name in missing)
        return Result(tag="DROP SCHEMA", notices=notices)


def _forget(connection: Connection, schema: str) -> None:
    sequences = rows(
        connection,
        "SELECT identity FROM dev.vesto.columns WHERE schema_name = ? AND identity IS NOT NULL",
        [schema],
    )
    for (sequence,) in sequences:
        run(connection, f"DROP SEQUENCE IF EXISTS dev.vesto.{quoted(sequence)}")
    for records in ("columns", "late_views", "materialized_views", "functions"):
        run(connection, f"DELETE FROM dev.vesto.{records} WHERE schema_name = ?", [schema])


COMMAND: Final = DropSchema

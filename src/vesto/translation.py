"""A statement's text in the engine's dialect, read with the functions of the catalog's models."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import lru_cache
from typing import Final

from vesto import system_views
from vesto.access.guard import Guard, World
from vesto.catalog.records import Definition, Model, State
from vesto.catalog.store import Catalog
from vesto.dialect.allowed import check_allowed
from vesto.dialect.catalogue import INFORMATION_SCHEMA, PG_CATALOG
from vesto.dialect.invented import refuse_invented_call
from vesto.dialect.scanner import scan
from vesto.dialect.surroundings import Place, Surroundings
from vesto.dialect.translate import (
    NOT_READY,
    Signature,
    Translated,
    tables_read,
    translate,
)
from vesto.dialect.untouched import untouched
from vesto.engines import Column, Connection
from vesto.errors import (
    ModelNotReady,
    StatementSyntaxError,
    UndefinedModel,
    VestoError,
    WrongObjectType,
)

log: Final = logging.getLogger(__name__)
DEFAULT_SCHEMA: Final = "public"
MAXIMUM_DEPTH: Final = 200
_DESCRIBED: Final = (
    "SELECT column_name, dev.vesto.type_words(column_type) AS words FROM (DESCRIBE {})"
)
_VIEWS: Final = (
    "SELECT schema_name, view_name, sql FROM duckdb_views() "
    "WHERE database_name = 'dev' AND NOT internal AND schema_name NOT IN ('main', 'vesto')"
)
SYSTEM_VIEWS: Final = system_views.NAMES | PG_CATALOG
# What everybody may read of schema vesto, as the views are called there.
READABLE: Final = SYSTEM_VIEWS | {f"information_schema.{name}" for name in INFORMATION_SCHEMA}


class Translator:
    """Translates for the sessions of one warehouse."""

    def __init__(self, catalog: Catalog, *, locked: bool) -> None:
        self._catalog = catalog
        self._locked = locked

    def translate(self, text: str, around: Surroundings) -> Translated:
        """One statement; what may not be run in a locked session is refused.

        Raises:
            VestoError: It is no statement, or not allowed; with its position.
        """
        _check_depth(text)
        # What a text means that went through untouched is not known well enough to be checked.
        passes = around.superuser and not around.qualified
        found = untouched(text, self.signatures, around) if passes else None
        if found is None:
            refuse_invented_call(text)
            found = self.translate_all(text, around)
        check_allowed(found, locked=self._locked or not around.superuser)
        return found

    def translate_all(self, text: str, around: Surroundings) -> Translated:
        """The same for a statement that need not be asked whether both dialects read it alike."""
        return translate(
            text, self.signatures, around,
            engine_dialect_too=around.superuser and not self._locked,
            find_forecast=self.forecast,
        )  # fmt: skip

    def forecast(self, schema: str, name: str) -> str:
        """The identifier of a READY forecast.

        Raises:
            UndefinedModel: There is no model of that name.
            WrongObjectType: It has a function instead.
            ModelNotReady: It is not trained yet.
        """
        model = self._catalog.find(schema or DEFAULT_SCHEMA, name)
        if model is None:
            raise UndefinedModel.named(name, known=())
        if not model.definition.is_forecast:
            hint = f"Call its function {model.definition.signature}."
            raise WrongObjectType(f'model "{name}" is no forecast', hint=hint)
        if model.state is not State.READY:
            raise ModelNotReady(NOT_READY)
        return model.id

    def signatures(self, schema: str, name: str) -> list[Signature]:
        """The functions of models by that name in a schema."""
        wanted = (schema or DEFAULT_SCHEMA).lower()
        return [
            _signature(model, name)
            for model in self._catalog.functions(name)
            if model.definition.function_schema.lower() == wanted
        ]

    def training_query(self, definition: Definition, line: Connection, guard: Guard) -> str:
        """The training query of a model for the engine, as its tables and views stand now.

        ``line`` is left with the search path and the time zone of whoever made the model, who must
        still have the right to read them: ``guard`` is the model's owner on that line.

        Raises:
            VestoError: It can no longer be read.
        """
        line.use(definition.search_path)
        line.use_time_zone(definition.time_zone)
        if not definition.training_query:
            return definition.engine_sql
        path = definition.search_path
        around = surroundings(
            line, path, guard.user.name, rounding=definition.rounding, superuser=guard.unlimited
        )
        around = replace(around, narrowed=guard.narrowed(path))
        found = self.translate(definition.training_query, around)
        guard.check(found.uses, path)
        return found.sql

    def late_columns(self, line: Connection, user: str) -> dict[Place, list[tuple[str, str]]]:
        """Name and type, as the catalogue shows it, of the columns of each late view.

        A view that can no longer be read is left out.
        """
        around = surroundings(line, (DEFAULT_SCHEMA,), user, rounding=True)
        found = {}
        for view, query in around.late_views.items():
            try:
                sql = self.translate(query, around).sql
                found[view] = [
                    (row["column_name"], row["words"])
                    for row in line.execute(_DESCRIBED.format(sql)).read_all().to_pylist()
                ]
            except VestoError as error:
                log.info('view "%s"."%s" cannot be read: %s', *view, error)
        return found

    def is_refreshable(self, model: Model, line: Connection, guard: Guard) -> bool:
        """Whether the training query still gives the columns that the model was made for."""
        definition = model.definition
        if definition.source_job:
            return False
        try:
            sql = self.training_query(definition, line, guard)
            return not changes(definition, line.describe(sql))
        except VestoError:
            return False


def _check_depth(text: str) -> None:
    """Nothing, unless parentheses stand in each other so deep that parsing would take minutes.

    Raises:
        StatementSyntaxError: They do.
    """
    if text.count("(") <= MAXIMUM_DEPTH:
        return
    depth = 0
    for token in scan(text):
        if token.kind == "symbol" and token.text in "()":
            depth += 1 if token.text == "(" else -1
            if depth > MAXIMUM_DEPTH:
                raise StatementSyntaxError("the statement is nested too deeply", span=token.span)


def view_tables(line: Connection) -> dict[Place, frozenset[Place]]:
    """What each view reads, as schema and name in lower case; late ones are not bound to any."""
    found = {}
    for row in line.execute(_VIEWS).read_all().to_pylist():
        view = (row["schema_name"].lower(), row["view_name"].lower())
        read = {(schema or view[0], name) for schema, name in _tables_read(row["sql"])}
        found[view] = frozenset(read - {view})
    return found


@lru_cache(maxsize=4096)
def _tables_read(sql: str) -> frozenset[Place]:
    return tables_read(sql)


def owner_guard(world: World, line: Connection, model: Model) -> Guard:
    """What a model's owner may do, on a line that has no transaction.

    Raises:
        InvalidAuthorization: The owner is gone.
    """
    return Guard(world, line, model.owner, lambda: False, READABLE)


def surroundings(
    line: Connection, search_path: tuple[str, ...], user: str, *, rounding: bool,
    superuser: bool = True,
) -> Surroundings:  # fmt: skip
    """What the text of a statement depends on, as the database stands now."""
    return replace(
        line.surroundings(), system_views=SYSTEM_VIEWS,
        system_documents=system_views.documents(), search_path=search_path,
        rounding=rounding, user=user, superuser=superuser,
    )  # fmt: skip


def changes(definition: Definition, columns: list[Column]) -> list[str]:
    """What is different in the training query's columns since the model was made, in words."""
    wanted = {parameter.name: parameter.type for parameter in definition.parameters}
    if definition.target:
        wanted[definition.target] = definition.target_type
    found = {column.name: column.type.name for column in columns}
    gone = [f'the column "{name}" is not there any more' for name in wanted if name not in found]
    new = [f'the column "{name}" is new' for name in found if name not in wanted]
    other = [
        f'the column "{name}" has the type {found[name]} now, not {kind}'
        for name, kind in wanted.items()
        if found.get(name, kind) != kind
    ]
    return [*gone, *other, *new]


def _signature(model: Model, name: str) -> Signature:
    """The model's function of that name, in lower case."""
    definition = model.definition
    function = next(f for f in model.functions if f.lower() == name.lower())
    return Signature(
        definition.function_schema, function,
        tuple((p.name.lower(), p.type) for p in definition.parameters),
        ready=model.state is State.READY, is_super=function in model.document_functions,
    )  # fmt: skip

"""What has_table_privilege and the other inquiries of SQL answer.

Source: Amazon Redshift Database Developer Guide, "Access privilege inquiry functions".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from vesto.access.check import SYSTEM_SCHEMAS, Check, Scope
from vesto.access.facts import DATABASE, Facts, Key
from vesto.access.rights import Rights, function_key, schema_key, table_key
from vesto.catalog.records import Model
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name
from vesto.dialect.references import Use
from vesto.errors import (
    InvalidParameterValue,
    UndefinedFunction,
    UndefinedModel,
    UndefinedObject,
    UndefinedSchema,
    VestoError,
)

_OPTION = " WITH GRANT OPTION"
# The schema in which the catalogue shows a session's temporary tables.
_TEMPORARY = "pg_temp_"


class Models(Protocol):
    """Where models are found."""

    def find(self, schema: str, name: str) -> Model | None:
        """The model of that name."""
        ...

    def functions(self, name: str) -> list[Model]:
        """The models that have a function of that name."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """One inquiry; ``target`` is a name as SQL writes it, ``privilege`` one or more with commas."""

    kind: str
    target: str
    column: str
    privilege: str
    path: tuple[str, ...]


def answer(asked: Question, rights: Rights, models: Models, system_views: frozenset[str]) -> bool:
    """Whether the user has one of the privileges.

    Raises:
        VestoError: There is no such object or privilege.
    """
    words = [word.strip().upper() for word in asked.privilege.split(",")]
    if asked.kind == "LANGUAGE":
        return True
    if asked.kind == "ROLE":
        return any(_in_role(word, asked.target, rights) for word in words)
    if asked.kind == "MODEL":
        return any(_may_use(word, _named_model(asked, models), rights) for word in words)
    key = _key(asked, rights, models, system_views)
    if key is None:
        found = _models_of(asked, models)
        return any(_may_use(word, model, rights) for word in words for model in found)
    if key[1] == "vesto" or key[0] == "SYSTEM":
        return not {"SELECT", "USAGE"}.isdisjoint(words)
    return any(_has(word, key, asked, rights) for word in words)


_KNOWN = {
    "TABLE": {"SELECT", "INSERT", "UPDATE", "DELETE", "REFERENCES", "DROP", "TRUNCATE", "ALTER"},
    "COLUMN": {"SELECT", "INSERT", "UPDATE", "REFERENCES"},
    "SCHEMA": {"CREATE", "USAGE", "ALTER", "DROP"},
    "DATABASE": {"CREATE", "TEMPORARY", "TEMP", "CONNECT", "USAGE", "ALTER"},
    "FUNCTION": {"EXECUTE"},
}


def _has(word: str, key: Key, asked: Question, rights: Rights) -> bool:
    option = word.endswith(_OPTION)
    bare = word.removesuffix(_OPTION)
    if bare not in _KNOWN["COLUMN" if asked.column else key[0]] | {"RULE", "TRIGGER"}:
        raise InvalidParameterValue(f'unrecognized privilege type: "{word}"')
    bare = {"TEMP": "TEMPORARY"}.get(bare, bare)
    if bare == "CONNECT":
        return True
    if option:
        return rights.may_grant(bare, key, asked.column.lower())
    if rights.has(bare, key):
        return True
    columns = rights.columns(bare, key)
    return bool(columns) if asked.column == "*" else asked.column.lower() in columns


def _in_role(word: str, named: str, rights: Rights) -> bool:
    """Whether the user is, or is in, a user, group or role, or may let others into it."""
    bare = word.removesuffix(_OPTION).removesuffix(" WITH ADMIN OPTION")
    if bare not in {"MEMBER", "USAGE", "SET"}:
        raise InvalidParameterValue(f'unrecognized privilege type: "{word}"')
    kinds = ("USER", "ROLE", "GROUP")
    found = [who for kind in kinds if (who := rights.directory.find(kind, named)) is not None]
    if not found:
        raise UndefinedObject(f'role "{named}" does not exist')
    if bare != word:
        return any(kind == "ROLE" and rights.may_admin_role(number) for kind, number in found)
    return rights.unlimited or not rights.grantees.isdisjoint(found)


def _may_use(word: str, model: Model, rights: Rights) -> bool:
    """Whether the user may predict with a model, or give that right on."""
    bare = word.removesuffix(_OPTION)
    if bare != "EXECUTE":
        raise InvalidParameterValue(f'unrecognized privilege type: "{word}"')
    if bare == word or rights.owns_model(model):
        return rights.has_model(model)
    return rights.may_grant_catalog("MODEL", model.id, "EXECUTE")


def _key(
    asked: Question, rights: Rights, models: Models, system_views: frozenset[str]
) -> Key | None:
    """The object; None for a model's function."""
    facts = rights.facts
    if asked.kind == "DATABASE":
        if asked.target.strip('"').lower() != "dev":
            raise UndefinedObject(f'database "{asked.target}" does not exist')
        return DATABASE
    name = _read(asked.target)
    if name.schema.startswith(_TEMPORARY):
        return "SYSTEM", "", ""
    if asked.kind == "SCHEMA":
        return _schema(name, facts)
    if asked.kind == "FUNCTION":
        return _function(name, asked, facts, models)
    if name.object.lower() in system_views and name.schema in {"", "pg_catalog"}:
        return "SYSTEM", "", ""
    scope = Scope(asked.path, {}, system_views, models.functions, frozenset(), lambda _: rights)
    use = Use("OWN", name.schema.lower(), name.object.lower(), name.database.lower())
    place = Check(rights, scope).place(use)
    if place is None or place not in facts.relations:
        return "SYSTEM", "", ""
    return table_key(place)


def _schema(name: Name, facts: Facts) -> Key:
    schema = name.object.lower()
    if schema in SYSTEM_SCHEMAS or schema.startswith(_TEMPORARY):
        return "SYSTEM", "", ""
    if schema not in facts.schemas:
        raise UndefinedSchema(f'schema "{name}" does not exist')
    return schema_key(schema)


def _function(name: Name, asked: Question, facts: Facts, models: Models) -> Key | None:
    for schema in [name.schema.lower()] if name.schema else [*asked.path, "public"]:
        if (schema, name.object.lower()) in facts.functions:
            return function_key((schema, name.object.lower()))
    if _models_of(asked, models):
        return None
    raise UndefinedFunction(f'function "{name}" does not exist')


def _models_of(asked: Question, models: Models) -> list[Model]:
    """The models that have a function of that name, in its schema or along the search path."""
    name = _read(asked.target)
    places = [name.schema.lower()] if name.schema else [*asked.path, "public"]
    found = models.functions(name.object)
    for place in places:
        here = [model for model in found if model.definition.function_schema.lower() == place]
        if here:
            return here
    return []


def _named_model(asked: Question, models: Models) -> Model:
    name = _read(asked.target)
    for schema in [name.schema] if name.schema else [*asked.path, "public"]:
        model = models.find(schema, name.object)
        if model is not None:
            return model
    raise UndefinedModel(f'model "{name}" does not exist')


def _read(text: str) -> Name:
    """A name; what stands in parentheses after it are a function's types."""
    cursor = Cursor(text)
    try:
        return cursor.name()
    except VestoError as error:
        raise InvalidParameterValue(f'"{text}" is no name', detail=error.message) from None

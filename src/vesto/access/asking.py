"""What has_table_privilege and the other inquiries of SQL answer.

Source: Amazon Redshift Database Developer Guide, "Access privilege inquiry functions".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
    UndefinedObject,
    UndefinedSchema,
    VestoError,
)

_OPTION = " WITH GRANT OPTION"
# The schema in which the catalogue shows a session's temporary tables.
_TEMPORARY = "pg_temp_"


@dataclass(frozen=True, slots=True)
class Question:
    """One inquiry; ``target`` is a name as SQL writes it, ``privilege`` one or more with commas."""

    kind: str
    target: str
    column: str
    privilege: str
    path: tuple[str, ...]


def answer(
    asked: Question, rights: Rights, functions: Callable[[str], list[Model]],
    system_views: frozenset[str],
) -> bool:  # fmt: skip
    """Whether the user has one of the privileges.

    Raises:
        VestoError: There is no such object or privilege.
    """
    words = [word.strip().upper() for word in asked.privilege.split(",")]
    if asked.kind == "LANGUAGE":
        return True
    key = _key(asked, rights, functions, system_views)
    if key is None:
        return _model(asked, rights, functions)
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


def _key(
    asked: Question, rights: Rights, functions: Callable[[str], list[Model]],
    system_views: frozenset[str],
) -> Key | None:  # fmt: skip
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
        return _function(name, asked, facts, functions)
    if name.object.lower() in system_views and name.schema in {"", "pg_catalog"}:
        return "SYSTEM", "", ""
    scope = Scope(asked.path, {}, system_views, functions, frozenset(), lambda _: rights)
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


def _function(
    name: Name, asked: Question, facts: Facts, functions: Callable[[str], list[Model]]
) -> Key | None:
    for schema in [name.schema.lower()] if name.schema else [*asked.path, "public"]:
        if (schema, name.object.lower()) in facts.functions:
            return function_key((schema, name.object.lower()))
    if functions(name.object):
        return None
    raise UndefinedFunction(f'function "{name}" does not exist')


def _model(asked: Question, rights: Rights, functions: Callable[[str], list[Model]]) -> bool:
    """Whether the user may predict with the model that has a function of that name."""
    name = _read(asked.target)
    schema = (name.schema or "public").lower()
    found = [m for m in functions(name.object) if m.definition.function_schema.lower() == schema]
    return any(rights.has_model(model) for model in found)


def _read(text: str) -> Name:
    """A name; what stands in parentheses after it are a function's types."""
    cursor = Cursor(text)
    try:
        return cursor.name()
    except VestoError as error:
        raise InvalidParameterValue(f'"{text}" is no name', detail=error.message) from None

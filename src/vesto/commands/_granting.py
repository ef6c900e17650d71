"""What GRANT and REVOKE change: names resolved, and whether the session's user may change it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from vesto.access.check import denied_function
from vesto.access.facts import DATABASE, Grant, Key
from vesto.access.rights import ALL, Rights, function_key, schema_key, table_key
from vesto.catalog.users import Grantee as Holder
from vesto.catalog.users import Membership, Privilege
from vesto.commands import DEFAULT_SCHEMA, Context
from vesto.commands._privileges import Grantee, Privileges
from vesto.commands._users import find_grantee
from vesto.dialect.names import Name
from vesto.errors import (
    InvalidParameterValue,
    PermissionDenied,
    Span,
    StatementSyntaxError,
    UndefinedFunction,
    UndefinedObject,
    UndefinedSchema,
    VestoError,
    WrongObjectType,
)

# What a user, a group or PUBLIC may have of the system's privileges; roles may have all.
FOR_EVERYBODY: Final = frozenset({"CREATE MODEL"})


@dataclass(frozen=True, slots=True)
class Changes:
    """Privileges and memberships to give or take."""

    objects: tuple[Grant, ...] = ()
    catalog: tuple[Privilege, ...] = ()
    memberships: tuple[Membership, ...] = ()


def resolved(
    privileges: Privileges, grantees: tuple[Grantee, ...], context: Context, span: Span | None
) -> Changes:
    """What the statement is to change.

    Raises:
        UndefinedObject: Somebody or something is not there.
        PermissionDenied: The session's user may not give or take one of the privileges.
        StatementSyntaxError: Who it is for cannot have it.
    """
    _check_options(privileges, grantees, span)
    holders = [
        (find_grantee(context, one.kind, one.name, span), one.grant_option or one.admin_option)
        for one in grantees
    ]
    try:
        if privileges.kind == "ROLE":
            return Changes(memberships=tuple(_memberships(privileges, holders, context)))
        if privileges.kind in {"", "ASSUMEROLE", "MODEL"}:
            return Changes(catalog=tuple(_in_catalog(privileges, holders, context)))
        return Changes(objects=tuple(_on_objects(privileges, holders, context)))
    except VestoError as error:
        raise error.at(span) from None


def _check_options(
    privileges: Privileges, grantees: tuple[Grantee, ...], span: Span | None
) -> None:
    for one in grantees:
        if one.admin_option and privileges.kind != "ROLE":
            raise StatementSyntaxError("WITH ADMIN OPTION goes with roles alone", span=span)
        if privileges.kind == "ROLE" and (one.grant_option or one.kind in {"PUBLIC", "GROUP"}):
            hint = "Roles go to users and other roles, WITH ADMIN OPTION to give them on."
            raise StatementSyntaxError("a role cannot be granted so", hint=hint, span=span)
        everybody = set(privileges.privileges) <= FOR_EVERYBODY
        if not privileges.kind and one.kind != "ROLE" and not everybody:
            hint = "CREATE ROLE r; GRANT ... TO ROLE r; GRANT ROLE r TO the user."
            message = "privileges of the system are granted to roles, but for CREATE MODEL"
            raise StatementSyntaxError(message, hint=hint, span=span)


Holders = list[tuple[Holder, bool]]


def _memberships(
    privileges: Privileges, holders: Holders, context: Context
) -> Iterator[Membership]:
    rights = context.guard.rights
    for name in privileges.objects:
        role = find_grantee(context, "ROLE", name.object, None)
        if not rights.may_admin_role(role[1]):
            raise PermissionDenied(f"permission denied for role {name.object}")
        for holder, admin in holders:
            if holder in rights.directory.grantees(role) and holder != ("PUBLIC", 0):
                loops = f'role "{name.object}" is a member of it, or is it'
                raise InvalidParameterValue("roles cannot be in each other", detail=f"{loops}.")
            yield Membership("ROLE", role[1], holder, admin)


# --- What stands in the catalog ------------------------------------------------------------------


def _in_catalog(privileges: Privileges, holders: Holders, context: Context) -> Iterator[Privilege]:
    rights, grantor = context.guard.rights, context.guard.owner_id
    for kind, target, privilege in _catalog_objects(privileges, context, rights):
        for holder, option in holders:
            yield Privilege(kind, target, privilege, holder, grantor, option)


def _catalog_objects(
    privileges: Privileges, context: Context, rights: Rights
) -> Iterator[tuple[str, str, str]]:
    if privileges.kind == "ASSUMEROLE":
        context.guard.check_superuser("grant ASSUMEROLE")
        for role in privileges.roles:
            outside = "DEFAULT" if role.lower() == "default" else role
            for purpose in privileges.purposes:
                yield "ASSUMEROLE", outside, purpose
        return
    if privileges.kind == "MODEL":
        for name in privileges.objects:
            model = context.any_model(name)
            if not (
                rights.owns_model(model) or rights.may_grant_catalog("MODEL", model.id, "EXECUTE")
            ):
                raise PermissionDenied(f"permission denied for model {model.name}")
            yield "MODEL", model.id, "EXECUTE"
        return
    for privilege in privileges.privileges:
        if not rights.may_grant_catalog("SYSTEM", "", privilege):
            raise PermissionDenied(f"permission denied to grant {privilege}")
        yield "SYSTEM", "", privilege


# --- SQL objects ---------------------------------------------------------------------------------


def _on_objects(privileges: Privileges, holders: Holders, context: Context) -> Iterator[Grant]:
    rights, grantor = context.guard.rights, context.guard.owner_id
    for key in _keys(privileges, context, rights):
        for privilege, column in _each(privileges, key):
            if not rights.may_grant(privilege, key, column):
                raise _may_not(key)
            for holder, option in holders:
                yield Grant(key, privilege, holder, grantor, option, column)


def _each(privileges: Privileges, key: Key) -> Iterator[tuple[str, str]]:
    """Each privilege, and the column it is on, empty for all of them."""
    for word in privileges.privileges:
        for privilege in ALL[key[0]] if word == "ALL" else (word,):
            yield {"TEMP": "TEMPORARY"}.get(privilege, privilege), ""
    for word, columns in privileges.columns:
        for column in columns:
            yield word, column.lower()


def _keys(privileges: Privileges, context: Context, rights: Rights) -> Iterator[Key]:
    """The objects as owners and grants name them.

    Raises:
        UndefinedObject: One is not there.
    """
    for name in privileges.objects:
        yield from _FIND[privileges.kind](name, context, rights)


def _tables(name: Name, context: Context, rights: Rights) -> Iterator[Key]:
    yield table_key(context.guard.place(name, context.surroundings.search_path))


def _schema(name: Name, context: Context, rights: Rights) -> Iterator[Key]:
    if name.object.lower() not in rights.facts.schemas:
        raise UndefinedSchema(f'schema "{name.object}" does not exist')
    yield schema_key(name.object.lower())


def _database(name: Name, context: Context, rights: Rights) -> Iterator[Key]:
    if name.object.lower() != "dev":
        raise UndefinedObject(f'database "{name.object}" does not exist', hint='It is "dev".')
    yield DATABASE


def _function(name: Name, context: Context, rights: Rights) -> Iterator[Key]:
    place = (name.schema or DEFAULT_SCHEMA).lower(), name.object.lower()
    for model in context.warehouse.catalog.functions(name.object):
        if model.definition.function_schema.lower() == place[0]:
            raise _of_a_model(name.object, model.name)
    known = place in rights.facts.functions
    if not known and place not in context.warehouse.schema_cache.foreign_functions():
        raise UndefinedFunction(f'function "{name.object}" does not exist')
    yield function_key(place)


def _of_a_model(function: str, model: str) -> WrongObjectType:
    hint = f'Write GRANT EXECUTE ON MODEL "{model}".'
    message = f'function "{function}" belongs to a model and cannot be granted by itself'
    return WrongObjectType(message, hint=hint)


def _tables_in(name: Name, context: Context, rights: Rights) -> Iterator[Key]:
    (schema,) = _schema(name, context, rights)
    for place in rights.facts.relations:
        if place[0] == schema[1]:
            yield table_key(place)


def _functions_in(name: Name, context: Context, rights: Rights) -> Iterator[Key]:
    (schema,) = _schema(name, context, rights)
    for model in context.warehouse.catalog.models():
        if model.definition.function_schema.lower() == schema[1] and model.functions:
            raise _of_a_model(model.functions[0], model.name)
    for place in rights.facts.functions:
        if place[0] == schema[1]:
            yield function_key(place)


def _language(name: Name, context: Context, rights: Rights) -> Iterator[Key]:
    """Everybody may use the one language there is."""
    context.guard.check_superuser("grant languages")
    yield from ()


_FIND: Final = {
    "TABLE": _tables, "SCHEMA": _schema, "DATABASE": _database, "FUNCTION": _function,
    "TABLES IN SCHEMA": _tables_in, "FUNCTIONS IN SCHEMA": _functions_in, "LANGUAGE": _language,
}  # fmt: skip


def _may_not(key: Key) -> PermissionDenied:
    kind, schema, name = key
    if kind == "FUNCTION":
        return denied_function(name)
    word = {"TABLE": "relation", "SCHEMA": "schema"}.get(kind, "database")
    return PermissionDenied(f"permission denied for {word} {name or schema or 'dev'}")

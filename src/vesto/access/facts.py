"""Owners and grants of SQL objects, as the database holds them: read at once, written one by one.

They stand in tables of schema ``vesto``, so that they follow the transaction of whoever changes them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal

from vesto.catalog.users import OWNER_ID, PUBLIC, Grantee
from vesto.dialect.surroundings import Place
from vesto.engines import Connection

Kind = Literal["DATABASE", "SCHEMA", "TABLE", "FUNCTION"]
# Kind, schema and name, folded; a part that the kind does not have is empty.
Key = tuple[str, str, str]
DATABASE: Final[Key] = ("DATABASE", "", "")
RelationKind = Literal["table", "view", "late view", "materialized view"]


@dataclass(frozen=True, slots=True)
class Grant:
    """A privilege that somebody has on an object, or on one column of it."""

    key: Key
    privilege: str
    grantee: Grantee
    grantor: int = OWNER_ID
    grant_option: bool = False
    column: str = ""


@dataclass(frozen=True, slots=True)
class Default:
    """A privilege that somebody will have on what ``creator`` makes; "" is any schema."""

    creator: int
    schema: str
    kind: str
    privilege: str
    grantee: Grantee
    grant_option: bool = False


@dataclass(frozen=True)
class Facts:
    """What there is, whose it is, and what is granted on it, at one moment."""

    schemas: frozenset[str] = frozenset()
    relations: Mapping[Place, RelationKind] = field(default_factory=dict)
    views: Mapping[Place, str] = field(default_factory=dict)
    functions: Mapping[Place, tuple[str, ...]] = field(default_factory=dict)
    owners: Mapping[Key, int] = field(default_factory=dict)
    grants: Mapping[Key, tuple[Grant, ...]] = field(default_factory=dict)
    defaults: tuple[Default, ...] = ()

    def owner(self, key: Key) -> int:
        """Whose it is."""
        return self.owners.get(key, OWNER_ID)

    @cached_property
    def narrowed_grants(self) -> tuple[Grant, ...]:
        """The grants on single columns."""
        return tuple(g for given in self.grants.values() for g in given if g.column)

    @cached_property
    def function_names(self) -> frozenset[str]:
        """The names of all functions that CREATE FUNCTION made."""
        return frozenset(name for _, name in self.functions)


def read_facts(connection: Connection) -> Facts:
    """The facts that the connection's transaction sees."""
    relations: dict[Place, RelationKind] = {}
    views: dict[Place, str] = {}
    for schema, name in _rows(connection, _TABLES):
        relations[schema, name] = "table"
    for schema, name in _rows(
        connection, "SELECT schema_name, view_name FROM dev.vesto.late_views"
    ):
        relations[schema, name] = "late view"
    for schema, name in _rows(connection, _KEPT):
        relations[schema, name] = "materialized view"
    for schema, name, sql in _rows(connection, _VIEWS):
        relations[schema, name], views[schema, name] = "view", sql
    functions: dict[Place, list[str]] = defaultdict(list)
    for schema, name, macro in _rows(connection, _FUNCTIONS):
        functions[schema, name].append(macro)
    grants: dict[Key, list[Grant]] = defaultdict(list)
    for kind, schema, name, *rest in _rows(connection, "SELECT * FROM dev.vesto.grants"):
        column, privilege, grantee_kind, grantee, grantor, option = rest
        grant = Grant(
            (kind, schema, name), privilege, (grantee_kind, grantee), grantor, option, column
        )
        grants[grant.key].append(grant)
    return Facts(
        frozenset(name for (name,) in _rows(connection, _SCHEMAS)), relations, views,
        {place: tuple(macros) for place, macros in functions.items()},
        {tuple(key): owner for *key, owner in _rows(connection, "SELECT * FROM dev.vesto.owners")},
        {key: tuple(given) for key, given in grants.items()},
        tuple(
            Default(creator, schema, kind, privilege, (grantee_kind, grantee), option)
            for creator, schema, kind, privilege, grantee_kind, grantee, option in _rows(
                connection, "SELECT * FROM dev.vesto.default_privileges"
            )
        ),
    )  # fmt: skip


_TABLES: Final = (
    "SELECT lower(schema_name), lower(table_name) FROM duckdb_tables() WHERE database_name = 'dev'"
)
_VIEWS: Final = (
    "SELECT lower(schema_name), lower(view_name), sql FROM duckdb_views() "
    "WHERE database_name = 'dev' AND NOT internal"
)
_SCHEMAS: Final = "SELECT lower(schema_name) FROM duckdb_schemas() WHERE database_name = 'dev'"
_KEPT: Final = "SELECT schema_name, view_name FROM dev.vesto.materialized_views"
_FUNCTIONS: Final = "SELECT schema_name, function_name, macro FROM dev.vesto.functions"
_TEMPORARY: Final = (
    "SELECT lower(table_name), '' FROM duckdb_tables() WHERE temporary UNION ALL "
    "SELECT lower(view_name), sql FROM duckdb_views() WHERE temporary AND NOT internal"
)


def read_temporary(connection: Connection) -> dict[str, str]:
    """The connection's own tables, and its views with what they read, by name."""
    return {name: sql or "" for name, sql in _rows(connection, _TEMPORARY)}


def _rows(
    connection: Connection, sql: str, parameters: Iterable[Any] = ()
) -> list[tuple[Any, ...]]:
    table = connection.execute(sql, list(parameters)).read_all()
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


# --- Writing -----------------------------------------------------------------------------------

_SAME: Final = (
    "kind = ? AND schema_name = ? AND object_name = ? AND column_name = ? AND privilege = ? "
    "AND grantee_kind = ? AND grantee = ?"
)


def _identity(grant: Grant) -> list[Any]:
    return [*grant.key, grant.column, grant.privilege, *grant.grantee]


def add_grants(connection: Connection, grants: Iterable[Grant]) -> None:
    """Give privileges; one that is there already keeps its grant option, or gets this one."""
    for grant in grants:
        known = _rows(
            connection, f"SELECT grant_option FROM dev.vesto.grants WHERE {_SAME}", _identity(grant)
        )
        option = grant.grant_option or any(option for (option,) in known)
        remove_grants(connection, [grant])
        _run(
            connection,
            "INSERT INTO dev.vesto.grants VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [*_identity(grant), grant.grantor, option],
        )


def remove_grants(
    connection: Connection, grants: Iterable[Grant], *, option_only: bool = False
) -> None:
    """Take privileges, or only the right to give them on."""
    head = "DELETE FROM dev.vesto.grants"
    if option_only:
        head = "UPDATE dev.vesto.grants SET grant_option = FALSE"
    for grant in grants:
        _run(connection, f"{head} WHERE {_SAME}", _identity(grant))


def set_owner(connection: Connection, key: Key, owner: int) -> None:
    """Say whose an object is."""
    _run(connection, f"DELETE FROM dev.vesto.owners WHERE {_OBJECT}", key)
    _run(connection, "INSERT INTO dev.vesto.owners VALUES (?, ?, ?, ?)", [*key, owner])


def record_made(connection: Connection, key: Key, owner: int) -> None:
    """Say whose a new object is; what was said of one of its name is forgotten.

    It begins with the owner's default privileges, and a function with EXECUTE for everybody.
    """
    forget_access(connection, key)
    if owner != OWNER_ID:
        _run(connection, "INSERT INTO dev.vesto.owners VALUES (?, ?, ?, ?)", [*key, owner])
    grants = [Grant(key, "EXECUTE", PUBLIC, owner)] if key[0] == "FUNCTION" else []
    for privilege, kind, grantee, option in _rows(connection, _DEFAULTS, [key[0], owner, key[1]]):
        grants.append(Grant(key, privilege, (kind, grantee), owner, option))
    add_grants(connection, grants)


_DEFAULTS: Final = (
    "SELECT privilege, grantee_kind, grantee, grant_option FROM dev.vesto.default_privileges "
    "WHERE kind = ? AND creator = ? AND schema_name IN ('', ?)"
)
_OBJECT: Final = "kind = ? AND schema_name = ? AND object_name = ?"


def forget_access(connection: Connection, key: Key) -> None:
    """Forget owner and grants of what is gone."""
    for table in ("owners", "grants"):
        known = f"SELECT 1 FROM dev.vesto.{table} WHERE {_OBJECT} LIMIT 1"
        if _rows(connection, known, key):
            _run(connection, f"DELETE FROM dev.vesto.{table} WHERE {_OBJECT}", key)


def rename_access(connection: Connection, key: Key, name: str) -> None:
    """Let owner and grants follow a new name of an object; of a schema, with all it holds."""
    kind, schema, old = key
    for table in ("owners", "grants"):
        if kind == "SCHEMA":
            change = f"UPDATE dev.vesto.{table} SET schema_name = ? WHERE schema_name = ?"
            _run(connection, change, [name, schema])
        else:
            change = f"UPDATE dev.vesto.{table} SET object_name = ? WHERE {_OBJECT}"
            _run(connection, change, [name, kind, schema, old])


def forget_schema(connection: Connection, schema: str) -> None:
    """Forget owners and grants of a schema and of everything in it."""
    for table in ("owners", "grants", "default_privileges"):
        _run(connection, f"DELETE FROM dev.vesto.{table} WHERE schema_name = ?", [schema])


def forget_grantee(connection: Connection, grantee: Grantee) -> None:
    """Forget everything that was granted to somebody who is gone."""
    for table in ("grants", "default_privileges"):
        where = "grantee_kind = ? AND grantee = ?"
        if _rows(connection, f"SELECT 1 FROM dev.vesto.{table} WHERE {where} LIMIT 1", grantee):
            _run(connection, f"DELETE FROM dev.vesto.{table} WHERE {where}", grantee)


def set_default(connection: Connection, default: Default, *, given: bool) -> None:
    """Add a default privilege, or remove it."""
    same = "creator = ? AND schema_name = ? AND kind = ? AND privilege = ? AND grantee_kind = ? AND grantee = ?"
    identity = [
        default.creator, default.schema, default.kind, default.privilege, *default.grantee,
    ]  # fmt: skip
    _run(connection, f"DELETE FROM dev.vesto.default_privileges WHERE {same}", identity)
    if given:
        add = "INSERT INTO dev.vesto.default_privileges VALUES (?, ?, ?, ?, ?, ?, ?)"
        _run(connection, add, [*identity, default.grant_option])


def sweep(connection: Connection) -> None:
    """Forget owners and grants of what is gone, however it went."""
    kept = "SELECT 1 FROM dev.vesto.{} WHERE kind IN ('TABLE', 'SCHEMA') AND schema_name <> 'public' OR kind = 'TABLE' LIMIT 1"
    if not any(_rows(connection, kept.format(table)) for table in ("owners", "grants")):
        return
    facts = read_facts(connection)
    known = {("TABLE", *place) for place in facts.relations}
    known |= {("SCHEMA", schema, "") for schema in facts.schemas}
    for key in {*facts.owners, *facts.grants} - known:
        if key[0] in {"TABLE", "SCHEMA"}:
            forget_access(connection, key)


def _run(connection: Connection, sql: str, parameters: Iterable[Any] = ()) -> None:
    connection.execute(sql, list(parameters)).read_all()

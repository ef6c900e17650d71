"""The check of everything that a statement uses, before it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Final

from vesto.access.facts import DATABASE, Key
from vesto.access.rights import Rights, function_key, schema_key, table_key
from vesto.catalog.records import Model
from vesto.dialect.references import Use, stored_uses
from vesto.dialect.surroundings import Place
from vesto.errors import (
    PermissionDenied,
    UndefinedFunction,
    UndefinedSchema,
    UndefinedTable,
    VestoError,
)

CATALOG: Final = "dev"
SYSTEM_SCHEMA: Final = "vesto"
# What everybody may read: the engine's own views tell of names and types alone.
SYSTEM_SCHEMAS: Final = frozenset({"pg_catalog", "information_schema"})
_NEEDS: Final = {
    "INSERT": "INSERT", "UPDATE": "UPDATE", "DELETE": "DELETE", "TRUNCATE": "TRUNCATE",
    "ALTER": "ALTER",
}  # fmt: skip
_BY_SYSTEM: Final = {"TRUNCATE": "TRUNCATE TABLE", "ALTER": "ALTER TABLE"}
_DEEPEST: Final = 64
_NAMING: Final = (UndefinedTable, UndefinedSchema, UndefinedFunction)


@dataclass(frozen=True)
class Scope:
    """Where names are looked up, and what else decides: one session at one moment.

    ``temporary`` are the session's own tables and views, with what those read; ``foreign`` the
    functions that were made in the engine's own dialect; ``rights_of`` gives another user's rights.
    """

    search_path: tuple[str, ...]
    temporary: Mapping[str, str]
    system_views: frozenset[str]
    functions: Callable[[str], list[Model]]
    foreign: frozenset[Place]
    rights_of: Callable[[int], Rights]


@dataclass
class Check:
    """One statement's check.

    With ``explains`` what views read must be the user's own right too: a plan shows what the engine
    knows of rows. ``shielded`` says afterwards that the statement reads a view of somebody else's.
    """

    rights: Rights
    scope: Scope
    explains: bool = False
    shielded: bool = False
    seen: set[tuple[int, Place]] = field(default_factory=set)

    def uses(self, uses: tuple[Use, ...]) -> None:
        """Nothing, if the user may make all of these uses.

        Raises:
            PermissionDenied: It may not make one of them.
            UndefinedTable: It is of a table that is not there.
        """
        for use in uses:
            if use.through is None:
                self._use(use, self.rights)
                continue
            owner = self.rights.facts.owner(table_key(use.through))
            owners = self.scope.rights_of(owner)
            for one, rights in self._inside(use, use.through[0], owners, bound=False):
                self._use(one, rights)

    def _inside(
        self, use: Use, schema: str, owners: Rights, *, bound: bool
    ) -> list[tuple[Use, Rights]]:
        """A use that a view of a schema makes, and by whose rights.

        The engine looks for a name without a schema in that of a ``bound`` view. Else the reader's
        search path says what it means, so that the reader must have the right too.
        """
        self.shielded = self.shielded or owners.user.id != self.rights.user.id
        if use.schema:
            both = self.explains and use.action != "CALL"
            return [(use, owners), (use, self.rights)] if both else [(use, owners)]
        own = replace(use, schema=schema)
        if use.action == "CALL":
            others = [s for s in self.scope.search_path if s not in {schema, "public"}]
            mine = [(replace(use, schema=other), self.rights) for other in others]
            return [(use, owners), (own, owners), *mine]
        if bound and (schema, use.name) in owners.facts.relations:
            return [(own, owners), (own, self.rights)] if self.explains else [(own, owners)]
        return [(use, owners), (use, self.rights)]

    def _use(self, use: Use, rights: Rights) -> None:
        if rights.unlimited and use.action != "SELECT":
            return
        rule = _RULES[use.action]
        rule(self, use, rights)

    # --- Relations ------------------------------------------------------------------------------

    def place(self, use: Use) -> Place | None:
        """Where a relation stands; None for a temporary one of the session.

        Raises:
            UndefinedTable: It is nowhere.
        """
        relations, schemas = self.rights.facts.relations, self.rights.facts.schemas
        schema = use.schema
        if schema == CATALOG and CATALOG not in schemas and not use.catalog:
            schema = ""
        if use.catalog not in {"", CATALOG}:
            if use.catalog == "temp" and use.name in self.scope.temporary:
                return None
            raise self._undefined(use)
        if schema == "temp" and "temp" not in schemas and use.name in self.scope.temporary:
            return None
        if schema:
            if (schema, use.name) in relations or self._is_system(schema, use.name):
                return schema, use.name
            raise self._undefined(use)
        if use.name in self.scope.temporary:
            return None
        for known in (*self.scope.search_path, "main"):
            if (known, use.name) in relations:
                return known, use.name
        raise self._undefined(use)

    def finds(self, place: Place) -> bool:
        """Whether a relation is found by its name alone."""
        try:
            return self.place(Use("SELECT", "", place[1])) == place
        except UndefinedTable:
            return False

    def _is_system(self, schema: str, name: str) -> bool:
        if schema == SYSTEM_SCHEMA:
            return name in self.scope.system_views
        return schema in SYSTEM_SCHEMAS

    def _undefined(self, use: Use) -> UndefinedTable:
        """The error, with a hint that names only what the user may read."""
        name = f"{use.schema}.{use.name}" if use.schema else use.name
        visible = [
            known
            for schema, known in self.rights.facts.relations
            if self.rights.has_any(table_key((schema, known)))
            and (not use.schema or schema == use.schema)
        ]
        close = get_close_matches(use.name, visible, n=1)
        hint = f'Perhaps you meant "{close[0]}".' if close else ""
        return UndefinedTable(f'relation "{name}" does not exist', hint=hint)

    def _schema(self, schema: str, rights: Rights) -> None:
        if not rights.has("USAGE", schema_key(schema)):
            raise PermissionDenied(f"permission denied for schema {schema}")

    def select(self, use: Use, rights: Rights) -> None:
        """SELECT of a table or view; through a view by its owner's rights."""
        try:
            place = self.place(use)
        except UndefinedTable:
            if rights.unlimited:
                return
            raise
        if place is None:
            sql = self.scope.temporary[use.name]
            if sql and not self.rights.unlimited:
                self._stored(sql, use.name, lambda inner: [(inner, self.rights)])
            return
        if self._is_system(*place):
            return
        self._schema(place[0], rights)
        key = table_key(place)
        granted = rights.has("SELECT", key) or (
            use.columns is not None and use.columns <= rights.columns("SELECT", key)
        )
        if not granted:
            raise _denied(place)
        if rights.facts.relations[place] == "view":
            self._view(place, rights.facts.owner(key))

    def _view(self, place: Place, owner: int) -> None:
        """What a view reads, by the rights of its owner."""
        if (owner, place) in self.seen:
            return
        self.seen.add((owner, place))
        owners = self.scope.rights_of(owner)

        def checked(use: Use) -> list[tuple[Use, Rights]]:
            return self._inside(use, place[0], owners, bound=True)

        self._stored(self.rights.facts.views[place], place[1], checked)

    def _stored(
        self, sql: str, name: str, checked: Callable[[Use], list[tuple[Use, Rights]]]
    ) -> None:
        uses = stored_uses(sql)
        if uses is None or len(self.seen) > _DEEPEST:
            raise PermissionDenied(f'what "{name}" reads cannot be checked')
        for use in uses:
            for one, rights in checked(use):
                self._use(one, rights)

    def write(self, use: Use, rights: Rights) -> None:
        """INSERT, UPDATE, DELETE, TRUNCATE or ALTER."""
        place = self.place(use)
        if place is None:
            return
        self._schema(place[0], rights)
        needed, key = _NEEDS[use.action], table_key(place)
        if rights.has(needed, key):
            return
        if use.columns is not None and use.columns <= rights.columns(needed, key):
            return
        if use.action in _BY_SYSTEM and rights.has_system(_BY_SYSTEM[use.action]):
            return
        if use.action == "ALTER":
            raise must_own(key)
        raise _denied(place)

    def drop(self, use: Use, rights: Rights) -> None:
        """DROP of a table or view; one that is not there is the engine's to name."""
        try:
            place = self.place(use)
        except UndefinedTable:
            return
        if place is not None and not rights.may_drop(table_key(place)):
            raise must_own(table_key(place))

    def own(self, use: Use, rights: Rights) -> None:
        """What only an owner may do."""
        place = self.place(use)
        if place is not None and not rights.owns(table_key(place)):
            raise must_own(table_key(place))

    def create(self, use: Use, rights: Rights) -> None:
        """CREATE of a table or view; OR REPLACE only of one's own."""
        schema = use.schema
        if use.catalog not in {"", CATALOG}:
            raise PermissionDenied(f"permission denied for database {use.catalog}")
        if not schema or (schema == CATALOG and CATALOG not in rights.facts.schemas):
            schema = self.target_schema()
        if not rights.may_create_in(schema):
            raise PermissionDenied(f"permission denied for schema {schema}")
        key = table_key((schema, use.name))
        there = (schema, use.name) in rights.facts.relations
        if use.action == "REPLACE" and there and not rights.owns(key):
            raise must_own(key)

    def target_schema(self) -> str:
        """The schema in which a name without one is made."""
        known = self.rights.facts.schemas
        path = self.scope.search_path
        return next((schema for schema in path if schema in known), "public")

    def temporary(self, use: Use, rights: Rights) -> None:
        """CREATE TEMP TABLE."""
        if not rights.has("TEMPORARY", DATABASE):
            message = f"permission denied to create temporary tables in database {CATALOG}"
            raise PermissionDenied(message)

    def create_schema(self, use: Use, rights: Rights) -> None:
        """CREATE SCHEMA."""
        if not rights.may_create_schemas():
            raise PermissionDenied(f"permission denied for database {CATALOG}")

    def drop_schema(self, use: Use, rights: Rights) -> None:
        """DROP SCHEMA."""
        schema = use.schema or use.name
        if schema in rights.facts.schemas and not rights.may_drop(schema_key(schema)):
            raise must_own(schema_key(schema))

    def unreadable(self, use: Use, rights: Rights) -> None:
        """A source of rows that is no table's name."""
        raise PermissionDenied(f"{use.name} is not allowed here")

    # --- Functions ------------------------------------------------------------------------------

    def call(self, use: Use, rights: Rights) -> None:
        """A call: of a model's function, one of CREATE FUNCTION, or one of SQL's own."""
        schemas = self._call_schemas(use.schema)
        for model in self.scope.functions(use.name):
            schema = model.definition.function_schema.lower()
            if schemas is None or schema in schemas:
                self._schema(schema, rights)
                if not rights.has_model(model):
                    raise denied_function(use.name)
        facts = rights.facts
        if use.name in facts.function_names:
            for place, macros in facts.functions.items():
                if place[1] == use.name and (schemas is None or place[0] in schemas):
                    self._function(place, macros, rights)
        for place in self.scope.foreign:
            if place[1] == use.name and (schemas is None or place[0] in schemas):
                self._schema(place[0], rights)
                if not rights.has("EXECUTE", function_key(place)):
                    raise denied_function(use.name)

    def _call_schemas(self, schema: str) -> frozenset[str] | None:
        """Where a function may be; None for anywhere: what stands before it may be its argument."""
        if not schema:
            return frozenset({*self.scope.search_path, "public", "main"})
        return frozenset({schema}) if schema in self.rights.facts.schemas else None

    def _function(self, place: Place, macros: tuple[str, ...], rights: Rights) -> None:
        """A function of CREATE FUNCTION, and what it calls, by the rights of whoever calls it."""
        if (rights.user.id, place) in self.seen:
            return
        self.seen.add((rights.user.id, place))
        self._schema(place[0], rights)
        if not rights.has("EXECUTE", function_key(place)):
            raise denied_function(place[1])
        for macro in macros:
            self._stored(f"SELECT {macro}", place[1], lambda inner: [(inner, rights)])


_RULES: Final[dict[str, Callable[[Check, Use, Rights], None]]] = {
    "SELECT": Check.select, "INSERT": Check.write, "UPDATE": Check.write, "DELETE": Check.write,
    "TRUNCATE": Check.write, "ALTER": Check.write, "DROP": Check.drop, "CREATE": Check.create,
    "REPLACE": Check.create, "TEMPORARY": Check.temporary, "CREATE SCHEMA": Check.create_schema,
    "DROP SCHEMA": Check.drop_schema, "OWN": Check.own, "CALL": Check.call,
    "UNREADABLE": Check.unreadable,
}  # fmt: skip


def _denied(place: Place) -> PermissionDenied:
    return PermissionDenied(f"permission denied for relation {place[1]}")


def denied_function(name: str) -> PermissionDenied:
    """The error of Redshift for a function that may not be called."""
    return PermissionDenied(f"permission denied for function or procedure {name}")


def must_own(key: Key) -> PermissionDenied:
    """The error for what only an owner may do."""
    kind, schema, name = key
    word = {"TABLE": "relation", "SCHEMA": "schema", "FUNCTION": "function"}.get(kind, "database")
    return PermissionDenied(f"must be owner of {word} {name or schema or CATALOG}")


def without_values(error: VestoError) -> VestoError:
    """The error without the value that it is about, which may be of a row that a view hides."""
    if error.sqlstate.startswith("22"):
        error.message = "a value is out of range or has the wrong form"
        error.detail, error.hint = "", "It is not shown: the statement reads somebody else's view."
        error.args = (error.message,)
    return error


def without_hints(error: VestoError) -> VestoError:
    """The error without what the engine knows of names that the user may not see."""
    if isinstance(error, _NAMING) and not error.hint.startswith("Perhaps you meant"):
        error.hint = ""
    return error

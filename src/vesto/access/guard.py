"""A session's identity, and the checks of what it asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from vesto.access.check import CATALOG, Check, Scope, denied_function, must_own
from vesto.access.facts import DATABASE, Facts, Key, read_facts, read_temporary
from vesto.access.rights import Rights, schema_key
from vesto.access.schema_cache import SchemaCache
from vesto.catalog.records import Model
from vesto.catalog.store import Catalog
from vesto.catalog.users import User
from vesto.dialect.names import Name
from vesto.dialect.references import Use
from vesto.dialect.surroundings import Place
from vesto.engines import Connection
from vesto.errors import InvalidAuthorization, PermissionDenied, Span, UndefinedTable

Stamp = tuple[int, ...]


class World(Protocol):
    """What a guard looks at: the open warehouse."""

    catalog: Catalog
    schema_cache: SchemaCache


class Guard:
    """Who a session is, and what it may do. Used by one thread at a time.

    What was found to be allowed is kept until a schema, a grant, a user or a model changes, so
    that a statement like one before costs a look-up. A superuser is never asked.
    """

    def __init__(
        self, world: World, connection: Connection, name: str, in_transaction: Callable[[], bool],
        system_views: frozenset[str],
    ) -> None:  # fmt: skip
        """Open it for the user of that name.

        Raises:
            InvalidAuthorization: There is none.
        """
        self._world, self._connection = world, connection
        self._in_transaction, self._system_views = in_transaction, system_views
        self._user_id = self._named(name).id
        self.session_user_id = self._user_id
        self._stamp: Stamp = ()
        self._rights: Rights | None = None
        self._temporary: dict[str, str] | None = None
        self._passed: dict[int, tuple[tuple[Use, ...], bool]] = {}

    def _named(self, name: str) -> User:
        found = self._world.catalog.accounts.directory().users.get(name)
        if found is None:
            raise InvalidAuthorization(f'user "{name}" does not exist')
        return found

    def become(self, name: str) -> None:
        """SET SESSION AUTHORIZATION; an empty name is whoever opened the session.

        Raises:
            PermissionDenied: The session was not opened by a superuser.
            InvalidAuthorization: There is no such user.
        """
        opened_by = self._world.catalog.accounts.directory().user(self.session_user_id)
        wanted = self.session_user_id if not name else self._named(name).id
        if wanted != self.session_user_id and not (opened_by and opened_by.superuser):
            raise PermissionDenied("permission denied to set session authorization")
        self._user_id = wanted
        self._stamp = ()

    @property
    def user(self) -> User:
        """The user, as the catalog has it now.

        Raises:
            InvalidAuthorization: It has been dropped.
        """
        found = self._world.catalog.accounts.directory().user(self._user_id)
        if found is None:
            raise InvalidAuthorization("the user of this session does not exist any more")
        return found

    def check_exists(self) -> None:
        """Nothing, if there is such a user still.

        Raises:
            InvalidAuthorization: It has been dropped.
        """
        _ = self.user

    @property
    def unlimited(self) -> bool:
        """Whether the user is a superuser."""
        return self.user.superuser

    # --- Facts of now -----------------------------------------------------------------------------

    def _refresh(self) -> None:
        world = self._world
        stamp = (
            world.schema_cache.version, world.catalog.accounts.version, world.catalog.version,
            self._user_id, int(self._in_transaction()),
        )  # fmt: skip
        if stamp != self._stamp:
            self._stamp, self._rights, self._temporary = stamp, None, None
            self._passed = {}

    @property
    def rights(self) -> Rights:
        """The user's rights, as of now."""
        self._refresh()
        if self._rights is None:
            self._rights = Rights(
                self.user, self._facts(), self._world.catalog.accounts.directory()
            )
        return self._rights

    def _facts(self) -> Facts:
        """In a transaction what it sees, else what is committed."""
        if self._in_transaction():
            return read_facts(self._connection)
        return self._world.schema_cache.facts(self._connection)

    def _scope(self, path: tuple[str, ...]) -> Scope:
        world, rights = self._world, self.rights
        if self._temporary is None:
            self._temporary = read_temporary(self._connection)
        known: dict[int, Rights] = {rights.user.id: rights}

        def rights_of(user_id: int) -> Rights:
            if user_id not in known:
                user = rights.directory.user(user_id) or User(id=user_id, name="")
                known[user_id] = Rights(user, rights.facts, rights.directory)
            return known[user_id]

        return Scope(
            path, self._temporary, self._system_views, world.catalog.functions,
            world.schema_cache.foreign_functions(), rights_of,
        )  # fmt: skip

    # --- Statements -------------------------------------------------------------------------------

    def check(
        self, uses: tuple[Use, ...], path: tuple[str, ...], *, explains: bool = False
    ) -> bool:
        """Nothing, if the user may make all of these uses.

        Returns whether values of rows that it may not see could stand in an error's text.

        Raises:
            PermissionDenied: It may not.
            UndefinedTable: One is of a table that is not there.
        """
        if self.unlimited:
            return False
        self._refresh()
        known = self._passed.get(id(uses))
        if known is not None and known[0] is uses and not explains:
            return known[1]
        check = Check(self.rights, self._scope(path), explains=explains)
        check.uses(uses)
        self._passed[id(uses)] = uses, check.shielded
        return check.shielded

    def check_as(self, owner: str, uses: tuple[Use, ...], path: tuple[str, ...]) -> None:
        """The same by the rights of another user, who owns what is run; none if it is gone.

        Raises:
            PermissionDenied: It may not.
        """
        rights = self.rights
        user = rights.directory.users.get(owner) or User(id=-1, name=owner)
        if not user.superuser:
            Check(Rights(user, rights.facts, rights.directory), self._scope(path)).uses(uses)

    def narrowed(self, path: tuple[str, ...]) -> dict[Place, tuple[str, ...]]:
        """The columns that may be read of tables of which only some may, as ``Surroundings`` has it."""
        if self.unlimited or not self.rights.facts.narrowed_grants:
            return {}
        found: dict[Place, tuple[str, ...]] = {}
        check = Check(self.rights, self._scope(path))
        for grant in self.rights.facts.narrowed_grants:
            place = grant.key[1], grant.key[2]
            columns = self.rights.columns("SELECT", grant.key)
            if columns and not self.rights.has("SELECT", grant.key):
                found[place] = tuple(sorted(columns))
                if check.finds(place):
                    found["", place[1]] = found[place]
                    found[CATALOG, place[1]] = found[place]
        return found

    def qualified(self, path: tuple[str, ...], system_views: frozenset[str]) -> dict[str, str]:
        """The schema of each relation that is found by its name alone."""
        found: dict[str, str] = {}
        scope = self._scope(path)
        relations = self.rights.facts.relations
        for schema in reversed(path):
            found |= {name: known for known, name in relations if known == schema}
        hidden = {*scope.temporary, *system_views}
        return {name: schema for name, schema in found.items() if name not in hidden}

    def place(self, name: Name, path: tuple[str, ...]) -> Place:
        """Where a table or view of that name stands.

        Raises:
            UndefinedTable: It is nowhere, or a temporary one.
        """
        use = Use("OWN", name.schema.lower(), name.object.lower(), name.database.lower())
        found = Check(self.rights, self._scope(path)).place(use)
        if found is None or found not in self.rights.facts.relations:
            raise UndefinedTable(f'relation "{name}" does not exist')
        return found

    def check_use(self, action: Use, path: tuple[str, ...]) -> None:
        """Nothing, if the user may make one use.

        Raises:
            PermissionDenied: It may not.
        """
        if not self.unlimited:
            Check(self.rights, self._scope(path)).uses((action,))

    # --- Single questions -------------------------------------------------------------------------

    def check_owner(self, key: Key, span: Span | None = None) -> None:
        """Nothing, if the user owns an object.

        Raises:
            PermissionDenied: It does not.
        """
        if not self.unlimited and not self.rights.owns(key):
            raise must_own(key).at(span)

    def check_drop(self, key: Key, span: Span | None = None) -> None:
        """Nothing, if the user may remove an object, or it is not there.

        Raises:
            PermissionDenied: It may not.
        """
        if self.unlimited:
            return
        kind, *place = key
        facts = self.rights.facts
        known = {"TABLE": facts.relations, "FUNCTION": facts.functions}.get(kind)
        there = tuple(place) in known if known is not None else place[0] in facts.schemas
        if there and not self.rights.may_drop(key):
            raise must_own(key).at(span)

    def check_create_in(self, schema: str, span: Span | None = None) -> None:
        """Nothing, if the user may make something in a schema.

        Raises:
            PermissionDenied: It may not.
        """
        if not self.unlimited and not self.rights.may_create_in(schema.lower()):
            raise PermissionDenied(f"permission denied for schema {schema}", span=span)

    def check_create_schema(self, span: Span | None = None) -> None:
        """Nothing, if the user may make schemas.

        Raises:
            PermissionDenied: It may not.
        """
        if not self.unlimited and not self.rights.may_create_schemas():
            raise PermissionDenied(f"permission denied for database {CATALOG}", span=span)

    def check_temporary(self, span: Span | None = None) -> None:
        """Nothing, if the user may make temporary tables.

        Raises:
            PermissionDenied: It may not.
        """
        if not self.unlimited and not self.rights.has("TEMPORARY", DATABASE):
            message = f"permission denied to create temporary tables in database {CATALOG}"
            raise PermissionDenied(message, span=span)

    def check_system(self, privilege: str, what: str, span: Span | None = None) -> None:
        """Nothing, if the user has a privilege of the system; ``what`` it is for, in words.

        Raises:
            PermissionDenied: It has not.
        """
        if not self.unlimited and not self.rights.has_system(privilege):
            raise PermissionDenied(f"permission denied to {what}", span=span)

    def check_superuser(self, what: str, span: Span | None = None) -> None:
        """Nothing, if the user is a superuser.

        Raises:
            PermissionDenied: It is not.
        """
        if not self.unlimited:
            raise PermissionDenied(f"must be superuser to {what}", span=span)

    def check_assume(self, names: frozenset[str], purpose: str, shown: str) -> None:
        """Nothing, if the user may reach outside for a purpose, by one of these roles or places.

        Raises:
            PermissionDenied: It may not.
        """
        if self.unlimited or self.rights.may_assume(names, purpose):
            return
        message = f'User {self.user.name} does not have ASSUMEROLE permission on IAM role "{shown}"'
        hint = f"A superuser can GRANT ASSUMEROLE ON '{shown}' TO {self.user.name} FOR {purpose}."
        raise PermissionDenied(f"{message} for {purpose}", hint=hint)

    # --- Models -----------------------------------------------------------------------------------

    def sees_model(self, model: Model) -> bool:
        """Whether the user may know of a model: its own, or one that it may predict with."""
        if self.unlimited:
            return True
        rights = self.rights
        return rights.has_model(model) or rights.has_system("DROP MODEL")

    def check_execute(self, model: Model, span: Span | None = None) -> None:
        """Nothing, if the user may predict with a model.

        Raises:
            PermissionDenied: It may not.
        """
        if self.unlimited:
            return
        schema = model.definition.function_schema.lower()
        if not self.rights.has_model(model):
            if model.definition.is_forecast:
                raise PermissionDenied(f"permission denied for model {model.name}", span=span)
            raise denied_function(model.definition.function).at(span)
        if not self.rights.has("USAGE", schema_key(schema)):
            raise PermissionDenied(f"permission denied for schema {schema}", span=span)

    def check_see_model(self, model: Model, span: Span | None = None) -> None:
        """Nothing, if the user may know of a model.

        Raises:
            PermissionDenied: It may not.
        """
        if not self.sees_model(model):
            raise PermissionDenied(f"permission denied for model {model.name}", span=span)

    def owns_model(self, model: Model) -> bool:
        """Whether a model is the user's own; a superuser owns all."""
        return self.unlimited or model.owner == self.user.name

    def is_user(self, name: str) -> bool:
        """Whether the session has the rights of the user of that name."""
        return self.user.name == name

    def may_drop_model(self, model: Model) -> bool:
        """Whether the user may remove a model: it, its schema or the privilege is the user's."""
        rights = self.rights
        owned = self.owns_model(model) or rights.owns(schema_key(model.schema.lower()))
        return owned or rights.has_system("DROP MODEL")

    @property
    def owner_id(self) -> int:
        """The number that owns what the session makes."""
        return self._user_id

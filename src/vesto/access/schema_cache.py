"""What is committed of schemas, owners and grants: read once for all sessions, until it changes."""

from __future__ import annotations

import threading
from contextlib import closing

from vesto.access.facts import Facts, read_facts
from vesto.access.rights import Rights
from vesto.catalog.store import Catalog
from vesto.catalog.users import User
from vesto.dialect.surroundings import Place
from vesto.engines import Connection, Engine


class SchemaCache:
    """What sessions need to know of the schema. Safe to share between threads.

    ``version`` grows with every change: whoever kept something that tables, views, owners or
    grants decide keeps it for one version.
    """

    def __init__(self, catalog: Catalog, engine: Engine) -> None:
        self._catalog, self._engine = catalog, engine
        self.version = 0
        self._counting = threading.Lock()
        self._facts: tuple[int, Facts] | None = None
        self._foreign: frozenset[Place] | None = None
        self._rights: dict[str, tuple[tuple[int, int], Rights]] = {}

    def expire(self, *, natively: bool = False) -> None:
        """The schema has changed; ``natively`` by a statement of the engine's own dialect."""
        with self._counting:
            self.version += 1
            if natively:
                self._foreign = None

    def facts(self, connection: Connection) -> Facts:
        """Owners and grants as they are committed, read by ``connection``, which has no transaction."""
        version, known = self.version, self._facts
        if known is not None and known[0] == version:
            return known[1]
        found = read_facts(connection)
        self._facts = version, found
        return found

    def foreign_functions(self) -> frozenset[Place]:
        """The functions of the tables' file that neither a model nor CREATE FUNCTION has made."""
        known = self._foreign
        if known is None:
            with closing(self._engine.connect()) as line:
                made = set(read_facts(line).functions)
            for model in self._catalog.models():
                schema = model.definition.function_schema.lower()
                made |= {(schema, name.lower()) for name in model.functions}
            known = self._foreign = frozenset(self._engine.macros() - made)
        return known

    def rights_of(self, user_name: str) -> Rights:
        """What a user may do with what is committed; nobody may do nothing."""
        accounts = self._catalog.accounts
        stamp, known = (self.version, accounts.version), self._rights.get(user_name)
        if known is not None and known[0] == stamp:
            return known[1]
        directory = accounts.directory()
        user = directory.users.get(user_name) or User(id=-1, name="")
        with closing(self._engine.connect()) as line:
            found = Rights(user, self.facts(line), directory)
        self._rights[user_name] = stamp, found
        return found

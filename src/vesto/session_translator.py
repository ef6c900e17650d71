"""One session's statements in the engine's dialect, checked against what its user may do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from vesto.access.check import without_hints, without_values
from vesto.access.guard import Guard
from vesto.dialect.rules.forecasts import relation_of
from vesto.dialect.surroundings import Surroundings
from vesto.dialect.translate import Translated
from vesto.engines import Connection
from vesto.errors import PermissionDenied, UndefinedColumn, VestoError
from vesto.parameters import Parameters
from vesto.translation import surroundings
from vesto.warehouse import Warehouse

# The relation that rows from the outside are inserted from.
COPIED: Final = "vesto_copied_rows"


class SessionTranslator:
    """Translates, and knows what errors of the statement at hand must not tell.

    ``shielded``: the statement reads what its user may not see, so errors show no values.
    ``copying``: rows from the outside are being inserted.
    """

    def __init__(
        self, warehouse: Warehouse, connection: Connection, guard: Guard, parameters: Parameters
    ) -> None:
        self._warehouse, self._connection = warehouse, connection
        self._guard, self._parameters = guard, parameters
        self._known: Surroundings | None = None
        self._version: tuple[Any, ...] = ()
        self._key = -1
        self._hidden: list[str] = []
        self.shielded = False
        self.copying = False

    def begin_statement(self) -> None:
        """Another statement is at hand."""
        self.shielded, self._hidden = False, []

    # --- What translations depend on ------------------------------------------------------------

    def around(self) -> Surroundings:
        """What translations depend on; read anew after a change of the schema by anyone."""
        accounts = self._warehouse.catalog.accounts
        rounding = self._parameters.get("enable_numeric_rounding") == "on"
        path, guard = self._parameters.search_path, self._guard
        version = (
            self._warehouse.schema_cache.version, accounts.version, path, rounding, guard.user.name
        )  # fmt: skip
        if self._known is None or self._version != version:
            self._version = version
            self._connection.use_user(guard.user.name, superuser=guard.unlimited)
            found = surroundings(
                self._connection, path, guard.user.name, superuser=guard.unlimited,
                rounding=rounding,
            )  # fmt: skip
            self._known = replace(found, narrowed=guard.narrowed(path))
            self._key = self._warehouse.front.interned(self._known.key)
        return self._known

    def forget(self, *, natively: bool = False) -> None:
        """The schema has changed, for all sessions; ``natively`` by a statement of the engine's own."""
        self.forget_session()
        self._warehouse.schema_cache.expire(natively=natively)

    def forget_session(self) -> None:
        """What this session depends on has changed."""
        self._known = None

    # --- Translation ----------------------------------------------------------------------------

    def translated(self, text: str) -> Translated:
        """A statement for the engine, which the user may run.

        Raises:
            VestoError: It cannot be translated, or the user may not run it.
        """
        self.around()
        key = (self._key, self._warehouse.catalog.version)
        found = self._warehouse.front.translated(text, key, self._translate)
        self._check(found)
        for model_id in found.forecasts:
            self._show_forecast(model_id)
        return found

    def translated_view(self, text: str, *, late: bool) -> Translated:
        """The query of a view, the schemas of its tables written out; of a late one all is open."""
        around = self.around()
        if late:
            return self._warehouse.translator.translate(text, around)
        found = self._guard.qualified(around.search_path, around.system_views)
        translator = self._warehouse.translator
        translated = translator.translate(text, replace(around, qualified=found))
        self._check(translated)
        return translated

    def _translate(self, text: str) -> Translated:
        return self._warehouse.translator.translate(text, self.around())

    def _show_forecast(self, model_id: str) -> None:
        """Show the rows of a forecast to this session's line, under the name it is read by."""
        model = self._warehouse.catalog.by_id(model_id)
        if model is not None:
            self._connection.register(relation_of(model_id), self._warehouse.files.forecast(model))

    # --- What the user may ----------------------------------------------------------------------

    def _check(self, found: Translated) -> None:
        """Nothing, if the user may run it.

        Raises:
            PermissionDenied: It may not.
        """
        if self._guard.unlimited:
            return
        path = self.around().search_path
        self._hidden = _names(found)
        explains = found.word == "EXPLAIN"
        uses = found.uses
        if self.copying:
            uses = tuple(use for use in uses if (use.schema, use.name) != ("", COPIED))
        self.shielded |= self._guard.check(uses, path, explains=explains)
        for model_id in found.forecasts:
            model = self._warehouse.catalog.by_id(model_id)
            if model is not None:
                self._guard.check_execute(model)

    def hide(self, error: VestoError) -> None:
        """Take out of an error what the user may not know.

        Raises:
            PermissionDenied: A column is missing because the user may not read it.
        """
        if not self._guard.unlimited:
            without_hints(error)
            if isinstance(error, UndefinedColumn):
                self._raise_hidden(self._hidden)
        if self.shielded:
            without_values(error)

    def check_hidden(self, found: Translated) -> None:
        """Nothing, unless a statement fails because the user may not read some columns.

        Raises:
            PermissionDenied: That is so.
        """
        if not self._guard.unlimited:
            self._raise_hidden(_names(found))

    def _raise_hidden(self, names: list[str]) -> None:
        if not names:
            return
        for _, name in self.around().narrowed:
            if name in names:
                hint = "Name only the columns that you may read."
                raise PermissionDenied(f"permission denied for relation {name}", hint=hint)


def _names(found: Translated) -> list[str]:
    """The relations of which a statement reads columns."""
    return [use.name for use in found.uses if use.columns and use.action == "SELECT"]

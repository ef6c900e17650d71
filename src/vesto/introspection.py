"""What SQL may ask of the catalog: the system views, EXPLAIN_MODEL, has_table_privilege and its like."""

from __future__ import annotations

import json
from contextlib import closing
from functools import partial
from typing import Protocol

import pyarrow as pa

from vesto.access import guard
from vesto.access.asking import Question, answer
from vesto.access.facts import Facts
from vesto.access.rights import Rights
from vesto.catalog.records import Model, State
from vesto.catalog.users import User
from vesto.dialect.cursor import Cursor
from vesto.dialect.surroundings import Place
from vesto.engines import Engine
from vesto.errors import PermissionDenied, UndefinedModel
from vesto.model_files import ModelFiles
from vesto.settings import Settings
from vesto.system_views import SYSTEM_VIEWS, Seen, SeenModels, SystemView
from vesto.training.explanation import explained
from vesto.training.job import Progress
from vesto.translation import READABLE, Translator, owner_guard, view_tables


class World(guard.World, Protocol):
    """What is asked about: the open warehouse."""

    engine: Engine
    files: ModelFiles
    settings: Settings
    translator: Translator

    def progress(self, model: Model) -> Progress:
        """How far the training of the model's newest version is."""
        ...


class Introspection:
    """Answers the engine's questions, each for the user who asks, by what that user may see."""

    def __init__(self, world: World) -> None:
        self._world = world

    def provide(self) -> None:
        """Make the views and functions in the engine."""
        engine = self._world.engine
        for name in SYSTEM_VIEWS.names():
            view = SYSTEM_VIEWS.get(name)
            assert view is not None  # names() lists what get() finds
            engine.provide(name, view.columns, partial(self._rows_of, view))
        engine.answer("vesto_explain_model", self._explained)
        engine.decide("vesto_has_privilege", 6, self._has_privilege)

    def _explained(self, user_name: str, name: str) -> str:
        """The document of EXPLAIN_MODEL for the model of that name."""
        world = self._world
        directory = world.catalog.accounts.directory()
        user = directory.users.get(user_name) or User(id=-1, name=user_name)
        rights = Rights(user, Facts(), directory)
        cursor = Cursor(name)
        wanted = cursor.name("a model's name")
        cursor.end()
        model = world.catalog.find(wanted.schema or "public", wanted.object)
        if model is None:
            known = [model.name for model in world.catalog.models() if rights.has_model(model)]
            raise UndefinedModel.named(wanted.object, known=known)
        if not rights.has_model(model):
            raise PermissionDenied(f"permission denied for model {model.name}")
        report = world.files.report(model) if model.state is State.READY else {}
        return json.dumps(explained(model, report, world.progress(model).stage), ensure_ascii=False)

    def _has_privilege(
        self, kind: str, user_name: str, target: str, column: str, privilege: str, path: str
    ) -> bool:
        """What ``has_table_privilege`` and the like answer."""
        asked = Question(kind, target, column, privilege, tuple(path.split(",")))
        rights = self._world.schema_cache.rights_of(user_name)
        return answer(asked, rights, self._world.catalog, READABLE)

    # --- The rows of system views -------------------------------------------------------------------

    def _rows_of(self, view: SystemView, user_name: str) -> pa.Table:
        world = self._world
        rights = world.schema_cache.rights_of(user_name)
        return view.rows(Seen(
            SeenModels(world.catalog, rights), world.files, rights, self._is_refreshable,
            world.progress, self._late_columns, self._view_tables,
        ))  # fmt: skip

    def _is_refreshable(self, model: Model) -> bool:
        """Whether REFRESH MODEL would find the tables and columns of the training query."""
        with closing(self._world.engine.connect()) as line:
            found = owner_guard(self._world, line, model)
            return self._world.translator.is_refreshable(model, line, found)

    def _late_columns(self) -> dict[Place, list[tuple[str, str]]]:
        """The columns of views without schema binding."""
        with closing(self._world.engine.connect()) as line:
            return self._world.translator.late_columns(line, self._world.settings.owner)

    def _view_tables(self) -> dict[Place, frozenset[Place]]:
        """What each view reads."""
        with closing(self._world.engine.connect()) as line:
            return view_tables(line)

"""Which version of each model serves: its SQL functions, made in the engine."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from vesto.catalog.records import Model, Outcome, State
from vesto.catalog.store import Catalog
from vesto.engines import Engine, Function
from vesto.errors import DataCorrupted, InputOutputError, UndefinedSchema, VestoError
from vesto.functions import check_free, functions_of, with_facts
from vesto.model_files import ModelFiles
from vesto.programs.program import Program
from vesto.types import BY_NAME

log: Final = logging.getLogger(__name__)


class Deployments:
    """The functions of all models. Whoever changes them holds the lock of ``Versions``."""

    def __init__(self, catalog: Catalog, engine: Engine, files: ModelFiles) -> None:
        self._catalog, self._engine, self._files = catalog, engine, files

    def install(self, model: Model, program: Program | None) -> None:
        """Make the SQL functions of a READY model; without a program they say that it is damaged."""
        for function in functions_of(model):
            self._engine.install(function, program)

    def remove(self, model: Model, but_for: Model | None = None) -> None:
        """Remove the SQL functions of a model, but for those that the other has too."""
        kept = {(f.schema, f.name) for f in functions_of(but_for)} if but_for else set()
        same = but_for and len(but_for.definition.parameters) == len(model.definition.parameters)
        for function in functions_of(model):
            if not same or (function.schema, function.name) not in kept:
                self._engine.remove(function)

    def put_in_service(
        self, new: Model, program: Program | None, record: Callable[[], None]
    ) -> None:
        """Let a model's functions score with another version, and record it: both or neither.

        Raises:
            DuplicateFunction: It has a function more, whose name is taken.
            VestoError: It could not be done; what served before serves on.
        """
        old = self._catalog.by_id(new.id)
        serving = old if old and old.state is State.READY and old.version != new.version else None
        try:
            for name in new.functions:
                check_free(self._catalog, new, name)
            self.install(new, program)
            record()
        except VestoError:
            self.remove(new, but_for=serving)
            if serving is not None:
                self._restore(serving)
            raise
        if serving is not None:
            self.remove(serving, but_for=new)

    # --- Opening ------------------------------------------------------------------------------------

    def reconcile(self) -> None:
        """Make the functions of all READY models, and remove those that no such model has."""
        for model in self._catalog.models():
            if model.state is State.READY:
                self._restore(model)
        wanted = {(f.schema, f.name)
                  for m in self._catalog.models() if m.state is State.READY
                  for f in functions_of(m)}  # fmt: skip
        for schema, name in self._engine.functions() - wanted:
            self._engine.remove(Function(schema, name, (), BY_NAME["float8"], ""))

    def _restore(self, model: Model) -> None:
        """Load the program and make the function of a READY model.

        A model whose program is damaged keeps its function, which then says so; a damaged model
        must not keep anyone from the tables and the other models.
        """
        if model.definition.is_forecast:
            return
        program = None
        try:
            program = self._files.program(model)
            model = self._with_facts(model, program)
        except (InputOutputError, DataCorrupted) as error:
            log.warning('the program of model "%s" cannot be read: %s', model.name, error)
        self._install_again(model, program)

    def _install_again(self, model: Model, program: Program | None) -> None:
        try:
            self.install(model, program)
        except UndefinedSchema as error:
            log.warning('the function of model "%s" has no schema: %s', model.name, error)
        except VestoError as error:
            if program is None:
                raise
            log.warning('the program of model "%s" cannot be used: %s', model.name, error)
            self._install_again(model, None)

    def _with_facts(self, model: Model, program: Program) -> Model:
        """The model; one that an older version made learns which functions it has."""
        outcome = with_facts(model, model.outcome or Outcome(), program)
        if outcome == model.outcome:
            return model
        known = replace(model, outcome=outcome)
        self._catalog.replace(model, known)
        return known

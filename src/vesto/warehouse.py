"""A warehouse: the directory that holds tables, models and jobs, opened by one process."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from vesto.access.facts import sweep
from vesto.access.passwords import verifiers
from vesto.access.schema_cache import SchemaCache
from vesto.catalog.records import Model, Outcome, State
from vesto.catalog.store import Catalog
from vesto.catalog.users import Verifiers
from vesto.dialect.front import Front
from vesto.engines import ENGINES, Engine, Function
from vesto.errors import (
    DataCorrupted,
    InputOutputError,
    QueryCanceled,
    TrainingFailed,
    UndefinedModel,
    UndefinedSchema,
    VestoError,
)
from vesto.files import remove_folder
from vesto.functions import check_free, functions_of, with_facts
from vesto.introspection import Introspection
from vesto.model_files import ModelFiles, strays
from vesto.ownership import claim
from vesto.programs.program import Program
from vesto.result import KeptResults
from vesto.settings import read_settings
from vesto.training.job import Job, JobFolder, Progress, last_progress
from vesto.training.snapshot import TrainingRows
from vesto.training.staging import keep_files, remove_staged
from vesto.training.supervisor import Supervisor
from vesto.translation import Translator
from vesto.types import BY_NAME

log: Final = logging.getLogger(__name__)
ENGINE: Final = "duckdb"
POLL_S: Final = 0.05


class Warehouse:
    """An open warehouse. Safe to share between threads; sessions are not.

    Order of every change: the catalog is the truth, so a model's files are in their place before
    the catalog says READY, and macros are made after it; opening repairs what a crash left between.
    """

    def __init__(
        self, path: Path, *, locked: bool = False, settings: Mapping[str, Any] | None = None
    ) -> None:
        """Open the warehouse at ``path``, or make one.

        Raises:
            WarehouseInUse: Another process has it open.
            VestoError: A file is damaged, or the disk is full.
        """
        self.path = path.absolute()
        self.locked = locked
        self._lock_handle = claim(self.path)
        self.change = threading.RLock()
        self.front = Front()
        self.constants = KeptResults()
        with ExitStack() as undo:
            undo.callback(os.close, self._lock_handle)
            # What a process that was killed left while it worked.
            remove_folder(self.path / "scratch")
            self.settings = read_settings(self.path / "vesto.toml", settings)
            self.catalog = Catalog(self.path / "catalog.sqlite")
            undo.callback(self.catalog.close)
            self.catalog.accounts.ensure_owner(self.settings.owner)
            self.files = ModelFiles(self.path / "models")
            self.translator = Translator(self.catalog, locked=locked)
            self.engine = self._open_engine()
            undo.callback(self.engine.close)
            self.schema_cache = SchemaCache(self.catalog, self.engine)
            self.jobs = Supervisor(self.path / "jobs", self.finish_job)
            undo.callback(self.jobs.close)
            Introspection(self).provide()
            self.reconcile()
            if locked:
                self.engine.lock()
            self._closing = undo.pop_all()

    def _open_engine(self) -> Engine:
        kind = ENGINES.get(ENGINE)
        assert kind is not None  # DuckDB's file is part of the package
        return kind.open(self.path, self.settings)

    def verifiers(self, user_name: str) -> Verifiers | None:
        """What opens a session for the user of that name now; None where nothing does."""
        return verifiers(self.catalog.accounts.directory().users.get(user_name))

    # --- Opening: what a crash left half done is finished or taken back ------------------------

    def reconcile(self) -> None:
        """Bring files and functions in line with the catalog."""
        line = self.engine.connect()
        sweep(line)
        line.close()
        models, versions = self.catalog.models(), self.catalog.all_versions()
        self._remove_strays(versions)
        for model in models:
            if model.state is State.READY:
                self._restore(model)
        wanted = {(f.schema, f.name)
                  for m in self.catalog.models() if m.state is State.READY
                  for f in functions_of(m)}  # fmt: skip
        for schema, name in self.engine.functions() - wanted:
            self.engine.remove(Function(schema, name, (), BY_NAME["float8"], ""))
        for model in versions:
            if model.state is State.READY:
                self.clear_job(model)
            if model.state is State.TRAINING:
                self.jobs.resume(model.job_id)

    def _remove_strays(self, versions: list[Model]) -> None:
        """Folders that the catalog does not have: a DROP, CREATE or REFRESH was cut off."""
        for folder in strays(self.path / "jobs", {model.job_id for model in versions}):
            self.jobs.forget(folder.name)
        self.files.remove_strays(versions)

    def _restore(self, model: Model) -> None:
        """Load the program and make the function of a READY model.

        A model whose program is damaged keeps its function, which then says so; a damaged model
        must not keep anyone from the tables and the other models.
        """
        if model.definition.is_forecast:
            return
        program = None
        try:
            program = self.files.program(model)
            model = self._with_facts(model, program)
        except (InputOutputError, DataCorrupted) as error:
            log.warning('the program of model "%s" cannot be read: %s', model.name, error)
        self._install_again(model, program)

    def _install_again(self, model: Model, program: Program | None) -> None:
        try:
            self.install_function(model, program)
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
        self.catalog.replace(model, known)
        return known

    # --- CREATE MODEL and REFRESH MODEL, step by step --------------------------------------------

    def add_model(self, model: Model) -> None:
        """Say in the catalog that the model is being trained.

        Raises:
            DuplicateModel: Its name was taken meanwhile.
            DuplicateFunction: Its function's name was taken meanwhile.
        """
        with self.change:
            for name in model.functions:
                check_free(self.catalog, model, name)
            self.catalog.add(model)

    def new_job_folder(self, model: Model) -> JobFolder:
        """Make the folder of the model's job."""
        folder = self.jobs.folder(model.job_id)
        try:
            folder.path.mkdir(parents=True)
        except OSError as error:
            message = "the job's folder could not be made"
            raise InputOutputError(message, detail=str(error)) from error
        return folder

    def job_for(self, model: Model, drawn: TrainingRows, started_at_s: float) -> Job:
        """What the worker is told."""
        settings = self.settings
        return Job(
            model_id=model.id, version=model.version, definition=model.definition,
            total_rows=drawn.total_rows, rows=len(drawn.rows), notices=drawn.notices,
            started_at_s=started_at_s,
            threads=settings.training_threads, memory_mb=settings.training_memory_mb,
            nice=settings.training_nice, maximum_classes=settings.maximum_classes,
        )  # fmt: skip

    def start_job(self, model: Model) -> None:
        """Start the worker.

        Raises:
            UndefinedModel: The model was dropped while its rows were read.
        """
        with self.change:
            if self.catalog.by_job(model.job_id) is None:
                raise UndefinedModel(f'model "{model.name}" was dropped')
            self.jobs.start(model.job_id)

    # --- The end of a job, step by step ---------------------------------------------------------

    def finish_job(self, job_id: str, outcome: Outcome) -> None:
        """Install what a job left, or record why it failed. Called by the supervisor."""
        with self.change:
            model = self.catalog.by_job(job_id)
            if model is None or model.state is not State.TRAINING:
                return
            try:
                if outcome.failure:
                    raise TrainingFailed(outcome.failure)
                outcome = self._late(model, outcome)
                program = self.files.publish(
                    replace(model, outcome=outcome), self.jobs.folder(model.job_id)
                )
                if program is not None:
                    outcome = with_facts(model, outcome, program)
                # Whoever waits for READY calls the function at once: it is there before.
                ready = model.advance(State.READY, outcome)
                if not model.definition.garbage_collect:
                    keep_files(ready, self.jobs.folder(model.job_id))
                self.put_in_service(ready, program, lambda: self.record_ready(model, ready))
            except VestoError as error:
                self.record_failure(model, replace(outcome, failure=error.message))
                remove_folder(self.files.program_file(model).parent)
            self.clear_job(model)
            self.retire_versions(model)

    def put_in_service(
        self, new: Model, program: Program | None, record: Callable[[], None]
    ) -> None:
        """Let a model's functions score with another version, and record it: both or neither.

        Raises:
            DuplicateFunction: It has a function more, whose name is taken.
            VestoError: It could not be done; what served before serves on.
        """
        old = self.catalog.by_id(new.id)
        serving = old if old and old.state is State.READY and old.version != new.version else None
        try:
            for name in new.functions:
                check_free(self.catalog, new, name)
            self.install_function(new, program)
            record()
        except VestoError:
            self.remove_functions(new, but_for=serving)
            if serving is not None:
                self._restore(serving)
            raise
        if serving is not None:
            self.remove_functions(serving, but_for=new)

    def _late(self, model: Model, outcome: Outcome) -> Outcome:
        folder = self.jobs.folder(model.job_id)
        outcome = replace(outcome, rows=folder.read_job().rows)
        result = folder.read_result()
        if result is None or result[1]:
            return outcome
        return replace(outcome, job_status="MaxAutoMLJobRuntimeReached")

    def record_ready(self, model: Model, ready: Model) -> None:
        """Say in the catalog that the version is READY and serves."""
        self.catalog.replace(model, ready, serves=True)

    def record_failure(self, model: Model, outcome: Outcome) -> None:
        """Say in the catalog why there is no model, or no new version of it."""
        current = self.catalog.by_job(model.job_id)
        if current is not None and current.state is State.TRAINING:
            self.catalog.replace(current, current.advance(State.FAILED, outcome))

    def install_function(self, model: Model, program: Program | None) -> None:
        """Make the SQL functions of a READY model; without a program they say that it is damaged."""
        for function in functions_of(model):
            self.engine.install(function, program)

    def remove_functions(self, model: Model, but_for: Model | None = None) -> None:
        """Remove the SQL functions of a model, but for those that the other has too."""
        kept = {(f.schema, f.name) for f in functions_of(but_for)} if but_for else set()
        same = but_for and len(but_for.definition.parameters) == len(model.definition.parameters)
        for function in functions_of(model):
            if not same or (function.schema, function.name) not in kept:
                self.engine.remove(function)

    def clear_job(self, model: Model) -> None:
        """Remove the job's files, unless the user wants to keep them."""
        folder = self.jobs.folder(model.job_id)
        if model.definition.garbage_collect and folder.path.exists():
            remove_staged(folder, model.definition)
            remove_folder(folder.path)

    def retire_versions(self, model: Model) -> None:
        """Remove what is older than the versions that the setting ``model_versions`` keeps."""
        versions, serving = self.catalog.versions(model.id), self.catalog.by_id(model.id)
        ready = [version for version in versions if version.state is State.READY]
        wanted = self.settings.model_versions
        if serving is None or len(ready) <= wanted:
            return
        for version in versions:
            if version.version < ready[-wanted].version and version.version != serving.version:
                self.catalog.remove_version(version)
                self.jobs.forget(version.job_id)
                remove_folder(self.files.program_file(version).parent)

    # --- DROP MODEL, step by step ---------------------------------------------------------------

    def drop(self, model: Model) -> None:
        """Remove the model, its functions and the files of all versions; a running job is killed."""
        with self.change:
            now, versions = self.catalog.by_id(model.id) or model, self.catalog.versions(model.id)
            self.catalog.remove(model)
            self.remove_functions(now)
        for version in versions or [model]:
            self.jobs.forget(version.job_id)
        self.files.remove_all(model)

    # --- Looking --------------------------------------------------------------------------------

    def progress(self, model: Model) -> Progress:
        """How far the training of the model's newest version is."""
        newest = self.catalog.newest(model.id) or model
        if newest.state is State.TRAINING:
            return self.jobs.folder(newest.job_id).read_progress()
        return last_progress(newest)

    def wait(
        self, model: Model, timeout_s: float | None = None, stopped: threading.Event | None = None
    ) -> Model:  # fmt: skip
        """The model once none of its versions is TRAINING, or as it is when the time is over.

        A newest version that has failed or is still TRAINING is what is returned; else the model
        at the version that serves. Setting ``stopped`` ends the waiting.

        Raises:
            UndefinedModel: It was dropped meanwhile.
            QueryCanceled: The waiting was ended.
        """
        until = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            # Whoever finishes a job holds the lock until nothing is left to do.
            with self.change:
                newest, now = self.catalog.newest(model.id), self.catalog.by_id(model.id)
            if newest is None or now is None:
                raise UndefinedModel(f'model "{model.name}" was dropped')
            if newest.state is not State.TRAINING or (until and time.monotonic() > until):
                return now if newest.state is State.READY else newest
            if stopped is not None and stopped.is_set():
                raise QueryCanceled("canceled on the user's request")
            self.jobs.wait(newest.job_id, POLL_S)
            time.sleep(POLL_S)

    # --- Closing --------------------------------------------------------------------------------

    def close(self) -> None:
        """Close everything; jobs go on and are installed when the warehouse is opened next."""
        self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()

"""A warehouse: the directory that holds tables, models and jobs, opened by one process."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import shutil
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import pyarrow as pa

from vesto.catalog.records import Model, Outcome, State
from vesto.catalog.store import Catalog
from vesto.dialect.front import Front
from vesto.engines import ENGINES, Engine, Function
from vesto.errors import (
    DataCorrupted,
    InputOutputError,
    ModelNotReady,
    TrainingFailed,
    UndefinedModel,
    UndefinedSchema,
    VestoError,
    WarehouseInUse,
)
from vesto.files import flush_folder, remove_folder
from vesto.functions import check_free, checked_program, functions_of, gives_probabilities
from vesto.programs.program import Program
from vesto.settings import read_settings
from vesto.system_views import SYSTEM_VIEWS, SystemView
from vesto.training.forecasting.stored import read_forecast
from vesto.training.job import Job, JobFolder, Progress
from vesto.training.snapshot import TrainingRows
from vesto.training.staging import remove_staged
from vesto.training.supervisor import Supervisor
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
        self._lock_handle = self._claim()
        self._change = threading.RLock()
        self.schema_version = 0
        self.front = Front()
        with ExitStack() as undo:
            undo.callback(os.close, self._lock_handle)
            # What a process that was killed left while it worked.
            remove_folder(self.path / "scratch")
            self.settings = read_settings(self.path / "vesto.toml", settings)
            self.catalog = Catalog(self.path / "catalog.sqlite")
            undo.callback(self.catalog.close)
            self.engine = self._open_engine()
            undo.callback(self.engine.close)
            self.jobs = Supervisor(self.path / "jobs", self.finish_job)
            undo.callback(self.jobs.close)
            self._provide_system_views()
            self.reconcile()
            if locked:
                self.engine.lock()
            self._closing = undo.pop_all()

    def _claim(self) -> int:
        """Make the folders and take the lock that says whose the warehouse is."""
        try:
            for folder in (self.path, self.path / "models", self.path / "jobs"):
                folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path / "warehouse.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            message = f"the warehouse {self.path} cannot be opened"
            raise InputOutputError(message, detail=str(error)) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = _owner(os.read(handle, 1000))
            os.close(handle)
            hint = "Close it there, or work through that process."
            message = f"the warehouse {self.path} is open in {owner}"
            raise WarehouseInUse(message, hint=hint) from None
        os.ftruncate(handle, 0)
        os.write(handle, json.dumps({"pid": os.getpid()}).encode())
        return handle

    def _open_engine(self) -> Engine:
        kind = ENGINES.get(ENGINE)
        assert kind is not None  # DuckDB's file is part of the package
        return kind.open(self.path, self.settings)

    def _provide_system_views(self) -> None:
        for name in SYSTEM_VIEWS.names():
            view = SYSTEM_VIEWS.get(name)
            assert view is not None  # names() lists what get() finds
            self.engine.provide(name, view.columns, partial(self._rows_of, view))

    def _rows_of(self, view: SystemView) -> pa.Table:
        return view.rows(self.catalog.models(), self.is_refreshable)

    # --- Opening: what a crash left half done is finished or taken back ------------------------

    def reconcile(self) -> None:
        """Bring files and functions in line with the catalog."""
        models = self.catalog.models()
        self._remove_strays({model.id for model in models})
        for model in models:
            if model.state is State.READY:
                self._restore(model)
        wanted = {(f.schema, f.name)
                  for m in self.catalog.models() if m.state is State.READY
                  for f in functions_of(m)}  # fmt: skip
        for schema, name in self.engine.functions() - wanted:
            self.engine.remove(Function(schema, name, (), BY_NAME["float8"], ""))
        for model in models:
            if model.state is State.TRAINING:
                self.jobs.resume(model.id)

    def _remove_strays(self, known: set[str]) -> None:
        """Folders of models that the catalog does not have: a DROP or CREATE was cut off."""
        for parent in (self.path / "models", self.path / "jobs"):
            for folder in parent.iterdir():
                if folder.name not in known:
                    if parent.name == "jobs":
                        self.jobs.forget(folder.name)
                    remove_folder(folder)

    def _restore(self, model: Model) -> None:
        """Load the program and make the function of a READY model.

        A model whose program is damaged keeps its function, which then says so; a damaged model
        must not keep anyone from the tables and the other models.
        """
        if model.definition.is_forecast:
            self.clear_job(model)
            return
        program = None
        try:
            program = self.program(model)
            model = self._with_probabilities(model, program)
        except (InputOutputError, DataCorrupted) as error:
            log.warning('the program of model "%s" cannot be read: %s', model.name, error)
        self._install_again(model, program)
        self.clear_job(model)

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

    def _with_probabilities(self, model: Model, program: Program) -> Model:
        """The model; one that an older version made learns that it gives probabilities."""
        outcome = model.outcome or Outcome()
        given = gives_probabilities(model, program)
        if outcome.gives_probabilities == given:
            return model
        known = replace(model, outcome=replace(outcome, gives_probabilities=given))
        self.catalog.replace(model, known)
        return known

    # --- CREATE MODEL, step by step -------------------------------------------------------------

    def add_model(self, model: Model) -> None:
        """Say in the catalog that the model is being trained.

        Raises:
            DuplicateModel: Its name was taken meanwhile.
            DuplicateFunction: Its function's name was taken meanwhile.
        """
        with self._change:
            for name in model.functions:
                check_free(self.catalog, model.definition.function_schema, name)
            self.catalog.add(model)

    def new_job_folder(self, model: Model) -> JobFolder:
        """Make the folder of the model's job."""
        folder = self.jobs.folder(model.id)
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

    # --- The end of a job, step by step ---------------------------------------------------------

    def finish_job(self, model_id: str, outcome: Outcome) -> None:
        """Install what a job left, or record why it failed. Called by the supervisor."""
        with self._change:
            model = self.catalog.by_id(model_id)
            if model is None or model.state is not State.TRAINING:
                return
            try:
                if outcome.failure:
                    raise TrainingFailed(outcome.failure)
                outcome = self._late(model, outcome)
                if model.definition.is_forecast:
                    self.publish_forecast(replace(model, outcome=outcome))
                    self.record_ready(model, outcome)
                    self.clear_job(model)
                    return
                program = self.publish_program(replace(model, outcome=outcome))
                given = gives_probabilities(model, program)
                outcome = replace(outcome, gives_probabilities=given)
                # Whoever waits for READY calls the function at once: it is there before.
                self.install_function(model.advance(State.READY, outcome), program)
                self.record_ready(model, outcome)
            except VestoError as error:
                self._remove_functions(model)
                self.record_failure(model, replace(outcome, failure=error.message))
            self.clear_job(model)

    def _late(self, model: Model, outcome: Outcome) -> Outcome:
        result = self.jobs.folder(model.id).read_result()
        if result is None or result[1]:
            return outcome
        return replace(outcome, job_status="MaxAutoMLJobRuntimeReached")

    def publish_program(self, model: Model) -> Program:
        """Check the program, and copy it and the report to ``models/<id>/<version>``."""
        source = self.jobs.folder(model.id)
        try:
            program = checked_program(source.program.read_bytes(), model)
            self._publish(model, source.program, source.report)
        except OSError as error:
            raise TrainingFailed("the model could not be stored", detail=str(error)) from error
        return program

    def publish_forecast(self, model: Model) -> None:
        """Check the table of forecasts, and copy it and the report to its version's folder."""
        source = self.jobs.folder(model.id)
        try:
            read_forecast(source.forecast, model)
            self._publish(model, source.forecast, source.report)
        except OSError as error:
            raise TrainingFailed("the forecast could not be stored", detail=str(error)) from error

    def _publish(self, model: Model, *files: Path) -> None:
        """Put copies of the files into the version's folder, all or none."""
        home = self.program_file(model).parent
        draft = home.with_name(home.name + ".draft")
        remove_folder(draft)
        draft.mkdir(parents=True)
        for file in files:
            shutil.copy2(file, draft / file.name)
        if not home.exists():
            draft.replace(home)
        flush_folder(home.parent)

    def record_ready(self, model: Model, outcome: Outcome) -> Model:
        """Say in the catalog that the model is READY."""
        ready = model.advance(State.READY, outcome)
        self.catalog.replace(model, ready)
        return ready

    def record_failure(self, model: Model, outcome: Outcome) -> None:
        """Say in the catalog why there is no model."""
        current = self.catalog.by_id(model.id)
        if current is not None and current.state is State.TRAINING:
            self.catalog.replace(current, current.advance(State.FAILED, outcome))

    def install_function(self, model: Model, program: Program | None) -> None:
        """Make the SQL functions of a READY model; without a program they say that it is damaged."""
        for function in functions_of(model):
            self.engine.install(function, program)

    def _remove_functions(self, model: Model) -> None:
        for function in functions_of(model):
            self.engine.remove(function)

    def clear_job(self, model: Model) -> None:
        """Remove the job's files, unless the user wants to keep them."""
        folder = self.jobs.folder(model.id)
        if model.definition.garbage_collect and folder.path.exists():
            remove_staged(folder, model.definition)
            remove_folder(folder.path)

    # --- DROP MODEL, step by step ---------------------------------------------------------------

    def drop(self, model: Model) -> None:
        """Remove the model, its function and its files; a running job is killed."""
        with self._change:
            now = self.catalog.by_id(model.id) or model
            self.catalog.remove(model)
            self._remove_functions(now)
        self.jobs.forget(model.id)
        remove_folder(self.path / "models" / model.id)

    # --- Looking --------------------------------------------------------------------------------

    def program_file(self, model: Model) -> Path:
        """Where the model's program stands once it is READY."""
        return self.path / "models" / model.id / str(model.version) / "program.safetensors"

    def program(self, model: Model) -> Program:
        """The program of a READY model, read from its file.

        Raises:
            InputOutputError: The file cannot be read.
            DataCorrupted: It is damaged, or another model's.
        """
        try:
            content = self.program_file(model).read_bytes()
        except OSError as error:
            message = f'the program of model "{model.name}" cannot be read'
            raise InputOutputError(message, detail=str(error)) from error
        return checked_program(content, model)

    def forecast(self, model: Model) -> pa.Table:
        """The rows of a READY forecast, read from its file.

        Raises:
            InputOutputError: The file cannot be read.
            DataCorrupted: It is damaged, or another model's.
        """
        try:
            return read_forecast(self.program_file(model).with_name("forecast.parquet"), model)
        except OSError as error:
            message = f'the rows of forecast "{model.name}" cannot be read'
            raise InputOutputError(message, detail=str(error)) from error

    def is_refreshable(self, model: Model) -> bool:
        """Whether the tables and columns of the training query still exist."""
        line = self.engine.connect()
        try:
            names = {column.name for column in line.describe(model.definition.engine_sql)}
        except VestoError:
            return False
        finally:
            line.close()
        wanted = {parameter.name for parameter in model.definition.parameters}
        return names == wanted | {model.definition.target}

    def report(self, model: Model) -> dict[str, Any]:
        """The model's report.

        Raises:
            ModelNotReady: It has none yet.
        """
        try:
            text = (self.program_file(model).parent / "report.json").read_text()
        except OSError:
            raise ModelNotReady(f'model "{model.name}" has no report yet') from None
        found: dict[str, Any] = json.loads(text)
        return found

    def progress(self, model: Model) -> Progress:
        """How far the model's training is."""
        if model.state is State.TRAINING:
            return self.jobs.folder(model.id).read_progress()
        return Progress(stage=model.state.lower(), share=1.0)

    def wait(self, model: Model, timeout_s: float | None = None) -> Model:
        """The model once it is no longer TRAINING, or as it is when the time is over.

        Raises:
            UndefinedModel: It was dropped meanwhile.
        """
        until = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            now = self.catalog.by_id(model.id)
            if now is None:
                raise UndefinedModel(f'model "{model.name}" was dropped')
            if now.state is not State.TRAINING or (until and time.monotonic() > until):
                return now
            self.jobs.wait(model.id, POLL_S)
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


def _owner(content: bytes) -> str:
    try:
        pid = int(json.loads(content)["pid"])
    except (ValueError, KeyError, TypeError):
        return "another process"
    return "this process" if pid == os.getpid() else f"process {pid}"

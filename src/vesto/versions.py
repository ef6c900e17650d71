"""A model's versions, step by step: one is trained, serves or has failed, and is removed."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from vesto.catalog.records import Model, Outcome, State
from vesto.catalog.store import Catalog
from vesto.deployment import Deployments
from vesto.errors import InputOutputError, TrainingFailed, UndefinedModel, VestoError, WrongState
from vesto.files import remove_folder, write_file
from vesto.functions import check_free, with_facts
from vesto.model_files import ModelFiles, checked_program, strays
from vesto.settings import Settings
from vesto.training.job import PROGRAM, Job, JobFolder
from vesto.training.snapshot import TrainingRows
from vesto.training.staging import keep_files, remove_staged
from vesto.training.supervisor import Supervisor


class Versions:
    """The versions of all models, and the jobs that train them. Safe to share between threads.

    The catalog is the truth: before it says READY, a version's files are in their place and its
    functions are made; what it does not have is removed last. Opening repairs what a crash left
    between. ``change`` is held by whoever changes a version, until nothing is left to do.
    """

    def __init__(
        self, home: Path, settings: Settings, catalog: Catalog, files: ModelFiles,
        deployments: Deployments,
    ) -> None:  # fmt: skip
        self._home, self._settings = home, settings
        self._catalog, self._files, self._deployments = catalog, files, deployments
        self.change = threading.RLock()
        self.jobs = Supervisor(home, self.finish_job)

    # --- CREATE MODEL and REFRESH MODEL -------------------------------------------------------------

    def add_model(self, model: Model) -> None:
        """Say in the catalog that the model is being trained.

        Raises:
            DuplicateModel: Its name was taken meanwhile.
            DuplicateFunction: Its function's name was taken meanwhile.
        """
        with self.change:
            for name in model.functions:
                check_free(self._catalog, model, name)
            self._catalog.add(model)

    def add_version(self, model: Model) -> Model:
        """Say in the catalog that a new version is being trained; the model at that version.

        Raises:
            WrongState: Another one is.
            UndefinedModel: The model was dropped meanwhile.
        """
        with self.change:
            newest, serving = self._catalog.newest(model.id), self._catalog.by_id(model.id)
            if newest is None or serving is None:
                raise UndefinedModel(f'model "{model.name}" was dropped')
            if newest.state is State.TRAINING:
                raise WrongState.training(newest.name, newest.version)
            number = newest.version + 1
            added = replace(model, version=number, state=State.TRAINING, outcome=None)
            self._catalog.add_version(added, serves=serving.state is State.FAILED)
        return added

    def take_back(self, model: Model) -> None:
        """Forget a version that could not be trained, and the model with its first."""
        with self.change:
            if model.version == 1:
                self._catalog.remove(model)
            else:
                self._catalog.remove_version(model)

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
        settings = self._settings
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
            if self._catalog.by_job(model.job_id) is None:
                raise UndefinedModel(f'model "{model.name}" was dropped')
            self.jobs.start(model.job_id)

    def cancel_job(self, model: Model, outcome: Outcome) -> None:
        """End the training of a version, with its reason."""
        with self.change:
            self.record_failure(model, outcome)
        self.jobs.forget(model.job_id)

    # --- The end of a job ---------------------------------------------------------------------------

    def finish_job(self, job_id: str, outcome: Outcome) -> None:
        """Install what a job left, or record why it failed. Called by the supervisor."""
        with self.change:
            model = self._catalog.by_job(job_id)
            if model is None or model.state is not State.TRAINING:
                return
            folder = self.jobs.folder(job_id)
            try:
                if outcome.failure:
                    raise TrainingFailed(outcome.failure)
                outcome = _late(folder, outcome)
                program = self._files.publish(replace(model, outcome=outcome), folder)
                if program is not None:
                    outcome = with_facts(model, outcome, program)
                # Whoever waits for READY calls the function at once: it is there before.
                ready = model.advance(State.READY, outcome)
                if not model.definition.garbage_collect:
                    keep_files(ready, folder)
                self._deployments.put_in_service(
                    ready, program, lambda: self.record_ready(model, ready)
                )
            except VestoError as error:
                self.record_failure(model, replace(outcome, failure=error.message))
                remove_folder(self._files.program_file(model).parent)
            self.clear_job(model)
            self.retire(model)

    def record_ready(self, model: Model, ready: Model) -> None:
        """Say in the catalog that the version is READY and serves."""
        self._catalog.replace(model, ready, serves=True)

    def record_failure(self, model: Model, outcome: Outcome) -> None:
        """Say in the catalog why there is no model, or no new version of it."""
        current = self._catalog.by_job(model.job_id)
        if current is not None and current.state is State.TRAINING:
            self._catalog.replace(current, current.advance(State.FAILED, outcome))

    def clear_job(self, model: Model) -> None:
        """Remove the job's files, unless the user wants to keep them."""
        folder = self.jobs.folder(model.job_id)
        if model.definition.garbage_collect and folder.path.exists():
            remove_staged(folder, model.definition)
            remove_folder(folder.path)

    def retire(self, model: Model) -> None:
        """Remove what is older than the versions that the setting ``model_versions`` keeps."""
        versions, serving = self._catalog.versions(model.id), self._catalog.by_id(model.id)
        ready = [version for version in versions if version.state is State.READY]
        wanted = self._settings.model_versions
        if serving is None or len(ready) <= wanted:
            return
        for version in versions:
            if version.version < ready[-wanted].version and version.version != serving.version:
                self._catalog.remove_version(version)
                self.jobs.forget(version.job_id)
                remove_folder(self._files.program_file(version).parent)

    # --- Without a job ------------------------------------------------------------------------------

    def serve(self, model: Model) -> None:
        """Let a READY version serve.

        Raises:
            VestoError: Its program is damaged, or the catalog cannot be written; what served
                before serves on.
        """
        with self.change:
            if self._catalog.by_job(model.job_id) is None:
                raise UndefinedModel(f'version {model.version} of "{model.name}" is not there')
            program = None if model.definition.is_forecast else self._files.program(model)
            self._deployments.put_in_service(model, program, lambda: self._catalog.serve(model))

    def add_ready(self, model: Model, files: Mapping[str, bytes]) -> None:
        """Add a model whose program is there already; ``files`` are those of its version.

        Raises:
            DuplicateModel: Its name was taken meanwhile.
            DataCorrupted: The program is damaged.
            InputOutputError: The files cannot be written.
        """
        program = checked_program(files.get(PROGRAM, b""), model)
        home = self._files.program_file(model).parent
        try:
            home.mkdir(parents=True)
            for name, content in files.items():
                write_file(home / name, content)
            with self.change:
                self.add_model(model)
                self._deployments.install(model, program)
        except BaseException as error:
            if self._catalog.remove(model):
                self._deployments.remove(model)
            remove_folder(home.parent)
            if isinstance(error, OSError):
                message = "the model could not be stored"
                raise InputOutputError(message, detail=str(error)) from error
            raise

    def drop(self, model: Model) -> None:
        """Remove the model, its functions and the files of all versions; a running job is killed."""
        with self.change:
            now, versions = self._catalog.by_id(model.id) or model, self._catalog.versions(model.id)
            self._catalog.remove(model)
            self._deployments.remove(now)
        for version in versions or [model]:
            self.jobs.forget(version.job_id)
        self._files.remove_all(model)

    # --- Opening ------------------------------------------------------------------------------------

    def remove_strays(self, versions: Sequence[Model]) -> None:
        """Folders that the catalog does not have: a DROP, CREATE or REFRESH was cut off."""
        for folder in strays(self._home, {model.job_id for model in versions}):
            self.jobs.forget(folder.name)
        self._files.remove_strays(versions)

    def resume(self, versions: Sequence[Model]) -> None:
        """Go on with the jobs that train, and clear those that are over."""
        for model in versions:
            if model.state is State.READY:
                self.clear_job(model)
            if model.state is State.TRAINING:
                self.jobs.resume(model.job_id)


def _late(folder: JobFolder, outcome: Outcome) -> Outcome:
    """The outcome of a job, which says so if the job was cut off at its early model."""
    outcome = replace(outcome, rows=folder.read_job().rows)
    result = folder.read_result()
    if result is None or result[1]:
        return outcome
    return replace(outcome, job_status="MaxAutoMLJobRuntimeReached")

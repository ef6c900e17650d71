"""A warehouse: the directory that holds tables, models and jobs, opened by one process."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from vesto.access.facts import sweep
from vesto.access.passwords import verifiers
from vesto.access.schema_cache import SchemaCache
from vesto.catalog.records import Model, State
from vesto.catalog.store import Catalog
from vesto.catalog.users import Verifiers
from vesto.deployment import Deployments
from vesto.dialect.front import Front
from vesto.engines import ENGINES, Engine
from vesto.errors import QueryCanceled, UndefinedModel
from vesto.files import remove_folder
from vesto.introspection import Introspection
from vesto.model_files import ModelFiles
from vesto.ownership import claim
from vesto.result import KeptResults
from vesto.settings import read_settings
from vesto.training.job import Progress, last_progress
from vesto.translation import Translator
from vesto.versions import Versions

ENGINE: Final = "duckdb"
POLL_S: Final = 0.05


class Warehouse:
    """An open warehouse. Safe to share between threads; sessions are not."""

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
            self.deployments = Deployments(self.catalog, self.engine, self.files)
            self.versions = Versions(
                self.path / "jobs", self.settings, self.catalog, self.files, self.deployments
            )
            undo.callback(self.versions.jobs.close)
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

    def reconcile(self) -> None:
        """Bring files and functions in line with the catalog, and go on with jobs."""
        with closing(self.engine.connect()) as line:
            sweep(line)
        versions = self.catalog.all_versions()
        self.versions.remove_strays(versions)
        self.deployments.reconcile()
        self.versions.resume(versions)

    def progress(self, model: Model) -> Progress:
        """How far the training of the model's newest version is."""
        newest = self.catalog.newest(model.id) or model
        if newest.state is State.TRAINING:
            return self.versions.jobs.folder(newest.job_id).read_progress()
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
            with self.versions.change:
                newest, now = self.catalog.newest(model.id), self.catalog.by_id(model.id)
            if newest is None or now is None:
                raise UndefinedModel(f'model "{model.name}" was dropped')
            if newest.state is not State.TRAINING or (until and time.monotonic() > until):
                return now if newest.state is State.READY else newest
            if stopped is not None and stopped.is_set():
                raise QueryCanceled("canceled on the user's request")
            self.versions.jobs.wait(newest.job_id, POLL_S)
            time.sleep(POLL_S)

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

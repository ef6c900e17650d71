"""A training job: what it is told, where its files stand, what it leaves.

The folder ``jobs/<job id>`` holds snapshot.parquet (unless it is staged elsewhere) and then
job.json, written by the owner of the warehouse; progress.json, program.safetensors.zlib, report.json
and last result.json, written by the worker, which holds a lock on worker.lock while it lives.
"""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from vesto.catalog.documents import definition_from, outcome_from
from vesto.catalog.records import Definition, Model, Outcome
from vesto.errors import DataCorrupted
from vesto.files import write_file

PROGRAM: Final = "program.safetensors.zlib"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What the worker is told. ``started_at_s`` is wall time since 1970; MAX_RUNTIME runs from it.

    ``total_rows`` counts the rows of the training query, ``rows`` those of the snapshot;
    ``notices`` tell of rows left out.
    """

    model_id: str
    version: int
    definition: Definition
    total_rows: int
    rows: int
    notices: tuple[str, ...]
    started_at_s: float
    threads: int
    memory_mb: int
    nice: int
    maximum_classes: int

    @property
    def deadline_at_s(self) -> float:
        """Wall time by which the model must be READY."""
        return self.started_at_s + self.definition.max_runtime_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a job is: ``share`` runs from 0 to 1, ``score`` is the best so far, if any."""

    stage: str = "waiting"
    share: float = 0.0
    candidates: int = 0
    metric: str = ""
    score: float | None = None
    seconds_left: float = 0.0


def last_progress(model: Model) -> Progress:
    """What remains to say of a training that is over."""
    outcome = model.outcome or Outcome()
    score = outcome.score if outcome.metric else None
    stage = model.state.lower()
    return Progress(stage=stage, share=1.0, metric=outcome.metric, score=score)


@dataclass(frozen=True, slots=True)
class JobFolder:
    """The files of one job."""

    path: Path

    @property
    def job(self) -> Path:
        """What the worker is told."""
        return self.path / "job.json"

    @property
    def program(self) -> Path:
        """The trained model."""
        return self.path / PROGRAM

    @property
    def forecast(self) -> Path:
        """The rows of a trained forecast."""
        return self.path / "forecast.parquet"

    @property
    def report(self) -> Path:
        """How the model was found and how good it is."""
        return self.path / "report.json"

    @property
    def made(self) -> tuple[Path, ...]:
        """What the version of the model keeps."""
        return tuple(file for file in (self.program, self.forecast, self.report) if file.exists())

    @property
    def result(self) -> Path:
        """The outcome; once it is there, the job is over or can be cut off."""
        return self.path / "result.json"

    @property
    def progress(self) -> Path:
        """How far the job is."""
        return self.path / "progress.json"

    @property
    def lock(self) -> Path:
        """Held by the worker while it lives; holds its process id."""
        return self.path / "worker.lock"

    @property
    def log(self) -> Path:
        """What the worker printed."""
        return self.path / "worker.log"

    def write_job(self, job: Job) -> None:
        """Tell the worker."""
        write_file(self.job, json.dumps(asdict(job)).encode())

    def read_job(self) -> Job:
        """What the worker is told.

        Raises:
            DataCorrupted: The file is not there or damaged.
        """
        fields = self._read(self.job)
        definition = definition_from(fields["definition"])
        return Job(**fields | {"definition": definition, "notices": tuple(fields["notices"])})

    def write_result(self, outcome: Outcome, *, final: bool) -> None:
        """Leave the outcome. One that is not final counts only if the time runs out."""
        write_file(self.result, json.dumps(asdict(outcome) | {"final": final}).encode())

    def read_result(self) -> tuple[Outcome, bool] | None:
        """The outcome and whether it is final; None if there is none yet."""
        if not self.result.exists():
            return None
        fields = self._read(self.result)
        final = bool(fields.pop("final"))
        return outcome_from(fields), final

    def write_progress(self, progress: Progress) -> None:
        """Say how far the job is. Nobody depends on it: no flush, and a full disk does not stop."""
        draft = self.progress.with_suffix(".draft")
        try:
            draft.write_text(json.dumps(asdict(progress)))
            draft.replace(self.progress)
        except OSError:
            draft.unlink(missing_ok=True)

    def read_progress(self) -> Progress:
        """How far the job is, as far as it said."""
        try:
            return replace(Progress(), **json.loads(self.progress.read_text()))
        except (OSError, ValueError, TypeError):
            return Progress()

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            fields: dict[str, Any] = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise DataCorrupted(f"{path.name} of a job is damaged", detail=str(error)) from error
        return fields

    def hold(self) -> int:
        """Take the worker's lock until this process ends; the open file's number.

        Two owners, one after the other, may each have started a worker: the second waits.
        """
        handle = os.open(self.lock, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        return handle

    def worker_pid(self) -> int | None:
        """The process id of the worker, if one lives."""
        try:
            handle = os.open(self.lock, os.O_RDWR)
        except OSError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            text = os.read(handle, 32).decode()
            return int(text) if text.isdecimal() else None
        finally:
            os.close(handle)
        return None

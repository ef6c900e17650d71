"""Starts training processes, watches them, ends them."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from vesto.catalog.records import Outcome
from vesto.errors import VestoError
from vesto.files import remove_folder
from vesto.training.job import JobFolder
from vesto.training.staging import remove_staged

log: Final = logging.getLogger(__name__)
LOOK_S: Final = 0.1
RETRY_S: Final = 1.0
GRACE_SHARE: Final = 0.05
GRACE_S: Final = 5.0
END_MARGIN_S: Final = 2.0
# Two OpenMP threads that spin on busy cores ran 13 to 30 times slower; it must be set before
# the first library that brings OpenMP is loaded. Arrow's own allocator reserves a gigabyte of
# memory, which training_memory_mb limits.
ENVIRONMENT: Final = {
    "OMP_WAIT_POLICY": "PASSIVE", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}  # fmt: skip

WORKER: Final = (sys.executable, "-m", "vesto.training.worker")

# Workers outlive their warehouse: kept, or Python would warn of them.
_left: Final[list[subprocess.Popen[bytes]]] = []

Ended = Callable[[str, Outcome], None]


class Supervisor:
    """The training processes of one warehouse. ``ended`` is called once for each job that ends."""

    def __init__(self, folder: Path, ended: Ended) -> None:
        self._folder = folder
        self._ended = ended
        self._closing = threading.Event()
        self._watchers: dict[str, threading.Thread] = {}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def folder(self, job_id: str) -> JobFolder:
        """Where a job stands."""
        return JobFolder(self._folder / job_id)

    def start(self, job_id: str) -> None:
        """Start the worker of a job whose folder is ready, and watch it."""
        process = self._spawn(self.folder(job_id))
        self._processes[job_id] = process
        self._watch(job_id, process)

    def resume(self, job_id: str) -> None:
        """Watch the worker that another owner started; start it again if it has gone.

        A job without job.json, which is written last, or without time is over.
        """
        folder = self.folder(job_id)
        if _is_final(folder) or folder.worker_pid() is not None:
            self._watch(job_id, None)
        elif folder.job.exists() and self._has_time(folder):
            self.start(job_id)
        else:
            reason = "the process ended while the model was trained, and its time is over"
            if not folder.job.exists():
                reason = "the process ended before the training rows were written"
            self._ended(job_id, Outcome(failure=reason))

    @staticmethod
    def _has_time(folder: JobFolder) -> bool:
        try:
            return folder.read_job().deadline_at_s > time.time() + END_MARGIN_S
        except VestoError:
            return False

    @staticmethod
    def _spawn(folder: JobFolder) -> subprocess.Popen[bytes]:
        with folder.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own module
                [*WORKER, str(folder.path)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env=os.environ | ENVIRONMENT,
            )  # fmt: skip

    def _watch(self, job_id: str, process: subprocess.Popen[bytes] | None) -> None:
        watcher = threading.Thread(
            target=self._until_end, args=(job_id, process), name=f"job {job_id}", daemon=True
        )
        self._watchers[job_id] = watcher
        watcher.start()

    def _until_end(self, job_id: str, process: subprocess.Popen[bytes] | None) -> None:
        folder, cut_off = self.folder(job_id), False
        while self._lives(folder, process):
            if self._closing.wait(LOOK_S):
                return
            if not cut_off and self._is_overdue(folder):
                cut_off = True
                self.kill(job_id)
        if folder.path.exists():
            self._hand_over(job_id, outcome(folder, process, cut_off=cut_off))

    def _hand_over(self, job_id: str, done: Outcome) -> None:
        """Say what the job came to; while the catalog cannot be written, again and again."""
        warned = False
        while not warned or not self._closing.wait(RETRY_S):
            try:
                self._ended(job_id, done)
            except VestoError as error:
                if not warned:
                    log.warning("the end of a training job waits to be recorded: %s", error)
                warned = True
            else:
                return

    @staticmethod
    def _lives(folder: JobFolder, process: subprocess.Popen[bytes] | None) -> bool:
        return process.poll() is None if process else folder.worker_pid() is not None

    @staticmethod
    def _is_overdue(folder: JobFolder) -> bool:
        try:
            job = folder.read_job()
        except VestoError:
            return False
        grace = max(GRACE_SHARE * job.definition.max_runtime_s, GRACE_S) - END_MARGIN_S
        return time.time() > job.deadline_at_s + grace

    def kill(self, job_id: str) -> None:
        """End the worker of a job, with all its children; whoever started it."""
        while pids := self._pids(job_id):
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
            time.sleep(LOOK_S / 10)

    def _pids(self, job_id: str) -> set[int]:
        """The job's processes: ours, which may not have its lock yet, and the lock's holder."""
        process = self._processes.get(job_id)
        ours = process.pid if process and process.poll() is None else None
        return {pid for pid in (ours, self.folder(job_id).worker_pid()) if pid is not None}

    def forget(self, job_id: str) -> None:
        """End the job and remove its files, staged ones too."""
        self.kill(job_id)
        folder = self.folder(job_id)
        with suppress(VestoError):
            remove_staged(folder, folder.read_job().definition)
        remove_folder(folder.path)

    def wait(self, job_id: str, timeout_s: float) -> None:
        """Wait until the job has ended or the time is over."""
        watcher = self._watchers.get(job_id)
        if watcher is not None:
            watcher.join(timeout_s)

    def close(self) -> None:
        """Stop watching; workers go on and leave their result for the next owner."""
        self._closing.set()
        for watcher in self._watchers.values():
            if watcher is not threading.current_thread():
                watcher.join()
        _left.extend(process for process in self._processes.values() if process.poll() is None)


def _is_final(folder: JobFolder) -> bool:
    try:
        result = folder.read_result()
    except VestoError:
        return False
    return result is not None and result[1]


def outcome(
    folder: JobFolder, process: subprocess.Popen[bytes] | None, *, cut_off: bool
) -> Outcome:
    """What the job came to. An early model counts only where the time ran out."""
    try:
        result = folder.read_result()
    except VestoError as error:
        return Outcome(failure=str(error))
    if result and (result[1] or cut_off):
        return result[0]
    if cut_off:
        return Outcome(failure="Autopilot candidate has no models: raise MAX_RUNTIME")
    code = process.returncode if process else None
    if code == os.EX_IOERR:
        return Outcome(failure="the model could not be written: the disk is full")
    how = f"signal {-code}" if code and code < 0 else f"exit code {code}"
    last = _last_words(folder)
    reason = f"the training process ended without a result ({how})"
    return Outcome(failure=f"{reason}: {last}" if last else reason)


def _last_words(folder: JobFolder) -> str:
    """The last line that the worker printed."""
    try:
        lines = folder.log.read_text(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1][:300] if lines else ""

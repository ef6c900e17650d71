"""The training process: ``python -m vesto.training.worker FOLDER``.

It reads job.json and the training rows, and leaves program, report and result in the folder.
"""

from __future__ import annotations

import errno
import os
import resource
import sys
import time
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from vesto.catalog.records import Definition, Intervals, Outcome
from vesto.errors import DiskFull, InputOutputError, OutOfMemory, TrainingFailed, VestoError
from vesto.files import write_file
from vesto.programs.program import Program
from vesto.programs.reference import decide as made
from vesto.programs.storage import content_hash, dump
from vesto.training import clusters, direct, intervals, report
from vesto.training.budget import Budget
from vesto.training.candidates import Trial, Workshop, algorithm, make_folds
from vesto.training.copies import copies
from vesto.training.encoding import Columns, read_columns
from vesto.training.explanation import OUT_OF_MEMORY, OUT_OF_TIME, STAGE, whole_model
from vesto.training.families import algorithms_of
from vesto.training.final import SEEDS, Decision, decide, finish, metric_shown
from vesto.training.forecasting.job import train_forecast
from vesto.training.job import Job, JobFolder, Progress
from vesto.training.search import Search
from vesto.training.staging import read_snapshot
from vesto.training.target import Target

LARGE_ROWS: Final = 20_000
LARGE_CELLS: Final = 2_000_000
HOLDOUT_ROWS: Final = 50_000
FOLDS: Final = 5
RESERVE: Final = 0.1
EXPLANATION_SHARE: Final = 0.1
# For the last files to be written.
EXPLANATION_MARGIN_S: Final = 1.0
RESERVE_S: Final = 2.0
RUNTIME_REACHED: Final = "MaxAutoMLJobRuntimeReached"
_DEFAULT_OBJECTIVES: Final = {"regression": "MSE", "binary": "F1", "multiclass": "ACCURACY"}
# With less, Python itself does not always notice that it has none.
LEAST_MEMORY_MB: Final = 100
_STARVED: Final = (
    "bad_alloc", "bad allocation", "cannot allocate memory", "failed to map segment",
    "can't start new thread", "failed to launch worker thread", "out of memory", "malloc of size",
)  # fmt: skip
_PROBLEM_WORDS: Final = {
    "regression": "REGRESSION", "binary": "BINARY_CLASSIFICATION",
    "multiclass": "MULTICLASS_CLASSIFICATION",
}  # fmt: skip


@dataclass(eq=False)
class Training:
    """One run of a job."""

    folder: JobFolder
    job: Job
    columns: Columns
    target: Target
    progress: Progress = field(default_factory=Progress)

    @property
    def definition(self) -> Definition:
        """What CREATE MODEL said."""
        return self.job.definition

    def run(self) -> None:
        """Train, and leave the final result."""
        if self.definition.model_type == "KMEANS":
            self._cluster()
        elif self.definition.auto:
            self._search()
        else:
            self._direct()

    def _say(self, stage: str, share: float, best: Trial | None = None, tried: int = 0) -> None:
        left = max(0.0, self.job.deadline_at_s - time.time())
        self.progress = replace(
            self.progress, stage=stage, share=share, seconds_left=left,
            candidates=tried or self.progress.candidates,
        )  # fmt: skip
        if best is not None:
            name = "rmse" if self.target.task.problem == "regression" else "log_loss"
            score = best.loss**0.5 if name == "rmse" else best.loss
            self.progress = replace(self.progress, metric=name, score=score)
        self.folder.write_progress(self.progress)

    def _objective(self) -> str:
        return self.definition.objective or _DEFAULT_OBJECTIVES[self.target.task.problem]

    def _direct(self) -> None:
        self._say("training", 0.1)
        left = self.job.deadline_at_s - time.time()
        deadline = time.monotonic() + left * (1 - direct.RESERVE)
        found = direct.train(self.columns, self.target, self.definition, deadline)
        outcome = self._outcome("xgboost", self.definition.objective, found.metric, found.score)
        shown = direct.hyperparameters_shown(self.definition)
        document = {
            "importance": found.importance,
            "importance_method": "total_gain",
            "columns": report.columns(self.columns.features),
            **report.on_training_rows(
                found.program, self.columns, self.target, self.definition, found.metric
            ),
            **self._data,
        }
        self._leave(found.program, document, replace(outcome, hyperparameters=shown), final=True)

    def _cluster(self) -> None:
        self._say("training", 0.1)
        left = self.job.deadline_at_s - time.time()
        deadline = time.monotonic() + left * (1 - direct.RESERVE)
        first = clusters.train(self.columns, self.definition, deadline, at_once=True)
        self._leave_clusters(first, final=False)
        self._leave_clusters(clusters.train(self.columns, self.definition, deadline), final=True)

    def _leave_clusters(self, found: clusters.Trained, *, final: bool) -> None:
        notices = self.job.notices + clusters.notices(self.definition)
        if found.rows < self.job.rows:
            some = f"{found.rows} of the {self.job.rows} rows"
            notices += (f"the clusters were found in {some}: raise MAX_RUNTIME to use all",)
        document = found.report | {"rows": self.job.rows, "total_rows": self.job.total_rows}
        self._leave(found.program, document, replace(found.outcome, notices=notices), final=final)

    def _search(self) -> None:
        self._say("preparing", 0.02)
        start, end = time.monotonic(), direct.seconds_until(self.job.deadline_at_s)
        folds = self._folds()
        reserve_s = max((end - start) * RESERVE, min(RESERVE_S, (end - start) / 4))
        budget = Budget(start, end - start - reserve_s, self.definition.max_trials)
        workshop = Workshop(
            self.columns, self.target, self._objective(), folds, self.definition.seed,
            budget.deadline, self.job.threads,
        )  # fmt: skip
        search = Search(
            workshop, budget, algorithms_of(self.definition.model_type),
            lambda stage, share, best: self._say(stage, share * 0.9, best, len(search.trials)),
            lambda best: self._finish(search, best, final=False),
        )  # fmt: skip
        best = search.run()
        self._say("finishing", 0.92, best)
        self._finish(search, best, final=True)

    def _folds(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """A fold for each row, copies of a row in one; of a large set only fold 0 is left out."""
        groups = copies(self.columns.arrays, self.target.values)
        if groups is None:
            return self._folds_of(self.target)
        values = self.target.values[np.unique(groups, return_index=True)[1]]
        return self._folds_of(replace(self.target, values=values))[groups]

    def _folds_of(self, target: Target) -> np.ndarray[Any, np.dtype[np.int64]]:
        rows, width = self.job.rows, len(self.definition.parameters)
        if rows <= LARGE_ROWS and rows * width <= LARGE_CELLS:
            parts = FOLDS
            if target.labels:
                counts = np.bincount(target.values.astype(np.int64))
                parts = int(np.clip(counts.min(), 2, parts))
            return make_folds(target, parts, self.definition.seed)
        parts = max(5, -(-rows // HOLDOUT_ROWS))
        folds = make_folds(target, parts, self.definition.seed)
        # Only fold 0 is left out of a large set; the rest always trains.
        return np.where(folds == 0, 0, -2)

    def _finish(self, search: Search, best: Trial, *, final: bool) -> None:
        workshop = search.workshop
        decision = decide(workshop, best, self._objective())
        program, names = finish(
            workshop, best, decision, self.definition, seeds=SEEDS if final else 0
        )
        document = self._report(search, best, decision, program, names)
        winner = best.candidate.algorithm
        metric = metric_shown(self.definition, workshop.task, decision.metric)
        outcome = self._outcome(winner, self._objective(), metric, decision.score)
        if search.cut_off:
            outcome = replace(outcome, job_status=RUNTIME_REACHED)
        outcome = replace(outcome, intervals=self._intervals(best, decision, program))
        self._leave(program, document, outcome, final=final)

    def _intervals(self, best: Trial, decision: Decision, program: Program) -> Intervals:
        """From the rows that each model of the winner did not see."""
        y = self.target.values[np.isfinite(best.margins[:, 0])]
        if self.target.labels:
            return intervals.of_labels(y, decision.after)
        predicted = made(program.output, decision.after).cast(pa.float64()).to_numpy()
        return intervals.of_values(y, predicted)

    def _report(
        self, search: Search, best: Trial, decision: Decision, program: Program,
        names: tuple[str, ...],
    ) -> dict[str, Any]:  # fmt: skip
        workshop = search.workshop
        return {
            "winner": best.described(),
            "quality": report.quality(workshop, decision, best),
            **report.on_unseen_rows(workshop, decision, best, workshop.seed),
            "importance": report.importance(program, names, workshop),
            "importance_method": "permutation",
            "columns": report.columns(self.columns.features),
            "trials": report.trials(search.trials, best),
            "curve": report.curve(search.trials),
            **self._data,
        }

    @cached_property
    def _data(self) -> dict[str, Any]:
        """What the report says of the rows, whatever was learnt from them."""
        return report.data(self.columns, self.target, self.definition) | {
            "rows": self.job.rows,
            "total_rows": self.job.total_rows,
            "seed": self.definition.seed,
        }

    def _outcome(self, winner: str, objective: str, metric: str, score: float) -> Outcome:
        problem = self.definition.problem_type or _PROBLEM_WORDS[self.target.task.problem]
        return Outcome(
            model_type=winner, problem_type=problem, objective=objective, metric=metric,
            score=score,
            notices=self.job.notices + report.notices(self.columns.features, self._data),
        )  # fmt: skip

    def _leave(
        self, program: Program, document: dict[str, Any], outcome: Outcome, *, final: bool
    ) -> None:
        document |= {"explanation": self._explanation(program) if final else OUT_OF_TIME}
        content = dump(program)
        write_file(self.folder.program, content)
        write_file(self.folder.report, report.as_json(document))
        done = replace(
            outcome, program=content_hash(content), return_type=program.output.type,
            cpu_s=cpu_seconds(),
        )  # fmt: skip
        self.folder.write_result(done, final=final)

    def _explanation(self, program: Program) -> dict[str, Any] | str:
        """What EXPLAIN_MODEL returns; it must not cost the model."""
        self._say(STAGE, 0.95)
        left = self.job.deadline_at_s - time.time() - EXPLANATION_MARGIN_S
        deadline = time.monotonic() + min(left, self.definition.max_runtime_s * EXPLANATION_SHARE)
        try:
            return whole_model(program, self.columns, self.definition.seed, deadline)
        except MemoryError:
            return OUT_OF_MEMORY


def cpu_seconds() -> float:
    """Processor seconds that this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def train(folder: JobFolder) -> None:
    """Run the job in ``folder``; what goes wrong is its result."""
    job = folder.read_job()
    definition = job.definition
    try:
        if job.memory_mb:
            _limit_memory(job)
        folder.write_progress(Progress(stage="reading", share=0.01))
        if definition.is_forecast:
            train_forecast(folder, job, cpu_seconds)
            return
        rows = read_snapshot(folder, definition)
        target = direct.read_job_target(rows, definition, job.maximum_classes)
        columns = read_columns(rows, definition)
        Training(folder, job, columns, target).run()
    except Exception as error:
        found = as_failure(error, limited=job.memory_mb > 0)
        _fail(folder, found)
        if isinstance(found, TrainingFailed) and found is not error:
            raise


def _limit_memory(job: Job) -> None:
    """Let the job have so much memory beyond that of the libraries.

    They are loaded and Arrow's thread is started first: some wait for ever where there is no room.
    """
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    pa.table({"a": [1]}).group_by("a").aggregate([])
    definition = job.definition
    searched = definition.auto and not definition.is_forecast
    for name in algorithms_of(definition.model_type) if searched else ("xgboost",):
        algorithm(name).load()
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    own_mb = max(job.memory_mb, LEAST_MEMORY_MB)
    limit = pages * resource.getpagesize() + own_mb * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def as_failure(error: Exception, *, limited: bool) -> VestoError:
    """What the user is told of an error; ``limited`` says that memory has a limit.

    Libraries say in their own ways that they got no memory: XGBoost that it cannot be loaded,
    Python that it cannot start a thread.
    """
    text = str(error)
    ours = isinstance(error, VestoError) and not isinstance(error, InputOutputError)
    starved = limited and not ours and any(words in text.lower() for words in _STARVED)
    if isinstance(error, VestoError) and not starved:
        return error
    if isinstance(error, MemoryError) or starved:
        hint = "Lower MAX_CELLS or raise the setting training_memory_mb."
        return OutOfMemory("training ran out of memory", hint=hint)
    if isinstance(error, OSError):
        return DiskFull("the model could not be written", detail=text)
    return TrainingFailed(f"training failed: {type(error).__name__}", detail=text)


def _fail(folder: JobFolder, error: VestoError) -> None:
    outcome = Outcome(failure=" ".join(str(error).splitlines()), cpu_s=cpu_seconds())
    folder.write_result(outcome, final=True)


def main() -> None:
    """Take the job's lock, then train, unless another worker has done it meanwhile.

    Where even the failure cannot be written, the exit code tells of the full disk.
    """
    try:
        run_job(JobFolder(Path(sys.argv[1])))
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            sys.exit(os.EX_IOERR)
        raise


def run_job(folder: JobFolder) -> None:
    """Train, unless the job has its final result."""
    folder.hold()
    result = folder.read_result()
    if result is not None and result[1]:
        return
    os.nice(folder.read_job().nice)
    train(folder)


if __name__ == "__main__":
    main()

"""The job of MODEL_TYPE FORECAST: from its snapshot to the table of forecasts and the report."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from vesto.catalog.records import Outcome
from vesto.files import write_file
from vesto.training.forecasting.candidates import SEASONAL_NAIVE
from vesto.training.forecasting.columns import roles_of
from vesto.training.forecasting.frequency import FREQUENCIES, Frequency
from vesto.training.forecasting.panel import Series, read_series
from vesto.training.forecasting.percentiles import MEAN, column_of, listed
from vesto.training.forecasting.run import Forecasts, Run, Task
from vesto.training.job import Job, JobFolder, Progress
from vesto.training.staging import read_snapshot

DEFAULT_OBJECTIVE: Final = "AverageWeightedQuantileLoss"
# What is left of the time for writing and installing.
RESERVE: Final = 0.1
RESERVE_S: Final = 1.0
RUNTIME_REACHED: Final = "MaxAutoMLJobRuntimeReached"
_METRICS: Final = {DEFAULT_OBJECTIVE: "average_weighted_quantile_loss"}


def train_forecast(folder: JobFolder, job: Job, cpu_seconds: Callable[[], float]) -> None:
    """Forecast every series of the job's snapshot; leave forecast.parquet, report and result."""
    definition = job.definition
    start = time.monotonic()
    left = job.deadline_at_s - time.time()
    roles = roles_of(definition.parameters)
    series = read_series(read_snapshot(folder, definition), roles.attributes)
    task = Task(
        frequency=FREQUENCIES[definition.frequency], horizon=definition.horizon,
        objective=definition.objective or DEFAULT_OBJECTIVE,
        percentiles=tuple(float(p) for p in listed(definition.percentiles) if p != MEAN),
        seed=definition.seed, deadline=start + left * (1 - RESERVE) - RESERVE_S,
    )  # fmt: skip

    def say(share: float, candidates: int) -> None:
        seconds = max(0.0, job.deadline_at_s - time.time())
        folder.write_progress(
            Progress(
                stage="forecasting",
                share=0.05 + share * 0.9,
                candidates=candidates,
                seconds_left=seconds,
            )
        )

    say(0.0, 0)
    # The season again, at once: it counts only if the time runs out.
    early = Run(series.panel, task, lambda *_: None, (SEASONAL_NAIVE,), boosts=False).run()
    early = replace(early, cut_short=len(series.items))
    _leave(folder, job, series, early, cpu_seconds, final=False)
    found = Run(series.panel, task, say).run()
    _leave(folder, job, series, found, cpu_seconds, final=True)


def _leave(
    folder: JobFolder,
    job: Job,
    series: Series,
    found: Forecasts,
    cpu_seconds: Callable[[], float],
    *,
    final: bool,
) -> None:
    """Write the rows, the report and, last, the result."""
    definition = job.definition
    frequency = FREQUENCIES[definition.frequency]
    content = BytesIO()
    table = rows_of(series, found, frequency, listed(definition.percentiles))
    pq.write_table(table, content, compression="zstd")
    write_file(folder.forecast, content.getvalue())
    write_file(folder.report, json.dumps(_report(series, found, job)).encode())
    outcome = _outcome(series, found, job)
    name = content_hash(content.getvalue())
    folder.write_result(replace(outcome, program=name, cpu_s=cpu_seconds()), final=final)


def content_hash(content: bytes) -> str:
    """What names the content of a table of forecasts."""
    return hashlib.sha256(content).hexdigest()


def rows_of(
    series: Series, found: Forecasts, frequency: Frequency, percentiles: tuple[str, ...]
) -> pa.Table:
    """The rows of SELECT FORECAST(m): id, time and a column a percentile, items in order."""
    count, horizon = found.mean.shape
    steps = np.arange(1, horizon + 1)
    periods = (series.panel.ends[:, None] + steps).ravel()
    values = {
        column_of(name): found.mean if name == MEAN else found.quantiles[float(name)]
        for name in percentiles
    }
    items = pa.array(series.items, pa.string()).take(pa.array(np.repeat(np.arange(count), horizon)))
    columns = {"id": items, "time": pa.array(frequency.written(periods), pa.string())}
    columns |= {name: pa.array(value.ravel(), pa.float64()) for name, value in values.items()}
    return pa.table(columns)


def _outcome(series: Series, found: Forecasts, job: Job) -> Outcome:
    objective = job.definition.objective or DEFAULT_OBJECTIVE
    metric = f"validation:{_METRICS.get(objective, objective.lower())}"
    score, tested = found.score, bool(np.isfinite(found.score))
    notices = (*job.notices, *series.notices)
    if found.tested < len(series.items):
        left = len(series.items) - found.tested
        notices += (f"{left} series {'is' if left == 1 else 'are'} too short for a back-test",)
    if found.cut_short:
        late = f"on {found.cut_short} series the time did not reach for the slow models"
        notices += (late,)
    return Outcome(
        model_type="forecast", objective=objective, metric=metric if tested else "",
        score=score if tested else 0.0, job_status=RUNTIME_REACHED if found.cut_short else "",
        notices=notices,
    )  # fmt: skip


def _report(series: Series, found: Forecasts, job: Job) -> dict[str, Any]:
    score = float(found.score)
    return {
        "winner": max(found.shares, key=lambda name: found.shares[name]),
        "items": len(series.items),
        "windows": found.windows,
        "tested_items": found.tested,
        "score": score if np.isfinite(score) else None,
        "shares": found.shares,
        "mase_by_candidate": found.by_candidate,
        "rows": job.rows,
        "total_rows": job.total_rows,
        "seed": job.definition.seed,
    }

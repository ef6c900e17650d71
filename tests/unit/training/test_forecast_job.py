"""The job of MODEL_TYPE FORECAST: what it leaves, and when."""

from __future__ import annotations

import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vesto.catalog.records import Definition, Outcome, Parameter
from vesto.training.forecasting.job import content_hash, train_forecast
from vesto.training.job import Job, JobFolder

DEFINITION = Definition(
    statement="", query="", table="t", target="y", target_type="float8", function_schema="",
    function="", parameters=(Parameter("ts", "date"),), model_type="FORECAST", objective="WAPE",
    horizon=3, frequency="D", percentiles="0.5,mean", max_runtime_s=60,
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> JobFolder:
    """A job over 30 days that repeat 1 to 7, upwards by one a week."""
    days = range(100, 130)
    rows = {
        "item": ["y"] * 30, "period": list(days), "known": [1] * 30,
        "target": [float(day % 7 + day // 7) for day in days],
    }  # fmt: skip
    pq.write_table(pa.table(rows), tmp_path / "snapshot.parquet")
    return JobFolder(tmp_path)


def job() -> Job:
    return Job(
        model_id="m", version=1, definition=DEFINITION, total_rows=30, rows=30, notices=("one",),
        started_at_s=time.time(), threads=1, memory_mb=0, nice=0, maximum_classes=2,
    )  # fmt: skip


def test_an_early_answer_comes_first_and_counts_only_without_a_final_one(
    folder: JobFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[tuple[Outcome, bool, list[float]]] = []
    write = JobFolder.write_result

    def watched(self: JobFolder, outcome: Outcome, *, final: bool) -> None:
        assert content_hash(self.forecast.read_bytes()) == outcome.program
        left.append((outcome, final, pq.read_table(self.forecast)["p50"].to_pylist()))
        write(self, outcome, final=final)

    monkeypatch.setattr(JobFolder, "write_result", watched)
    train_forecast(folder, job(), lambda: 1.5)
    (early, first, naive), (outcome, last, rows) = left
    assert (first, last) == (False, True)
    assert naive == [float(day % 7 + day // 7) for day in range(123, 126)]
    assert early.job_status and not outcome.job_status
    assert outcome.metric == "validation:wape" and 0 <= outcome.score < early.score
    assert outcome.notices == ("one",) and outcome.cpu_s == 1.5
    wanted = [day % 7 + day // 7 for day in range(130, 133)]
    assert all(abs(a - b) < 1 for a, b in zip(rows, wanted, strict=True))


def test_rows_have_the_columns_of_the_percentiles(folder: JobFolder) -> None:
    train_forecast(folder, job(), lambda: 0.0)
    table = pq.read_table(folder.forecast)
    assert table.column_names == ["id", "time", "p50", "mean"]
    assert table["time"].to_pylist() == ["1970-05-11", "1970-05-12", "1970-05-13"]
    assert folder.read_progress().stage == "forecasting"

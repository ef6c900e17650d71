"""EXPLAIN of the forms that predict no target from columns, and the time that is expected."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from vesto.algorithms import Task
from vesto.catalog.records import Definition, Parameter
from vesto.engines import Sample
from vesto.settings import Settings
from vesto.training.estimate import estimate
from vesto.training.preview import preview
from vesto.training.target import Target

CLUSTERS = Definition(
    statement="", query="", table="", target="", target_type="", function_schema="public",
    function="f", parameters=(Parameter("x", "float8"), Parameter("same", "int4")), auto=False,
    model_type="KMEANS", hyperparameters=(("k", "3"),),
)  # fmt: skip
SERIES = replace(
    CLUSTERS, target="sold", target_type="int8", function="", parameters=(), auto=True,
    model_type="FORECAST", hyperparameters=(),
)  # fmt: skip


def test_clusters_have_columns_and_a_bound_and_no_problem_to_learn() -> None:
    table = pa.table({"x": np.arange(700) / 7.0, "same": pa.array([1] * 700, pa.int32())})
    rows = preview(Sample(table, 5000), CLUSTERS, Settings())
    told = {(section, item): value for section, item, value, _ in rows}
    assert told["data", "rows"] == "5000"
    assert told["data", "rows kept"] == "700"
    assert told["problem", "type"] == "KMEANS"
    assert told["candidate", "kmeans"] == "one run"
    assert told["column", "x"] == "number"
    assert ("time", "expected seconds") not in told
    assert told["time", "seconds at most"] == "5400"
    assert not [row for row in rows if row[0] == "error"]


def test_a_forecast_is_told_of_its_columns_too() -> None:
    days = pa.array(range(800), pa.int32()).cast(pa.date32())
    table = pa.table({"day": days, "sold": pa.array([None, *range(799)], pa.int64())})
    rows = preview(Sample(table, 800), SERIES, Settings())
    told = {(section, item): value for section, item, value, _ in rows}
    assert told["problem", "type"] == "FORECAST"
    assert told["column", "day"] == "date"
    assert told["warning", "missing target"] == "sold"


@pytest.mark.parametrize("auto", [True, False])
def test_more_rows_columns_and_classes_are_expected_to_take_longer(auto: bool) -> None:
    def wall_s(rows: int, classes: int, most_s: int = 10**6) -> float:
        task = Task("multiclass", classes)
        target = Target(task, tuple(map(str, range(classes))), np.zeros(rows))
        definition = replace(CLUSTERS, auto=auto, max_runtime_s=most_s)
        return estimate(definition, rows, target, threads=2, rate=1.0).wall_s

    assert wall_s(1000, 3) < wall_s(100_000, 3) < wall_s(100_000, 30)
    assert wall_s(100_000, 30, most_s=7) == 7

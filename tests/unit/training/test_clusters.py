"""From columns to the program that finds a row's cluster."""

from __future__ import annotations

import time

import numpy as np
import pyarrow as pa
import pytest

from vesto import _native
from vesto.catalog.records import Definition, Parameter
from vesto.errors import InvalidTrainingData
from vesto.programs.check import check
from vesto.programs.image import image
from vesto.programs.reference import score
from vesto.programs.storage import content_hash, dump
from vesto.training import clusters
from vesto.training.clusters import Trained
from vesto.training.encoding import Columns, read_columns


def definition(rows: pa.Table, k: int, *, preprocessors: str = "", **more: str) -> Definition:
    kinds = {pa.bool_(): "bool", pa.int64(): "int8", pa.float64(): "float8"}
    pairs = tuple(sorted((more | {"k": str(k)}).items()))
    return Definition(
        statement="", query="", table="t", target="", target_type="", function_schema="public",
        function="f", parameters=tuple(Parameter(f.name, kinds[f.type]) for f in rows.schema),
        auto=False, model_type="KMEANS", hyperparameters=pairs,
    )  # fmt: skip


def trained(rows: pa.Table, k: int, **more: str) -> tuple[Trained, Columns]:
    made = definition(rows, k, **more)
    columns = read_columns(rows, made)
    clusters.check_rows(columns, made)
    return clusters.train(columns, made, time.monotonic() + 60), columns


def natively(found: Trained, columns: list[pa.Array]) -> pa.Array:
    return pa.array(_native.Program(image(found.program, "0" * 64)).predict(columns))


def numbers(width: int, rows: int = 600, missing: float = 0.1) -> pa.Table:
    random = np.random.default_rng(0)
    x = random.normal(size=(rows, width)) + random.integers(0, 3, rows)[:, None] * 8
    x[random.random(x.shape) < missing] = np.nan
    return pa.table(
        {f"c{place}": pa.array(x[:, place], from_pandas=True) for place in range(width)}
    )


@pytest.mark.parametrize("width", [1, 3, 64, 256])
def test_compiled_and_reference_agree(width: int) -> None:
    rows = numbers(width)
    found, columns = trained(rows, 3)
    check(found.program)
    arrays = list(columns.arrays)
    expected = score(found.program, arrays)
    assert natively(found, arrays).equals(expected)
    assert set(expected.to_pylist()) == {0, 1, 2}
    for values in ([None], [np.inf], [-np.inf], [1e308], [0.0]):
        one = [pa.array(values, pa.float64())] * width
        assert natively(found, one).equals(score(found.program, one))


def test_the_same_seed_gives_the_same_program() -> None:
    rows = numbers(5)
    first, second = (content_hash(dump(trained(rows, 4)[0].program)) for _ in range(2))
    assert first == second


def test_numbers_far_from_zero_are_told_apart() -> None:
    rows = pa.table(
        {"a": [1e12 + i % 2 for i in range(100)], "b": [i % 2 == 0 for i in range(100)]}
    )
    found, columns = trained(rows, 2)
    assert found.outcome.score == 0
    assert len(set(score(found.program, columns.arrays).to_pylist()[:2])) == 2


def test_missing_and_infinite_numbers_count_as_the_mean() -> None:
    rows = pa.table({"a": [0.0, 10.0, None, np.inf, np.nan, -np.inf, 0.0, 10.0] * 10})
    found, _ = trained(rows, 3)
    values = pa.array([5.0, None, np.nan, np.inf, -np.inf])
    assert len(set(score(found.program, [values]).to_pylist())) == 1
    assert found.outcome.score == 0


def test_a_column_of_nothing_but_nulls_is_no_mistake() -> None:
    rows = pa.table(
        {"a": pa.array([None] * 20, pa.int64()), "b": [float(i % 2) for i in range(20)]}
    )
    found, _ = trained(rows, 2)
    assert found.outcome.score == 0


def test_booleans_and_integers_are_numbers() -> None:
    rows = pa.table({"a": [True, False] * 50, "b": [1, 2, 3, 4] * 25})
    found, columns = trained(rows, 4)
    assert len(set(score(found.program, columns.arrays).to_pylist())) == 4


def test_one_row_table_scores() -> None:
    found, _ = trained(numbers(3), 2)
    assert len(score(found.program, [pa.array([1.0])] * 3)) == 1
    assert len(score(found.program, [pa.array([], pa.float64())] * 3)) == 0


def test_fewer_different_rows_than_k_are_refused() -> None:
    rows = pa.table({"a": [i % 7 for i in range(5000)]})
    made = definition(rows, 8)
    with pytest.raises(InvalidTrainingData, match="K is 8, but FROM has only 7"):
        clusters.check_rows(read_columns(rows, made), made)


def test_different_rows_are_found_at_the_end_too() -> None:
    rows = pa.table({"a": [0] * 20_000 + [1, 2]})
    made = definition(rows, 3)
    clusters.check_rows(read_columns(rows, made), made)


def test_what_ends_early_says_so() -> None:
    rows = numbers(4)
    made = definition(rows, 5)
    found = clusters.train(read_columns(rows, made), made, time.monotonic() - 1)
    assert found.outcome.job_status == "MaxRuntimeExceeded"
    assert dict(found.outcome.more_metrics)["train:progress"] < 100


def test_metrics_are_those_that_are_wanted() -> None:
    found, _ = trained(numbers(2), 2, eval_metrics="ssd")
    assert found.outcome.metric == "train:ssd"
    assert [name for name, _ in found.outcome.more_metrics] == [
        "train:progress",
        "train:throughput",
    ]


def test_a_first_guess_reads_few_rows() -> None:
    rows = numbers(3, rows=20_000)
    made = definition(rows, 7)
    found = clusters.train(read_columns(rows, made), made, time.monotonic() + 60, at_once=True)
    check(found.program)
    assert found.outcome.job_status == "MaxRuntimeExceeded"
    assert sum(cluster["rows"] for cluster in found.report["clusters"]) == 5000


def test_rows_that_the_time_does_not_allow_are_not_read() -> None:
    rows = numbers(3, rows=20_000)
    made = definition(rows, 7)
    found = clusters.train(read_columns(rows, made), made, time.monotonic() - 1)
    check(found.program)
    assert found.rows == sum(cluster["rows"] for cluster in found.report["clusters"]) == 5000
    assert found.outcome.job_status == "MaxRuntimeExceeded"

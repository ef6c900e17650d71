"""What columns of training rows are taken for: features, problems, labels."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from vesto.catalog.records import Parameter
from vesto.errors import InvalidTrainingData
from vesto.training.columns import read_features
from vesto.training.snapshot import without_lonely_classes
from vesto.training.target import infer_problem, read_target

DAY = dt.date(2024, 2, 29)
WORDS = ["red", "green", "blue", None] * 25


@pytest.mark.parametrize(
    ("kind", "values", "use"),
    [
        ("int4", [1, 2, None, 4], "number"),
        ("float8", [0.5, 1.5], "number"),
        ("numeric", [Decimal("1.1"), Decimal("2.2")], "number"),
        ("bool", [True, False], "number"),
        ("date", [DAY, None], "date"),
        ("timestamp", [dt.datetime(2024, 2, 29), None], "date"),  # noqa: DTZ001 - has no zone
        ("varchar", WORDS, "category"),
        ("varchar", ["1.5", " 2 ", "?", "N/A", None], "parsed"),
        ("varchar", [str(n) for n in range(90)] + ["x"] * 10, "category"),
        ("varchar", [f"id {n}" for n in range(100)], "dropped"),
        ("varchar", ["", "?", "NA", None], "dropped"),
        ("int4", [7, 7, 7], "dropped"),
        ("int4", [7, 7, None], "number"),
        ("float8", [None, None], "dropped"),
    ],
)
def test_a_column_is_used_as(kind: str, values: list[Any], use: str) -> None:
    rows = pa.table({"c": pa.array(values, pa.float64() if kind == "float8" else None)})
    (feature,) = read_features(rows, (Parameter("c", kind),))
    assert feature.use == use
    assert bool(feature.reason) == (use == "dropped")


WRITTEN = {
    "1,234.50": "regexp_replace(c, '[^0-9.-]')::float8", "$ 3": "regexp_replace(c",
    "-12.5 %": "regexp_replace(c", "2024-02-29": "c::timestamp", "2024-02-29 10:00": "c::timestamp",
    "2024-02-29T10:00:00.5+01:00": "c::timestamp", "31/12/2024": "to_date(c, 'DD/MM/YYYY')",
}  # fmt: skip


@pytest.mark.parametrize(("value", "cast"), WRITTEN.items(), ids=WRITTEN.keys())
@pytest.mark.parametrize("many", [True, False])
def test_numbers_and_dates_in_text_are_told(value: str, cast: str, many: bool) -> None:
    digits = [str(10 + place) for place in range(90)] if many else ["12", "13"] * 45
    texts = [re.sub(r"\d\d?(?=\D*$)", digit, value, count=1) for digit in digits]
    rows = pa.table({"c": [*texts, "?", None, "n/a", "", "."]})
    (feature,) = read_features(rows, (Parameter("c", "varchar"),))
    assert feature.use == ("dropped" if many and len(set(texts)) > 85 else "category")
    assert cast in feature.reason


@pytest.mark.parametrize("value", ["555 123 4567", "a,b", "1-2", "12.30.2024 or so", "1,2;3,4"])
def test_other_text_is_a_category_and_nothing_to_tell(value: str) -> None:
    rows = pa.table({"c": [value, "other"] * 50})
    (feature,) = read_features(rows, (Parameter("c", "varchar"),))
    assert (feature.use, feature.reason) == ("category", "")


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (["yes", "no"] * 50, "binary"),
        ([True, False] * 50, "binary"),
        ([3, 8] * 50, "binary"),
        ([0.5, 1.5] * 50, "binary"),
        (["a", "b", "c"] * 50, "multiclass"),
        ([1, 2, 3] * 50, "multiclass"),
        (list(range(20)) * 21, "multiclass"),
        (list(range(21)) * 30, "regression"),
        ([1, 2, 3, 4] * 5, "regression"),
        ([0.5, 1.5, 2.5] * 50, "regression"),
    ],
)
def test_the_problem_follows_from_the_target(values: list[Any], problem: str) -> None:
    assert infer_problem(pa.array(values)) == problem


def test_labels_are_verbatim_and_numbers_in_numeric_order() -> None:
    dotted = read_target(pa.array(["True.", "False.", "True."]), "t", "", 100)
    assert (dotted.labels, dotted.values.tolist()) == (("False.", "True."), [1.0, 0.0, 1.0])
    numbers = read_target(pa.array([10, 9, 100]), "t", "MULTICLASS_CLASSIFICATION", 100)
    assert (numbers.labels, numbers.values.tolist()) == (("9", "10", "100"), [1.0, 0.0, 2.0])


def test_two_values_of_a_multiclass_problem_are_binary() -> None:
    target = read_target(pa.array(["a", "b"]), "t", "MULTICLASS_CLASSIFICATION", 100)
    assert target.task.problem == "binary"


@pytest.mark.parametrize(
    ("values", "problem", "words"),
    [
        (["a", "a"], "", "only one value"),
        ([1.0, 1.0], "REGRESSION", "only one value"),
        ([1.0, float("inf")], "REGRESSION", "infinite or NaN in 1 of 2 rows"),
        ([1.0, float("nan")], "REGRESSION", "infinite or NaN in 1 of 2"),
        ([1e37, -1e300, 0.0], "REGRESSION", r"beyond 1e\+36 in 2 of 3 rows"),
        ([True, False], "REGRESSION", "no number"),
        (["a", "b", "c"], "BINARY_CLASSIFICATION", "3 values"),
        (["a", "b", "c", "d"], "", "4 classes"),
    ],
)
def test_a_target_that_cannot_be_learnt(values: list[Any], problem: str, words: str) -> None:
    with pytest.raises(InvalidTrainingData, match=words):
        read_target(pa.array(values), "t", problem, 3)


def test_classes_of_a_single_row_are_left_out() -> None:
    rows = pa.table({"t": ["a", "a", "b", "b", "c"], "x": [1, 2, 3, 4, 5]})
    kept, notices = without_lonely_classes(rows, "t")
    assert kept["x"].to_pylist() == [1, 2, 3, 4]
    assert "'c'" in notices[0]

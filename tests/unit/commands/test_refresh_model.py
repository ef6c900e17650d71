from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from vesto.catalog.records import Definition, Outcome, Parameter
from vesto.commands.refresh_model import _kept_problem, _with_classes
from vesto.engines import Column
from vesto.training.snapshot import TrainingRows
from vesto.translation import changes
from vesto.types import BY_NAME

DEFINITION = Definition(
    statement="", query="", table="", target="y", target_type="int4", function_schema="public",
    function="f", parameters=(Parameter("a", "int4"), Parameter("b", "varchar")),
)  # fmt: skip


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        ("REGRESSION", "REGRESSION"), ("BINARY_CLASSIFICATION", "MULTICLASS_CLASSIFICATION"),
        ("MULTICLASS_CLASSIFICATION", "MULTICLASS_CLASSIFICATION"), ("", ""),
    ],
)  # fmt: skip
def test_what_autopilot_found_is_kept(found: str, kept: str) -> None:
    assert _kept_problem(DEFINITION, Outcome(problem_type=found)) == kept
    assert _kept_problem(DEFINITION, None) == ""
    assert _kept_problem(replace(DEFINITION, auto=False), Outcome(problem_type=found)) == ""
    said = replace(DEFINITION, problem_type="REGRESSION")
    assert _kept_problem(said, Outcome(problem_type=found)) == "REGRESSION"


@pytest.mark.parametrize(("classes", "problem"), [(2, "BINARY"), (3, "MULTICLASS")])
def test_classes_are_counted_anew_where_create_model_left_them_open(
    classes: int, problem: str
) -> None:
    rows = TrainingRows(pa.table({"y": [i % classes for i in range(9)]}), 9, ())
    kept = replace(DEFINITION, problem_type="MULTICLASS_CLASSIFICATION")
    assert _with_classes(kept, DEFINITION, rows).problem_type == f"{problem}_CLASSIFICATION"
    assert _with_classes(kept, kept, rows) == kept


def columns(**types: str) -> list[Column]:
    return [Column(name, BY_NAME[kind]) for name, kind in types.items()]


def test_changes_of_the_query_are_told_in_words() -> None:
    assert changes(DEFINITION, columns(y="int4", b="varchar", a="int4")) == []
    assert changes(DEFINITION, columns(a="int8", y="int4", c="date")) == [
        'the column "b" is not there any more',
        'the column "a" has the type int8 now, not int4',
        'the column "c" is new',
    ]
    without_target = replace(DEFINITION, target="", target_type="")
    assert changes(without_target, columns(a="int4", b="varchar")) == []

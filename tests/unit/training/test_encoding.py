"""From columns to a matrix: what training sees is what prediction computes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from vesto.algorithms import Task
from vesto.catalog.records import Definition, Parameter
from vesto.features import Tape
from vesto.features.preprocessors import Entry, written
from vesto.programs.program import Input
from vesto.programs.reference import run_steps
from vesto.training.candidates import make_folds
from vesto.training.columns import read_features
from vesto.training.encoding import Columns, Style, encode, prepare, read_columns, uses_target
from vesto.training.target import Target

STYLES: tuple[Style, ...] = ("ordinal", "native", "means", "linear")
TASKS = [Task("regression"), Task("binary", 2), Task("multiclass", 3)]


def example(rows: int = 400) -> Columns:
    random = np.random.default_rng(1)
    numbers = random.lognormal(0, 3, rows)
    numbers[::7] = np.nan
    words = [None if n == 0 else f"w{n}" for n in random.integers(0, 90, rows)]
    few = [("red", "green", "", "?")[n] for n in random.integers(0, 4, rows)]
    days = random.integers(0, 20_000, rows).astype("datetime64[D]")
    table = pa.table({
        "n": pa.array(numbers, from_pandas=True), "many": words, "few": few, "day": days,
        "later": days + random.integers(0, 90, rows), "written": [str(n) for n in range(rows)],
    })  # fmt: skip
    kinds = ("float8", "varchar", "varchar", "date", "date", "varchar")
    parameters = tuple(map(Parameter, table.column_names, kinds))
    inputs = tuple(Input(p.name, p.type) for p in parameters)
    arrays = tuple(column.combine_chunks() for column in table.columns)
    return Columns(inputs, arrays, tuple(read_features(table, parameters)))


def target_of(task: Task, rows: int) -> np.ndarray:
    random = np.random.default_rng(2)
    if task.problem == "regression":
        return random.normal(size=rows)
    return random.integers(0, task.classes, rows).astype(float)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.problem)
class TestEncode:
    def test_rows_left_out_are_encoded_as_prediction_will(self, style: Style, task: Task) -> None:
        columns = example()
        train = np.arange(0, 300)
        made = encode(columns, target_of(task, 400), task, style, train, seed=5)
        out = columns.take(np.arange(300, 400))
        registers = run_steps(made.tape.steps, out.arrays)
        served = np.stack([registers[place] for place in made.registers], axis=1)
        np.testing.assert_array_equal(made.x[300:], served.astype(np.float32))

    def test_rows_left_out_say_nothing(self, style: Style, task: Task) -> None:
        """Their target may be anything: the features stay the same."""
        columns, train = example(), np.arange(0, 300)
        y = target_of(task, 400)
        other = np.append(y[:300], y[300:][::-1])
        one, two = (encode(columns, t, task, style, train, seed=5) for t in (y, other))
        np.testing.assert_array_equal(one.x, two.x)

    def test_every_feature_has_its_column(self, style: Style, task: Task) -> None:
        made = encode(example(), target_of(task, 400), task, style, np.arange(400), seed=5)
        assert made.x.shape == (400, len(made.names)) == (400, len(made.registers))
        assert set(made.names) == {
            "n", "many", "few", "day", "later", "written", "differences of dates",
        }  # fmt: skip
        if style == "linear":
            assert np.isfinite(made.x).all()


def test_a_row_does_not_see_its_own_target() -> None:
    """One row's own target leaves that row's features as they are."""
    columns, task, train = example(), Task("regression"), np.arange(400)
    y = target_of(task, 400)
    moved = y.copy()
    moved[17] += 1000
    one, two = (encode(columns, t, task, "means", train, seed=5) for t in (y, moved))
    np.testing.assert_array_equal(one.x[17], two.x[17])
    assert not np.array_equal(one.x, two.x)


def test_only_means_of_many_words_need_the_target() -> None:
    columns = example()
    found = {style: uses_target(columns, style) for style in STYLES}
    assert found == {"ordinal": False, "native": True, "means": True, "linear": True}


def test_huge_numbers_do_not_break_the_program() -> None:
    values = pa.array([1.7e308, 1.75e308, -1.7e308, 1.79e308] * 5)
    parameters = (Parameter("n", "float8"),)
    features = tuple(read_features(pa.table({"n": values}), parameters))
    columns = Columns((Input("n", "float8"),), (values,), features)
    with np.errstate(all="ignore"):
        made = encode(columns, np.arange(20.0), Task("regression"), "linear", np.arange(20), 1)
    assert all(np.isfinite(getattr(step, "value", 0.0)) for step in made.tape.steps)


@pytest.mark.parametrize("count", [3, 5])
def test_folds_share_every_class_evenly(count: int) -> None:
    values = np.repeat([0.0, 1.0, 2.0], [500, 31, 7])
    folds = make_folds(Target(Task("multiclass", 3), ("a", "b", "c"), values), count, seed=4)
    for group in range(3):
        sizes = np.bincount(folds[values == group], minlength=count)
        assert sizes.max() - sizes.min() <= 1
    sizes = np.bincount(folds)
    assert sizes.max() - sizes.min() <= 1


def test_folds_follow_the_seed() -> None:
    target = Target(Task("regression"), (), np.arange(100.0))
    one, again, other = (make_folds(target, 5, seed) for seed in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).any()


ENTRIES = (
    Entry(("n",), ("ImputerWithIndicator", "StandardScaler")),
    Entry(("few",), ("Imputer", "OneHotEncoder")),
    Entry(("day",), ("DateTimeVectorizer",)),
)


@pytest.mark.parametrize("style", STYLES)
class TestPreprocessors:
    def test_named_columns_go_through_their_transformers_alone(self, style: Style) -> None:
        columns = replace(example(), entries=ENTRIES)
        features = tuple(
            replace(f, use="prepared" if f.name in {"n", "few", "day"} else "dropped")
            for f in columns.features
        )
        columns = replace(columns, features=features)
        made = encode(columns, np.zeros(400), TASKS[0], style, np.arange(400), seed=5)
        alone = prepare(Tape(columns.inputs), columns)
        assert made.names == tuple(one.name for one in alone)
        expected = np.stack([one.values for one in alone], axis=1).astype(np.float32)
        np.testing.assert_array_equal(made.x, expected)
        assert not any(made.categorical)

    def test_they_learn_from_the_training_rows_alone(self, style: Style) -> None:
        columns = replace(example(), entries=ENTRIES[:1])
        train = np.arange(300)
        made = encode(columns, np.zeros(400), TASKS[0], style, train, seed=5)
        scaled, flag = made.x[:, -2], made.x[:, -1]
        assert made.names[-2:] == ("n", "n")
        assert scaled[train].mean() == pytest.approx(0, abs=1e-6)
        assert scaled.mean() != pytest.approx(0, abs=1e-6)
        assert len(set(flag.tolist())) == 2

    def test_other_columns_are_as_they_would_be_without(self, style: Style) -> None:
        columns = example()
        features = tuple(
            replace(f, use="prepared") if f.name == "n" else f for f in columns.features
        )
        named = replace(columns, entries=ENTRIES[:1], features=features)
        train = np.arange(400)
        plain, made = (
            encode(given, np.zeros(400), TASKS[0], style, train, seed=5)
            for given in (columns, named)
        )
        for name in ("many", "few", "day", "later", "written"):
            places = [[p for p, n in enumerate(e.names) if n == name] for e in (plain, made)]
            np.testing.assert_array_equal(plain.x[:, places[0]], made.x[:, places[1]])


def test_a_named_column_is_used_whatever_it_looks_like() -> None:
    rows = pa.table({"same": [1] * 20, "key": [f"k{n}" for n in range(20)], "y": [0, 1] * 10})
    text = written((Entry(("same",), ("MinMax",)), Entry(("key",), ("OrdinalEncoder",))))
    definition = Definition(
        statement="", query="", table="t", target="y", target_type="int8", function_schema="public",
        function="f", parameters=(Parameter("same", "int8"), Parameter("key", "varchar")),
        preprocessors=text,
    )  # fmt: skip
    columns = read_columns(rows, definition)
    assert [feature.use for feature in columns.features] == ["prepared", "prepared"]
    made = prepare(Tape(columns.inputs), columns)
    assert [one.name for one in made] == ["same", "key"]


@pytest.mark.parametrize("values", [[0.0] * 300 + [1.0] * 100, [1e300, -1e300] * 200])
def test_a_column_that_is_constant_or_huge_makes_a_feature_still(values: list[float]) -> None:
    rows = pa.table({"c": values})
    parameters = (Parameter("c", "float8"),)
    columns = Columns(
        (Input("c", "float8"),), (rows["c"].combine_chunks(),), tuple(read_features(rows, parameters))
    )  # fmt: skip
    task, train = TASKS[0], np.arange(300)
    made = encode(columns, np.arange(400.0), task, "linear", train, seed=0)
    assert made.x.shape[1] == len(made.registers) == len(made.names) == 1
    assert np.isfinite(made.x).all()
    assert len(np.unique(made.x)) == len(set(values[:300]))

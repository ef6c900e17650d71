"""``f_interval``: what it returns, at which level, and how often the truth lies inside."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests_support import EXAMPLES, POINTS, SMALL_MODEL

import vesto
from vesto.algorithms import ALGORITHMS
from vesto.catalog.records import Definition, Intervals, Outcome, Parameter
from vesto.programs.program import Program
from vesto.programs.reference import probabilities
from vesto.training import intervals
from vesto.training.candidates import Candidate, Workshop, draft_output, make_folds
from vesto.training.encoding import Columns, read_columns
from vesto.training.final import decide
from vesto.training.target import Target, read_target

LEVEL = {level: place for place, level in enumerate(intervals.LEVELS)}


# --- In SQL ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("intervals") / "shop"


TRAIN = (
    "CREATE MODEL {name} FROM (SELECT a, b, c, {target} AS t FROM points) TARGET t FUNCTION {name} "
    "AUTO OFF MODEL_TYPE XGBOOST OBJECTIVE '{objective}' PREPROCESSORS 'none' HYPERPARAMETERS "
    "DEFAULT EXCEPT (NUM_ROUND '9'{more})"
)
KINDS = "CASE WHEN id % 9 = 0 THEN 'odd' WHEN a > 3 THEN 'high' ELSE 'low' END"
RISING = tuple(np.linspace(1.0, 50.0, 99).tolist())


@pytest.fixture(scope="module")
def shop(place: Path) -> Iterator[vesto.Session]:
    with vesto.connect(place, settings={"interval_level": 0.8}) as session:
        session.execute(POINTS)
        session.execute(SMALL_MODEL.format(name="direct", function="direct"))
        value = "(a * 10 + b)::float8"
        session.execute(
            TRAIN.format(name="value", target=value, objective="reg:squarederror", more="")
        )
        classes = {"target": KINDS, "objective": "multi:softmax", "more": ", NUM_CLASS '3'"}
        session.execute(TRAIN.format(name="kind", **classes))
        calibrate(session, "value", Intervals(kind="differences", quantiles=RISING))
        shares = tuple(np.linspace(0.9, 0.01, 99).tolist())
        calibrate(session, "kind", Intervals(kind="labels", quantiles=shares))
        yield session


def calibrate(session: vesto.Session, name: str, found: Intervals) -> None:
    """Let a model have intervals as one has that kept rows aside."""
    warehouse, model = session.warehouse, session.model(name)
    known = replace(model, outcome=replace(model.outcome or Outcome(), intervals=found))
    warehouse.catalog.replace(model, known)
    warehouse.deployments.install(known, warehouse.files.program(known))


def documents(session: vesto.Session, function: str) -> list[dict[str, Any]]:
    sql = f"SELECT {function}_interval(a, b, c)::varchar FROM points ORDER BY id"
    return [json.loads(row[0]) for row in session.execute(sql).rows()]


def predictions(session: vesto.Session) -> np.ndarray:
    return np.array(session.execute("SELECT value(a, b, c) FROM points ORDER BY id").rows())[:, 0]


def bounds(session: vesto.Session) -> tuple[np.ndarray, np.ndarray]:
    found = documents(session, "value")
    assert [list(document) for document in found] == [["lower", "upper", "level"]] * 600
    return np.array([d["lower"] for d in found]), np.array([d["upper"] for d in found])


def test_a_regressions_interval_lies_around_its_prediction(shop: vesto.Session) -> None:
    low, high = bounds(shop)
    assert np.allclose(predictions(shop) - low, RISING[LEVEL[0.8]])
    assert np.allclose(high - predictions(shop), RISING[LEVEL[0.8]])


def test_intervals_may_grow_with_the_prediction(shop: vesto.Session) -> None:
    value = predictions(shop)
    try:
        calibrate(shop, "value", Intervals(kind="ratios", quantiles=RISING))
        low, high = bounds(shop)
        assert np.allclose(value / low, RISING[LEVEL[0.8]])
        assert np.allclose(high / value, RISING[LEVEL[0.8]])
        edges, scales = (20.0, 40.0), (1.0, 2.0, 5.0)
        scaled = Intervals(kind="scaled", quantiles=RISING, edges=edges, scales=scales)
        calibrate(shop, "value", scaled)
        low, high = bounds(shop)
        wanted = np.where(value < 20, 1, np.where(value < 40, 2, 5)) * RISING[LEVEL[0.8]]
        assert np.allclose(value - low, wanted)
        assert np.allclose(high - value, wanted)
    finally:
        calibrate(shop, "value", Intervals(kind="differences", quantiles=RISING))


def test_intervals_are_there_after_a_restart(
    session: vesto.Session, path: Path, train: Callable[..., None]
) -> None:
    train("m")
    calibrate(session, "m", Intervals(kind="labels", quantiles=(0.0,) * 99))
    session.close()
    with vesto.connect(path) as again:
        sql = "SELECT predict_m_interval(a, b, c).labels[1]::varchar FROM points"
        assert {row[0] for row in again.execute(sql).rows()} == {"0", "1"}


def test_a_classifications_set_holds_the_likeliest_labels(shop: vesto.Session) -> None:
    sql = "SELECT kind_prob(a, b, c)::varchar FROM points ORDER BY id"
    likeliest = [json.loads(row[0])["labels"] for row in shop.execute(sql).rows()]
    for document, labels in zip(documents(shop, "kind"), likeliest, strict=True):
        assert list(document) == ["labels", "level"]
        assert 1 <= len(document["labels"]) <= 3
        assert document["labels"] == labels[: len(document["labels"])]


def test_the_level_is_the_sessions_then_the_warehouses(shop: vesto.Session) -> None:
    def width(level: float) -> float:
        document = documents(shop, "value")[0]
        assert document["level"] == level
        return float(document["upper"] - document["lower"])

    try:
        usual = width(0.8)
        assert shop.execute("SHOW interval_level").rows() == [("0.8",)]
        shop.execute("SET interval_level TO 0.95")
        wide = width(0.95)
        shop.execute("SET interval_level = 0.512")
        narrow = width(0.512)
        assert narrow < usual < wide
        with vesto.Session(shop.warehouse) as other:
            assert documents(other, "value")[0]["level"] == 0.8
        shop.execute("RESET interval_level")
        assert width(0.8) == usual
        assert (usual, wide) == (2 * RISING[60], 2 * RISING[90])
        assert narrow == 2 * RISING[3]  # the next level of the table, 0.515
    finally:
        shop.execute("RESET ALL")


@pytest.mark.parametrize("value", ["0.4999", "0.991", "'much'", "-1", "'nan'"])
def test_a_level_that_cannot_be_kept_is_refused(shop: vesto.Session, value: str) -> None:
    with pytest.raises(vesto.VestoError) as caught:
        shop.execute(f"SET interval_level TO {value}")
    assert caught.value.sqlstate == "22023"
    assert "from 0.5 to 0.99" in caught.value.message
    assert documents(shop, "value")[0]["level"] == 0.8


def test_paths_lead_into_it_and_a_missing_value_has_one_too(shop: vesto.Session) -> None:
    sql = (
        "SELECT p.i.upper::float8 - p.i.lower::float8, p.k.labels[0]::varchar FROM (SELECT "
        "value_interval(NULL, NULL, NULL) AS i, kind_interval(9, 1, true) AS k) p"
    )
    ((width, label),) = shop.execute(sql).rows()
    assert (width > 0, label) == (True, "high")


def test_a_model_without_rows_kept_aside_says_so(shop: vesto.Session) -> None:
    with pytest.raises(vesto.VestoError) as caught:
        shop.execute("SELECT direct_interval(a, b, c) FROM points").rows()
    assert caught.value.sqlstate == "0A000"
    assert "AUTO ON" in caught.value.hint


# --- Coverage -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Set:
    """An example set, its target, and columns that would give the target away."""

    name: str
    target: str
    problem: str
    leave_out: tuple[str, ...] = ()


SETS = (
    Set("california_housing", "median_house_value", "REGRESSION"),
    Set("bike_sharing_hour", "cnt", "REGRESSION", ("casual", "registered", "dteday")),
    Set("adult_income", "income", "BINARY_CLASSIFICATION"),
    Set("wine_quality", "quality", "MULTICLASS_CLASSIFICATION"),
)
TRAINED = 4000


def is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind)


def read(of: Set) -> tuple[Columns, Target]:
    """All rows in a random order, of which the first ``TRAINED`` are learnt from."""
    table = pq.read_table(EXAMPLES / f"{of.name}.parquet").drop_columns(list(of.leave_out))
    table = table.filter(table[of.target].is_valid())
    table = table.take(pa.array(np.random.default_rng(7).permutation(len(table))))
    names = [name for name in table.column_names if name != of.target]
    kinds = ("float8" if is_number(table[name].type) else "varchar" for name in names)
    parameters = tuple(Parameter(n, k) for n, k in zip(names, kinds, strict=True))
    for at, parameter in enumerate(parameters):
        wanted = pa.string() if parameter.type == "varchar" else pa.float64()
        place = table.column_names.index(names[at])
        column = table[names[at]]
        table = table.set_column(place, names[at], column.cast(wanted, safe=False))
    definition = Definition(
        statement="", query="", table="", target=of.target, target_type="float8",
        function_schema="public", function="f", parameters=parameters,
    )  # fmt: skip
    target = read_target(table[of.target].combine_chunks(), of.target, of.problem, 100)
    return read_columns(table, definition), target


@pytest.mark.parametrize("of", SETS, ids=lambda of: of.name)
def test_nine_in_ten_rows_held_out_lie_inside(of: Set) -> None:
    columns, target = read(of)
    rows = np.arange(len(target.values))
    train, test = rows[:TRAINED], rows[TRAINED:]
    known = Target(target.task, target.labels, target.values[train])
    algorithm = ALGORITHMS.get("xgboost")
    assert algorithm is not None
    workshop = Workshop(
        columns.take(train), known, "MSE", make_folds(known, 5, 0), 0, time.monotonic() + 600
    )
    settings = (("max_depth", 4), ("eta", 0.15), ("num_round", 80))
    candidate = Candidate("xgboost", "ordinal", "raw", settings)
    with ThreadPoolExecutor(1) as pool:
        trial = workshop.trial(candidate, (0, 1, 2, 3, 4), each=pool.map)
    decision = decide(workshop, trial, "ACCURACY")
    make = intervals.of_labels if target.labels else intervals.of_values
    unseen = after(workshop, candidate, columns, test)
    found = make(known.values, decision.after if target.labels else decision.after[:, 0])
    for level, margin in ((0.9, 0.02), (0.7, 0.03), (0.98, 0.01)):
        share = np.mean(inside(found, level, target.values[test], unseen))
        low, high = level - margin, level + margin
        # A set always has its likeliest label, be that surer than the level.
        top = np.mean(unseen.argmax(axis=1) == target.values[test]) if target.labels else 0.0
        assert low <= share <= max(high, top + 0.02), (level, share)


def after(
    workshop: Workshop, candidate: Candidate, columns: Columns, rows: np.ndarray
) -> np.ndarray:
    """What the model of all training rows predicts for others."""
    fitted = workshop.fit(candidate, -1)
    encoding = workshop.encoding(candidate, -1)
    margins = fitted.margins(encoding.x)
    output = draft_output(workshop.task, "raw", margins, workshop.target.values)
    program = Program(
        encoding.tape.inputs, tuple(encoding.tape.steps), encoding.registers, fitted.body(), output
    )
    return probabilities(program, columns.take(rows).arrays)


def inside(found: Intervals, level: float, y: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Which rows' truths lie in their intervals; the rules of ``duckdb_library.sql``."""
    quantile = found.quantiles[LEVEL[level]]
    if found.kind == "labels":
        truth = predicted[np.arange(len(y)), y.astype(int)]
        return (truth >= quantile) | (truth == predicted.max(axis=1))
    value = predicted[:, 0]
    if found.kind == "ratios":
        return (value / quantile <= y) & (y <= value * quantile)
    scales = np.array(found.scales or (1.0,))
    return np.abs(y - value) <= quantile * scales[np.searchsorted(found.edges, value, side="right")]


# --- Calibration ----------------------------------------------------------------------------------


def test_a_quantile_counts_the_row_that_is_predicted_too() -> None:
    residuals = np.arange(1.0, 20.0)
    found = intervals.of_values(residuals, np.zeros(19))
    assert found.kind == "differences"
    assert found.quantiles[LEVEL[0.9]] == 18  # the 18th of 19, for 0.9 of 20
    assert found.quantiles[LEVEL[0.5]] == 10
    assert found.quantiles[LEVEL[0.99]] == 19  # as far as is known


def test_errors_that_grow_with_the_value_give_intervals_that_do() -> None:
    random = np.random.default_rng(0)
    predicted = random.uniform(1, 1000, 5000)
    grown = predicted * np.exp(random.normal(0, 0.1, 5000))
    found = intervals.of_values(grown, predicted)
    assert found.kind == "ratios"
    assert found.quantiles[LEVEL[0.9]] == pytest.approx(np.exp(0.1645), rel=0.02)
    # Negative values have no ratios.
    found = intervals.of_values(grown - 500, predicted - 500)
    assert found.kind == "scaled"
    assert len(found.scales) == len(found.edges) + 1 == 10
    assert list(found.scales) == sorted(found.scales)


def test_labels_are_taken_down_to_the_probability_that_truth_had() -> None:
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]] * 25)
    found = intervals.of_labels(np.zeros(100), probabilities)
    assert found.quantiles[LEVEL[0.5]] == 0.6
    assert found.quantiles[LEVEL[0.9]] == 0.2
    assert intervals.of_labels(np.zeros(4), probabilities[:4]).quantiles[LEVEL[0.9]] == 0.0

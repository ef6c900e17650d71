"""Metrics, intervals, curves, profiles and the search for leaks, against other ways to know them."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from vesto.algorithms import Task
from vesto.training.judgement import binned, judged, roc
from vesto.training.leaks import strength
from vesto.training.profile import described, short, shortened
from vesto.training.quality import Answers, measured, of_probabilities, scores


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(7)


@given(st.integers(2, 60), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_auc_of_ties_and_of_any_rows_is_scikit_learns(rows: int, levels: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    share = random.integers(0, levels, rows) / levels
    y = random.integers(0, 2, rows).astype(float)
    found = scores(of_probabilities(y, np.round(share), np.stack([1 - share, share], 1)))
    if len(set(y)) == 1:
        assert np.isnan(found["auc"])
    else:
        assert found["auc"] == pytest.approx(sklearn_metrics.roc_auc_score(y, share))


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    inside = 0
    for seed in range(100):
        random = np.random.default_rng(seed)
        y = random.normal(size=150)
        found = measured(Answers("regression", y, y + random.normal(size=150)), seed)
        mse = next(one for one in found if one.name == "mse")
        inside += mse.lower <= 1.0 <= mse.upper
    assert 85 <= inside <= 100


def test_a_model_no_better_than_a_constant_does_not_beat_it_beyond_doubt(
    random: np.random.Generator,
) -> None:
    y = random.integers(0, 2, 400).astype(float)
    share = random.random(400) * 0.02 + 0.49
    found = {
        m.name: m
        for m in measured(of_probabilities(y, np.round(share), np.stack([1 - share, share], 1)), 0)
    }
    assert 0.0 < found["auc"].beats_baseline < 1.0
    assert found["auc"].lower < 0.5 < found["auc"].upper


def test_the_roc_curve_has_the_area_of_all_its_points(random: np.random.Generator) -> None:
    share = random.random(5000)
    y = random.random(5000) < share**2
    points = roc(y, share)
    assert len(points) <= 102
    area = np.trapezoid([p[1] for p in points], [p[0] for p in points])
    assert area == pytest.approx(sklearn_metrics.roc_auc_score(y, share), abs=2e-3)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200))
def test_bins_hold_every_row_once(values: list[float]) -> None:
    x = np.array(values)
    bins = binned(x, x * 2)
    assert sum(one["rows"] for one in bins) == len(x)
    assert all(one["low"] <= one["high"] for one in bins)
    for one in bins:
        assert one["observed"] == pytest.approx(2 * one["predicted"], rel=1e-4, abs=1e-4)


def test_many_classes_are_summed_up(random: np.random.Generator) -> None:
    y = random.integers(0, 300, 5000).astype(float)
    chosen = np.where(random.random(5000) < 0.5, y, random.integers(0, 300, 5000)).astype(float)
    after = np.full((5000, 300), 1 / 300)
    labels = tuple(f"class {place} " + "long " * 100 for place in range(300))
    found = judged(
        of_probabilities(y, chosen, after),
        labels,
        split="validation",
        metric="validation:accuracy",
        seed=0,
    )
    assert (len(found["classes"]), found["classes_left_out"]) == (100, 200)
    assert len(found["confusion"]["pairs"]) == 50
    assert all(len(one["label"]) <= 60 for one in found["classes"])


# --- Leaks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "made", "leaks"),
    [
        ("the target itself", lambda y, r: y, True),
        ("another scale of it", lambda y, r: -3.0 * y + 7, True),
        ("known only where it is 1", lambda y, r: np.where(y > 0, r.random(len(y)), np.nan), True),
        ("two sides of a middle", lambda y, r: np.where(y > 0, r.choice([-9, 9], len(y)), r.random(len(y))), True),
        ("noise", lambda y, r: r.random(len(y)), False),
        ("numbers of rows", lambda y, r: np.arange(len(y), dtype=float), False),
        ("a good feature", lambda y, r: y + r.normal(size=len(y)) * 0.4, False),
        ("a constant", lambda y, r: np.ones(len(y)), False),
        ("nothing", lambda y, r: np.full(len(y), np.nan), False),
    ],
)  # fmt: skip
def test_leaks_of_a_class_are_seen_and_others_are_not(name: str, made: object, leaks: bool) -> None:
    random = np.random.default_rng(3)
    y = (random.random(4000) < 0.03).astype(float)
    found = strength(made(y, random), y, Task("binary", 2))  # type: ignore[operator]
    assert (found > 0.999) == leaks, f"{name}: {found}"


def test_leaks_of_a_number_and_of_several_classes_are_seen(random: np.random.Generator) -> None:
    y = random.lognormal(sigma=2, size=4000)
    assert strength(y * 1.19, y, Task("regression")) > 0.999
    assert strength(np.log(y), y, Task("regression")) > 0.999
    assert strength(y * random.uniform(0.5, 1.5, 4000), y, Task("regression")) < 0.999
    classes = random.integers(0, 5, 4000).astype(float)
    assert strength((classes * 3) % 5, classes, Task("multiclass", 5)) > 0.999
    assert strength(random.random(4000), classes, Task("multiclass", 5)) < 0.6


def test_numbers_whose_squares_are_none_are_judged_too(random: np.random.Generator) -> None:
    y = np.append(random.random(500), 1e300)
    assert 0 <= strength(random.random(501), y, Task("regression")) < 0.999
    assert strength(y * 3, y, Task("regression")) > 0.999
    assert scores(Answers("regression", y, np.zeros(501)))["mse"] == np.inf
    found = judged(Answers("regression", y, np.zeros(501)), (), split="training", metric="", seed=0)
    json.dumps(found, allow_nan=False)


# --- Profile --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "kind", "expected"),
    [
        (pa.array([1, 2, 2, None]), "int8", {"missing": 1, "min": 1.0, "max": 2.0}),
        (pa.array([True, False, True]), "bool", {"top": [["t", 2], ["f", 1]]}),
        (pa.array(["b", "a", "b", None]), "varchar", {"missing": 1, "top": [["b", 2], ["a", 1]]}),
        (pa.array([], pa.float64()), "float8", {"rows": 0, "distinct": 0}),
        (pa.array([None, None], pa.float64()), "float8", {"missing": 2}),
        (pa.array([float("nan"), float("inf"), 1.0]), "float8", {"min": 1.0, "max": 1.0}),
        (pa.array([19000, 19001], pa.int32()).cast(pa.date32()), "date",
         {"min": "2022-01-08", "max": "2022-01-09"}),
    ],
)  # fmt: skip
def test_a_column_is_described_by_its_kind(
    column: pa.Array, kind: str, expected: dict[str, object]
) -> None:
    found = described(column, kind)
    assert {key: found[key] for key in expected} == expected


def test_what_json_cannot_say_is_none_and_long_text_is_cut() -> None:
    assert short(float("nan")) is None
    assert short(float("inf")) is None
    assert short(1 / 3, 3) == 0.333
    assert len(shortened("x" * 1000)) == 60

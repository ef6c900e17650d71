"""Programs of forests against XGBoost itself: no difference at all, in any bit of any margin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import xgboost

from vesto.algorithms.xgboost import to_forest
from vesto.programs import storage
from vesto.programs.bodies import LEAF, Forest
from vesto.programs.program import Input, Program, label_output, value_output
from vesto.programs.reference import run_body, score
from vesto.programs.steps import Number

OBJECTIVES = (
    "reg:squarederror", "reg:squaredlogerror", "reg:logistic", "reg:pseudohubererror",
    "reg:tweedie", "binary:logistic", "binary:hinge", "multi:softmax", "multi:softprob",
)  # fmt: skip
SHAPES: tuple[dict[str, Any], ...] = (
    {"max_depth": 1},
    {"max_depth": 3, "base_score": 0.3},
    {"max_depth": 8, "min_child_weight": 0},
    {"num_parallel_tree": 3, "subsample": 0.7},
    {"grow_policy": "lossguide", "max_leaves": 20, "max_depth": 0},
    {"tree_method": "exact", "gamma": 0.5},
    {"tree_method": "approx", "max_delta_step": 0.5, "scale_pos_weight": 3.0},
)
CLASSES = 4
EDGES = np.array([0.0, -0.0, 1e-40, -1e-42, 1e-30, 3e38], np.float32)


def rows(objective: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """300 rows of 5 features with missing values, denormals and very great numbers."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(300, 5)).astype(np.float32)
    x[:, 3] = rng.integers(0, 6, 300)
    x[:, 4] = rng.choice(EDGES, 300)
    x[rng.random(x.shape) < 0.1] = np.nan
    z = np.nan_to_num(x[:, 0]) + np.nan_to_num(x[:, 3]) / 3 + rng.normal(size=300) * 0.1
    of = {"reg:squaredlogerror": np.abs(z), "reg:tweedie": np.maximum(z, 0)}
    of |= {"reg:logistic": 1 / (1 + np.exp(-z))}
    if objective.startswith("binary:"):
        return x, (z > 1).astype(float)
    if objective.startswith("multi:"):
        return x, np.digitize(z, [0, 0.5, 1.5]).astype(float)
    return x, of.get(objective, z)


def edge_rows(forest: Forest, *, codes: bool) -> np.ndarray:
    """Rows on the thresholds, one step beside them, missing, denormal or of unknown categories."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(500, 5)).astype(np.float32)
    for feature in range(5):
        cuts = forest.threshold[(forest.feature == feature) & np.isfinite(forest.threshold)]
        if len(cuts):
            on, beside = rng.random(500) < 0.5, rng.random(500) < 0.15
            x[on, feature] = rng.choice(cuts, on.sum())
            x[beside, feature] = np.nextafter(x[beside, feature], np.float32(np.inf))
    if codes:
        x[:, 3] = rng.integers(-1, 9, 500)
    x[:50, 4] = rng.choice(EDGES, 50)
    x[rng.random(x.shape) < 0.1] = np.nan
    return x


def trained(objective: str, shape: dict[str, Any], kinds: list[str], rounds: int = 4) -> Any:
    x, y = rows(objective)
    data = xgboost.DMatrix(x, y, feature_types=kinds, enable_categorical="c" in kinds, nthread=1)
    given = {"objective": objective, "nthread": 1, "seed": 1, "verbosity": 0} | shape
    if objective.startswith("multi:"):
        given["num_class"] = CLASSES
    return xgboost.train(given, data, rounds)


def own_margins(booster: Any, x: np.ndarray) -> np.ndarray:
    return np.asarray(booster.inplace_predict(x, predict_type="margin")).reshape(len(x), -1)


def same_bits(got: np.ndarray, want: np.ndarray) -> bool:
    return got.dtype == want.dtype == np.float32 and got.tobytes() == want.tobytes()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_margins_are_xgboosts(objective: str, shape: dict[str, Any]) -> None:
    booster = trained(objective, shape, ["q"] * 5)
    forest = to_forest(booster)
    assert (forest.feature != LEAF).any()
    x = edge_rows(forest, codes=False)
    assert same_bits(run_body(forest, x.astype(np.float64)), own_margins(booster, x))


@pytest.mark.parametrize("one_hot", [1, 100])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_margins_of_categories_are_xgboosts(objective: str, one_hot: int) -> None:
    kinds = ["q", "q", "q", "c", "q"]
    booster = trained(objective, {"max_cat_to_onehot": one_hot, "max_depth": 4}, kinds)
    forest = to_forest(booster)
    assert forest.categories_size.any()
    x = edge_rows(forest, codes=True)
    data = xgboost.DMatrix(x, feature_types=kinds, enable_categorical=True, nthread=1)
    want = booster.predict(data, output_margin=True).reshape(len(x), -1)
    assert same_bits(run_body(forest, x.astype(np.float64)), want)


# DART's inplace_predict adds in another order than its predict, which training reports.
@pytest.mark.parametrize("objective", ["reg:squarederror", "binary:logistic", "multi:softmax"])
@pytest.mark.parametrize("shape", [
    {"rate_drop": 0.5}, {"rate_drop": 0.5, "num_parallel_tree": 2},
    {"rate_drop": 0.3, "one_drop": 1, "normalize_type": "forest", "sample_type": "weighted"},
], ids=str)  # fmt: skip
def test_margins_of_dart_are_those_of_predict(objective: str, shape: dict[str, Any]) -> None:
    booster = trained(objective, shape | {"booster": "dart"}, ["q"] * 5, rounds=8)
    x = rows(objective, seed=1)[0]
    want = booster.predict(xgboost.DMatrix(x, nthread=1), output_margin=True)
    assert same_bits(run_body(to_forest(booster), x.astype(np.float64)), want.reshape(len(x), -1))


@pytest.mark.parametrize("objective", ["binary:logistic", "reg:logistic", "reg:tweedie"])
def test_every_base_score_starts_the_sum_where_xgboost_does(objective: str) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20, 1)).astype(np.float32)
    data = xgboost.DMatrix(x, (x[:, 0] > 0).astype(float), nthread=1)
    given = {"objective": objective, "nthread": 1, "max_depth": 1}
    for score_ in [0.48449894234625035, 1e-9, 1 - 1e-9, 1.0147641411791601, *rng.random(60)]:
        if score_ > 1 and objective != "reg:tweedie":
            continue
        booster = xgboost.train(given | {"base_score": score_}, data, 1)
        got = run_body(to_forest(booster), x.astype(np.float64))
        assert same_bits(got, own_margins(booster, x)), score_


def test_a_booster_cut_to_its_first_rounds_keeps_its_base() -> None:
    booster = trained("binary:logistic", {}, ["q"] * 5, rounds=6)[:2]
    x = rows("binary:logistic")[0]
    assert same_bits(run_body(to_forest(booster), x.astype(np.float64)), own_margins(booster, x))


def test_infinite_features_are_missing_as_training_takes_them() -> None:
    forest = to_forest(trained("reg:squarederror", {"max_depth": 4}, ["q"] * 5))
    x = np.tile(np.array([0.3, -0.2, 0.1, 2.0, 0.0]), (4, 1))
    x[:, 0] = [np.inf, -np.inf, 1e39, np.nan]
    got = run_body(forest, x)
    assert len(set(got[:, 0].tolist())) == 1


def program_of(booster: Any, output: Any) -> Program:
    inputs = tuple(Input(f"x{place}", "float4") for place in range(5))
    steps = tuple(Number(place) for place in range(5))
    program = Program(inputs, steps, tuple(range(5, 10)), to_forest(booster), output)
    return storage.load(storage.dump(program))


def columns_of(x: np.ndarray) -> list[pa.Array]:
    return [pa.array(column, from_pandas=True) for column in x.T]


def test_labels_are_the_classes_that_xgboost_chooses() -> None:
    names = ("low", "middle", "high", "top")
    booster = trained("multi:softmax", {}, ["q"] * 5)
    x = edge_rows(to_forest(booster), codes=False)
    got = score(program_of(booster, label_output("varchar", names)), columns_of(x)).to_pylist()
    assert got == [names[int(place)] for place in booster.inplace_predict(x)]
    assert len(set(got)) > 2


@pytest.mark.parametrize("objective", ["binary:logistic", "binary:hinge"])
def test_labels_of_two_classes_are_those_of_xgboost(objective: str) -> None:
    booster = trained(objective, {}, ["q"] * 5)
    x = edge_rows(to_forest(booster), codes=False)
    output = label_output("int4", ("0", "1"), link="sigmoid")
    got = score(program_of(booster, output), columns_of(x)).to_pylist()
    assert got == (booster.inplace_predict(x) > 0.5).astype(int).tolist()
    assert set(got) == {0, 1}


@pytest.mark.parametrize(
    ("objective", "link"),
    [("reg:tweedie", "exp"), ("reg:logistic", "sigmoid"), ("reg:pseudohubererror", "identity")],
)
def test_values_after_the_link_are_xgboosts_within_float32(objective: str, link: Any) -> None:
    booster = trained(objective, {}, ["q"] * 5)
    x = rows(objective)[0]
    got = score(program_of(booster, value_output("float8", link)), columns_of(x)).to_numpy()
    np.testing.assert_allclose(got, booster.inplace_predict(x), rtol=1e-6)

"""From the winner to the program: thresholds, offsets, joined forests, late finishes."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vesto.catalog.records import Definition, Parameter
from vesto.programs import reference
from vesto.programs.bodies import Forest, Linear
from vesto.programs.check import check
from vesto.programs.program import Input
from vesto.training import metrics
from vesto.training.blend import joined
from vesto.training.candidates import Candidate, Trial, Workshop, make_folds, smearing
from vesto.training.columns import read_features
from vesto.training.encoding import Columns
from vesto.training.final import best_offsets, best_threshold, decide, finish
from vesto.training.target import read_target

ROWS = 300
TREES = Candidate("xgboost", "ordinal", "raw", (("max_depth", 3), ("eta", 0.3)))
LINE = Candidate("linear_learner", "linear", "raw", (("l2", 1.0),))
TARGETS = {
    "regression": pa.array,
    "binary": lambda score: pa.array(np.where(score > 0.7, "yes", "no")),
    "multiclass": lambda score: pa.array(np.digitize(score, [-0.5, 0.7]).astype(str)),
}


def workshop(problem: str, *, seconds: float = 60) -> Workshop:
    random = np.random.default_rng(3)
    x = random.normal(size=(ROWS, 2))
    table = pa.table({"a": x[:, 0], "b": x[:, 1]})
    parameters = (Parameter("a", "float8"), Parameter("b", "float8"))
    inputs = tuple(Input(p.name, p.type) for p in parameters)
    arrays = tuple(column.combine_chunks() for column in table.columns)
    columns = Columns(inputs, arrays, tuple(read_features(table, parameters)))
    values = TARGETS[problem](x[:, 0] + 0.3 * random.normal(size=ROWS))
    target = read_target(values, "t", "", 100)
    assert target.task.problem == problem
    folds = make_folds(target, 3, seed=1)
    return Workshop(columns, target, "", folds, 1, time.monotonic() + seconds)


def definition(problem: str) -> Definition:
    return Definition(
        statement="", query="", table="t", target="t", function_schema="public", function="f",
        target_type="float8" if problem == "regression" else "varchar",
        parameters=(Parameter("a", "float8"), Parameter("b", "float8")),
    )  # fmt: skip


def trial_of(shop: Workshop, candidate: Candidate) -> Trial:
    with ThreadPoolExecutor(1) as pool:
        return shop.trial(candidate, (0, 1, 2), each=pool.map)


@pytest.mark.parametrize("candidate", [TREES, LINE], ids=lambda c: c.algorithm)
@pytest.mark.parametrize("problem", TARGETS)
class TestFinish:
    def test_the_program_predicts_what_was_learnt(self, problem: str, candidate: Candidate) -> None:
        shop = workshop(problem)
        trial = trial_of(shop, candidate)
        program, _ = finish(shop, trial, decide(shop, trial, ""), definition(problem), seeds=1)
        check(program)
        got = reference.score(program, shop.columns.arrays)
        if problem == "regression":
            assert np.corrcoef(got.to_numpy(), shop.target.values)[0, 1] > 0.9
        else:
            labels = np.array(shop.target.labels)[shop.target.values.astype(int)]
            assert (np.array(got.to_pylist()) == labels).mean() > 0.75

    def test_without_time_nothing_is_fitted_again(
        self, problem: str, candidate: Candidate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shop = workshop(problem)
        trial = trial_of(shop, candidate)
        shop.deadline = time.monotonic()
        monkeypatch.setattr(Workshop, "fit", lambda *_args, **_named: pytest.fail("fitted"))
        program, _ = finish(shop, trial, decide(shop, trial, ""), definition(problem), seeds=1)
        check(program)
        margins = reference.margins(program, shop.columns.arrays)
        known = trial.models if candidate is TREES else trial.models[:1]
        encodings = [shop.encoding(candidate, fold) for fold in range(len(known))]
        each = [model.margins(e.x) for model, e in zip(known, encodings, strict=True)]
        np.testing.assert_allclose(margins, np.mean(each, axis=0), rtol=1e-4, atol=1e-4)


def test_a_network_that_was_one_to_compare_is_the_mean_of_three_at_last() -> None:
    shop = workshop("regression")
    shop.deadline = time.monotonic() + 60
    trial = trial_of(shop, Candidate("mlp", "linear", "raw", (("hidden_1", 8), ("members", 1))))
    decision = decide(shop, trial, "")
    early, last = (finish(shop, trial, decision, definition("regression"), seeds=n) for n in (0, 1))
    members = [len(found.program.body.weights) for found in (early, last)]  # type: ignore[union-attr]
    assert members == [1, 3]


def test_folds_joined_are_the_mean_of_their_margins() -> None:
    shop = workshop("multiclass")
    trial = trial_of(shop, TREES)
    body = joined([model.body() for model in trial.models])
    assert isinstance(body, Forest)
    x = shop.encoding(TREES, 0).x
    want = np.mean([model.margins(x) for model in trial.models], axis=0)
    np.testing.assert_allclose(reference.run_body(body, x), want, rtol=1e-4, atol=1e-5)


def test_a_line_stays_within_what_it_was_shown() -> None:
    shop = workshop("regression")
    trial = trial_of(shop, LINE)
    program, _ = finish(shop, trial, decide(shop, trial, ""), definition("regression"), seeds=1)
    assert isinstance(program.body, Linear)
    far = (pa.array([1e12, -1e12]), pa.array([0.0, 0.0]))
    got = reference.score(program, far).to_pylist()
    low, high = shop.target.values.min(), shop.target.values.max()
    assert all(low <= value <= high for value in got)


class TestChoice:
    @given(st.integers(0, 1000), st.sampled_from(["F1", "ACCURACY", "F1MACRO"]))
    def test_a_threshold_is_no_worse_than_a_half(self, seed: int, objective: str) -> None:
        random = np.random.default_rng(seed)
        y = (random.random(200) < 0.2).astype(float)
        share = np.clip(0.3 * y + 0.6 * random.random(200), 0, 1)
        score = {
            "F1": metrics.f1, "ACCURACY": metrics.accuracy,
            "F1MACRO": lambda y, chosen: metrics.f1_macro(y, chosen, 2),
        }[objective]  # fmt: skip
        found = best_threshold(y, share, objective)
        assert score(y, (share > found).astype(int)) >= score(y, (share > 0.5).astype(int))

    @given(st.integers(0, 1000))
    def test_offsets_are_no_worse_than_none(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        y = random.choice(3, 200, p=[0.8, 0.15, 0.05]).astype(float)
        after = random.dirichlet([8, 2, 1], 200)
        moved = np.argmax(np.log(after) + best_offsets(y, after), axis=1)
        plain = np.argmax(after, axis=1)
        assert metrics.f1_macro(y, moved, 3) >= metrics.f1_macro(y, plain, 3)

    @pytest.mark.parametrize(
        ("problem", "objective", "metric"),
        [
            ("binary", "F1", "validation:f1_binary"), ("binary", "AUC", "validation:auc"),
            ("binary", "ACCURACY", "validation:accuracy"),
            ("multiclass", "F1", "validation:f1_macro"),
            ("multiclass", "ACCURACY", "validation:accuracy"),
            ("regression", "MSE", "validation:mse"),
        ],
    )  # fmt: skip
    def test_the_score_is_that_of_rows_left_out(
        self, problem: str, objective: str, metric: str
    ) -> None:
        shop = workshop(problem)
        trial = trial_of(shop, TREES)
        decision = decide(shop, trial, objective)
        assert decision.metric == metric
        y = shop.target.values
        want = {
            "validation:f1_binary": lambda: metrics.f1(y, decision.chosen.astype(int)),
            "validation:auc": lambda: metrics.auc(y, trial.margins[:, 0]),
            "validation:accuracy": lambda: metrics.accuracy(y, decision.chosen.astype(int)),
            "validation:f1_macro": lambda: metrics.f1_macro(y, decision.chosen.astype(int), 3),
            "validation:mse": lambda: metrics.mse(y, trial.margins[:, 0]),
        }[metric]()
        assert decision.score == pytest.approx(want)


def test_smearing_gives_back_the_mean() -> None:
    logs = np.random.default_rng(1).normal(size=1000)
    y = np.exp(logs + np.random.default_rng(2).normal(size=1000))
    assert (np.exp(logs) * smearing(logs, y)).mean() == pytest.approx(y.mean())
    assert smearing(np.array([-1e6]), np.array([1.0])) == 1.0


def test_a_trial_that_lost_keeps_what_the_report_needs() -> None:
    shop = workshop("binary")
    trial = trial_of(shop, TREES)
    light = trial.without_models()
    assert (light.models, light.margins.size) == ((), 0)
    assert replace(light, models=trial.models, margins=trial.margins).loss == trial.loss

"""Budgets that count or measure; blends of trials; forests side by side."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vesto.catalog.records import Definition, Parameter
from vesto.programs import reference
from vesto.programs.check import check
from vesto.programs.program import Input
from vesto.training.blend import best_blend
from vesto.training.budget import Budget
from vesto.training.candidates import Candidate, Trial, Workshop, make_folds
from vesto.training.columns import read_features
from vesto.training.encoding import Columns
from vesto.training.final import decide, finish
from vesto.training.target import read_target

FOLDS = (0, 1, 2)
SETTING = (("max_depth", 3), ("eta", 0.3))
DEFINITION = Definition(
    statement="", query="", table="t", target="t", function_schema="public", function="f",
    target_type="float8", parameters=(Parameter("a", "float8"), Parameter("w", "varchar")),
)  # fmt: skip


@pytest.fixture(scope="module")
def shop() -> Workshop:
    random = np.random.default_rng(3)
    a, w = random.normal(size=300), random.integers(0, 30, 300)
    table = pa.table({"a": a, "w": [f"w{n}" for n in w]})
    features = read_features(table, DEFINITION.parameters)
    inputs = tuple(Input(p.name, p.type) for p in DEFINITION.parameters)
    arrays = tuple(column.combine_chunks() for column in table.columns)
    values = pa.array(np.sin(2 * a) + np.cos(w) + 0.3 * random.normal(size=300))
    target = read_target(values, "t", "", 100)
    folds = make_folds(target, 3, seed=1)
    return Workshop(Columns(inputs, arrays, tuple(features)), target, "MSE", folds, 1, math.inf)


@pytest.fixture(scope="module")
def trials(shop: Workshop) -> list[Trial]:
    with ThreadPoolExecutor(1) as pool:
        return [
            shop.trial(Candidate("xgboost", style, "raw", SETTING), FOLDS, each=pool.map)
            for style in ("ordinal", "native", "means")
        ]


def test_a_blend_is_the_weighted_sum_of_its_parts(shop: Workshop, trials: list[Trial]) -> None:
    found = best_blend(shop, trials)
    assert len(found.parts) > 1
    assert sum(weight for _, weight in found.parts) == pytest.approx(1)
    want = sum(weight * trial.margins for trial, weight in found.parts)
    np.testing.assert_allclose(found.margins, want)
    assert found.loss == pytest.approx(shop.loss(found.candidate, found.margins))
    assert found.loss < 0.995 * min(trial.loss for trial in trials)


def test_what_gains_nothing_is_not_blended(shop: Workshop, trials: list[Trial]) -> None:
    best = min(trials, key=lambda trial: trial.badness)
    wild = replace(trials[0], margins=trials[0].margins + 1e3)
    assert best_blend(shop, [best, shop.judged(wild)]) is best


def test_what_gains_less_than_its_nodes_cost_is_not_blended(
    shop: Workshop, trials: list[Trial], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vesto.training.blend.FEW_NODES", 1)
    assert best_blend(shop, trials).parts
    monkeypatch.setattr("vesto.training.blend.SIZE_WEIGHT", 1.0)
    smallest = min(trials, key=lambda trial: trial.loss * trial.models[0].nodes)
    assert best_blend(shop, trials) is smallest


def test_a_line_that_wins_is_not_blended(shop: Workshop, trials: list[Trial]) -> None:
    line = Candidate("linear_learner", "linear", "raw", (("l2", 1.0),))
    winner = replace(trials[0], candidate=line, badness=0.0)
    assert best_blend(shop, [winner, *trials]) is winner


def refitted(shop: Workshop, trial: Trial) -> np.ndarray:
    """Margins of the trial's candidate fitted on all rows, of features as prediction makes them."""
    encoding = shop.encoding(trial.candidate, -1)
    registers = reference.run_steps(encoding.tape.steps, shop.columns.arrays)
    x = np.stack([registers[place] for place in encoding.registers], axis=1).astype(np.float32)
    return shop.fit(trial.candidate, -1, num_round=round(trial.rounds * 1.1)).margins(x)


def test_parts_of_different_styles_become_one_forest(shop: Workshop, trials: list[Trial]) -> None:
    parts = tuple((trial, weight) for trial, weight in zip(trials, (0.5, 0.3, 0.2), strict=True))
    mixed = sum(weight * trial.margins for trial, weight in parts)
    blend = shop.judged(replace(trials[0], margins=np.asarray(mixed), parts=parts))
    program, names = finish(shop, blend, decide(shop, blend, "MSE"), DEFINITION, seeds=1)
    check(program)
    assert len(names) == len(program.features)
    assert set(names) == {"a", "w"}
    want = sum(weight * refitted(shop, trial) for trial, weight in parts)
    got = reference.margins(program, shop.columns.arrays)
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4)


def test_several_seeds_are_more_trees_of_the_same_scale(
    shop: Workshop, trials: list[Trial]
) -> None:
    trial = trials[0]
    decision = decide(shop, trial, "MSE")
    one, many = (finish(shop, trial, decision, DEFINITION, seeds=seeds).program for seeds in (1, 5))
    assert len(many.body.roots) == 5 * len(one.body.roots)  # type: ignore[union-attr]
    first, second = (reference.margins(program, shop.columns.arrays) for program in (one, many))
    assert np.corrcoef(first[:, 0], second[:, 0])[0, 1] > 0.99


def test_models_that_went_wrong_leave_the_folds_models(
    shop: Workshop, trials: list[Trial], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vesto.training.final.SOUND_FACTOR", 0.0)
    trial = trials[0]
    program, _ = finish(shop, trial, decide(shop, trial, "MSE"), DEFINITION, seeds=5)
    want = np.mean([m.margins(shop.encoding(trial.candidate, -1).x) for m in trial.models], axis=0)
    got = reference.margins(program, shop.columns.arrays)
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4)


class TestBudget:
    @given(st.integers(1, 50), st.floats(0, 1e9))
    def test_candidates_do_not_look_at_the_clock(self, trials: int, at: float) -> None:
        budget = Budget(0, 1, trials, lambda: at)
        room = [tried for tried in range(60) if budget.has_room("tuning", tried, 1e9)]
        assert room == list(range(trials))
        early = [tried for tried in range(60) if budget.has_room("portfolio", tried, 1e9)]
        assert len(early) == math.ceil(trials * 0.6)
        assert budget.deadline == math.inf

    def test_time_runs_out_by_stages(self) -> None:
        at = 10.0
        budget = Budget(10.0, 100.0, 0, lambda: at)
        assert budget.deadline == 110.0
        assert budget.has_room("first", 9999, 39)
        assert not budget.has_room("first", 0, 41)
        assert budget.has_room("portfolio", 9999, 59)
        assert not budget.has_room("portfolio", 0, 61)
        at = 75.0
        assert not budget.has_room("tuning", 0, 1)
        assert budget.has_room("tuning", 0, 19, wanted_s=10)
        assert not budget.has_room("tuning", 0, 21, wanted_s=10)
        assert budget.has_room("finalists", 0, 19)
        assert budget.spent(0) == pytest.approx(0.65)
        at = 20.0
        assert budget.has_room("tuning", 0, 34, needed_s=50)
        assert not budget.has_room("tuning", 0, 36, needed_s=50)
        assert budget.has_room("tuning", 0, 19, needed_s=90)

"""A program of LightGBM's trees computes what LightGBM does."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vesto.algorithms import Matrix, Task
from vesto.algorithms.lightgbm import ALGORITHM, below
from vesto.programs.reference import run_body

FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(st.floats(allow_nan=False, allow_infinity=False), FLOATS)
def test_a_threshold_cuts_float32_numbers_alike(threshold: float, x: float) -> None:
    assert (np.float32(x) < below(threshold)) == (x <= threshold)


@given(FLOATS.filter(lambda x: abs(x) < 1e30))
def test_a_number_on_the_threshold_goes_left(x: float) -> None:
    assert np.float32(x) < below(x)
    assert not np.float32(x) < below(math.nextafter(x, -math.inf))


@pytest.mark.parametrize("holes", [0.0, 0.2])
@pytest.mark.parametrize(
    "task", [Task("regression"), Task("binary", 2), Task("multiclass", 3)], ids=lambda t: t.problem
)
def test_margins_are_those_of_the_library(task: Task, holes: float) -> None:
    pytest.importorskip("lightgbm", reason="the extra lightgbm is not installed")
    random = np.random.default_rng(4)
    x = np.round(random.normal(size=(500, 5)), 1).astype(np.float32)
    score = x[:, 0] + x[:, 1] * x[:, 2]
    x[random.random(x.shape) < holes] = np.nan
    y = score if not task.classes else np.digitize(score, [-0.5, 0.7][: task.classes - 1])
    data = Matrix(x, y.astype(np.float64), (False,) * 5)
    fitted = ALGORITHM.fit(data, None, task, {"num_round": 40}, seed=1, deadline=math.inf)
    seen = x.copy()
    # Missing where training saw none, too.
    seen[::9, 3] = np.nan
    got = run_body(fitted.body(), seen.astype(np.float64))
    np.testing.assert_allclose(got, fitted.margins(seen), rtol=1e-5, atol=1e-5)

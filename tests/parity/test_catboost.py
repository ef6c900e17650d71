"""A program of CatBoost's trees computes what CatBoost does."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vesto.algorithms import Matrix, Task
from vesto.algorithms.catboost import ALGORITHM
from vesto.programs.reference import run_body


@pytest.mark.parametrize("holes", [0.0, 0.2])
@pytest.mark.parametrize(
    "task", [Task("regression"), Task("binary", 2), Task("multiclass", 3)], ids=lambda t: t.problem
)
def test_margins_are_those_of_the_library(task: Task, holes: float) -> None:
    pytest.importorskip("catboost", reason="the extra catboost is not installed")
    random = np.random.default_rng(4)
    x = np.round(random.normal(size=(500, 5)), 1).astype(np.float32)
    # A constant column, which the library leaves out of its trees.
    x[:, 2] = 1
    score = x[:, 0] + x[:, 1] * x[:, 4]
    x[random.random(x.shape) < holes] = np.nan
    y = score if not task.classes else np.digitize(score, [-0.5, 0.7][: task.classes - 1])
    data = Matrix(x, y.astype(np.float64), (False,) * 5)
    fitted = ALGORITHM.fit(data, None, task, {"num_round": 40}, seed=1, deadline=math.inf)
    seen = random.normal(size=(1000, 5)).astype(np.float32)
    seen[:500] = x
    # Missing where training saw none, too.
    seen[::9, 3] = np.nan
    got = run_body(fitted.body(), seen.astype(np.float64))
    np.testing.assert_allclose(got, fitted.margins(seen), rtol=1e-5, atol=1e-5)


def test_no_round_is_no_tree() -> None:
    pytest.importorskip("catboost", reason="the extra catboost is not installed")
    x = np.arange(20, dtype=np.float32).reshape(-1, 1)
    data = Matrix(x, x[:, 0].astype(np.float64), (False,))
    fitted = ALGORITHM.fit(data, None, Task("regression"), {}, seed=1, deadline=0)
    got = run_body(fitted.body(), x.astype(np.float64))
    np.testing.assert_allclose(got, fitted.margins(x), rtol=1e-5)

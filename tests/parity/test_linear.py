"""Linear programs against scikit-learn, which sums in another order: within 1e-9."""

from __future__ import annotations

import time

import numpy as np
import pyarrow as pa
from sklearn.linear_model import LogisticRegression, Ridge

from vesto.algorithms import Matrix, Task
from vesto.algorithms.linear_learner import ALGORITHM
from vesto.programs.bodies import Linear
from vesto.programs.program import Input, Program, label_output, value_output
from vesto.programs.reference import probabilities, run_body, score
from vesto.programs.steps import Number

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 6)) * [1, 10, 0.1, 1, 1e3, 1]
LINE = X @ [1.0, -0.2, 3.0, 0.0, 1e-3, 0.5] + RNG.normal(size=400) * 0.1
CLASS = np.digitize(LINE, [-1.0, 1.0])
INPUTS = tuple(Input(f"x{place}", "float8") for place in range(6))
STEPS = tuple(Number(place) for place in range(6))
COLUMNS = [pa.array(column) for column in X.T]
CLOSE = {"rtol": 1e-9, "atol": 1e-12}


def program(body: Linear, output: object) -> Program:
    return Program(INPUTS, STEPS, tuple(range(6, 12)), body, output)  # type: ignore[arg-type]


def test_values_are_those_of_ridge() -> None:
    model = Ridge(alpha=0.5).fit(X, LINE)
    body = Linear(model.coef_.reshape(1, -1), np.atleast_1d(model.intercept_))
    got = score(program(body, value_output("float8")), COLUMNS).to_numpy()
    np.testing.assert_allclose(got, model.predict(X), **CLOSE)


def test_margins_shares_and_labels_are_those_of_logistic_regression() -> None:
    for y, link in ((CLASS, "softmax"), (CLASS > 1, "sigmoid")):
        model = LogisticRegression(max_iter=2000).fit(X / X.std(axis=0), y)
        body = Linear(model.coef_ / X.std(axis=0), model.intercept_)
        labels = tuple(f"class {place}" for place in range(len(model.classes_)))
        scaled = X / X.std(axis=0)
        margin = model.decision_function(scaled).reshape(len(X), -1)
        np.testing.assert_allclose(run_body(body, X), margin, **CLOSE)
        own = program(body, label_output("varchar", labels, link=link))  # type: ignore[arg-type]
        np.testing.assert_allclose(
            probabilities(own, COLUMNS), model.predict_proba(scaled), **CLOSE
        )
        want = [labels[int(place)] for place in model.predict(scaled)]
        assert score(own, COLUMNS).to_pylist() == want


def test_what_training_measures_is_what_the_program_gives() -> None:
    x = X.astype(np.float32)
    x[RNG.random(x.shape) < 0.1] = np.nan
    matrix = Matrix(x, CLASS.astype(float), (False,) * 6)
    deadline = time.monotonic() + 60
    task = Task("multiclass", 3)
    fitted = ALGORITHM.fit(matrix, None, task, {"l2": 1.0}, seed=0, deadline=deadline)
    got = run_body(fitted.body(), x.astype(np.float64))
    np.testing.assert_allclose(got, fitted.margins(x), **CLOSE)

"""Network programs against scikit-learn, which sums in another order: within 1e-4 of the outputs' spread."""

from __future__ import annotations

import time

import numpy as np
import pyarrow as pa
import pytest
from sklearn.neural_network import MLPClassifier, MLPRegressor

from vesto.algorithms import Matrix, Task
from vesto.algorithms.mlp import ALGORITHM
from vesto.programs.bodies import Network
from vesto.programs.program import Input, Program, label_output, value_output
from vesto.programs.reference import probabilities, score
from vesto.programs.steps import Number

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 6)).astype(np.float32)
LINE = (X[:, 0] * X[:, 1] + np.abs(X[:, 2])).astype(np.float64)
CLASS = np.digitize(LINE, [0.0, 1.0])
INPUTS = tuple(Input(f"x{place}", "float4") for place in range(6))
STEPS = tuple(Number(place) for place in range(6))
COLUMNS = [pa.array(column) for column in X.T]
CLOSE = {"rtol": 1e-4, "atol": 1e-5}


def program(body: Network, output: object) -> Program:
    return Program(INPUTS, STEPS, tuple(range(6, 12)), body, output)  # type: ignore[arg-type]


def body_of(model: MLPClassifier | MLPRegressor) -> Network:
    layers = list(zip(model.coefs_, model.intercepts_, strict=True))
    sizes = [6, *(len(bias) for _, bias in layers)]
    weights = np.concatenate([w.ravel() for w, _ in layers])[None]
    bias = np.concatenate([b for _, b in layers])[None]
    none = np.zeros(sizes[-1])
    return Network(np.array(sizes, np.int32), weights, bias, none + 1, none)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_values_are_those_of_scikit_learns_regressor() -> None:
    model = MLPRegressor(hidden_layer_sizes=(16, 8), max_iter=30, random_state=0)
    model.fit(X, LINE.astype(np.float32))
    got = score(program(body_of(model), value_output("float8")), COLUMNS).to_numpy()
    np.testing.assert_allclose(got, model.predict(X), **CLOSE)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_shares_and_labels_are_those_of_scikit_learns_classifier() -> None:
    for y, link in ((CLASS, "softmax"), (CLASS > 1, "sigmoid")):
        model = MLPClassifier(hidden_layer_sizes=(16,), max_iter=30, random_state=0).fit(X, y)
        labels = tuple(f"class {place}" for place in range(len(model.classes_)))
        own = program(body_of(model), label_output("varchar", labels, link=link))  # type: ignore[arg-type]
        shares = model.predict_proba(X)
        np.testing.assert_allclose(probabilities(own, COLUMNS), shares, **CLOSE)
        want = [labels[place] for place in shares.argmax(axis=1)]
        assert score(own, COLUMNS).to_pylist() == want


def fit(task: Task, y: np.ndarray, **configuration: float) -> tuple[Network, int]:
    matrix = Matrix(X, y.astype(np.float64), (False,) * 6)
    deadline = time.monotonic() + 60
    fitted = ALGORITHM.fit(matrix, None, task, configuration, seed=1, deadline=deadline)
    return fitted.body(), fitted.rounds


def test_three_members_are_fitted_and_rounds_are_kept_when_told() -> None:
    body, rounds = fit(Task("binary", 2), CLASS > 1, num_round=2)
    assert (body.sizes.tolist(), len(body.weights), rounds) == ([6, 64, 32, 1], 3, 2)
    body, _ = fit(Task("binary", 2), CLASS > 1, num_round=1, hidden_1=5, hidden_2=0, members=1)
    assert (body.sizes.tolist(), len(body.weights)) == ([6, 5, 1], 1)


def test_values_far_from_zero_keep_their_precision() -> None:
    # float32 tells such values apart by 128.
    body, _ = fit(Task("regression"), 1.7e9 + LINE, members=1)
    got = score(program(body, value_output("float8")), COLUMNS).to_numpy() - 1.7e9
    assert np.corrcoef(got, LINE)[0, 1] > 0.9


def test_two_classes_of_a_problem_of_many_have_a_margin_each() -> None:
    body, _ = fit(Task("multiclass", 2), CLASS > 1, num_round=1, members=1)
    assert body.outputs == 2
    assert not body.weights[0].reshape(-1)[-64::2].any()

"""What every algorithm promises; a new file in ``algorithms/`` is tested by this one."""

from __future__ import annotations

import time
from itertools import product
from math import inf, nan

import numpy as np
import pyarrow as pa
import pytest

from vesto import _native
from vesto.algorithms import ALGORITHMS, Algorithm, Fitted, Matrix, Task
from vesto.programs.bodies import Forest
from vesto.programs.image import image
from vesto.programs.program import Input, Program, label_output, value_output
from vesto.programs.reference import margins, run_body
from vesto.programs.steps import Number
from vesto.training.candidates import TREES
from vesto.training.families import EXTRAS

TASKS = [Task("regression"), Task("binary", 2), Task("multiclass", 3)]
STRANGE = [nan, inf, -inf, 0.0, -0.0, 1e308, -1e39, 5e-324, 0.7]
TOLERANCE = {"xgboost": 0.0, "mlp": 0.0, "lightgbm": 1e-5, "catboost": 1e-5}


SUPERVISED = [name for name in ALGORITHMS.names() if hasattr(ALGORITHMS.get(name), "fit")]


@pytest.fixture(params=SUPERVISED)
def algorithm(request: pytest.FixtureRequest) -> Algorithm:
    if request.param in EXTRAS:
        pytest.importorskip(request.param, reason=f"the extra {request.param} is not installed")
    found = ALGORITHMS.get(request.param)
    assert found is not None
    return found


def matrix(task: Task, columns: int = 4, rows: int = 300) -> Matrix:
    random = np.random.default_rng(7)
    x = random.normal(size=(rows, columns)).astype(np.float32)
    score = x[:, 0] * 2 + np.sin(x[:, -1])
    x[random.random(x.shape) < 0.1] = np.nan
    y = (
        score
        if task.problem == "regression"
        else np.digitize(score, [-0.5, 0.7][: task.classes - 1])
    )
    return Matrix(x, y.astype(np.float64), (False,) * columns)


def fit(algorithm: Algorithm, task: Task, data: Matrix, *, seconds: float = 60) -> Fitted:
    few = {"num_round": 20} if algorithm.name in TREES else {}
    return algorithm.fit(data, None, task, few, seed=3, deadline=time.monotonic() + seconds)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.problem)
class TestEveryAlgorithm:
    def test_same_seed_same_margins(self, algorithm: Algorithm, task: Task) -> None:
        data = matrix(task)
        first, second = (fit(algorithm, task, data).margins(data.x) for _ in range(2))
        np.testing.assert_array_equal(first, second)

    def test_the_body_computes_the_margins(self, algorithm: Algorithm, task: Task) -> None:
        data = matrix(task)
        fitted = fit(algorithm, task, data)
        got = run_body(fitted.body(), data.x.astype(np.float64))
        tolerance = TOLERANCE.get(algorithm.name, 1e-9)
        np.testing.assert_allclose(got, fitted.margins(data.x), rtol=tolerance, atol=tolerance)

    def test_compiled_and_reference_agree_on_any_row(
        self, algorithm: Algorithm, task: Task
    ) -> None:
        data = matrix(task)
        inputs = tuple(Input(f"x{place}", "float8") for place in range(4))
        steps = tuple(Number(place) for place in range(4))
        output = value_output("float8")
        if task.classes > 2:
            output = label_output("varchar", tuple(f"c{n}" for n in range(task.classes)))
        body = fit(algorithm, task, data).body()
        program = Program(inputs, steps, (4, 5, 6, 7), body, output)
        rows = np.array(list(product(STRANGE, repeat=4)) + data.x.astype(float).tolist())
        columns = [pa.array(column, from_pandas=True) for column in rows.T]
        compiled = _native.Program(image(program, "0" * 64))
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(compiled.margins(columns), margins(program, columns))

    def test_it_learns_something(self, algorithm: Algorithm, task: Task) -> None:
        data = matrix(task)
        margins = fit(algorithm, task, data).margins(data.x)
        if task.problem == "regression":
            assert np.corrcoef(margins[:, 0], data.y)[0, 1] > 0.7
        else:
            chosen = margins.argmax(1) if task.problem == "multiclass" else margins[:, 0] > 0
            assert (chosen == data.y).mean() > 0.7

    def test_one_constant_feature_is_no_mistake(self, algorithm: Algorithm, task: Task) -> None:
        data = matrix(task)
        flat = Matrix(np.ones((len(data.y), 1), np.float32), data.y, (False,))
        assert np.isfinite(fit(algorithm, task, flat).margins(flat.x)).all()

    def test_it_tells_how_many_nodes_its_program_has(
        self, algorithm: Algorithm, task: Task
    ) -> None:
        fitted = fit(algorithm, task, matrix(task))
        body = fitted.body()
        held = len(body.feature) if isinstance(body, Forest) else 0
        assert fitted.nodes == pytest.approx(held, rel=0.1)

    def test_rows_kept_out_may_lack_a_class(self, algorithm: Algorithm, task: Task) -> None:
        data = matrix(task)
        places = np.flatnonzero(data.y != data.y.max())
        fitted = fit(algorithm, task, data.rows(places))
        outputs = task.classes if task.problem == "multiclass" else 1
        assert fitted.margins(data.x).shape == (len(data.y), outputs)

    def test_a_deadline_that_has_passed_still_gives_a_model(
        self, algorithm: Algorithm, task: Task
    ) -> None:
        data = matrix(task)
        fitted = fit(algorithm, task, data, seconds=-1)
        assert np.isfinite(fitted.margins(data.x)).all()

    def test_with_rows_kept_out_a_deadline_that_has_passed_gives_one_too(
        self, algorithm: Algorithm, task: Task
    ) -> None:
        data = matrix(task)
        train, valid = data.rows(np.arange(200)), data.rows(np.arange(200, 300))
        fitted = algorithm.fit(train, valid, task, {}, seed=3, deadline=time.monotonic() - 1)
        assert np.isfinite(fitted.margins(data.x)).all()


@pytest.mark.parametrize("name", ["linear_learner", "mlp", "xgboost"])
@pytest.mark.parametrize("unit", [1e-30, 1e-6, 1e-3, 1e16, 1e30])
def test_a_target_of_any_size_is_learnt(name: str, unit: float) -> None:
    algorithm = ALGORITHMS.get(name)
    assert algorithm is not None
    data = matrix(TASKS[0])
    errors = []
    for scale in (1.0, unit):
        scaled = Matrix(data.x, data.y * scale, data.categorical)
        fitted = fit(algorithm, TASKS[0], scaled)
        got = run_body(fitted.body(), data.x.astype(np.float64))
        np.testing.assert_allclose(got, fitted.margins(data.x), rtol=1e-6)
        errors.append(float(np.square(got[:, 0] / scale - data.y).mean()))
    assert errors[1] < 1.2 * errors[0]

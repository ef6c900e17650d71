from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from vesto.programs.bodies import Body, Linear, Network
from vesto.programs.program import Input, Program, value_output
from vesto.programs.steps import Number
from vesto.training.candidates import Workshop
from vesto.training.encoding import Columns
from vesto.training.report import importance

INPUTS = (Input("a", "float8"), Input("b", "float8"))
ROWS = np.random.default_rng(0).normal(size=(200, 2))
# Of "a" three times as much as of "b".
LINEAR = Linear(np.array([[3.0, -1.0]]), np.zeros(1))
NETWORK = Network(
    np.array([2, 1], np.int32), np.array([[3, -1]], np.float32), np.zeros((1, 1), np.float32),
    np.ones(1), np.zeros(1),
)  # fmt: skip


@pytest.mark.parametrize("body", [LINEAR, NETWORK])
def test_importance_is_how_far_a_columns_shuffling_moves_the_margins(body: Body) -> None:
    program = Program(INPUTS, (Number(0), Number(1)), (2, 3), body, value_output("float8"))
    columns = Columns(INPUTS, tuple(pa.array(column) for column in ROWS.T), ())
    folds = np.zeros(200, np.int64)
    workshop = Workshop(columns, None, "MSE", folds, seed=1, deadline=0.0)  # type: ignore[arg-type]
    found = importance(program, ("a", "b"), workshop)
    assert list(found) == ["a", "b"]
    assert found["a"] == pytest.approx(0.75, abs=0.1)

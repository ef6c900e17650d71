"""Compiled explanations against the reference and against XGBoost's own, on every code path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import xgboost
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from program_strategies import programs, rows_for

from vesto import _native
from vesto.algorithms.xgboost import to_forest
from vesto.programs import storage
from vesto.programs.bodies import Linear
from vesto.programs.explain import explain, unexplained
from vesto.programs.image import image
from vesto.programs.program import Input, Program, label_output, value_output
from vesto.programs.steps import Number

PATHS = [path for path in ("portable", "avx2", "avx512") if _native.has_kernel(path)]
FEATURES = 5
SHAPES: tuple[dict[str, Any], ...] = (
    {"max_depth": 1}, {"max_depth": 3}, {"max_depth": 8, "min_child_weight": 0},
    {"max_depth": 0, "grow_policy": "lossguide", "max_leaves": 60},
    {"objective": "binary:logistic", "subsample": 0.7},
    {"objective": "multi:softprob", "num_class": 3},
    {"enable_categorical": True, "max_cat_to_onehot": 1},
)  # fmt: skip


@pytest.fixture(autouse=True)
def _automatic_afterwards() -> Iterator[None]:
    yield
    _native.use_kernel("automatic")


def compiled(program: Program) -> _native.Program:
    return _native.Program(image(program, storage.content_hash(storage.dump(program))))


@settings(
    max_examples=150, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(st.data())
def test_random_programs_are_explained_as_by_the_reference(data: st.DataObject) -> None:
    program = data.draw(programs())
    columns = [pa.concat_arrays([column] * 257) for column in data.draw(rows_for(program))]
    native = compiled(program)
    assert bool(native.unexplained) == bool(unexplained(program))
    if native.unexplained:
        with pytest.raises(ValueError, match=r"explanations exist|was made without"):
            native.explain(columns)
        return
    with np.errstate(all="ignore"):
        wanted = explain(program, columns)
    apart = 1e-12 if isinstance(program.body, Linear) else 2e-6
    size = 1 + np.abs(wanted.contributions).sum(axis=2, keepdims=True)
    found = []
    for path in PATHS:
        _native.use_kernel(path)
        found.append(native.explain(columns))
        assert (np.abs(found[-1] - wanted.contributions) <= apart * size).all()
        assert np.allclose(native.base, wanted.base, rtol=1e-9, atol=1e-9)
    # The code paths agree to the last bit.
    assert all(np.array_equal(other, found[0]) for other in found)


def boosted(shape: dict[str, Any]) -> tuple[Any, Any, np.ndarray]:
    """A booster of 20 rounds, its matrix, and rows with missing values."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(700, FEATURES)).astype(np.float32)
    x[:, 4] = rng.integers(0, 9, len(x))
    x[rng.random(x.shape) < 0.1] = np.nan
    y = np.nan_to_num(x[:, 0] * x[:, 1]) + np.isin(x[:, 4], [1, 4, 5])
    if "objective" in shape:
        y = np.digitize(y, [0, 1][: shape.get("num_class", 2) - 1]).astype(float)
    kinds = ["q"] * 4 + ["c" if "enable_categorical" in shape else "q"]
    data = xgboost.DMatrix(x, y, feature_types=kinds, enable_categorical=True, nthread=1)
    given = {k: v for k, v in shape.items() if k != "enable_categorical"}
    return xgboost.train(given | {"nthread": 1}, data, 20), data, x


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("shape", SHAPES)
def test_contributions_are_xgboosts(shape: dict[str, Any], path: str) -> None:
    booster, data, x = boosted(shape)
    wanted = booster.predict(data, pred_contribs=True).reshape(len(x), -1, FEATURES + 1)
    forest = to_forest(booster)
    labels = tuple(f"c{number}" for number in range(forest.outputs))
    output = label_output("varchar", labels) if len(labels) > 1 else value_output("float8")
    inputs = tuple(Input(f"x{place}", "float8") for place in range(FEATURES))
    steps = tuple(Number(place) for place in range(FEATURES))
    program = Program(inputs, steps, tuple(range(FEATURES, 2 * FEATURES)), forest, output)
    native = compiled(program)
    _native.use_kernel(path)
    columns = [pa.array(x[:, place].astype(float), from_pandas=True) for place in range(FEATURES)]
    found = native.explain(columns)
    assert np.allclose(found, wanted[:, :, :-1], rtol=1e-4, atol=1e-5)
    assert np.allclose(native.base, wanted[0, :, -1], rtol=1e-4, atol=1e-5)
    total = found.sum(axis=2) + np.array(native.base)
    assert np.allclose(total, native.margins(columns), rtol=1e-5, atol=1e-5)

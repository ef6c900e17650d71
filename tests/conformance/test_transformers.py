"""What every transformer promises; a new file in ``features/transformers/`` is tested by this one."""

from __future__ import annotations

import math
from datetime import date, time
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from vesto import _native
from vesto.features import Tape
from vesto.features.transformers import (
    MOMENTS,
    NUMBER,
    TRANSFORMERS,
    Made,
    Raw,
    Transformer,
    chained,
)
from vesto.programs.bodies import Linear
from vesto.programs.check import check
from vesto.programs.image import image
from vesto.programs.program import Input, Program, value_output
from vesto.programs.reference import features
from vesto.programs.storage import content_hash, dump, load

KINDS = {
    "integer": "int8", "fraction": "float8", "boolean": "bool", "text": "varchar", "date": "date",
    "time": "time", "timestamp": "timestamp",
}  # fmt: skip
ARROW = {
    "int8": pa.int64(), "float8": pa.float64(), "bool": pa.bool_(), "varchar": pa.string(),
    "date": pa.date32(), "time": pa.time64("us"), "timestamp": pa.timestamp("us"),
}  # fmt: skip
RANDOM = np.random.default_rng(0)
ROWS = 200
TRAINING: dict[str, list[Any]] = {
    "integer": RANDOM.integers(-20, 20, ROWS).tolist(),
    "fraction": (RANDOM.normal(size=ROWS) * 1000).tolist(),
    "boolean": (RANDOM.random(ROWS) < 0.3).tolist(),
    "text": RANDOM.choice(["red", "green ", "новый", "", "?"], ROWS).tolist(),
    "date": [date(2000 + n % 30, n % 12 + 1, n % 28 + 1) for n in range(ROWS)],
    "time": [time(n % 24, n % 60, n % 59) for n in range(ROWS)],
    # Microseconds since 1970.
    "timestamp": [(n - 50) * 7_919_000_123_456 for n in range(ROWS)],
}  # fmt: skip
STRANGE: dict[str, list[Any]] = {
    "integer": [None, 0, 2**63 - 1, -(2**63), 7777],
    "fraction": [None, math.nan, math.inf, -math.inf, 1e308, -0.0, 5e-324],
    "boolean": [None, True, False],
    "text": [None, "", " ", "red  ", "purple", "\U0001f600", "x" * 5000],
    "date": [None, date(1, 1, 1), date(9999, 12, 31)],
    "time": [None, time(0), time(23, 59, 59, 999999)],
    "timestamp": [None, 0, -1, -(2**55), 2**57],
}


def families(transformer: Transformer) -> list[str]:
    return [f for f in KINDS if ("moment" if f in MOMENTS else f) in transformer.takes]


CASES = [(t.name, family) for t in TRANSFORMERS.all() for family in families(t)]


def array(family: str, values: list[Any]) -> pa.Array:
    return pa.array(values, ARROW[KINDS[family]])


def chain(name: str, family: str) -> tuple[str, ...]:
    """The transformer, with an encoder after it where it leaves text."""
    found = TRANSFORMERS.get(name.lower())
    assert found is not None
    kind = found.takes["moment" if family in MOMENTS else family]
    return (name,) if kind == NUMBER else (name, "OrdinalEncoder")


def fitted(name: str, family: str, *columns: list[Any]) -> tuple[Program, list[Made]]:
    """A program whose features are what the transformer makes of a set of columns of one type."""
    inputs = tuple(Input(f"c{place}", KINDS[family]) for place in range(len(columns)))
    tape = Tape(inputs)
    raw = [
        Raw(f"c{place}", place, family, array(family, column))
        for place, column in enumerate(columns)
    ]
    made = chained(tape, chain(name, family), raw)
    registers = tuple(one.register for one in made)
    body = Linear(np.ones((1, len(registers))), np.zeros(1))
    program = Program(inputs, tuple(tape.steps), registers, body, value_output("float8"))
    check(program)
    return program, made


def same_features(program: Program, columns: list[pa.Array]) -> None:
    compiled = _native.Program(image(program, "0" * 64)).features(columns)
    np.testing.assert_array_equal(compiled, features(program, columns))


@pytest.mark.parametrize(("name", "family"), CASES)
class TestEveryTransformer:
    def test_compiled_and_reference_agree_on_anything(self, name: str, family: str) -> None:
        some, strange = TRAINING[family], STRANGE[family]
        with_missing = [None if place % 9 == 0 else value for place, value in enumerate(some)]
        for columns in ([some], [with_missing, some[::-1]]):
            program, _ = fitted(name, family, *columns)
            same_features(program, [array(family, column) for column in columns])
            same_features(program, [array(family, strange)] * len(columns))

    def test_training_sees_what_prediction_computes(self, name: str, family: str) -> None:
        program, made = fitted(name, family, TRAINING[family])
        served = features(program, [array(family, TRAINING[family])])
        np.testing.assert_array_equal(np.stack([one.values for one in made], axis=1), served)

    def test_the_same_rows_give_the_same_steps(self, name: str, family: str) -> None:
        first, second = (fitted(name, family, TRAINING[family])[0] for _ in range(2))
        assert content_hash(dump(first)) == content_hash(dump(second))

    def test_it_is_stored_and_read_again(self, name: str, family: str) -> None:
        program, _ = fitted(name, family, TRAINING[family])
        again = load(dump(program))
        columns = [array(family, STRANGE[family])]
        np.testing.assert_array_equal(features(again, columns), features(program, columns))

    def test_one_row_none_and_nothing_but_nulls_are_no_mistake(
        self, name: str, family: str
    ) -> None:
        for rows in (TRAINING[family][:1], [None] * 5):
            program, _ = fitted(name, family, rows, rows)
            same_features(program, [array(family, rows)] * 2)
            same_features(program, [array(family, [])] * 2)

    def test_one_value_only_is_no_mistake(self, name: str, family: str) -> None:
        program, made = fitted(name, family, TRAINING[family][:1] * 30)
        assert all(np.isfinite(one.values).all() for one in made)
        same_features(program, [array(family, STRANGE[family])])

    def test_registers_keep_the_names_of_their_columns(self, name: str, family: str) -> None:
        _, made = fitted(name, family, TRAINING[family])
        assert {one.name for one in made} == {"c0"}

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from vesto.errors import DataCorrupted
from vesto.programs import registry
from vesto.programs.bodies import Linear
from vesto.programs.program import Input, Program, value_output
from vesto.programs.steps import Number

PROGRAM = Program(
    (Input("x", "float8"),),
    (Number(0),),
    (1,),
    Linear(np.array([[2.0]]), np.array([0.123])),
    value_output("float8"),
)
NAME = "abcdef" * 10


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """The clock, which a test may turn."""
    clock = [1000.0]
    monkeypatch.setattr("vesto.programs.registry.time.monotonic", lambda: clock[0])
    yield clock
    while registry.forget(NAME):
        pass
    clock[0] += 2 * registry.KEPT_S
    registry.forget(NAME)


def test_a_registered_program_is_found_by_its_hash(now: list[float]) -> None:
    registry.register(NAME, PROGRAM)
    assert registry.find(NAME) is PROGRAM


def test_an_unknown_hash_is_named_in_short() -> None:
    with pytest.raises(DataCorrupted, match="program 012345678901 is not loaded"):
        registry.find("0123456789" * 6)


def test_registered_twice_it_needs_two_forgets(now: list[float]) -> None:
    registry.register(NAME, PROGRAM)
    registry.register(NAME, PROGRAM)
    assert registry.forget(NAME)
    now[0] += 2 * registry.KEPT_S
    assert registry.find(NAME) is PROGRAM
    assert registry.forget(NAME)
    assert not registry.forget(NAME)


def test_a_forgotten_program_stays_while_queries_ask_for_it(now: list[float]) -> None:
    registry.register(NAME, PROGRAM)
    registry.forget(NAME)
    for _ in range(4):
        now[0] += 0.9 * registry.KEPT_S
        registry.find(NAME)
        registry.forget(NAME)
    now[0] += 1.1 * registry.KEPT_S
    registry.forget(NAME)
    with pytest.raises(DataCorrupted):
        registry.find(NAME)

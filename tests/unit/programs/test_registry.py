from __future__ import annotations

import numpy as np
import pytest

from vesto.errors import DataCorrupted
from vesto.programs import registry
from vesto.programs.bodies import Linear
from vesto.programs.program import Input, Program, value_output
from vesto.programs.steps import Number
from vesto.programs.storage import content_hash, dump

CONTENT = dump(
    Program(
        (Input("x", "float8"),),
        (Number(0),),
        (1,),
        Linear(np.array([[2.0]]), np.array([0.123])),
        value_output("float8"),
    )
)


def test_a_registered_program_is_found_by_its_hash() -> None:
    name = registry.register(CONTENT)
    assert name == content_hash(CONTENT)
    assert registry.find(name) is registry.find(registry.register(CONTENT))
    assert registry.find(name).body.bias.tolist() == [0.123]


def test_a_damaged_file_is_refused_even_where_the_sound_one_is_known() -> None:
    registry.register(CONTENT)
    with pytest.raises(DataCorrupted, match="checksum"):
        registry.register(CONTENT[:-1] + b"\x01")


def test_an_unknown_hash_is_named_in_short() -> None:
    with pytest.raises(DataCorrupted, match="program abcdefabcdef is not loaded"):
        registry.find("abcdef" * 10)

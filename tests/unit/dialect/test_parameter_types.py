from __future__ import annotations

from collections.abc import Mapping

import pytest

from vesto.dialect.parameter_types import inferred


def columns(schema: str, name: str) -> Mapping[str, str]:
    return {"a": "int4", "d": "date"} if (schema, name) == ("", "t") else {}


@pytest.mark.parametrize(
    ("sql", "kinds"),
    [
        ("SELECT * FROM t WHERE a = $1 AND d < $2 LIMIT $3", {1: "int4", 2: "date", 3: "int8"}),
        ("SELECT * FROM generate_series(1, $1) s(i)", {1: "int4"}),
        ("SELECT * FROM generate_series($1, $2) s(i)", {1: "int8", 2: "int8"}),
        ("INSERT INTO t (d) VALUES ($1)", {1: "date"}),
        ("SELECT $1", {}),
        ("SELECT FROM $1", {}),
    ],
)
def test_what_stands_around_a_parameter_tells_its_type(sql: str, kinds: dict[int, str]) -> None:
    assert inferred(sql, columns, lambda _, __: ()) == kinds

"""Every SQL type that a program reads, through DuckDB and without it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from vesto.engines import ENGINES, Column, Connection, Engine, Function
from vesto.errors import VestoError
from vesto.programs import storage
from vesto.programs.bodies import Linear
from vesto.programs.program import Input, Program, value_output
from vesto.programs.steps import PARTS, Category, DateParts, Number, Step, TextNumber
from vesto.settings import Settings
from vesto.types import BY_NAME

nan = float("nan")
WORDS = Category(0, ("A", "b"), np.array([1.0, 2.0]), 3.0, 4.0, ())
PLACES = tuple(10.0**place for place in range(len(PARTS)))
# 2024-02-29 is a Thursday: epoch, second, minute, hour, weekday, day, month, year as one number.
MOMENT = 2024 + 10 * 2 + 100 * 29 + 1000 * 3
CLOCK = 10_000 * 10 + 100_000 * 11 + 1_000_000 * 12
IN_DAY = 36_672.0
DAY = 19_782 * 86_400.0


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    kind = ENGINES.get("duckdb")
    assert kind is not None
    opened = kind.open(tmp_path_factory.mktemp("warehouse"), Settings(threads=1))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def connection(engine: Engine) -> Iterator[Connection]:
    line = engine.connect()
    yield line
    line.close()


def scored(engine: Engine, connection: Connection, kind: str, step: Step, value: str) -> float:
    """The sum of the step's registers, each weighted by its place, for one SQL value."""
    weights = np.array([PLACES[: step.width]])
    features = tuple(range(1, 1 + step.width))
    body = Linear(weights, np.zeros(1))
    program = Program((Input("x", kind),), (step,), features, body, value_output("float8"))
    name = storage.content_hash(storage.dump(program))
    parameters = (Column("x", BY_NAME[kind]),)
    engine.install(Function("public", "f", parameters, BY_NAME["float8"], name), program)
    found = connection.execute(f"SELECT f(x) AS y FROM (SELECT {value} AS x)").read_all()
    (score,) = found["y"].to_pylist()
    return float(score)


@pytest.mark.parametrize(
    ("kind", "value", "want"),
    [
        ("bool", "true", 1.0), ("int2", "5::TINYINT", 5.0), ("int2", "(-5)::SMALLINT", -5.0),
        ("int4", "60000::USMALLINT", 60_000.0), ("int8", "4000000000::UINTEGER", 4e9),
        ("numeric", "18446744073709551615::UBIGINT", 2.0**64), ("numeric", "(1::HUGEINT << 100)", 2.0**100),
        ("numeric", "12.34::DECIMAL(9,2)", 12.34), ("numeric", "0.07::DECIMAL(4,2)", 0.07),
        ("float8", "0.29::DECIMAL(18,5)", 0.29), ("float4", "0.1::FLOAT", float(np.float32(0.1))),
        ("float8", "1e-300::DOUBLE", 1e-300), ("float8", "'nan'::DOUBLE", 0.0),
        ("float8", "NULL", 0.0), ("float8", "NULL::INTEGER", 0.0), ("float8", "'inf'::DOUBLE", 0.0),
    ],
)  # fmt: skip
def test_numbers(
    engine: Engine, connection: Connection, kind: str, value: str, want: float
) -> None:
    assert scored(engine, connection, kind, Number(0), value) == want


@pytest.mark.parametrize(
    ("value", "want"),
    [
        ("'A'", 1.0), ("'b  '", 2.0), ("'c'", 3.0), ("NULL", 4.0), ("NULL::VARCHAR", 4.0),
        ("'b'::ENUM('A', 'b')", 2.0), ("NULL::ENUM('A', 'b')", 4.0), ("5::BIGINT", 3.0),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["varchar", "bpchar"])
def test_words(engine: Engine, connection: Connection, kind: str, value: str, want: float) -> None:
    assert scored(engine, connection, kind, WORDS, value) == want


@pytest.mark.parametrize(
    ("value", "want"), [("' 1.5e3 '", 1500.0), ("'x'", 0.0), ("NULL", 0.0), ("7", 7.0)]
)
def test_numbers_in_text(engine: Engine, connection: Connection, value: str, want: float) -> None:
    assert scored(engine, connection, "varchar", TextNumber(0, ()), value) == want


@pytest.mark.parametrize(
    ("kind", "value", "want"),
    [
        ("date", "DATE '2024-02-29'", MOMENT + DAY * 1e7),
        ("timestamp", "DATE '2024-02-29'", MOMENT + DAY * 1e7),
        ("timestamp", "TIMESTAMP '2024-02-29 10:11:12'", MOMENT + CLOCK + (DAY + IN_DAY) * 1e7),
        ("timestamp", "TIMESTAMP_S '2024-02-29 10:11:12'", MOMENT + CLOCK + (DAY + IN_DAY) * 1e7),
        ("timestamp", "TIMESTAMP_MS '2024-02-29 10:11:12'", MOMENT + CLOCK + (DAY + IN_DAY) * 1e7),
        ("timestamp", "TIMESTAMP_NS '2024-02-29 10:11:12'", MOMENT + CLOCK + (DAY + IN_DAY) * 1e7),
        ("timestamptz", "TIMESTAMPTZ '2024-02-29 12:11:12+02'",
         MOMENT + CLOCK + (DAY + IN_DAY) * 1e7),
        ("time", "TIME '10:11:12'", CLOCK + IN_DAY * 1e7),
        ("timetz", "TIMETZ '10:11:12+02'", CLOCK + IN_DAY * 1e7),
        ("timetz", "TIME '10:11:12'", CLOCK + IN_DAY * 1e7),
        ("date", "DATE 'infinity'", 0.0), ("date", "DATE '-infinity'", 0.0),
        ("timestamp", "TIMESTAMP 'infinity'", 0.0), ("timestamp", "TIMESTAMP '-infinity'", 0.0),
        ("timestamptz", "TIMESTAMPTZ 'infinity'", 0.0), ("date", "NULL", 0.0),
        ("time", "NULL::TIME", 0.0),
    ],
)  # fmt: skip
def test_moments(
    engine: Engine, connection: Connection, kind: str, value: str, want: float
) -> None:
    assert scored(engine, connection, kind, DateParts(0, PARTS), value) == want


@pytest.mark.parametrize(
    ("kind", "step", "value"),
    [
        ("int4", Number(0), "'5'"), ("int4", Number(0), "2.5"), ("varchar", WORDS, "2.5"),
        ("date", DateParts(0, PARTS), "'2024-02-29'"), ("time", DateParts(0, PARTS), "DATE '2024-02-29'"),
        ("float8", Number(0), "INTERVAL 1 DAY"), ("varchar", WORDS, "INTERVAL 1 DAY"),
        ("date", DateParts(0, PARTS), "INTERVAL 1 DAY"), ("int8", Number(0), "1::BIGNUM"),
    ],
)  # fmt: skip
def test_a_value_of_another_family_is_refused(
    engine: Engine, connection: Connection, kind: str, step: Step, value: str
) -> None:
    with pytest.raises(VestoError, match='argument 1 "x" has the type') as caught:
        scored(engine, connection, kind, step, value)
    assert caught.value.sqlstate == "42883"

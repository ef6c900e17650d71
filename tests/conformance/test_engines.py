"""What every engine promises; a new file in ``engines/`` is tested by this one."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from vesto.catalog.records import Intervals
from vesto.engines import ENGINES, Column, Connection, Engine, Function
from vesto.errors import FeatureNotSupported, UndefinedModel, VestoError
from vesto.programs import storage
from vesto.programs.bodies import Linear
from vesto.programs.program import Input, Program, value_output
from vesto.programs.steps import Number
from vesto.settings import Settings
from vesto.types import BY_NAME

ENDLESS = "SELECT count(*) AS n FROM range(10000000000) AS a(x) WHERE hash(x) = 9"
VALUES = {
    "BOOLEAN": ("true", True, "bool"),
    "SMALLINT": ("-32768", -32768, "int2"),
    "INTEGER": ("2147483647", 2147483647, "int4"),
    "BIGINT": ("-9223372036854775807", -9223372036854775807, "int8"),
    "DECIMAL(18, 3)": ("12345.678", Decimal("12345.678"), "numeric"),
    "FLOAT": ("0.1", float(np.float32(0.1)), "float4"),
    "DOUBLE": ("0.1", 0.1, "float8"),
    "VARCHAR": ("'Zoë ''s 🙂'", "Zoë 's 🙂", "varchar"),
    "DATE": ("DATE '1969-12-31'", dt.date(1969, 12, 31), "date"),
    "TIMESTAMP": (
        "TIMESTAMP '2024-02-29 23:59:59.123456'",
        dt.datetime(2024, 2, 29, 23, 59, 59, 123456),  # noqa: DTZ001 - it has no zone
        "timestamp",
    ),
}


@pytest.fixture
def native() -> str:
    """The setting: which scorer the engine uses."""
    return "auto"


@pytest.fixture(params=ENGINES.names())
def opened(
    request: pytest.FixtureRequest, tmp_path: Path, native: str
) -> Iterator[Callable[[], Engine]]:
    """Open the engine over one folder, again and again."""
    kind = ENGINES.get(request.param)
    assert kind is not None
    engines: list[Engine] = []

    def open_engine() -> Engine:
        engines.append(kind.open(tmp_path, Settings(native=native)))
        return engines[-1]

    yield open_engine
    for engine in engines:
        engine.close()


@pytest.fixture
def engine(opened: Callable[[], Engine]) -> Engine:
    return opened()


@pytest.fixture
def line(engine: Engine) -> Connection:
    return engine.connect()


def rows(line: Connection, sql: str) -> list[tuple[object, ...]]:
    table = line.execute(sql).read_all()
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def sqlstate(act: Callable[[], object]) -> str:
    with pytest.raises(VestoError) as caught:
        act()
    return caught.value.sqlstate


def function(slope: float, name: str = "f", *, arguments: int = 1) -> tuple[Function, Program]:
    """A function of one program: the sum of its arguments times ``slope``."""
    inputs = tuple(Input(f"a{place}", "float8") for place in range(arguments))
    body = Linear(np.full((1, arguments), slope), np.zeros(1))
    steps = tuple(Number(place) for place in range(arguments))
    features = tuple(range(arguments, 2 * arguments))
    program = Program(inputs, steps, features, body, value_output("float8"))
    content = storage.content_hash(storage.dump(program))
    columns = tuple(Column(item.name, BY_NAME[item.type]) for item in inputs)
    return Function("public", name, columns, BY_NAME["float8"], content), program


class TestValues:
    @pytest.mark.parametrize("kind", VALUES)
    def test_a_value_comes_back_from_a_table_as_it_was(self, line: Connection, kind: str) -> None:
        text, value, name = VALUES[kind]
        line.execute(f"CREATE TABLE t (v {kind})")
        line.execute(f"INSERT INTO t VALUES ({text}), (NULL)")
        assert rows(line, "SELECT v FROM t ORDER BY v NULLS LAST") == [(value,), (None,)]
        assert line.describe("SELECT v FROM t") == [Column("v", BY_NAME[name])]

    def test_parameters_are_values_and_never_text(self, line: Connection) -> None:
        hostile = "'; DROP TABLE t; --"
        line.execute("CREATE TABLE t (v VARCHAR)")
        line.execute("INSERT INTO t VALUES (?)", [hostile])
        found = line.execute("SELECT v FROM t WHERE v = ?", [hostile]).read_all()
        assert found["v"].to_pylist() == [hostile]

    def test_an_arrow_table_is_shown_to_its_own_line_only(self, engine: Engine) -> None:
        one, other = engine.connect(), engine.connect()
        one.register("frame", pa.table({"a": [1, 2]}))
        assert rows(one, "SELECT sum(a) AS s FROM frame") == [(3,)]
        assert sqlstate(lambda: other.execute("SELECT * FROM frame")) == "42P01"

    def test_a_described_query_is_not_run(self, line: Connection) -> None:
        begun = time.monotonic()
        assert [column.name for column in line.describe(ENDLESS)] == ["n"]
        assert time.monotonic() - begun < 10


class TestSample:
    def test_exact_size_same_seed_same_rows_in_order(self, line: Connection) -> None:
        sql = "SELECT range AS i FROM range(200000)"
        first, again, other = (line.sample(sql, 1000, seed) for seed in (1, 1, 2))
        got = first.rows["i"].to_pylist()
        assert (len(set(got)), first.total_rows, got) == (1000, 200_000, sorted(got))
        assert again.rows["i"].to_pylist() == got != other.rows["i"].to_pylist()

    def test_a_small_query_is_taken_whole(self, line: Connection) -> None:
        drawn = line.sample("SELECT range AS i FROM range(10)", 1000, 1)
        assert (drawn.rows["i"].to_pylist(), drawn.total_rows) == (list(range(10)), 10)

    def test_every_row_is_as_likely(self, line: Connection) -> None:
        counts = np.zeros(20)
        for seed in range(40):
            drawn = line.sample("SELECT range AS i FROM range(100000)", 500, seed)
            counts += np.bincount(drawn.rows["i"].to_numpy() // 5000, minlength=20)
        expected = counts.sum() / 20
        # The 99.99 % quantile of chi-square with 19 degrees of freedom.
        assert ((counts - expected) ** 2 / expected).sum() < 50.8


class TestEnding:
    @pytest.mark.parametrize("end", ["interrupt", "close"])
    def test_a_running_query_ends_from_another_thread(self, line: Connection, end: str) -> None:
        def later() -> None:
            time.sleep(0.5)
            getattr(line, end)()

        thread = threading.Thread(target=later)
        thread.start()
        assert sqlstate(lambda: line.execute(ENDLESS).read_all()) == "57014"
        thread.join()

    def test_an_interrupted_line_goes_on(self, line: Connection) -> None:
        line.interrupt()
        assert rows(line, "SELECT 1 AS a") == [(1,)]

    def test_a_closed_line_may_be_closed_again(self, line: Connection) -> None:
        line.close()
        line.close()


class TestErrors:
    @pytest.mark.parametrize(
        ("sql", "expected"),
        [
            ("SELEC 1", "42601"),
            ("SELECT * FROM absent", "42P01"),
            ("SELECT absent FROM t", "42703"),
            ("SELECT absent(1)", "42883"),
            ("SELECT a FROM t GROUP BY b", "42803"),
            ("SELECT a FROM t, t AS u", "42702"),
            ("CREATE TABLE t (a INTEGER)", "42P07"),
            ("CREATE TABLE absent.t (a INTEGER)", "3F000"),
            ("SELECT CAST('x' AS INTEGER)", "22P02"),
            ("SELECT CAST(99999 AS SMALLINT)", "22003"),
            ("INSERT INTO t VALUES (NULL, 'x')", "23502"),
        ],
    )
    def test_a_mistake_has_its_sqlstate(self, line: Connection, sql: str, expected: str) -> None:
        line.execute("CREATE TABLE t (a INTEGER NOT NULL, b VARCHAR)")
        assert sqlstate(lambda: line.execute(sql).read_all()) == expected


class TestTransactions:
    def test_rollback_undoes_and_commit_keeps(self, engine: Engine) -> None:
        line, other = engine.connect(), engine.connect()
        line.execute("CREATE TABLE t (a INTEGER)")
        line.begin()
        line.execute("INSERT INTO t VALUES (1)")
        assert rows(other, "SELECT count(*) AS n FROM t") == [(0,)]
        line.rollback()
        line.begin()
        line.execute("INSERT INTO t VALUES (2)")
        line.commit()
        assert rows(other, "SELECT a FROM t") == [(2,)]

    def test_closing_a_line_rolls_back(self, engine: Engine) -> None:
        line = engine.connect()
        line.execute("CREATE TABLE t (a INTEGER)")
        line.begin()
        line.execute("INSERT INTO t VALUES (1)")
        line.close()
        assert rows(engine.connect(), "SELECT count(*) AS n FROM t") == [(0,)]


@pytest.mark.parametrize("native", ["auto", "off"])
class TestFunctions:
    def test_installed_replaced_removed_as_open_lines_see_it(self, engine: Engine) -> None:
        line = engine.connect()
        engine.install(*function(2.0))
        line.execute("CREATE VIEW v AS SELECT f(CAST(3 AS DOUBLE)) AS y")
        assert rows(line, "SELECT f(CAST(3 AS DOUBLE)) AS y") == [(6.0,)]
        assert ("public", "f") in engine.functions()
        engine.install(*function(5.0))
        assert rows(line, "SELECT f(CAST(3 AS DOUBLE)) AS y") == rows(line, "SELECT * FROM v")
        assert rows(line, "SELECT y FROM v") == [(15.0,)]
        engine.remove(function(5.0)[0])
        engine.remove(function(5.0)[0])
        assert engine.functions() == set()
        assert sqlstate(lambda: line.execute("SELECT f(1.0)")) == "42883"

    def test_every_kind_of_function_is_known_as_one(self, engine: Engine) -> None:
        made, program = function(2.0)
        assert isinstance(program.body, Linear)
        program = replace(program, body=replace(program.body, center=np.array([1.0])))
        name = storage.content_hash(storage.dump(program))
        made = replace(made, program=name, returns=BY_NAME["super"])
        known = Intervals(kind="differences", quantiles=tuple(map(float, range(99))))
        kinds = {
            "told": replace(made, kind="explanation"),
            "reach": replace(
                made, kind="interval", intervals=known, predicts=BY_NAME["float8"]
            ),
            "refused": replace(made, kind="interval", refusal=FeatureNotSupported("not here")),
        }  # fmt: skip
        for name, one in kinds.items():
            engine.install(replace(one, name=name), program)
        assert engine.functions() == {("public", name) for name in kinds}
        line = engine.connect()
        sql = "SELECT CAST({}(CAST(3 AS DOUBLE)) AS VARCHAR) AS y"
        told = json.loads(str(rows(line, sql.format("told"))[0][0]))
        assert told == {"base": 2.0, "prediction": 6.0, "contributions": {"a0": 4.0}}
        for level, reach in ((0.9, 80), (0.5, 0), (0.99, 98), (0.501, 1)):
            if level != 0.9:
                line.use_interval_level(level)
            between = json.loads(str(rows(line, sql.format("reach"))[0][0]))
            assert between == {"lower": 6.0 - reach, "upper": 6.0 + reach, "level": level}
        ask = sql.format("refused")
        assert sqlstate(lambda: line.execute(ask).read_all()) == "0A000"
        for name, one in kinds.items():
            engine.remove(replace(one, name=name))
        assert engine.functions() == set()

    def test_what_is_asked_of_python_comes_back_as_a_document(self, engine: Engine) -> None:
        def reply(user: str, text: str) -> str:
            if text == "wrong":
                raise UndefinedModel("there is none", hint="Try another.")
            return json.dumps({"user": user, "text": text})

        engine.answer("vesto_tell", reply)
        line = engine.connect()
        sql = "SELECT CAST(vesto_tell('ann', t) AS VARCHAR) AS y FROM (VALUES ('a'), (NULL)) v(t)"
        assert rows(line, sql) == [('{"user": "ann", "text": "a"}',), (None,)]
        ask = "SELECT vesto_tell('ann', 'wrong') AS y"
        assert sqlstate(lambda: line.execute(ask).read_all()) == "42704"

    def test_without_a_program_it_is_there_and_says_what_it_lacks(self, engine: Engine) -> None:
        made, program = function(2.0, "lost")
        engine.install(made, None)
        assert engine.functions() == {("public", "lost")}
        line = engine.connect()
        ask = "SELECT lost(CAST(1 AS DOUBLE)) AS y"
        assert sqlstate(lambda: line.execute(ask).read_all()) == "XX001"
        engine.install(made, program)
        assert rows(line, ask) == [(2.0,)]

    def test_null_arguments_reach_the_program(self, engine: Engine) -> None:
        engine.install(*function(2.0))
        line = engine.connect()
        found = rows(line, "SELECT f(CAST(NULL AS DOUBLE)) AS y, f(CAST(1 AS DOUBLE)) AS z")
        assert found[0][1] == 2.0
        assert found[0][0] is not None

    def test_the_signature_is_named_where_arguments_do_not_fit(self, engine: Engine) -> None:
        engine.install(*function(1.0, arguments=2))
        line = engine.connect()
        with pytest.raises(VestoError) as caught:
            line.execute("SELECT f('x', DATE '2024-01-01') AS y").read_all()
        assert caught.value.sqlstate == "42883"
        assert "a1 float8" in caught.value.hint

    def test_many_rows_are_scored_in_their_order(self, engine: Engine) -> None:
        engine.install(*function(2.0))
        line = engine.connect()
        line.execute("CREATE TABLE t AS SELECT CAST(range AS DOUBLE) AS x FROM range(300000)")
        assert rows(line, "SELECT count(*) AS n FROM t WHERE f(x) = 2 * x") == [(300_000,)]

    def test_a_query_sees_one_function_while_it_is_swapped(self, engine: Engine) -> None:
        """No query fails or mixes two programs while another thread replaces the function."""
        engine.install(*function(0.0))
        done, wrong = threading.Event(), list[object]()

        def ask() -> None:
            line = engine.connect()
            while not done.is_set():
                sql = "SELECT min(f(x)) AS a, max(f(x)) AS b FROM (SELECT 1.0::DOUBLE AS x FROM range(5000))"
                try:
                    low, high = rows(line, sql)[0]
                    if low != high:
                        wrong.append((low, high))
                except VestoError as error:
                    wrong.append(error)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for slope in range(100):
            engine.install(*function(float(slope)))
        done.set()
        for thread in threads:
            thread.join()
        assert wrong == []

    def test_the_engine_knows_its_own_functions(self, engine: Engine) -> None:
        engine.install(*function(1.0))
        assert engine.is_taken("sum")
        assert not engine.is_taken("f")


class TestWarehouse:
    def test_a_provided_view_is_asked_when_it_is_read(self, engine: Engine) -> None:
        given = pa.table({"name": pa.array(["a"]), "n": pa.array([1], pa.int64())})
        held = [given]
        columns = [Column("name", BY_NAME["varchar"]), Column("n", BY_NAME["int8"])]
        engine.provide("things", columns, lambda _: held[0])
        line = engine.connect()
        assert rows(line, "SELECT * FROM vesto.things") == [("a", 1)]
        held[0] = pa.concat_tables([given, given])
        joined = "SELECT count(*) AS n FROM vesto.things AS a JOIN vesto.things AS b ON a.n = b.n"
        assert rows(line, joined) == [(4,)]
        held[0] = given.slice(0, 0)
        assert rows(line, "SELECT * FROM vesto.things") == []

    def test_tables_views_and_functions_stand_after_a_restart(
        self, opened: Callable[[], Engine]
    ) -> None:
        engine = opened()
        line = engine.connect()
        engine.install(*function(2.0))
        line.execute("CREATE TABLE t AS SELECT CAST(4 AS DOUBLE) AS x")
        line.execute("CREATE VIEW v AS SELECT f(x) AS y FROM t")
        engine.close()
        again = opened()
        if ("public", "f") not in again.functions():
            again.install(*function(2.0))
        assert rows(again.connect(), "SELECT y FROM v") == [(8.0,)]

    def test_a_locked_engine_reaches_nothing_outside(self, engine: Engine, tmp_path: Path) -> None:
        secret = tmp_path / "secret.csv"
        secret.write_text("a\n1\n")
        engine.lock()
        line = engine.connect()
        hostile = [
            f"SELECT * FROM read_csv('{secret}')",
            f"SELECT * FROM '{secret}'",
            f"COPY (SELECT 1) TO '{tmp_path / 'out.csv'}'",
            f"ATTACH '{tmp_path / 'other.duckdb'}'",
            "SET enable_external_access = true",
            "INSTALL httpfs",
            "LOAD httpfs",
        ]
        for sql in hostile:
            assert sqlstate(lambda sql=sql: line.execute(sql).read_all()) == "42501", sql
        engine.install(*function(2.0))
        assert rows(line, "SELECT f(CAST(3 AS DOUBLE)) AS y") == [(6.0,)]

"""Sessions: transactions, results, open at home and locked for strangers."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from tests_support import EXAMPLES, POINTS, SMALL_MODEL

import vesto


def sqlstate(session: vesto.Session, sql: str) -> str:
    with pytest.raises(vesto.VestoError) as caught:
        session.execute(sql).rows()
    return caught.value.sqlstate


class TestTransactions:
    def test_rollback_undoes_and_commit_keeps(self, session: vesto.Session) -> None:
        session.execute("BEGIN; DELETE FROM points; ROLLBACK")
        assert session.execute("SELECT count(*) FROM points").rows() == [(600,)]
        session.execute("START TRANSACTION; DELETE FROM points WHERE id > 9; END")
        assert session.execute("SELECT count(*) FROM points").rows() == [(10,)]

    def test_models_are_not_made_or_dropped_inside_a_block(self, session: vesto.Session) -> None:
        for sql in (SMALL_MODEL.format(name="m", function="f"), "DROP MODEL m"):
            session.execute("BEGIN")
            assert sqlstate(session, sql) == "25001"
            session.execute("ROLLBACK")

    def test_after_an_error_only_rollback_follows(self, session: vesto.Session) -> None:
        session.execute("BEGIN")
        assert sqlstate(session, "SELECT 1/0") == "22012"
        assert sqlstate(session, "SELECT 1") == "25P02"
        assert sqlstate(session, "SHOW MODEL ALL") == "25P02"
        assert session.execute("COMMIT").tag == "ROLLBACK"
        assert session.execute("SELECT 1").rows() == [(1,)]

    def test_an_idle_commit_and_a_second_begin_are_noticed(self, session: vesto.Session) -> None:
        assert session.execute("COMMIT").notices
        session.execute("BEGIN")
        assert session.execute("BEGIN").notices
        session.execute("ROLLBACK")

    def test_another_session_sees_only_what_is_committed(self, session: vesto.Session) -> None:
        other = vesto.Session(session.warehouse)
        session.execute("BEGIN; DELETE FROM points")
        assert other.execute("SELECT count(*) FROM points").rows() == [(600,)]
        session.execute("COMMIT")
        assert other.execute("SELECT count(*) FROM points").rows() == [(0,)]
        other.close()


class TestResults:
    def test_several_statements_give_a_result_each(self, session: vesto.Session) -> None:
        tags = [
            r.tag
            for r in session.run("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2); SELECT 1")
        ]
        assert tags == ["CREATE TABLE", "INSERT 0 2", "SELECT"]

    def test_an_unread_result_can_be_read_after_the_next_statement(
        self, session: vesto.Session
    ) -> None:
        first = session.execute("SELECT id FROM points ORDER BY id")
        assert first.row() == (0,)
        assert session.execute("SELECT 1").rows() == [(1,)]
        assert len(first.rows()) >= 1

    def test_rows_arrow_and_pandas_hold_the_same(self, session: vesto.Session) -> None:
        sql = "SELECT id, b, c FROM points ORDER BY id LIMIT 3"
        table = session.execute(sql).arrow()
        assert session.execute(sql).columns == ["id", "b", "c"]
        assert session.execute(sql).rows() == [tuple(r.values()) for r in table.to_pylist()]
        assert session.execute(sql).df().to_dict("list") == table.to_pydict()

    def test_a_parameter_stands_for_a_question_mark(self, session: vesto.Session) -> None:
        sql = "SELECT count(*) FROM points WHERE id < ? AND a = ?"
        assert session.execute(sql, [14, 3]).rows() == [(2,)]

    def test_an_error_in_a_later_statement_has_its_place_in_the_whole_text(
        self, session: vesto.Session
    ) -> None:
        with pytest.raises(vesto.VestoError) as caught:
            session.execute("SELECT 1;\n DROP MODEL nobody")
        assert caught.value.position == 23

    @pytest.mark.parametrize("kind", ["arrow", "pandas"])
    def test_a_table_of_python_is_a_table_of_sql(self, session: vesto.Session, kind: str) -> None:
        table = pa.table({"x": [1, 2, None]})
        session.register("mine", table if kind == "arrow" else table.to_pandas())
        assert session.execute("SELECT count(*), count(x) FROM mine").rows() == [(3, 2)]


class TestAtHome:
    def test_files_and_data_frames_are_tables(self, session: vesto.Session, tmp_path: Path) -> None:
        churn = EXAMPLES / "telecom_churn.parquet"
        assert session.execute(f"SELECT count(*) FROM '{churn}'").rows() == [(3333,)]
        (tmp_path / "x.csv").write_text("a,b\n1,2\n")
        assert session.execute(f"SELECT a + b FROM read_csv('{tmp_path}/x.csv')").rows() == [(3,)]
        frame = pa.table({"x": [1, 2]})
        assert session.execute("SELECT sum(x) FROM frame").rows() == [(len(frame) + 1,)]

    def test_the_engines_own_statements_work(self, session: vesto.Session, tmp_path: Path) -> None:
        session.execute(f"ATTACH '{tmp_path}/other.duckdb' AS other")
        session.execute("CREATE TABLE other.t AS SELECT 1 AS a")
        assert session.execute("FROM other.t").rows() == [(1,)]
        session.execute(f"COPY points TO '{tmp_path}/points.parquet'")
        assert (tmp_path / "points.parquet").exists()
        assert session.execute("SUMMARIZE points").rows()

    def test_a_model_trains_on_a_file(self, session: vesto.Session, tmp_path: Path) -> None:
        session.execute(f"COPY points TO '{tmp_path}/points.parquet'")
        text = SMALL_MODEL.format(name="m", function="f").replace(
            "points", f"'{tmp_path}/points.parquet'"
        )
        session.execute(text)
        assert session.execute("SELECT f(1, 2, true) IN (0, 1)").rows() == [(True,)]

    def test_the_systems_schema_is_not_written(self, session: vesto.Session) -> None:
        for sql in (
            "CREATE TABLE vesto.t (a int)",
            "CREATE SCHEMA vesto",
            "DROP VIEW vesto.stv_ml_model_info",
            "DROP SCHEMA vesto CASCADE",
            "INSERT INTO vesto.t VALUES (1)",
            "TRUNCATE TABLE vesto.t",
            "SELECT 1 AS a INTO vesto.t",
        ):
            assert sqlstate(session, sql) == "42939"


FORBIDDEN = {
    "a file by name": "SELECT * FROM '{data}'",
    "a file by a function": "SELECT * FROM read_parquet('{data}')",
    "a csv file": "SELECT * FROM read_csv('{outside}/x.csv')",
    "a text file": "SELECT * FROM read_text('{outside}/x.csv')",
    "the warehouse's own file": "SELECT * FROM read_blob('{shop}/data.duckdb')",
    "the catalog": "SELECT * FROM read_blob('{shop}/catalog.sqlite')",
    "a folder's files": "SELECT * FROM glob('{outside}/*')",
    "a file inside a subquery": "SELECT (SELECT max(content) FROM read_text('{outside}/x.csv'))",
    "a file in a view": "CREATE VIEW v AS SELECT * FROM read_csv('{outside}/x.csv')",
    "a file in a table": "CREATE TABLE x AS SELECT * FROM '{outside}/x.csv'",
    "sniffing": "SELECT * FROM sniff_csv('{outside}/x.csv')",
    "parquet's metadata": "SELECT * FROM parquet_metadata('{data}')",
    "SQL in a string": "SELECT * FROM query('SELECT 1')",
    "a table by a string": "SELECT * FROM query_table('points')",
    "attach": "ATTACH '{outside}/y.duckdb' AS y",
    "detach": "DETACH dev",
    "load": "LOAD json",
    "install": "INSTALL httpfs",
    "copy out": "COPY points TO '{outside}/out.csv'",
    "copy into the warehouse": "COPY points TO '{shop}/models/x'",
    "copy in": "COPY points FROM '{outside}/x.csv'",
    "export": "EXPORT DATABASE '{outside}/dump'",
    "a setting": "SET threads = 1",
    "a pragma": "PRAGMA enable_profiling",
    "a macro": "CREATE MACRO mine(a) AS a",
    "a secret": "CREATE SECRET s (TYPE s3)",
    "a type": "CREATE TYPE colour AS ENUM ('red')",
    "a call": "CALL pragma_version()",
    "use": "USE memory",
    "a file in a prepared statement": "PREPARE p AS SELECT * FROM read_csv('{outside}/x.csv')",
    "checkpoint": "CHECKPOINT",
    "the settings": "SELECT * FROM duckdb_settings()",
    "the secrets": "SELECT * FROM duckdb_secrets()",
    "the environment": "SELECT getenv('HOME')",
}  # fmt: skip


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[vesto.Session]:
    path = tmp_path_factory.mktemp("w") / "shop"
    with vesto.connect(path) as session:
        session.execute(POINTS)
    with vesto.connect(path, locked=True) as session:
        session.execute(SMALL_MODEL.format(name="m", function="f"))
        yield session


class TestLocked:
    @pytest.mark.parametrize("sql", FORBIDDEN.values(), ids=FORBIDDEN.keys())
    def test_what_reaches_out_is_refused(
        self, locked: vesto.Session, tmp_path: Path, sql: str
    ) -> None:
        (tmp_path / "x.csv").write_text("a\n1\n")
        data, shop = EXAMPLES / "titanic.parquet", locked.warehouse.path
        text = sql.format(data=data, outside=tmp_path, shop=shop)
        assert sqlstate(locked, text) in {"42501", "42601", "0A000", "42704"}
        assert [file.name for file in tmp_path.iterdir()] == ["x.csv"]

    @pytest.mark.parametrize(
        ("sql", "message", "instead"),
        [
            ("CREATE UNIQUE INDEX i ON points (a)", "CREATE UNIQUE INDEX", "index=False"),
            ("drop sequence s", "DROP SEQUENCE", "IDENTITY"),
            ("CREATE TYPE colour AS ENUM ('red')", "CREATE TYPE", "VARCHAR"),
            ("CREATE TRIGGER t AFTER INSERT ON points", "CREATE TRIGGER", ""),
            ("LISTEN channel", "LISTEN", ""),
        ],
    )
    def test_what_only_postgresql_has_says_what_does_its_work(
        self, locked: vesto.Session, sql: str, message: str, instead: str
    ) -> None:
        with pytest.raises(vesto.VestoError) as caught:
            locked.execute(sql)
        assert caught.value.sqlstate == "0A000"
        assert caught.value.message == f"{message} is not supported"
        assert instead in caught.value.hint

    def test_a_data_frame_of_the_process_is_no_table(self, locked: vesto.Session) -> None:
        frame = pa.table({"x": [1]})
        assert len(frame) == 1
        assert sqlstate(locked, "SELECT * FROM frame") == "42P01"

    def test_a_training_query_reaches_out_no_further(
        self, locked: vesto.Session, tmp_path: Path
    ) -> None:
        (tmp_path / "x.csv").write_text("a,label\n1,2\n")
        for source in (f"'{tmp_path}/x.csv'", f"read_csv('{tmp_path}/x.csv')"):
            sql = f"CREATE MODEL x FROM (SELECT * FROM {source}) TARGET label FUNCTION fx"
            assert sqlstate(locked, sql) in {"42501", "42601"}

    def test_everyday_sql_and_models_work(self, locked: vesto.Session) -> None:
        locked.execute("CREATE TABLE t AS SELECT id, f(a, b, c) AS p FROM points")
        locked.execute("CREATE VIEW v AS SELECT * FROM t WHERE p = 1")
        locked.execute(
            "INSERT INTO t VALUES (-1, 0); UPDATE t SET p = 1 WHERE id = -1; DELETE FROM t WHERE id < 0"
        )
        assert locked.execute("SELECT count(*) FROM t").rows() == [(600,)]
        assert locked.execute("EXPLAIN SELECT * FROM v").rows()
        assert locked.execute("SELECT * FROM generate_series(1, 2)").rows() == [(1,), (2,)]
        locked.execute("DROP VIEW v; DROP TABLE t")
        assert locked.execute("SELECT model_name FROM stv_ml_model_info").rows() == [("m",)]


def test_prepared_statements_write_and_read(session: vesto.Session) -> None:
    session.execute("CREATE TABLE made (document SUPER)")
    session.execute("PREPARE put AS INSERT INTO made SELECT $1::JSON")
    session.execute("EXECUTE put('{\"a\": 1}'); EXECUTE put('{\"a\": 2}')")
    session.execute("PREPARE see AS SELECT count(*) FROM made")
    assert session.execute("EXECUTE see; EXECUTE see").rows() == [(2,)]
    assert session.execute("SELECT document.a FROM made ORDER BY 1").rows() == [("1",), ("2",)]


def test_what_returns_literals_is_answered_again_without_the_engine(tmp_path: Path) -> None:
    with vesto.connect(tmp_path / "shop") as session:
        asked = "SELECT 1 AS one, 'a' AS letter, NULL, -2.5, TRUE"
        first = session.execute(asked)
        assert first.rows() == [(1, "a", None, Decimal("-2.5"), True)]
        again = session.execute(asked)
        assert (again.types, again.columns) == (first.types, first.columns)
        assert again.rows() == [(1, "a", None, Decimal("-2.5"), True)]
        session.execute("BEGIN")
        with pytest.raises(vesto.VestoError):
            session.execute("SELECT nothing")
        with pytest.raises(vesto.VestoError) as caught:
            session.execute(asked)
        assert caught.value.sqlstate == "25P02"


def test_a_parameter_that_is_set_is_seen_by_the_next_statement(tmp_path: Path) -> None:
    with vesto.connect(tmp_path / "shop") as session:
        asked = "SELECT current_setting('application_name')"
        for name in ("one", "two"):
            session.execute(f"SET application_name TO '{name}'")
            assert session.execute(asked).rows() == [(name,)]
        session.execute("RESET application_name")
        assert session.execute(asked).rows() != [("two",)]

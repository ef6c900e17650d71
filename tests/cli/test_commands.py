"""The command line: sql, load, import, shell."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from tests_support import EXAMPLES, POINTS, SMALL_MODEL
from typer.testing import CliRunner, Result

import vesto
from vesto.cli.main import INTERRUPTED, app
from vesto.cli.shell import is_complete


def run(*arguments: object, given: str = "") -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], input=given)


@pytest.fixture
def shop(path: Path) -> Path:
    with vesto.connect(path) as session:
        session.execute(POINTS)
    return path


# A test run in the background ignores SIGINT, and its children with it.
HEEDING = ["env", "--default-signal=INT"]


def vesto_process(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "vesto.cli.main", *(str(a) for a in arguments)]


class TestSql:
    def test_results_are_drawn_as_tables(self, shop: Path) -> None:
        done = run("sql", shop, "SELECT 1 AS one, NULL AS nothing; DELETE FROM points WHERE id = 1")
        assert done.exit_code == 0
        assert re.search(r"│ +1 +│ +│", done.stdout)
        assert "(1 row)" in done.stdout
        assert "DELETE 1" in done.stdout

    def test_statements_come_from_standard_input(self, shop: Path) -> None:
        assert "600" in run("sql", shop, given="SELECT count(*) FROM points").stdout

    def test_formats_for_other_programs(self, shop: Path) -> None:
        sql = (
            "SELECT 1 AS a, 'x,y' AS b, NULL AS c, date '2024-01-02' AS d, 1.5::decimal(3, 1) AS e"
        )
        assert (
            run("sql", shop, sql, "--format", "csv").stdout
            == 'a,b,c,d,e\n1,"x,y",,2024-01-02,1.5\n'
        )
        found = json.loads(run("sql", shop, sql, "--format", "json").stdout)
        assert found == [{"a": 1, "b": "x,y", "c": None, "d": "2024-01-02", "e": 1.5}]
        assert json.loads(run("sql", shop, "SELECT 1 WHERE false", "--format", "json").stdout) == []
        stream = run("sql", shop, "SELECT id FROM points", "--format", "arrow").stdout_bytes
        assert pa.ipc.open_stream(io.BytesIO(stream)).read_all().num_rows == 600

    def test_an_unknown_format_is_refused(self, shop: Path) -> None:
        assert run("sql", shop, "SELECT 1", "--format", "xml").exit_code == 2

    def test_an_error_has_its_place_and_exit_code_1(self, shop: Path) -> None:
        done = run("sql", shop, "SELECT 1;\nDROP MODEL nobody")
        assert done.exit_code == 1
        assert "ERROR 42704" in done.stderr
        assert "LINE 2: DROP MODEL nobody\n                   ^" in done.stderr
        assert "HINT" in done.stderr

    def test_a_locked_session_reaches_no_file(self, shop: Path) -> None:
        done = run("sql", "--locked", shop, f"SELECT * FROM '{EXAMPLES}/titanic.parquet'")
        assert (done.exit_code, "42501" in done.stderr) == (1, True)

    def test_a_model_is_waited_for_or_not(self, shop: Path) -> None:
        done = run(
            "sql", shop, SMALL_MODEL.format(name="m", function="f") + "; SELECT f(1, 2, true)"
        )
        assert done.exit_code == 0, done.stderr
        done = run("sql", "--no-wait", shop, SMALL_MODEL.format(name="n", function="g"))
        assert done.exit_code == 0
        assert "is being trained" in done.stderr
        done = run("sql", shop, "WAIT FOR MODEL n; SELECT g(1, 2, true)")
        assert done.exit_code == 0, done.stderr

    def test_a_failed_training_ends_with_exit_code_1(self, shop: Path) -> None:
        sql = SMALL_MODEL.format(name="m", function="f").replace(
            "NUM_ROUND '5'", "EVAL_METRIC 'none such'"
        )
        done = run("sql", shop, sql)
        assert done.exit_code == 1
        assert "58000" in done.stderr


class TestLoad:
    def test_files_of_every_kind_become_tables_and_types_are_shown(
        self, path: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "a.csv").write_text("id,name\n1,x\n2,y\n")
        (tmp_path / "a.json").write_text('{"id": 3, "name": "z"}\n')
        done = run("load", path, "csv table", tmp_path / "a.csv")
        assert done.exit_code == 0, done.stderr
        assert re.search(r"id +BIGINT\n +name +VARCHAR\n2 rows loaded", done.stdout)
        assert run("load", path, "csv table", tmp_path / "a.json", "--append").exit_code == 0
        parquet = EXAMPLES / "titanic.parquet"
        assert "891 rows" in run("load", path, "titanic", parquet).stdout
        found = run("sql", path, 'SELECT count(*) AS n FROM "csv table"', "--format", "csv").stdout
        assert found == "n\n3\n"

    def test_a_table_that_is_there_is_kept_unless_it_is_replaced(
        self, shop: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "a.csv").write_text("id\n1\n")
        done = run("load", shop, "points", tmp_path / "a.csv")
        assert done.exit_code == 1
        assert "already exists" in str(done.exception)
        assert run("load", shop, "points", tmp_path / "a.csv", "--replace").exit_code == 0

    def test_a_bad_second_file_loads_nothing(self, path: Path, tmp_path: Path) -> None:
        (tmp_path / "a.csv").write_text("id\n1\n")
        (tmp_path / "b.csv").write_text("other\n1\n")
        (tmp_path / "c.json").write_text("{not json")
        for wrong in ("b.csv", "c.json", "missing.csv", "d.xyz"):
            done = run("load", path, "t", tmp_path / "a.csv", tmp_path / wrong)
            assert isinstance(done.exception, vesto.VestoError)
            assert run("sql", path, "SELECT 1 FROM t").exit_code == 1


class TestImport:
    def test_tables_views_and_schemas_are_copied(self, path: Path, tmp_path: Path) -> None:
        file = tmp_path / "old.duckdb"
        with duckdb.connect(str(file)) as old:
            old.execute(
                "CREATE TABLE a AS SELECT 1 AS x; CREATE VIEW v AS SELECT x + 1 AS y FROM a"
            )
            old.execute("CREATE SCHEMA s; CREATE TABLE s.b AS SELECT 2 AS z")
        done = run("import", path, file)
        assert done.stdout == "public.a: 1 row\ns.b: 1 row\n"
        sql = "SELECT y, z FROM v, s.b"
        assert run("sql", path, sql, "--format", "csv").stdout == "y,z\n2,2\n"
        again = run("import", path, file)
        assert "already exists" in str(again.exception)
        assert isinstance(run("import", path, tmp_path / "none").exception, vesto.VestoError)


class TestExport:
    def test_a_model_becomes_a_file_and_a_file_is_kept_unless_it_is_replaced(
        self, shop: Path, tmp_path: Path
    ) -> None:
        """What DuckDB does with it is told by ``tests/test_native_scoring.py``."""
        file = tmp_path / "m.vesto"
        run("sql", shop, SMALL_MODEL.format(name="m", function="f"))
        done = run("export", shop, "M", file)
        assert done.exit_code == 0, done.output
        assert re.search(
            r"vesto_predict_int4\('[0-9a-f]{64}', a int8, b float8, c bool\)", done.stdout
        )
        before = file.read_bytes()
        file.write_bytes(b"mine")
        refused = run("export", shop, "m", file)
        assert isinstance(refused.exception, vesto.VestoError)
        assert (refused.exception.sqlstate, file.read_bytes()) == ("58P02", b"mine")
        assert run("export", shop, "m", file, "--replace").exit_code == 0
        assert file.read_bytes() == before

    def test_what_cannot_be_written_is_told(self, shop: Path, tmp_path: Path) -> None:
        assert run("export", shop, "none", tmp_path / "x").exception.sqlstate == "42704"
        failing = SMALL_MODEL.format(name="m", function="f")
        run("sql", shop, failing.replace("NUM_ROUND '5'", "EVAL_METRIC 'none such'"))
        assert run("export", shop, "m", tmp_path / "x").exception.sqlstate == "58000"
        run("sql", shop, SMALL_MODEL.format(name="n", function="g"))
        unwritable = run("export", shop, "n", tmp_path / "no folder" / "x")
        assert unwritable.exception.sqlstate == "58030"
        assert [entry.name for entry in tmp_path.iterdir()] == ["shop"]


class TestShell:
    def test_a_script_runs_and_its_failure_is_the_exit_code(self, shop: Path) -> None:
        script = (
            "\\d\nSELECT 40\n + 2 AS answer;\n\\d points\n\\timing\nSELECT 1;\n\\?\n\\q\nSELECT 99;"
        )
        done = run("shell", shop, given=script)
        assert done.exit_code == 0, done.stderr
        for words in ("points", "42", "double precision", "Timing is on", "Time: ", "\\timing"):
            assert words in done.stdout
        assert "99" not in done.stdout
        assert run("shell", shop, given="SELECT oops;\nSELECT 7;\n").exit_code == 1

    @pytest.mark.parametrize(
        ("text", "complete"),
        [("SELECT 1;", True), ("SELECT 1", False), ("SELECT ';", False), ("", True), ("-- a;", True),
         ("SELECT 1; -- x", True), ("$$ ;", False)],
    )  # fmt: skip
    def test_a_statement_ends_at_its_semicolon(self, text: str, complete: bool) -> None:
        assert is_complete(text) is complete


class Terminal:
    """A process on a pseudo-terminal."""

    def __init__(self, arguments: list[str], home: Path) -> None:
        self.handle, child = pty.openpty()
        environment = os.environ | {"XDG_STATE_HOME": str(home), "TERM": "xterm", "COLUMNS": "120"}
        # setsid --ctty makes the pseudo-terminal the one that Ctrl-C comes from.
        self.process = subprocess.Popen(
            ["setsid", "--ctty", "--wait", *HEEDING, *arguments],
            stdin=child, stdout=child, stderr=child, env=environment,
        )  # fmt: skip
        os.close(child)
        self.seen = ""

    def until(self, words: str, timeout_s: float = 60) -> str:
        end = time.monotonic() + timeout_s
        while words not in self.seen:
            assert time.monotonic() < end, self.seen
            try:
                self.seen += os.read(self.handle, 65536).decode(errors="replace")
            except OSError:
                break
        assert words in self.seen, self.seen
        return self.seen

    def send(self, text: str) -> None:
        os.write(self.handle, text.encode())

    def close(self) -> int:
        code = self.process.wait(60)
        os.close(self.handle)
        return code


LONG = SMALL_MODEL.replace("NUM_ROUND '5'", "NUM_ROUND '1000000'")


def test_ctrl_c_during_training_asks_and_cancels(shop: Path, tmp_path: Path) -> None:
    sql = LONG.format(name="m", function="f")
    terminal = Terminal(vesto_process("sql", shop, sql), tmp_path)
    terminal.until("s left at most")
    terminal.send("\x03")
    terminal.until("[y/N]")
    terminal.send("y\n")
    terminal.until("cancelled")
    assert terminal.close() == 130
    assert (
        run("sql", shop, "SHOW MODEL ALL", "--format", "csv").stdout == "Schema Name,Model Name\n"
    )


def test_ctrl_c_during_a_refresh_ends_it_alone(shop: Path, tmp_path: Path) -> None:
    # Whether a second is enough for the first version is all the same.
    run("sql", shop, LONG.format(name="m", function="f") + " SETTINGS (MAX_RUNTIME 1)")
    refresh = "REFRESH MODEL m SETTINGS (MAX_RUNTIME 600)"
    terminal = Terminal(vesto_process("sql", shop, refresh), tmp_path)
    terminal.until("s left at most")
    terminal.send("\x03")
    terminal.until("[y/N]")
    terminal.send("y\n")
    terminal.until("the refresh is cancelled")
    assert terminal.close() == 130
    shown = run("sql", shop, "SHOW MODEL m VERSIONS", "--format", "csv").stdout
    assert "2,FAILED" in shown
    assert "the refresh was cancelled" in shown


def test_the_shell_works_on_a_terminal(shop: Path, tmp_path: Path) -> None:
    terminal = Terminal(vesto_process("shell", shop), tmp_path)
    terminal.until("vesto>")
    terminal.send("SELECT 6\r")
    terminal.until("...")
    terminal.send("* 7 AS answer;\r")
    terminal.until("42")
    terminal.send("\\q\r")
    assert terminal.close() == 0
    assert "6" in (tmp_path / "vesto" / "history").read_text()


def test_ctrl_c_during_a_query_ends_the_query(shop: Path) -> None:
    endless = (
        "SELECT count(*) FROM range(1000000000000) a, range(1000) b WHERE a.range % 7 = b.range"
    )
    command = [*HEEDING, *vesto_process("sql", shop, endless)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        try:
            while str(process.pid) not in (shop / "warehouse.lock").read_text():
                time.sleep(0.1)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(3)
            process.send_signal(signal.SIGINT)
            _, error = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == INTERRUPTED
    assert error == b""


def test_the_version_is_printed() -> None:
    assert run("--version").stdout == f"vesto {vesto.__version__}\n"

"""The compiled scorer behind sessions: that it is used, and what serves where it cannot be."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from tests_support import POINTS, SMALL_MODEL
from typer.testing import CliRunner

import vesto
from vesto.cli.main import app
from vesto.engines import _duckdb_native, _duckdb_programs
from vesto.functions import functions_of

ALL = "SELECT id, f(a, b, c) AS y, f_prob(a, b, c) AS p FROM points ORDER BY id"


def sqlstate(session: vesto.Session, sql: str) -> str:
    with pytest.raises(vesto.VestoError) as caught:
        session.execute(sql).rows()
    return caught.value.sqlstate


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed warehouse with the model ``m``."""
    path = tmp_path_factory.mktemp("finished") / "shop"
    with vesto.connect(path) as session:
        session.execute(POINTS)
        session.execute(SMALL_MODEL.format(name="m", function="f"))
    return path


@pytest.fixture
def opened(finished: Path) -> Iterator[Callable[..., vesto.Session]]:
    """Open it with settings; one at a time."""
    sessions: list[vesto.Session] = []

    def open_with(*, locked: bool = False, **settings: object) -> vesto.Session:
        for session in sessions:
            session.close()
        sessions[:] = [vesto.connect(finished, locked=locked, settings=settings)]
        return sessions[0]

    yield open_with
    for session in sessions:
        session.close()


class TestPaths:
    def test_models_are_scored_by_the_compiled_kernel(
        self, opened: Callable[..., vesto.Session]
    ) -> None:
        """In a source checkout too: what ``make test`` and ``make demo`` run is what is installed."""
        kernel = opened().execute("SELECT vesto_kernel()").rows()
        assert kernel[0][0] in {"avx512", "avx2", "portable"}

    def test_every_path_predicts_the_same(self, opened: Callable[..., vesto.Session]) -> None:
        found = {}
        for path in ("off", "portable", "auto"):
            session = opened(native=path)
            kernel = session.execute("SELECT vesto_kernel()").rows()[0][0]
            assert kernel == {"off": "reference", "portable": "portable"}.get(path, kernel)
            found[path] = session.execute(
                "SELECT id, f(a, b, c) AS y, f(NULL, b, NULL) AS z FROM points ORDER BY id"
            ).rows()
        assert found["off"] == found["portable"] == found["auto"]

    def test_probabilities_of_every_path_agree(self, opened: Callable[..., vesto.Session]) -> None:
        sql = (
            "SELECT f_prob(a, b, c).labels[0]::varchar AS l, f_prob(a, b, c).probabilities[0]::float8 AS p, "
            "f_prob(a, b, c).probabilities[1]::float8 AS q FROM points ORDER BY id"
        )
        slow, quick = (opened(native=path).execute(sql).rows() for path in ("off", "auto"))
        assert [row[0] for row in slow] == [row[0] for row in quick]
        for left, right in zip(slow, quick, strict=True):
            assert left[1:] == pytest.approx(right[1:], rel=1e-15)
            assert left[1] + left[2] == pytest.approx(1)

    def test_a_path_that_is_none_is_refused(self, opened: Callable[..., vesto.Session]) -> None:
        with pytest.raises(vesto.VestoError, match="one of auto, avx512, avx2, portable, off"):
            opened(native="mmx")

    def test_a_path_that_the_machine_lacks_is_refused_and_frees_the_warehouse(
        self, opened: Callable[..., vesto.Session], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        original = _duckdb_native.NativeScorer._ask

        def without(self: _duckdb_native.NativeScorer, sql: str, value: object) -> None:
            original(self, sql, "mmx" if "use_kernel" in sql else value)

        monkeypatch.setattr(_duckdb_native.NativeScorer, "_ask", without)
        with pytest.raises(vesto.VestoError, match='"native" cannot be "avx512"') as caught:
            opened(native="avx512")
        assert caught.value.sqlstate == "22023"
        assert opened(native="off").execute("SELECT count(*) FROM points").rows() == [(600,)]


class TestFallback:
    @pytest.fixture
    def missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The extension is not there."""
        monkeypatch.setattr(_duckdb_native, "EXTENSION", "absent.duckdb_extension")
        monkeypatch.setattr(_duckdb_programs, "_warned", set())

    def test_the_reference_scorer_serves_and_one_warning_says_why(
        self,
        missing: None,
        opened: Callable[..., vesto.Session],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        for _ in range(2):
            session = opened()
            assert session.execute("SELECT vesto_kernel()").rows() == [("reference",)]
            assert len(session.execute(ALL).rows()) == 600
        warnings = [r for r in caplog.records if r.levelno >= logging.WARNING]
        assert len(warnings) == 1
        assert "predictions run in Python" in warnings[0].getMessage()
        assert "absent.duckdb_extension" in warnings[0].getMessage()

    def test_chosen_it_gives_no_warning(
        self,
        missing: None,
        opened: Callable[..., vesto.Session],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        assert len(opened(native="off").execute(ALL).rows()) == 600
        assert not caplog.records

    def test_a_damaged_extension_counts_as_missing(
        self,
        missing: None,
        opened: Callable[..., vesto.Session],
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        damaged = tmp_path / "damaged.duckdb_extension"
        damaged.write_bytes(bytes(4096))
        monkeypatch.setattr(_duckdb_native, "EXTENSION", str(damaged))
        assert opened().execute("SELECT vesto_kernel()").rows() == [("reference",)]
        assert len(caplog.records) == 1

    def test_a_path_that_is_asked_for_is_an_error(
        self, missing: None, opened: Callable[..., vesto.Session]
    ) -> None:
        with pytest.raises(vesto.VestoError, match='"native" cannot be "portable"') as caught:
            opened(native="portable")
        assert caught.value.sqlstate == "22023"
        assert "absent.duckdb_extension" in caught.value.detail


@pytest.mark.parametrize("native", ["auto", "off"])
class TestLocked:
    @pytest.mark.parametrize(
        "sql",
        [
            "SELECT vesto_register_program('x')",
            "SELECT vesto_forget_program('{program}')",
            "SELECT vesto_use_kernel('portable')",
            "SELECT VESTO_USE_KERNEL('portable')",
            "SELECT \"vesto_use_kernel\"('portable')",
            "SELECT system.main.vesto_use_kernel('portable')",
            "SELECT main.vesto_use_kernel('portable')",
            "SELECT 'portable'.vesto_use_kernel()",
            "SELECT vesto_predict_int4('{program}', a, b, c) FROM points",
            "SELECT system.main.vesto_predict_int4('{program}', a, b, c) FROM points",
            "SELECT vesto_probabilities('{program}', a, b, c) FROM points",
            "SELECT vesto_category('{program}', 1, 'x')",
            "SELECT 1 WHERE (SELECT vesto_predict_int4('{program}', 1, 1.5, true)) = 1",
            "WITH x AS (SELECT vesto_forget_program('{program}') AS y) SELECT y FROM x",
            "CREATE VIEW hostile AS SELECT vesto_predict_int4('{program}', a, b, c) FROM points",
            "CREATE VIEW hostile AS SELECT vesto_forget_program('{program}') AS y WITH NO SCHEMA BINDING",
            "CREATE FUNCTION hostile(int) RETURNS int AS $$ SELECT vesto_predict_int4('{program}', $1) $$ LANGUAGE sql",
            "CREATE FUNCTION hostile(int) RETURNS int STABLE AS $$ SELECT vesto_use_kernel('avx2') $$ LANGUAGE sql",
            "INSERT INTO points (id) SELECT vesto_predict_int4('{program}', a, b, c) FROM points",
            "UPDATE points SET a = vesto_predict_int4('{program}', a, b, c)",
            "EXPLAIN SELECT vesto_use_kernel('portable')",
            "CREATE MODEL x FROM (SELECT a, vesto_predict_int4('{program}', a, b, c) AS y FROM points) TARGET y FUNCTION g",
        ],
    )
    def test_only_a_models_own_function_scores(
        self, opened: Callable[..., vesto.Session], native: str, sql: str
    ) -> None:
        session = opened(locked=True, native=native)
        outcome = session.model("m").outcome
        assert outcome is not None
        assert sqlstate(session, sql.format(program=outcome.program)) == "42501"
        assert len(session.execute(ALL).rows()) == 600

    def test_nobody_can_put_a_function_in_the_kernels_place(
        self, opened: Callable[..., vesto.Session], native: str
    ) -> None:
        session = opened(locked=True, native=native)
        for name in ("vesto_predict_int4", "vesto_probabilities", "vesto_kernel"):
            make = (
                f"CREATE FUNCTION {name}(varchar) RETURNS int STABLE AS $$ SELECT 7 $$ LANGUAGE sql"
            )
            assert sqlstate(session, make) == "42723"


@pytest.mark.parametrize("native", ["auto", "off"])
class TestLife:
    def test_probabilities_and_predictions_are_restored_and_go_with_the_model(
        self, path: Path, native: str
    ) -> None:
        with vesto.connect(path, settings={"native": native}) as session:
            session.execute(POINTS)
            session.execute(SMALL_MODEL.format(name="m", function="f"))
            session.execute("CREATE VIEW seen AS SELECT f_prob(a, b, c) AS p FROM points")
            before = session.execute(ALL).rows()
        with vesto.connect(path, settings={"native": native}) as session:
            assert session.execute(ALL).rows() == before
            sql = "SELECT count(*) FROM seen WHERE seen.p.probabilities[0] >= 0.5"
            assert session.execute(sql).rows() == [(600,)]
            session.execute("DROP MODEL m")
            assert session.warehouse.engine.functions() == set()
            for name in ("f", "f_prob", "f_probabilities"):
                assert sqlstate(session, f"SELECT {name}(a, b, c) FROM points") == "42883"
            session.execute(SMALL_MODEL.format(name="m", function="f_prob"))
            assert session.execute("SELECT f_prob(1, 2, true) IN (0, 1)").rows() == [(True,)]

    def test_a_closed_warehouse_can_be_opened_by_another_process(
        self, path: Path, native: str
    ) -> None:
        """Nothing that scored keeps a line to the database."""
        session = vesto.connect(path, settings={"native": native})
        session.execute(POINTS)
        session.execute(SMALL_MODEL.format(name="m", function="f"))
        before = session.execute(ALL).rows()
        unread = session.execute("SELECT f(a, b, c) FROM points, range(100)")
        session.close()
        del unread
        code = (
            "import sys, vesto\n"
            "with vesto.connect(sys.argv[1]) as session:\n"
            "    session.execute('CREATE TABLE t AS SELECT 1 AS one')\n"
            f"    print(len(session.execute('{ALL}').rows()))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=60
        )
        assert done.stdout == "600\n", done.stderr
        with vesto.connect(path, settings={"native": native}) as session:
            assert session.execute(ALL).rows() == before

    def test_a_prepared_statement_and_a_view_follow_a_swap(self, path: Path, native: str) -> None:
        """The new model has other classes; the old one's program is let go."""
        with vesto.connect(path, settings={"native": native}) as session:
            session.execute(POINTS)
            session.execute(SMALL_MODEL.format(name="first", function="f"))
            other = SMALL_MODEL.format(name="second", function="g")
            session.execute(
                other.replace("a, b, c, label FROM", "a, b, c, label + 5 AS label FROM")
            )
            session.execute("CREATE VIEW seen AS SELECT f(a, b, c) AS y FROM points")
            session.execute("PREPARE asked AS SELECT max(y) AS y FROM seen")
            assert session.execute("EXECUTE asked").rows() == [(1,)]
            warehouse = session.warehouse
            old, new = session.model("first"), session.model("second")
            swapped = replace(functions_of(new)[0], name="f")
            warehouse.engine.install(swapped, warehouse.files.program(new))
            assert session.execute("EXECUTE asked").rows() == [(6,)]
            assert session.execute("SELECT max(y) FROM seen").rows() == [(6,)]
            warehouse.deployments.install(old, warehouse.files.program(old))
            assert session.execute("EXECUTE asked").rows() == [(1,)]


def test_a_closed_engine_leaves_no_program_in_the_process(finished: Path, path: Path) -> None:
    with vesto.connect(finished) as session:
        outcome = session.model("m").outcome
    assert outcome is not None
    with vesto.connect(path) as session:
        asked = session.execute("SELECT vesto_forget_program(?)", [outcome.program])
        assert asked.rows() == [(False,)]


def test_a_program_that_the_kernel_refuses_keeps_nobody_out(
    finished: Path,
    opened: Callable[..., vesto.Session],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(_duckdb_native, "image", lambda program, name: b"no image")
    session = opened()
    assert session.execute("SELECT count(*) FROM points").rows() == [(600,)]
    assert 'the program of model "m" cannot be used' in caplog.text


WITHOUT_VESTO = """
import sys
import duckdb
extension, file, program = sys.argv[1:]
db = duckdb.connect(config={"allow_unsigned_extensions": "true"})
db.execute(f"LOAD '{extension}'")
db.execute(f"SET VARIABLE m = (SELECT vesto_register_program(content) FROM read_blob('{file}'))")
print(db.execute("SELECT vesto_predict_int4(getvariable('m'), 1::BIGINT, 2.0::DOUBLE, true)").fetchone()[0])
print(db.execute("SELECT vesto_probabilities(getvariable('m'), 1::BIGINT, 2.0::DOUBLE, true) ->> '$.labels[0]'").fetchone()[0])
db.execute(f"CREATE MACRO predict(a, b, c) AS vesto_predict_int4('{program}', a, b, c)")
print(db.execute("SELECT predict(1::BIGINT, 2.0::DOUBLE, true)").fetchone()[0])
print(db.execute("SELECT vesto_forget_program(getvariable('m')), vesto_forget_program(getvariable('m'))").fetchone())
assert not [name for name in sys.modules if name.startswith("vesto")]
"""


def extension() -> Path:
    return Path(import_module("vesto._native").__file__ or "").parent / "vesto.duckdb_extension"


def test_an_exported_model_predicts_without_vesto(finished: Path, tmp_path: Path) -> None:
    """The statements of ``docs/how-to/use-a-model-without-vesto.md``."""
    file = tmp_path / "m.vesto"
    done = CliRunner().invoke(app, ["export", str(finished), "m", str(file)])
    assert done.exit_code == 0, done.output
    with vesto.connect(finished) as session:
        outcome = session.model("m").outcome
        assert outcome is not None
        sql = "SELECT f(1, 2, true), f_prob(1, 2, true).labels[0]::varchar"
        ((label, most),) = session.execute(sql).rows()
    assert f"vesto_predict_int4('{outcome.program}', a int8, b float8, c bool)" in done.output
    assert f"vesto_probabilities('{outcome.program}', a int8, b float8, c bool)" in done.output
    command = [sys.executable, "-c", WITHOUT_VESTO, str(extension()), str(file), outcome.program]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ran.stdout.splitlines() == [str(label), most, str(label), "(True, False)"], ran.stderr


def test_a_subquery_is_no_argument_but_its_result_is(opened: Callable[..., vesto.Session]) -> None:
    session = opened()
    with pytest.raises(vesto.VestoError) as caught:
        session.execute("SELECT f((SELECT 7), b, c) FROM points").rows()
    assert caught.value.sqlstate == "0A000"
    assert "FROM (SELECT (SELECT ...) AS x)" in caught.value.hint
    named = "SELECT f(x, b, c) FROM (SELECT *, (SELECT 7) AS x FROM points) AS s ORDER BY id"
    plain = "SELECT f(7, b, c) FROM points ORDER BY id"
    assert session.execute(named).rows() == session.execute(plain).rows()

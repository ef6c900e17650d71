"""Opening a warehouse: one owner at a time, damaged files, a full disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests_support import POINTS, SMALL_MODEL

import vesto

OPEN = "import sys, vesto; vesto.connect(sys.argv[1]).execute('SELECT 1')"

CALL_BOTH = """
import sys, vesto
session = vesto.connect(sys.argv[1])
print(session.execute("SELECT count(f_n(a, b, c)) FROM points").rows())
try:
    session.execute("SELECT f_m(a, b, c) FROM points").rows()
except vesto.VestoError as error:
    print(error.sqlstate)
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("finished") / "shop"
    with vesto.connect(path) as session:
        session.execute(POINTS)
        session.execute(SMALL_MODEL.format(name="m", function="f_m"))
        session.execute(SMALL_MODEL.format(name="n", function="f_n").replace("'5'", "'6'"))
    return path


@pytest.fixture
def shop(finished: Path, path: Path) -> Path:
    shutil.copytree(finished, path)
    return path


def opened_elsewhere(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", OPEN, str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_a_second_process_is_told_who_has_it_open(path: Path) -> None:
    with vesto.connect(path):
        done = opened_elsewhere(path)
        assert done.returncode != 0
        assert f"process {os.getpid()}" in done.stderr
    assert opened_elsewhere(path).returncode == 0


def test_a_second_opener_in_the_same_process_is_refused(path: Path) -> None:
    with vesto.connect(path), pytest.raises(vesto.VestoError) as caught:
        vesto.connect(path)
    assert caught.value.sqlstate == "55006"
    assert "this process" in caught.value.message


def test_closing_twice_and_with_sessions_open_frees_the_files(path: Path) -> None:
    session = vesto.connect(path)
    other = vesto.Session(session.warehouse)
    other.execute("CREATE TABLE t AS SELECT 1 AS a")
    session.close()
    session.close()
    assert opened_elsewhere(path).returncode == 0
    with vesto.connect(path) as again:
        assert again.execute("SELECT a FROM t").rows() == [(1,)]


@pytest.mark.parametrize("damage", ["removed", "cut", "flipped"])
def test_a_damaged_program_keeps_nobody_from_the_rest(shop: Path, damage: str) -> None:
    with vesto.connect(shop) as session:
        file = session.warehouse.files.program_file(session.model("m"))
    content = file.read_bytes()
    file.unlink()
    if damage != "removed":
        file.write_bytes(
            content[:100] if damage == "cut" else content[:-1] + bytes([content[-1] ^ 1])
        )
    command = [sys.executable, "-c", CALL_BOTH, str(shop)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout.split("\n")[:2] == ["[(600,)]", "XX001"], done.stderr
    assert '"m"' in done.stderr


@pytest.mark.parametrize("name", ["data.duckdb", "catalog.sqlite"])
def test_a_foreign_file_is_an_error_and_frees_the_lock(path: Path, name: str) -> None:
    path.mkdir()
    (path / name).write_text("this is no database, and long enough to be looked at " * 20)
    for _ in range(2):
        with pytest.raises(vesto.VestoError) as caught:
            vesto.connect(path)
        assert caught.value.sqlstate != "55006"


def test_a_path_that_is_a_file_or_forbidden_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(vesto.VestoError) as caught:
        vesto.connect(tmp_path / "file")
    assert caught.value.sqlstate == "58030"


def test_a_model_whose_schema_has_gone_keeps_nobody_out(path: Path) -> None:
    with vesto.connect(path) as session:
        session.execute(POINTS)
        session.execute("CREATE SCHEMA s")
        session.execute(SMALL_MODEL.format(name="s.m", function="f"))
        # Only behind our back: DROP SCHEMA takes its models with it.
        session._connection.execute("DROP SCHEMA s CASCADE").read_all()
    with vesto.connect(path) as session:
        assert session.execute("SELECT count(*) FROM points").rows() == [(600,)]
        session.execute("DROP MODEL s.m")
        assert session.execute("SHOW MODEL ALL").rows() == []


def test_of_two_models_of_one_name_or_function_one_is_made(path: Path) -> None:
    with vesto.connect(path) as session:
        session.execute(POINTS)
        for texts in (("twin", "f1", "twin", "f2"), ("x", "same", "y", "same")):
            errors: list[str] = []

            def create(name: str, function: str, errors: list[str] = errors) -> None:
                mine = vesto.Session(session.warehouse)
                try:
                    mine.execute(SMALL_MODEL.format(name=name, function=function))
                except vesto.VestoError as error:
                    errors.append(error.sqlstate)
                mine.close()

            threads = [
                threading.Thread(target=create, args=texts[:2]),
                threading.Thread(target=create, args=texts[2:]),
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert errors in (["42710"], ["42723"])
        assert len(session.execute("SHOW MODEL ALL").rows()) == 2


class TestFullDisk:
    @pytest.fixture
    def small(self, tmp_path: Path) -> Iterator[Path]:
        """A file system of 12 MB."""
        place = tmp_path / "small"
        place.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(place)]
        if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
            pytest.skip("a file system can only be mounted by root")
        yield place
        subprocess.run(["umount", "-l", str(place)], check=True)

    def test_create_model_says_so_and_leaves_everything_as_it_was(self, small: Path) -> None:
        with vesto.connect(small / "shop") as session:
            session.execute("CREATE TABLE kept AS SELECT 42 AS a; CHECKPOINT")
            free = shutil.disk_usage(small).free
            (small / "filler").write_bytes(b"x" * max(0, free - 200_000))
            wide = ", ".join(f"random() AS r{i}" for i in range(30))
            sql = f"CREATE MODEL m FROM (SELECT {wide}, (random() > 0.5)::int AS y FROM range(30000)) "
            with pytest.raises(vesto.VestoError) as caught:
                session.execute(sql + "TARGET y FUNCTION f")
            assert caught.value.sqlstate == "53100"
            assert session.execute("SHOW MODEL ALL").rows() == []
            assert list((session.warehouse.path / "jobs").iterdir()) == []
            assert session.execute("SELECT a FROM kept").rows() == [(42,)]
        (small / "filler").unlink()
        with vesto.connect(small / "shop") as session:
            assert session.execute("SELECT a FROM kept").rows() == [(42,)]

    def test_a_refresh_leaves_the_old_version_serving(self, small: Path) -> None:
        asked = "SELECT sum(f(a, b, c)) FROM points"
        with vesto.connect(small / "shop") as session:
            session.execute(POINTS)
            session.execute(SMALL_MODEL.format(name="m", function="f"))
            before = session.execute(asked).rows()
            with suppress(OSError), (small / "filler").open("wb", buffering=0) as filler:
                while True:
                    filler.write(b"x" * 4096)
            with pytest.raises(vesto.VestoError) as caught:
                session.execute("REFRESH MODEL m")
            assert caught.value.sqlstate == "53100"
            assert session.execute(asked).rows() == before
            assert list((small / "shop" / "jobs").iterdir()) == []
            (small / "filler").unlink()
            assert len(session.execute("SHOW MODEL m VERSIONS").rows()) == 1

    def test_a_table_that_does_not_fit_is_not_there(self, small: Path) -> None:
        with vesto.connect(small / "shop") as session:
            session.execute("CREATE TABLE kept AS SELECT 42 AS a")
            with pytest.raises(vesto.VestoError) as caught:
                session.execute("CREATE TABLE big AS SELECT random() AS r FROM range(5000000)")
            assert caught.value.sqlstate in {"53100", "58030"}
        with vesto.connect(small / "shop") as session:
            assert session.execute("SELECT a FROM kept").rows() == [(42,)]
            with pytest.raises(vesto.VestoError):
                session.execute("SELECT * FROM big")

    def test_a_disk_that_fills_up_during_training_fails_the_model_alone(self, small: Path) -> None:
        with vesto.connect(small / "shop") as session:
            session.wait_for_models = False
            session.execute(POINTS)
            session.execute(SMALL_MODEL.format(name="first", function="f"))
            session.wait("first")
            session.execute(
                "CREATE MODEL second FROM points TARGET label FUNCTION g SETTINGS (MAX_RUNTIME 8)"
            )
            with suppress(OSError), (small / "filler").open("wb", buffering=0) as filler:
                while True:
                    filler.write(b"x" * 4096)
            model = session.wait("second", 4)
            assert model.state == "TRAINING"  # the catalog cannot be written either
            (small / "filler").unlink()
            with pytest.raises(vesto.VestoError, match=r"disk is full|No space"):
                session.wait("second", 20)
            assert session.execute("SELECT count(f(a, b, c)) FROM points").rows() == [(600,)]

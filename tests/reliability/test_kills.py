"""The process is killed at every step that writes; what is opened next is whole."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dying import die
from tests_support import POINTS, SMALL_MODEL

import vesto
from vesto.catalog.records import State

pytestmark = pytest.mark.slow

CREATE = [
    ("vesto.catalog.store", "Catalog", "add"),
    ("vesto.versions", "Versions", "new_job_folder"),
    ("vesto.commands._training_job", "", "write_snapshot"),
    ("vesto.training.job", "JobFolder", "write_job"),
    ("vesto.training.supervisor", "Supervisor", "start"),
    ("vesto.model_files", "ModelFiles", "publish"),
    ("vesto.deployment", "Deployments", "install"),
    ("vesto.versions", "Versions", "record_ready"),
    ("vesto.versions", "Versions", "clear_job"),
]
DROP = [
    ("vesto.catalog.store", "Catalog", "remove"),
    ("vesto.engines.duckdb", "DuckDBEngine", "remove"),
    ("vesto.training.supervisor", "Supervisor", "forget"),
    ("vesto.model_files", "ModelFiles", "remove_all"),
]
Moment = tuple[tuple[str, str, str], str]


def moments(steps: list[tuple[str, str, str]]) -> list[Moment]:
    """Before each step, and after the last: after one of the others is before the next."""
    return [*((step, "before") for step in steps), (steps[-1], "after")]


def named(moment: Moment) -> str:
    return f"{moment[1]}-{'.'.join(moment[0][1:])}"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed warehouse with a table, a model and a view that calls it."""
    path = tmp_path_factory.mktemp("finished") / "shop"
    with vesto.connect(path) as session:
        session.execute(POINTS)
        session.execute(SMALL_MODEL.format(name="other", function="other"))
        session.execute("CREATE VIEW seen AS SELECT id, other(a, b, c) AS p FROM points")
    return path


@pytest.fixture(scope="module")
def trained(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with another model, m."""
    path = tmp_path_factory.mktemp("trained") / "shop"
    shutil.copytree(finished, path)
    with vesto.connect(path) as session:
        session.execute(SMALL_MODEL.format(name="m", function="m"))
    return path


def check_whole(path: Path, name: str) -> State | None:
    """Everything else is intact, and the model is whole or gone; its state."""
    with vesto.connect(path) as session:
        assert session.execute("SELECT count(*) FROM points").rows() == [(600,)]
        assert session.execute("SELECT count(p) FROM seen").rows() == [(600,)]
        model = session.warehouse.catalog.find("public", name)
        if model is not None:
            model = session.warehouse.wait(model, 60)
        ready = model is not None and model.state is State.READY
        if ready:
            assert session.execute(f"SELECT count({name}(a, b, c)) FROM points").rows() == [(600,)]
        else:
            assert ("public", name) not in session.warehouse.engine.functions()
        known = {m.id for m in session.warehouse.catalog.models()}
        assert {f.name for f in (path / "models").iterdir()} <= known
        session.warehouse.versions.jobs.close()
        assert not [f for f in (path / "jobs").iterdir() if f.name not in known]
        if model is not None:
            session.execute(f"DROP MODEL {name}")
            assert [f.name for f in (path / "models").iterdir()] == [
                m.id for m in session.warehouse.catalog.models()
            ]
    return model.state if model else None


@pytest.mark.parametrize("moment", moments(CREATE), ids=named)
def test_create_model_is_finished_or_undone(finished: Path, path: Path, moment: Moment) -> None:
    shutil.copytree(finished, path)
    die(path, *moment, SMALL_MODEL.format(name="m", function="m"))
    state = check_whole(path, "m")
    started = CREATE.index(moment[0]) > 3
    if started:
        assert state is State.READY
    elif moment[0][2] == "add":
        assert state is None
    else:
        assert state is State.FAILED


@pytest.mark.parametrize("moment", moments(DROP), ids=named)
def test_drop_model_is_finished_or_undone(trained: Path, path: Path, moment: Moment) -> None:
    shutil.copytree(trained, path)
    die(path, *moment, "DROP MODEL m")
    assert check_whole(path, "m") is (State.READY if moment[0] == DROP[0] else None)


def test_a_transaction_that_was_open_is_undone(finished: Path, path: Path) -> None:
    shutil.copytree(finished, path)
    code = (
        "import os, signal, sys, vesto; s = vesto.connect(sys.argv[1]);"
        "s.execute('INSERT INTO points VALUES (-1, 0, 0, true, 0)');"
        "s.execute('BEGIN; DELETE FROM points'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], timeout=60)
    with vesto.connect(path) as session:
        assert session.execute("SELECT count(*) FROM points").rows() == [(601,)]

"""REFRESH and ALTER MODEL are cut off, by a kill or by DROP MODEL, at every step that writes."""

from __future__ import annotations

import importlib
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from dying import die
from tests_support import POINTS, SMALL_MODEL

import vesto
from vesto.catalog.records import State

pytestmark = pytest.mark.slow

SUM = "SELECT sum(f(a, b, c)), sum(f_prob(a, b, c).labels[0]::int) FROM points"
ADD_VERSION = ("vesto.catalog.store", "Catalog", "add_version")
WRITE_JOB = ("vesto.training.job", "JobFolder", "write_job")
START = ("vesto.training.supervisor", "Supervisor", "start")
INSTALL = ("vesto.deployment", "Deployments", "install")
RECORD = ("vesto.versions", "Versions", "record_ready")
REFRESH = [
    ADD_VERSION,
    ("vesto.commands._training_job", "", "write_snapshot"),
    WRITE_JOB,
    START,
    ("vesto.model_files", "ModelFiles", "publish"),
    RECORD,
    ("vesto.versions", "Versions", "clear_job"),
]
ALTER = [INSTALL, ("vesto.catalog.store", "Catalog", "serve")]
Step = tuple[str, str, str]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed warehouse with model m; its labels have been turned round since it was trained."""
    path = tmp_path_factory.mktemp("trained") / "shop"
    with vesto.connect(path) as session:
        session.execute(POINTS)
        session.execute(SMALL_MODEL.format(name="m", function="f"))
        session.execute("UPDATE points SET label = 1 - label")
    return path


@pytest.fixture(scope="module")
def refreshed(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after a refresh, with two versions."""
    path = tmp_path_factory.mktemp("refreshed") / "shop"
    shutil.copytree(trained, path)
    with vesto.connect(path) as session:
        session.execute("REFRESH MODEL m")
    return path


def sums(path: Path) -> tuple[int, int]:
    """What the two versions of a refreshed warehouse predict."""
    with vesto.connect(path) as session:
        row = session.execute(SUM).row()
    assert row is not None
    return 600 - int(row[0]), int(row[0])


def check_whole(path: Path, wanted: tuple[int, int]) -> dict[int, State]:
    """One version serves with all its functions, nothing else is there; states by version."""
    with vesto.connect(path) as session:
        model = session.model("m")
        session.warehouse.wait(model, 60)
        serving = session.model("m")
        assert serving.state is State.READY
        total = wanted[serving.version - 1]
        assert session.execute(SUM).rows() == [(total, total)]
        versions = session.warehouse.catalog.versions(model.id)
        session.warehouse.versions.jobs.close()
        assert list((path / "jobs").iterdir()) == []
        ready = {str(v.version) for v in versions if v.state is State.READY}
        assert {folder.name for folder in (path / "models" / model.id).iterdir()} == ready
        session.execute("ALTER MODEL m SET VERSION 1")
        assert session.execute(SUM).rows() == [(wanted[0], wanted[0])]
        session.execute("DROP MODEL m")
        assert list((path / "models").iterdir()) == []
    return {version.version: version.state for version in versions}


@pytest.mark.parametrize("step", REFRESH, ids=lambda step: step[2])
def test_a_killed_refresh_is_finished_or_has_failed(
    trained: Path, refreshed: Path, path: Path, step: Step
) -> None:
    shutil.copytree(trained, path)
    die(path, step, "before", "REFRESH MODEL m")
    states = check_whole(path, sums_once(refreshed))
    place = REFRESH.index(step)
    second = State.READY if place >= REFRESH.index(START) else State.FAILED
    assert states == {1: State.READY} | ({2: second} if step != ADD_VERSION else {})


_sums: dict[Path, tuple[int, int]] = {}


def sums_once(path: Path) -> tuple[int, int]:
    if path not in _sums:
        _sums[path] = sums(path)
    return _sums[path]


@pytest.mark.parametrize(
    ("step", "when"), [(ALTER[0], "before"), (ALTER[1], "before"), (ALTER[1], "after")]
)
def test_a_killed_alter_has_changed_the_version_or_not(
    refreshed: Path, path: Path, step: Step, when: str
) -> None:
    shutil.copytree(refreshed, path)
    die(path, step, when, "ALTER MODEL m SET VERSION 1")
    with vesto.connect(path) as session:
        done = step[2] == "serve" and when == "after"
        assert session.model("m").version == (1 if done else 2)
    assert check_whole(path, sums_once(refreshed)) == {1: State.READY, 2: State.READY}


CREATE = SMALL_MODEL.format(name="n", function="n")
MOMENTS = [
    *(("REFRESH MODEL m", step) for step in [*REFRESH[1:-1], INSTALL]),
    *((CREATE, step) for step in REFRESH[1:4]),
]


@pytest.mark.parametrize(
    ("sql", "step"), MOMENTS, ids=lambda part: part.split()[0] if isinstance(part, str) else part[2]
)
def test_drop_model_at_any_moment_leaves_nothing(
    trained: Path, path: Path, sql: str, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "m" if sql.startswith("REFRESH") else "n"
    shutil.copytree(trained, path)
    with vesto.connect(path) as session:
        dropping = interrupt(monkeypatch, step, dropper(session, name))
        # Where the step holds the lock, the model may have become READY first.
        with suppress(vesto.errors.UndefinedModel):
            session.execute(f"{sql}; WAIT FOR MODEL {name}")
        for thread in dropping:
            thread.join()
        session.warehouse.versions.jobs.close()
        left = {model.id for model in session.warehouse.catalog.models()}
        assert len(left) == (name == "n")
        assert {folder.name for folder in (path / "models").iterdir()} == left
        assert list((path / "jobs").iterdir()) == []
        functions = {function for _, function in session.warehouse.engine.functions()}
        assert not functions & {name, f"{name}_prob", "f" if name == "m" else ""}


def dropper(session: vesto.Session, name: str) -> Callable[[], None]:
    def drop() -> None:
        with vesto.Session(session.warehouse) as other:
            other.execute(f"DROP MODEL {name}")

    return drop


def interrupt(
    monkeypatch: pytest.MonkeyPatch, step: Step, act: Callable[[], None]
) -> list[threading.Thread]:
    """Let another thread act before a step; where the step holds a lock, it acts after it."""
    place: Any = importlib.import_module(step[0])
    place = getattr(place, step[1]) if step[1] else place
    original, threads = getattr(place, step[2]), list[threading.Thread]()

    def interrupted(*arguments: Any, **options: Any) -> Any:
        if not threads:
            threads.append(threading.Thread(target=act))
            threads[0].start()
            threads[0].join(0.5)
        return original(*arguments, **options)

    monkeypatch.setattr(place, step[2], interrupted)
    return threads


def test_a_model_of_a_job_is_made_or_not(refreshed: Path, path: Path) -> None:
    for number, step in enumerate([
        ("vesto.versions", "", "write_file"), ("vesto.catalog.store", "Catalog", "add"), INSTALL,
    ]):  # fmt: skip
        home = path.with_name(f"shop{number}")
        shutil.copytree(refreshed, home)
        with vesto.connect(home) as session:
            job = session.execute("SHOW MODEL m VERSIONS").arrow()["job_name"][0].as_py()
        types = "(INT8, FLOAT8, BOOL)"
        die(home, step, "before", f"CREATE MODEL x FROM '{job}' FUNCTION g {types}")
        with vesto.connect(home) as session:
            models = session.warehouse.catalog.models()
            assert [model.name for model in models] == (["m", "x"] if step == INSTALL else ["m"])
            known = {model.id for model in models}
            assert {folder.name for folder in (home / "models").iterdir()} == known
            if step == INSTALL:
                rows = session.execute("SELECT count(g(a, b, c)) FROM points").rows()
                assert rows == [(600,)]


def test_a_version_that_serves_is_swapped_while_others_ask(refreshed: Path, path: Path) -> None:
    wanted = set(sums_once(refreshed))
    shutil.copytree(refreshed, path)
    seen, stop = list[Any](), threading.Event()
    with vesto.connect(path) as session:

        def ask() -> None:
            with vesto.Session(session.warehouse) as mine:
                while not stop.is_set():
                    seen.append(mine.execute("SELECT sum(f(a, b, c)) FROM points").rows()[0][0])

        threads = [threading.Thread(target=ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        for turn in range(40):
            session.execute(f"ALTER MODEL m SET VERSION {1 + turn % 2}")
        until = time.monotonic() + 30
        while len(seen) < 2 and time.monotonic() < until:
            time.sleep(0.01)
        stop.set()
        for thread in threads:
            thread.join()
    assert seen
    assert set(seen) <= wanted

"""Training processes that die, hang, are cancelled, or outlive the process that started them."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests_support import POINTS, SMALL_MODEL

import vesto
from vesto.catalog.records import State
from vesto.training import supervisor
from vesto.training.job import JobFolder

LONG = """
CREATE MODEL long FROM (SELECT a, b, c, label FROM points) TARGET label FUNCTION long
AUTO OFF MODEL_TYPE XGBOOST OBJECTIVE 'binary:logistic' PREPROCESSORS 'none'
HYPERPARAMETERS DEFAULT EXCEPT (NUM_ROUND '1000000') SETTINGS (MAX_RUNTIME {seconds})
"""


@pytest.fixture
def patient(path: Path) -> Iterator[vesto.Session]:
    """A session that does not wait for models."""
    with vesto.connect(path, wait=False) as session:
        session.execute(POINTS)
        yield session


def job_of(session: vesto.Session, name: str) -> JobFolder:
    return session.warehouse.versions.jobs.folder(session.model(name).id)


def worker_of(session: vesto.Session, name: str) -> int:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        pid = job_of(session, name).worker_pid()
        if pid is not None and job_of(session, name).read_progress().stage == "training":
            return pid
        time.sleep(0.05)
    raise AssertionError("the worker did not begin")


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"


def ends(pid: int) -> bool:
    """A process that was killed lets go of its lock a moment before it is gone."""
    until = time.monotonic() + 30
    while is_alive(pid) and time.monotonic() < until:
        time.sleep(0.01)
    return not is_alive(pid)


def test_a_killed_worker_leaves_a_failed_model_with_the_reason(patient: vesto.Session) -> None:
    patient.execute(LONG.format(seconds=600))
    os.kill(worker_of(patient, "long"), signal.SIGKILL)
    with pytest.raises(vesto.VestoError) as caught:
        patient.wait("long")
    assert "signal 9" in caught.value.detail
    assert dict(patient.execute("SHOW MODEL long").rows())["Model State"] == "FAILED"
    patient.execute("DROP MODEL long")
    assert patient.execute("SHOW MODEL ALL").rows() == []


def test_a_killed_worker_of_a_refresh_leaves_the_old_version_serving(
    patient: vesto.Session,
) -> None:
    patient.execute(SMALL_MODEL.format(name="m", function="m"))
    patient.wait("m")
    shown = patient.execute("SELECT sum(m(a, b, c)) FROM points").rows()
    patient.execute("UPDATE points SET label = 1 - label; REFRESH MODEL m")
    folder = JobFolder(patient.warehouse.path / "jobs" / patient.newest("m").job_id)
    for pid in patient.warehouse.versions.jobs._pids(patient.newest("m").job_id):
        os.kill(pid, signal.SIGKILL)
    with pytest.raises(vesto.VestoError, match="refresh of model") as caught:
        patient.wait("m")
    assert "signal 9" in caught.value.detail
    assert patient.execute("SELECT sum(m(a, b, c)) FROM points").rows() == shown
    assert patient.model("m").state is State.READY
    assert not folder.path.exists()


def test_drop_model_ends_the_training_and_leaves_no_file(patient: vesto.Session) -> None:
    patient.execute(LONG.format(seconds=600))
    pid = worker_of(patient, "long")
    patient.execute("DROP MODEL long")
    assert ends(pid)
    warehouse = patient.warehouse
    assert [*(warehouse.path / "jobs").iterdir(), *(warehouse.path / "models").iterdir()] == []


def test_the_table_may_go_while_the_model_is_trained(patient: vesto.Session) -> None:
    patient.execute(SMALL_MODEL.format(name="m", function="m"))
    patient.execute("DROP TABLE points")
    assert patient.wait("m", 60).state is State.READY


def test_a_job_that_ended_without_an_owner_is_installed_on_the_next_open(path: Path) -> None:
    with vesto.connect(path, wait=False) as session:
        session.execute(POINTS)
        session.execute(SMALL_MODEL.format(name="m", function="m"))
        folder = job_of(session, "m")
    until = time.monotonic() + 60
    while folder.read_result() is None or folder.worker_pid() is not None:
        assert time.monotonic() < until
        time.sleep(0.1)
    with vesto.connect(path) as session:
        assert session.wait("m", 30).state is State.READY
        assert session.execute("SELECT m(1, 2, true) IN (0, 1)").rows() == [(True,)]


def test_a_worker_that_still_runs_is_watched_by_the_next_owner(path: Path) -> None:
    with vesto.connect(path, wait=False) as session:
        session.execute(POINTS)
        session.execute(LONG.format(seconds=600))
        pid = worker_of(session, "long")
    assert is_alive(pid)
    with vesto.connect(path, wait=False) as session:
        assert job_of(session, "long").worker_pid() == pid
        session.execute("DROP MODEL long")
        assert ends(pid)


def test_a_single_run_that_is_out_of_time_keeps_the_trees_it_has(patient: vesto.Session) -> None:
    patient.execute(LONG.format(seconds=6))
    model = patient.wait("long", 60)
    assert model.state is State.READY
    assert (model.outcome.cpu_s if model.outcome else 0) > 0


def test_a_worker_that_hangs_is_ended_and_its_early_model_counts(
    path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "hangs.py"
    script.write_text(
        "import sys, time\n"
        "from vesto.training import worker\n"
        "from vesto.training.job import JobFolder\n"
        "write = JobFolder.write_result\n"
        "def early(self, outcome, *, final):\n"
        "    write(self, outcome, final=False)\n"
        "    time.sleep(600)\n"
        "JobFolder.write_result = early\n"
        "worker.main()\n"
    )
    monkeypatch.setattr(supervisor, "WORKER", (sys.executable, str(script)))
    with vesto.connect(path, wait=False) as session:
        session.execute(POINTS)
        session.execute(SMALL_MODEL.format(name="m", function="m") + " SETTINGS (MAX_RUNTIME 3)")
        assert session.wait("m", 60).state is State.READY
        shown = dict(session.execute("SHOW MODEL m").rows())
        assert shown["Training Job Status"] == "MaxAutoMLJobRuntimeReached"


def test_a_worker_that_cannot_start_says_why(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = (sys.executable, "-c", "raise SystemExit('no such library')")
    monkeypatch.setattr(supervisor, "WORKER", broken)
    with vesto.connect(path, wait=False) as session:
        session.execute(POINTS)
        session.execute(SMALL_MODEL.format(name="m", function="m"))
        with pytest.raises(vesto.VestoError) as caught:
            session.wait("m", 60)
        assert "exit code 1" in caught.value.detail
        assert "no such library" in caught.value.detail


def test_too_little_memory_fails_the_model_and_says_what_to_do(path: Path) -> None:
    listed = ", ".join(f"sin(i * {n}) AS x{n}" for n in range(40))
    with vesto.connect(path, wait=False, settings={"training_memory_mb": 100}) as session:
        session.execute(f"CREATE TABLE wide AS SELECT {listed}, i % 2 AS y FROM range(400000) r(i)")
        session.execute(
            "CREATE MODEL m FROM wide TARGET y FUNCTION m AUTO OFF MODEL_TYPE XGBOOST OBJECTIVE "
            "'binary:logistic' PREPROCESSORS 'none' HYPERPARAMETERS DEFAULT "
            "SETTINGS (MAX_CELLS 16000000)"
        )
        with pytest.raises(vesto.VestoError, match="training_memory_mb"):
            session.wait("m", 60)
        assert session.execute("SELECT count(*) FROM wide").rows() == [(400000,)]

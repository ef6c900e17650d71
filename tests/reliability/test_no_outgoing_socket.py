"""A default run reaches out to nobody: no process of it connects, sends or looks up a name."""

from __future__ import annotations

from pathlib import Path

import pytest
from server_process import ended, started
from server_support import MD5, USER
from tests_support import POINTS, SMALL_MODEL
from wire import Wire

import vesto

# Python reads this in every process that it starts with the folder on its path: training and loading too.
HOOK = """
import os, sys
def watch(event, arguments):
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"}:
        if event == "socket.getaddrinfo" and arguments[0] in {None, "127.0.0.1"}:
            return
        with open(os.environ["VESTO_TEST_REACHED"], "a") as file:
            file.write(f"{event} {arguments!r}\\n")
sys.addaudithook(watch)
with open(os.environ["VESTO_TEST_REACHED"] + ".watched", "a") as file:
    file.write("a process\\n")
"""
STATEMENTS = [
    POINTS, SMALL_MODEL.format(name="m", function="f"), "WAIT FOR MODEL m", "SELECT sum(f(a, b, c)) FROM points",
    "SELECT f_explain(a, b, c) FROM points LIMIT 1", "SHOW MODEL m", "EVALUATE MODEL m ON points",
    "COPY points FROM 's3://bucket/rows' IAM_ROLE default", "UNLOAD ('SELECT 1') TO 's3://bucket/' IAM_ROLE default",
    "SELECT * FROM svv_ml_model_info", "SELECT * FROM read_csv('https://example.com/a.csv')",
    "ATTACH 'https://example.com/a.db'", "INSTALL httpfs", "LOAD httpfs",
]  # fmt: skip


def test_a_default_run_opens_no_outgoing_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, watching = tmp_path / "reached", tmp_path / "hook"
    watching.mkdir()
    (watching / "sitecustomize.py").write_text(HOOK)
    with vesto.connect(tmp_path / "shop") as session:
        session.execute(f"CREATE USER {USER} PASSWORD '{MD5}' CREATEUSER")
    monkeypatch.setenv("PYTHONPATH", str(watching))
    monkeypatch.setenv("VESTO_TEST_REACHED", str(reached))
    process, port = started(tmp_path / "shop")
    outside: set[str] = set()
    try:
        with Wire(port, timeout=120) as wire:
            wire.login()
            answered = 0
            for text in STATEMENTS:
                answered += not any(code == "E" for code, _ in wire.query(text))
                outside |= connections(process.pid, port)
        process.terminate()
        assert process.wait(60) == 0
    finally:
        ended(process)
    assert answered == 8
    # The server and the training at least.
    assert len((tmp_path / "reached.watched").read_text().splitlines()) >= 2
    assert not reached.exists(), reached.read_text()
    assert outside == set()


def connections(pid: int, port: int) -> set[str]:
    """The server's connections but those that clients have made, as the system sees them: C code too."""
    own = {str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir()}
    found = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            _, here, there, *rest = line.split()
            is_ours = f"socket:[{rest[6]}]" in own
            if is_ours and int(here.rpartition(":")[2], 16) != port:
                found.add(f"{table} {here} {there}")
    return found

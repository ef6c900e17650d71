"""Many clients that do everything at once; afterwards nothing is left of them. ``make soak`` is the long form."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from server_process import ended, started
from server_support import MD5, USER
from soaking import Client, Score
from tests_support import POINTS, SMALL_MODEL

import vesto
from vesto.server.ahead import WORKERS

pytestmark = pytest.mark.slow

SECONDS = float(os.environ.get("VESTO_SOAK_S", "15"))
CLIENTS = 64
# Shorter runs do not get over what caches and allocators keep at first.
LONG_ENOUGH_S = 300.0
SERVER = """
import gc, signal
from vesto.cli.main import main
from vesto.session import Session
from vesto.engines._duckdb_connection import DuckDBConnection
def count(*_):
    gc.collect()
    kept = [sum(isinstance(o, kind) for o in gc.get_objects()) for kind in (Session, DuckDBConnection)]
    print(*kept, flush=True)
signal.signal(signal.SIGUSR1, count)
main()
"""


@dataclass
class Process:
    """A server in a process of its own, and what the system says of it."""

    running: subprocess.Popen[str]
    port: int
    watched: int
    log: Path
    resident: list[int] = field(default_factory=list)

    def _status(self, name: str) -> int:
        lines = Path(f"/proc/{self.running.pid}/status").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith(f"{name}:")))

    @property
    def threads(self) -> int:
        return self._status("Threads")

    @property
    def files(self) -> int:
        return sum(1 for _ in Path(f"/proc/{self.running.pid}/fd").iterdir())

    def look(self) -> None:
        """Note the memory in use, in MB."""
        self.resident.append(self._status("VmRSS") // 1024)

    def objects(self) -> tuple[int, int]:
        """Sessions, and lines to the engine."""
        self.running.send_signal(signal.SIGUSR1)
        assert self.running.stdout is not None
        sessions, lines = self.running.stdout.readline().split()
        return int(sessions), int(lines)

    def metric(self, name: str) -> float:
        line = http.client.HTTPConnection("127.0.0.1", self.watched, timeout=30)
        line.request("GET", "/metrics")
        text = line.getresponse().read().decode()
        line.close()
        return float(next(t.split()[1] for t in text.splitlines() if t.startswith(f"{name} ")))


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    with vesto.connect(tmp_path / "shop") as session:
        session.execute(POINTS)
        session.execute("CREATE TABLE shared (i INT)")
        session.execute(SMALL_MODEL.format(name="served", function="serving"))
        session.execute(f"CREATE USER {USER} PASSWORD '{MD5}' CREATEUSER")
    with socket.create_server(("127.0.0.1", 0)) as sock:
        watched = int(sock.getsockname()[1])
    config = f"metrics_port = {watched}\nshutdown_s = 10\n"
    running, port = started(tmp_path / "shop", config, [sys.executable, "-c", SERVER])
    yield Process(running, port, watched, tmp_path / "log")
    ended(running)


def visit(process: Process, seconds: float, clients: int = CLIENTS) -> Score:
    """Let all clients do what they do for so long."""
    score = Score(time.monotonic() + seconds, process.port)
    visitors = [Client(number, score) for number in range(clients)]
    for visitor in visitors:
        visitor.start()
    while time.monotonic() < score.until:
        process.look()
        time.sleep(0.5)
    for visitor in visitors:
        visitor.join(120)
    assert not [v.name for v in visitors if v.is_alive()]
    return score


def settled(process: Process, threads: int = sys.maxsize) -> None:
    """Wait until those who left without a word are noticed, and their threads have ended."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if process.metric("vesto_connections") == 0 and process.threads <= threads:
            return
        time.sleep(0.2)


@pytest.mark.timeout(SECONDS + 280)
def test_many_clients_at_once_leave_nothing_behind(process: Process) -> None:
    visit(process, 3.0, clients=4)
    settled(process)
    # Those that write rows begin when they are first needed, and stay.
    threads, files = process.threads + WORKERS, process.files
    process.resident.clear()
    score = visit(process, SECONDS)
    settled(process, threads)
    report(process, score)
    assert score.unexpected == []
    assert set(dict(score.done)) >= {"queries", "predictions", "cursors", "disconnects", "cancels"}
    assert process.metric("vesto_connections") == 0
    assert process.objects() == (0, 0)
    assert process.threads <= threads
    assert process.files <= files
    if SECONDS >= LONG_ENOUGH_S:
        first, last = grown(process.resident)
        assert last <= first * 1.1 + 32
    process.running.terminate()
    assert process.running.wait(60) == 0
    assert "of ours" not in process.log.read_text()


def grown(resident: list[int]) -> tuple[float, float]:
    """The usual memory in the second and in the last quarter."""
    quarter = max(1, len(resident) // 4)
    return statistics.median(resident[quarter : 2 * quarter]), statistics.median(
        resident[-quarter:]
    )


def report(process: Process, score: Score) -> None:
    """Print what was done, and what is left."""
    first, last = grown(process.resident)
    lines = [
        f"\n{CLIENTS} clients, {SECONDS:g} s: {dict(sorted(score.done.items()))}",
        f"resident: {first:.0f} MB in the second quarter, {last:.0f} MB in the last one",
        f"at most {max(process.resident)} MB; threads {process.threads}, files {process.files}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")

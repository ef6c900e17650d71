"""The servers that are compared: ``vesto serve`` and PostgreSQL, each in processes of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg

PASSWORD: Final = "Bench1mark"
# Debian's place for it.
POSTGRESQL: Final = Path("/usr/lib/postgresql/15/bin")
_TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")
_PAGE_MB: Final = os.sysconf("SC_PAGE_SIZE") / 2**20


@dataclass(frozen=True, slots=True)
class Server:
    """Where one listens, and the process that all its others come from."""

    port: int
    user: str
    database: str
    process: int

    def connect(self) -> psycopg.Connection[Any]:
        """A connection that commits by itself."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=self.user, dbname=self.database,
            password=PASSWORD, autocommit=True,
        )  # fmt: skip

    def cpu_s(self) -> float:
        """CPU seconds of its processes so far, those that have ended too."""
        return sum(_cpu_s(each) for each in _family(self.process))

    def memory_mb(self) -> float:
        """What its first process has in memory."""
        pages = Path(f"/proc/{self.process}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * _PAGE_MB


def _family(process: int) -> list[int]:
    found = [process]
    with suppress(FileNotFoundError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text(encoding="ascii").split():
                found += _family(int(child))
    return found


def _cpu_s(process: int) -> float:
    with suppress(FileNotFoundError):
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2]
        return sum(int(ticks) for ticks in text.split()[11:15]) * _TICK_S
    return 0.0


@contextmanager
def vesto_server(path: Path) -> Iterator[Server]:
    """``vesto serve`` on a warehouse, until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "vesto.cli.main", "serve", str(path), "--port", "0"],
        env=os.environ | {"VESTO_FIRST_PASSWORD": PASSWORD, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        yield Server(int(line.strip().rpartition(":")[2]), "vesto", "dev", process.pid)
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()


@contextmanager
def postgresql_server() -> Iterator[Server]:
    """PostgreSQL as it is by default, in a folder that goes with the block.

    Raises:
        SystemExit: It is not on this machine.
    """
    if not (POSTGRESQL / "initdb").exists():
        sys.exit("PostgreSQL 15 is not on this machine: install Debian's package postgresql-15.")
    folder = Path(tempfile.mkdtemp(prefix="vesto-postgresql-"))
    # It refuses to run as root.
    options: dict[str, Any] = {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}
    if options:
        shutil.chown(folder, "nobody", "nogroup")
    data, port = folder / "data", _free_port()
    _run([str(POSTGRESQL / "initdb"), "-D", str(data), "-U", "bench", "-A", "trust", "-E", "UTF8"],
         cwd=folder, **options)  # fmt: skip
    command = [str(POSTGRESQL / "postgres"), "-D", str(data), "-p", str(port), "-k", str(folder),
               "-c", "listen_addresses=127.0.0.1", "-c", "max_wal_size=4GB"]  # fmt: skip
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=folder, **quiet, **options)
    try:
        yield _started(Server(port, "bench", "postgres", process.pid))
    finally:
        process.terminate()
        process.wait(60)
        shutil.rmtree(folder)


def _run(command: list[str], **options: Any) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, **options)
    if done.returncode:
        sys.exit(f"{command[0]} failed: {done.stderr}")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _started(server: Server, patience_s: float = 30) -> Server:
    end = time.monotonic() + patience_s
    while True:
        try:
            server.connect().close()
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return server

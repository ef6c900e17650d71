"""A server in a process of its own, as users start it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests_support import POINTS, SMALL_MODEL

import vesto

PASSWORD = "Secret1pass"


@dataclass(frozen=True)
class Server:
    """Where a server listens, and who may log in."""

    port: int
    process: subprocess.Popen[str]
    user: str = "vesto"
    password: str = PASSWORD
    host: str = "127.0.0.1"
    database: str = "dev"
    predict: str = "predict_m"


@contextmanager
def served(path: Path) -> Iterator[Server]:
    """A server with the table ``points``, and a model of it whose function is ``predict``."""
    with vesto.connect(path) as session:
        session.execute(POINTS)
        session.execute(SMALL_MODEL.format(name="m", function=Server.predict))
    config = path / "server.toml"
    config.write_text("[server]\nshutdown_s = 2\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "vesto.cli.main", "serve", str(path), "--port", "0",
         "--config", str(config)],
        env=os.environ | {"VESTO_FIRST_PASSWORD": PASSWORD, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("serving on 127.0.0.1:")
    yield Server(int(line.rpartition(":")[2]), process)
    process.terminate()
    assert process.wait(60) == 0
    process.stdout.close()

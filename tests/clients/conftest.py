"""A server in a process of its own, as users start it; drivers talk to it over the network."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from clients_support import REQUIRED, driver
from tests_support import POINTS, SMALL_MODEL

import vesto

PASSWORD = "Secret1pass"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave slow clients to ``make test-clients``, and to who asks for them by the marker."""
    if REQUIRED or config.option.markexpr:
        return
    slow = [item for item in items if item.get_closest_marker("slow_client")]
    items[:] = [item for item in items if item not in slow]
    config.hook.pytest_deselected(items=slow)


@dataclass(frozen=True)
class Server:
    """Where a server listens, and who may log in."""

    port: int
    process: subprocess.Popen[str]
    user: str = "vesto"
    password: str = PASSWORD
    host: str = "127.0.0.1"
    database: str = "dev"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path = tmp_path_factory.mktemp("served") / "shop"
    with vesto.connect(path) as session:
        session.execute(POINTS)
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


@pytest.fixture(scope="module")
def model(server: Server) -> str:
    """A model of ``points`` that is READY: the name of its function, of columns a, b and c."""
    with driver("psycopg").connect(
        host=server.host, port=server.port, user=server.user, password=server.password,
        dbname=server.database, autocommit=True,
    ) as connection:  # fmt: skip
        connection.execute(SMALL_MODEL.format(name="served", function="predict_served"))
        connection.execute("WAIT FOR MODEL served")
    return "predict_served"

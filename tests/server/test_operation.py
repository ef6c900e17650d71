"""What an operator sees of a server in a process of its own: its second port and its log."""

from __future__ import annotations

import http.client
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from server_support import MD5, USER
from tests_support import POINTS, SMALL_MODEL
from wire import Wire, fields, message, startup

import vesto
from vesto.cli.logs import JsonLines, TextLines
from vesto.errors import InputOutputError
from vesto.server.health import Health

SECRET = "s3cretLiteral"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


# Longer than anybody waits.
LONG = "SELECT count(*) FROM range(100000000) a(i), range(1000000) b(j) WHERE (i + j) % 7 = 3"


def everything(wire: Wire) -> Iterator[tuple[str, bytes]]:
    """What the server says until it closes."""
    with suppress(EOFError):
        while True:
            yield wire.read()


@dataclass(frozen=True)
class Served:
    port: int
    watched: int
    process: subprocess.Popen[str]
    log: Path

    def get(self, path: str, method: str = "GET") -> tuple[int, str, http.client.HTTPMessage]:
        line = http.client.HTTPConnection("127.0.0.1", self.watched, timeout=30)
        line.request(method, path)
        answer = line.getresponse()
        found = answer.status, answer.read().decode(), answer.headers
        line.close()
        return found

    def metrics(self) -> dict[str, float]:
        lines = self.get("/metrics")[1].splitlines()
        pairs = [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]
        return {name: float(value) for name, value in pairs}

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


def run(folder: Path, *arguments: str, config: str) -> tuple[subprocess.Popen[str], Path]:
    (folder / "server.toml").write_text(config)
    log = folder / "log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "vesto.cli.main", "serve", str(folder / "shop"),
             "--port", "0", "--config", str(folder / "server.toml"), *arguments],
            env=os.environ | {"VESTO_FIRST_PASSWORD": "Secret1pass", "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE, stderr=errors, text=True,
        )  # fmt: skip
    return process, log


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with vesto.connect(tmp_path / "shop") as session:
        session.execute(f"CREATE USER {USER} PASSWORD '{MD5}' CREATEUSER")
    watched = free_port()
    config = f"[server]\nmetrics_port = {watched}\nlog_format = 'text'\nshutdown_s = 15\n"
    process, log = run(tmp_path, "--log-format", "json", config=config)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("serving on"), log.read_text()
    yield Served(int(line.rpartition(":")[2]), watched, process, log)
    if process.poll() is None:
        process.terminate()
        process.wait(60)
    process.stdout.close()


def query(wire: Wire, text: str) -> None:
    wire.send(message("Q", text.encode() + b"\0"))
    wire.until("Z")


def test_metrics_count_sessions_and_statements(served: Served) -> None:
    before = served.metrics()
    assert before["vesto_connections"] == before["vesto_connections_total"] == 0
    with Wire(served.port) as wire:
        wire.login()
        query(wire, "SELECT 1; SELECT 2")
        query(wire, f"SELECT '{SECRET}' FROM missing")
        parse = message("P", b"\0SELECT 3\0\0\0")
        bind = message("B", b"\0\0\0\0\0\0\0\0")
        wire.send(parse, bind, message("E", b"\0\0\0\0\0"), message("S"))
        wire.until("Z")
        status, text, headers = served.get("/metrics")
        assert status == 200
        assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert SECRET not in text
        assert USER not in text
        found = served.metrics()
    assert found["vesto_connections"] == found["vesto_connections_total"] == 1
    assert found['vesto_statements_total{outcome="ok"}'] == 3
    assert found['vesto_statements_total{outcome="error"}'] == 1
    assert found["vesto_statement_seconds_count"] == 4
    assert found['vesto_statement_seconds_bucket{le="+Inf"}'] == 4
    assert found["vesto_statement_seconds_sum"] > 0
    buckets = [value for name, value in found.items() if "_bucket" in name]
    assert buckets == sorted(buckets)
    assert found["vesto_training_jobs"] == 0


def test_metrics_count_what_is_being_trained(served: Served) -> None:
    with Wire(served.port, timeout=120) as wire:
        wire.login()
        query(wire, POINTS)
        query(wire, SMALL_MODEL.format(name="m", function="f"))
        assert served.metrics()["vesto_training_jobs"] == 1
        query(wire, "WAIT FOR MODEL m")
        assert served.metrics()["vesto_training_jobs"] == 0
        before = served.metrics()["vesto_predictions_total"]
        query(wire, "SELECT sum(f(a, b, c)) FROM points; SELECT count(f_prob(a, b, c)) FROM points")
        assert served.metrics()["vesto_predictions_total"] == before + 1200


def test_only_two_pages_and_two_methods(served: Served) -> None:
    assert served.get("/healthz")[:2] == (200, "ok\n")
    assert served.get("/healthz", "HEAD")[:2] == (200, "")
    assert served.get("/other")[0] == 404
    for method in ("POST", "DELETE", "ODD"):
        status, _, headers = served.get("/metrics", method)
        assert (status, headers["Allow"]) == (405, "GET, HEAD")


def test_a_client_that_says_nothing_blocks_no_other(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.watched)) as silent:
        silent.sendall(b"GET /metr")
        assert served.get("/healthz")[0] == 200


def test_a_warehouse_that_hangs_is_not_healthy() -> None:
    going_on = threading.Event()
    asked = []

    def ask() -> str:
        asked.append(1)
        going_on.wait(30)
        return ""

    health = Health(ask, limit_s=0.05)
    assert health.trouble() == health.trouble() == "the warehouse does not answer within 0.05 s"
    assert len(asked) == 1
    going_on.set()
    patient = Health(ask, limit_s=30)
    assert patient.trouble() == patient.trouble() == ""
    assert len(asked) == 3


@pytest.mark.parametrize("formatter", [TextLines(), JsonLines()])
def test_an_exception_in_the_log_is_a_type_and_a_place(formatter: logging.Formatter) -> None:
    def fail() -> None:
        raise ValueError(f"SELECT '{SECRET}'") from InputOutputError(f"no {SECRET}")

    with pytest.raises(ValueError, match=SECRET) as caught:
        fail()
    info = (caught.type, caught.value, caught.tb)
    line = formatter.format(logging.LogRecord("x", logging.ERROR, __file__, 1, "ended", None, info))
    assert SECRET not in line
    assert "ValueError" in line
    assert "test_operation.py" in line
    if isinstance(formatter, TextLines):
        assert "InputOutputError (SQLSTATE 58030)" in line


def test_a_second_signal_ends_what_the_first_lets_finish(served: Served) -> None:
    with Wire(served.port) as wire:
        wire.login()
        query(wire, "CREATE TABLE t (a INT); CREATE TABLE u (a INT)")
        query(wire, "BEGIN; INSERT INTO u VALUES (1); COMMIT; INSERT INTO t VALUES (1)")
        wire.send(message("Q", LONG.encode() + b"\0"))
        while served.metrics()['vesto_statements_total{outcome="ok"}'] < 6:
            time.sleep(0.02)
        served.process.send_signal(signal.SIGTERM)
        while served.get("/healthz")[0] == 200:
            time.sleep(0.02)
        served.process.send_signal(signal.SIGTERM)
        errors = [fields(body)["C"] for code, body in everything(wire) if code == "E"]
    assert errors == ["57014", "57P01"]
    assert served.process.wait(60) == 0
    with vesto.connect(served.log.parent / "shop") as session:
        assert session.execute("SELECT (SELECT count(*) FROM t), count(*) FROM u").rows() == [
            (1, 1)
        ]
    assert not list((served.log.parent / "shop").glob("*.wal"))


def test_a_server_that_stops_is_not_healthy(served: Served) -> None:
    with Wire(served.port) as wire:
        wire.login()
        # A client that sends no rows keeps a COPY, and so the server, going for a while.
        query(wire, "CREATE TABLE t (a INT)")
        wire.send(message("Q", b"COPY t FROM STDIN\0"))
        wire.until("G")
        served.process.send_signal(signal.SIGTERM)
        until = time.monotonic() + 30
        while (found := served.get("/healthz"))[0] == 200 and time.monotonic() < until:
            time.sleep(0.02)
        assert found[:2] == (503, "stopping\n")


def test_the_log_has_a_line_an_event_and_no_words_of_statements(served: Served) -> None:
    with Wire(served.port) as wire:
        wire.login()
        query(wire, f"SELECT '{SECRET}' FROM missing")
    with Wire(served.port) as stranger:
        stranger.send(startup())
        stranger.read()
        stranger.send(message("p", b"md5" + b"0" * 32 + b"\0"))
        stranger.until("E")
    served.process.terminate()
    assert served.process.wait(60) == 0
    events = {event["event"]: event for event in served.events()}
    assert {"start", "stop", "connect", "disconnect"} <= events.keys()
    assert events["connect"]["user"] == USER
    failed = events["statement failed"]
    assert failed["sqlstate"] == "42P01"
    assert failed["seconds"] > 0
    assert events["authentication failed"]["level"] == "warning"
    log = served.log.read_text()
    assert SECRET not in log
    assert "Secret1pass" not in log


@pytest.mark.parametrize(
    ("config", "said"),
    [("[server]\nmetric_port = 1\n", "metric_port"),
     ("[server]\nmetrics_port = 'x'\n", "metrics_port"),
     ("[server]\nlog_format = 'xml'\n", "log_format")],
)  # fmt: skip
def test_a_wrong_option_is_named(tmp_path: Path, config: str, said: str) -> None:
    process, log = run(tmp_path, config=config)
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert said in log.read_text()


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process, log = run(tmp_path, "--metrics-port", str(port), config="")
        process.communicate(timeout=60)
    assert process.returncode != 0
    assert f"cannot listen on 127.0.0.1:{port}" in log.read_text()

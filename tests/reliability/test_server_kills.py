"""``vesto serve`` is killed while clients write: what was acknowledged is there when it serves again."""

from __future__ import annotations

import contextlib
import struct
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from server_process import ended, started
from server_support import MD5, USER
from tests_support import POINTS, SMALL_MODEL
from wire import Wire, message

import vesto

pytestmark = pytest.mark.slow

WRITERS = 2
COPIED = 100


@dataclass
class Written:
    """What one writer was told is kept, and the last that it tried."""

    kept: list[int] = field(default_factory=list)
    tried: int = 0


def write(port: int, name: str, written: Written) -> None:
    """Insert, copy and insert in transactions in turn, until the server is gone."""
    with contextlib.suppress(OSError, EOFError), Wire(port) as wire:
        wire.login()
        while True:
            written.tried += 1
            number = written.tried
            if number % 3 == 0:
                wire.send(message("Q", f"COPY {name} FROM STDIN".encode() + b"\0"))
                assert wire.read()[0] == "G"
                wire.send(message("d", b"%d\n" % number * COPIED), message("c"))
                said = wire.until()
            elif number % 3 == 1:
                said = wire.query(f"INSERT INTO {name} SELECT {number} FROM range({COPIED})")
            else:
                half = f"INSERT INTO {name} SELECT {number} FROM range({COPIED // 2})"
                said = wire.query(f"BEGIN; {half}; {half}; COMMIT")
            assert not [code for code, _ in said if code == "E"], said
            written.kept.append(number)


def killed_while_written(path: Path, after: int) -> dict[str, Written]:
    """Kill the server once every writer has written so much; what they were told."""
    process, port = started(path)
    everyone = {f"t{number}": Written() for number in range(WRITERS)}
    writers = [
        threading.Thread(target=write, args=(port, name, written))
        for name, written in everyone.items()
    ]
    for writer in writers:
        writer.start()
    until = time.monotonic() + 60
    while min(len(w.kept) for w in everyone.values()) < after and time.monotonic() < until:
        time.sleep(0.001)
    process.kill()
    for writer in writers:
        writer.join(60)
    ended(process)
    return everyone


@pytest.fixture
def served(path: Path) -> Path:
    """A warehouse that a server may open."""
    with vesto.connect(path) as session:
        session.execute(POINTS)
        session.execute(f"CREATE USER {USER} PASSWORD '{MD5}' CREATEUSER")
        for number in range(WRITERS):
            session.execute(f"CREATE TABLE t{number} (i INT)")
    return path


@pytest.mark.parametrize("after", [1, 5])
def test_no_committed_row_is_lost_and_none_is_halved(served: Path, after: int) -> None:
    everyone = killed_while_written(served, after)
    with vesto.connect(served) as session:
        for name, written in everyone.items():
            assert len(written.kept) >= after
            counts = dict(session.execute(f"SELECT i, count(*) FROM {name} GROUP BY i").rows())
            assert set(counts.values()) == {COPIED}
            assert set(written.kept) <= counts.keys() <= {*written.kept, written.tried}


def test_no_ready_model_is_lost_and_a_training_goes_on(served: Path) -> None:
    process, port = started(served)
    try:
        with Wire(port, timeout=120) as wire:
            wire.login()
            wire.query(SMALL_MODEL.format(name="early", function="early"))
            wire.query("WAIT FOR MODEL early")
            wire.query("CREATE VIEW seen AS SELECT id, early(a, b, c) AS p FROM points")
            said = wire.query("SELECT count(p) FROM seen")
            assert said[1] == ("D", struct.pack("!hi", 1, 3) + b"600")
            assert wire.query(SMALL_MODEL.format(name="late", function="late"))[0][0] == "C"
    finally:
        ended(process)
    process, port = started(served)
    try:
        with Wire(port, timeout=120) as wire:
            wire.login()
            assert wire.query("SELECT count(p) FROM seen")[1] == said[1]
            assert wire.query("WAIT FOR MODEL late")[0] == ("C", b"WAIT\0")
            assert wire.query("SELECT count(late(a, b, c)) FROM points")[1] == said[1]
    finally:
        ended(process)

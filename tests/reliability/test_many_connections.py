"""As many connections as may be on one warehouse: each has its own session and gets its own answers."""

from __future__ import annotations

import struct
from contextlib import ExitStack
from pathlib import Path

import pytest
from server_support import serving
from wire import Wire, fields, message, startup

pytestmark = pytest.mark.slow

CONNECTIONS = 500


@pytest.mark.timeout(600)
def test_five_hundred_connections_each_run_a_query(tmp_path: Path) -> None:
    with serving(tmp_path / "shop") as listener, ExitStack() as closing:
        wires = [
            closing.enter_context(Wire(listener.address[1], timeout=120))
            for _ in range(CONNECTIONS)
        ]
        for wire in wires:
            wire.login()
        for number, wire in enumerate(wires):
            wire.send(message("Q", f"SELECT {number} + count(*) FROM range(3)".encode() + b"\0"))
        for number, wire in enumerate(wires):
            value = str(number + 3).encode()
            rows = [body for code, body in wire.until() if code == "D"]
            assert rows == [struct.pack("!hi", 1, len(value)) + value]
        with Wire(listener.address[1]) as one_more:
            one_more.send(startup())
            one_more.answer(one_more.read()[1])
            assert fields(one_more.until("E")[-1][1])["C"] == "53300"
        assert listener.activity.counts().connections == CONNECTIONS

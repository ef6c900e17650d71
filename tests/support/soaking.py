"""Clients that do everything at once, and leave at any moment."""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from tests_support import SMALL_MODEL
from wire import Wire, fields, message

# Longer than anybody waits.
LONG = "SELECT count(*) FROM range(100000000) a(i), range(1000000) b(j) WHERE (i + j) % 7 = 3"
ROWS = 600
# Two writers of the same rows, and a change of the schema beside another one.
CONFLICTS = {"40001"}
_ABRUPT = struct.pack("ii", 1, 0)


@dataclass
class Score:
    """What has been done, and what should not have happened. Shared by all clients."""

    until: float
    port: int
    done: Counter[str] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)
    training: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(2))


class Client(threading.Thread):
    """One client after another, each a connection; what it does comes from the seed."""

    def __init__(self, number: int, score: Score) -> None:
        super().__init__(name=f"client {number}")
        self.number, self.score = number, score
        self.random = random.Random(number)
        self.made = 0

    def run(self) -> None:
        while time.monotonic() < self.score.until:
            action = "connect"
            try:
                with Wire(self.score.port, timeout=120) as wire:
                    self.key = next(body for code, body in wire.login() if code == "K")
                    for _ in range(self.random.randrange(1, 20)):
                        action, do = self.random.choices(ACTIONS, WEIGHTS)[0]
                        do(self, wire)
                        self.score.done[action] += 1
                        if time.monotonic() > self.score.until:
                            break
                    if self.random.random() < 0.5:
                        wire.send(message("X"))
            except Gone:
                self.score.done[action] += 1
            except (AssertionError, OSError, EOFError) as error:
                self.score.unexpected.append(f"{action}: {type(error).__name__} {error}")

    # --- What it does ---------------------------------------------------------------------------

    def ask(self, wire: Wire, text: str, *allowed: str) -> list[tuple[bytes, ...]] | None:
        """The rows of a query, None where it ended in one of the errors that are allowed."""
        said = wire.query(text)
        errors = [fields(body) for code, body in said if code == "E"]
        if errors and errors[0]["C"] in allowed:
            self.score.done[f"allowed {errors[0]['C']}"] += 1
            return None
        assert not errors, f"{text[:60]}: {errors}"
        return [row(body) for code, body in said if code == "D"]

    def check(self, wire: Wire, text: str, wanted: list[tuple[bytes, ...]]) -> None:
        found = self.ask(wire, text)
        assert found == wanted, f"{text[:60]}: {found}"

    def query(self, wire: Wire) -> None:
        low = self.random.randrange(ROWS)
        text = f"SELECT count(*), min(id) FROM points WHERE id >= {low}"
        self.check(wire, text, [(b"%d" % (ROWS - low), b"%d" % low)])

    def extended(self, wire: Wire) -> None:
        low = self.random.randrange(ROWS)
        text = b"SELECT id FROM points WHERE id >= $1 ORDER BY id"
        value = b"%d" % low
        wire.send(
            message("P", b"\0" + text + b"\0" + struct.pack("!HI", 1, 20)),
            message("B", b"\0\0" + struct.pack("!HHi", 0, 1, len(value)) + value + b"\0\0"),
            message("E", b"\0" + struct.pack("!i", 5)),
            message("S"),
        )
        found = [row(body)[0] for code, body in wire.until() if code == "D"]
        assert found == [b"%d" % n for n in range(low, min(low + 5, ROWS))], found

    def many_rows(self, wire: Wire) -> None:
        rows = self.ask(wire, "SELECT i, 'text ' || i FROM generate_series(1, 20000) t(i)")
        assert rows is not None and len(rows) == 20_000

    def predict(self, wire: Wire) -> None:
        text = "SELECT count(serving(a, b, c)), min(id) FROM points"
        self.check(wire, text, [(b"%d" % ROWS, b"0")])

    def write(self, wire: Wire) -> None:
        name = f"mine_{self.number}"
        if self.ask(wire, f"CREATE TABLE IF NOT EXISTS {name} (i INT)", *CONFLICTS) is None:
            return
        end = self.random.choice(["COMMIT", "ROLLBACK"])
        self.ask(wire, f"BEGIN; DELETE FROM {name}; INSERT INTO {name} VALUES (1), (2); {end}")
        self.ask(wire, "INSERT INTO shared VALUES (1)", *CONFLICTS)

    def copy(self, wire: Wire) -> None:
        wire.send(message("Q", b"COPY shared FROM STDIN\0"))
        code, body = wire.read()
        assert code == "G", body
        wire.send(message("d", b"2\n" * 500), message("d", b"3\n" * 500))
        how = self.random.choice("cfx")
        if how == "x":
            leave(wire)
        wire.send(message("c") if how == "c" else message("f", b"no\0"))
        said = dict(wire.until())
        assert ("C" if how == "c" else "E") in said, said

    def copy_out(self, wire: Wire) -> None:
        said = wire.query("COPY (SELECT id, b FROM points) TO STDOUT CSV")
        assert sum(code == "d" for code, _ in said) == ROWS, said[-2:]

    def cursor(self, wire: Wire) -> None:
        self.ask(wire, "BEGIN")
        self.ask(wire, "DECLARE c CURSOR FOR SELECT id FROM points ORDER BY id")
        self.check(wire, "FETCH 2 FROM c", [(b"0",), (b"1",)])
        if self.random.random() < 0.3:
            leave(wire)
        self.ask(wire, self.random.choice(["COMMIT", "ROLLBACK"]))

    def mistake(self, wire: Wire) -> None:
        sqlstate = fields(wire.query("SELECT nope FROM points")[0][1])["C"]
        assert sqlstate == "42703", sqlstate

    def cancel(self, wire: Wire) -> None:
        wire.send(message("Q", LONG.encode() + b"\0"))
        time.sleep(self.random.random() * 0.2)
        answered = threading.Event()

        def insist() -> None:
            # A request that comes before the statement begins stops nothing.
            while not answered.wait(0.2):
                with Wire(self.score.port) as other:
                    other.send(struct.pack("!IHH", 16, 1234, 5678) + self.key)
                    assert other.is_closed()

        asking = threading.Thread(target=insist)
        asking.start()
        try:
            said = wire.until()
        finally:
            answered.set()
            asking.join()
        errors = [fields(body)["C"] for code, body in said if code == "E"]
        assert errors == ["57014"], errors
        # One that was late may meet the next statement.
        wire.query("SELECT 1")

    def disconnect(self, wire: Wire) -> None:
        text = self.random.choice([LONG, "SELECT * FROM points a, points b", "BEGIN", MIXED])
        wire.send(message("Q", text.encode() + b"\0"))
        time.sleep(self.random.random() * 0.05)
        leave(wire)

    def train(self, wire: Wire) -> None:
        if not self.score.training.acquire(blocking=False):
            return
        try:
            self.made += 1
            name = f"m_{self.number}_{self.made}"
            self.ask(wire, SMALL_MODEL.format(name=name, function=name))
            self.ask(wire, f"WAIT FOR MODEL {name}")
            self.check(wire, f"SELECT count({name}(a, b, c)) FROM points", [(b"%d" % ROWS,)])
            self.ask(wire, f"DROP MODEL {name}")
        finally:
            self.score.training.release()


class Gone(Exception):
    """The client has left in the middle."""


MIXED = "INSERT INTO shared SELECT 4 FROM range(1000); SELECT * FROM points"


def leave(wire: Wire) -> None:
    """Go without a word."""
    with suppress(OSError):
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABRUPT)
    wire.socket.close()
    raise Gone


def row(body: bytes) -> tuple[bytes, ...]:
    """The values of a DataRow; NULL is empty."""
    values, at = [], 2
    for _ in range(struct.unpack_from("!h", body)[0]):
        size = max(0, struct.unpack_from("!i", body, at)[0])
        values.append(body[at + 4 : at + 4 + size])
        at += 4 + size
    return tuple(values)


Action = tuple[str, Callable[[Client, Wire], None]]
_SHARES: list[tuple[int, Action]] = [
    (30, ("queries", Client.query)), (20, ("extended queries", Client.extended)),
    (3, ("long results", Client.many_rows)), (20, ("predictions", Client.predict)),
    (10, ("writes", Client.write)), (5, ("copies in", Client.copy)),
    (3, ("copies out", Client.copy_out)), (6, ("cursors", Client.cursor)),
    (6, ("mistakes", Client.mistake)), (2, ("cancels", Client.cancel)),
    (3, ("disconnects", Client.disconnect)), (1, ("trainings", Client.train)),
]  # fmt: skip
WEIGHTS = [share for share, _ in _SHARES]
ACTIONS = [action for _, action in _SHARES]

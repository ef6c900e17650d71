"""Clients that mean ill: each gets a clear error or a closed door, and the server serves on."""

from __future__ import annotations

import socket
import ssl
import struct
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from server_support import USER, serving
from soaking import LONG
from wire import Wire, fields, message, startup

from vesto.server.guard import LOCKED_S, TRIES, Guard
from vesto.server.listener import Listener


@pytest.fixture(scope="module")
def listener(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listener]:
    folder = tmp_path_factory.mktemp("served") / "shop"
    with serving(
        folder, startup_timeout_s=1.0, maximum_connections=3, maximum_message=100_000
    ) as up:
        yield up


def check_serves(listener: Listener) -> None:
    with Wire(listener.address[1]) as wire:
        wire.login()
        assert [code for code, _ in wire.query("SELECT 1")] == list("TDCZ")


@pytest.mark.parametrize(
    "noise",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\0\0\0\0",
        b"\xff\xff\xff\xff",
        struct.pack("!IHH", 8, 2, 0),
        startup()[:-1] + b"x",
    ],
)
def test_noise_at_the_door_is_refused(listener: Listener, noise: bytes) -> None:
    with Wire(listener.address[1]) as wire:
        wire.send(noise)
        assert wire.is_closed()
    check_serves(listener)


@pytest.mark.parametrize(
    "noise",
    [
        b"?\0\0\0\4",
        b"Q" + struct.pack("!I", 2**31),
        b"Q" + struct.pack("!I", 100_001),
        message("Q", b"SELECT 1"),
        message("B", b"\0\0" + struct.pack("!HH", 0, 60_000)),
        message("p", b"secret\0"),
        message("D", b"X\0"),
    ],
)
def test_noise_in_a_session_ends_it_with_a_reason(listener: Listener, noise: bytes) -> None:
    with Wire(listener.address[1]) as wire:
        wire.login()
        wire.send(noise)
        code, body = wire.read()
        assert code == "E"
        assert (fields(body)["S"], fields(body)["C"]) == ("FATAL", "08P01")
        assert wire.is_closed()
    check_serves(listener)


def test_a_statement_that_is_no_utf8_is_an_error_of_the_statement(listener: Listener) -> None:
    with Wire(listener.address[1]) as wire:
        wire.login()
        wire.send(message("Q", b"SELECT '\xff'\0"))
        assert fields(wire.read()[1])["C"] == "22021"
        wire.send(message("S"))
        assert wire.codes() in {"Z", "ZZ"}


def test_who_does_not_say_who_he_is_has_to_go(listener: Listener) -> None:
    with Wire(listener.address[1], timeout=15) as wire:
        wire.send(startup()[:10])
        assert wire.is_closed()
    check_serves(listener)


def test_connections_are_counted(listener: Listener) -> None:
    wires = [Wire(listener.address[1]) for _ in range(3)]
    for wire in wires:
        wire.login()
    with Wire(listener.address[1]) as one_more:
        one_more.send(startup())
        one_more.answer(one_more.read()[1])
        assert fields(one_more.until("E")[-1][1])["C"] == "53300"
    for wire in wires:
        wire.socket.close()


def test_a_thousand_at_once_are_turned_away_and_the_server_serves_on(listener: Listener) -> None:
    address = ("127.0.0.1", listener.address[1])
    with ExitStack() as closing:
        crowd = [closing.enter_context(socket.create_connection(address, 30)) for _ in range(1000)]
        told = [sock for sock in crowd if b"53300" in first_words(sock)]
        # As many as may stay and stand at the door; those whose time is over make room for others.
        assert len(told) >= 1
    until = time.monotonic() + 60
    while listener.connections and time.monotonic() < until:
        time.sleep(0.05)
    check_serves(listener)


def first_words(sock: socket.socket) -> bytes:
    """What the server says to a client that says nothing, until it closes."""
    found = b""
    with suppress(ConnectionError):
        while data := sock.recv(4096):
            found += data
    return found


def test_a_half_open_connection_is_found_out(listener: Listener) -> None:
    with Wire(listener.address[1]) as wire:
        wire.login()
        while not (idle_ones := [c for c in listener._connections if c.is_idle]):
            time.sleep(0.01)
        connection = idle_ones[0]
        options = {
            name: connection._socket.getsockopt(socket.IPPROTO_TCP, getattr(socket, name))
            for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT")
        }
        assert connection._socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        idle, every, count = options.values()
        assert idle + every * count <= 120
        # Half of it closed by the client: what it has asked for is answered, and that is all.
        wire.send(message("Q", b"SELECT 1\0"))
        wire.socket.shutdown(socket.SHUT_WR)
        assert wire.codes() == "TDCZ"
        assert wire.is_closed()


MESSAGES = [
    message("Q", b"SELECT 1\0"), message("P", b"s\0SELECT $1\0\0\0"), message("P", b"\0SELECT )\0\0\0"),
    message("B", b"\0s\0\0\0\0\1\0\0\0\1x\0\0"), message("B", b"p\0nope\0\0\0\0\0\0\0"),
    message("D", b"Ss\0"), message("D", b"Pp\0"), message("E", b"\0\0\0\0\0"), message("E", b"p\0\0\0\0\1"),
    message("C", b"Ss\0"), message("S"), message("H"), message("d", b"1\n"), message("c"), message("f", b"no\0"),
    message("F", b"\0\0\0\1"), message("Q", b"COPY no FROM STDIN\0"), message("Q", b"BEGIN\0"), message("Q", b"\xff\0"),
]  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(
    order=st.lists(st.sampled_from(MESSAGES), max_size=12),
    rest=st.one_of(st.just(b""), st.binary(max_size=40), st.sampled_from(MESSAGES).map(lambda m: m[:-1])),
)  # fmt: skip
def test_messages_in_any_order_are_answered_or_the_door_is_closed(
    listener: Listener, order: list[bytes], rest: bytes
) -> None:
    with Wire(listener.address[1]) as wire:
        wire.login()
        wire.send(*order, rest)
        wire.socket.shutdown(socket.SHUT_WR)
        errors = []
        with suppress(EOFError, ConnectionResetError):
            while True:
                code, body = wire.read()
                assert code in "ZTDCESN123Itnts", code
                errors += [fields(body)["C"]] if code == "E" else []
        assert "XX000" not in errors
    check_serves(listener)


def test_a_guessed_key_cancels_nothing(listener: Listener) -> None:
    with Wire(listener.address[1]) as wire:
        process, key = struct.unpack(
            "!II", next(body for code, body in wire.login() if code == "K")
        )
        for guess in (key ^ 1, 0):
            with Wire(listener.address[1]) as other:
                other.send(struct.pack("!IHHII", 16, 1234, 5678, process, guess))
                assert other.is_closed()
        assert [code for code, _ in wire.query("SELECT 1")] == list("TDCZ")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT " + "(" * 5_000 + "1" + ")" * 5_000,
        "SELECT * FROM (" * 3_000 + "SELECT 1" + ") t" * 3_000,
        "SELECT " + "upper(" * 4_000 + "'a'" + ")" * 4_000,
        "SELECT " + "NOT " * 5_000 + "true",
        "SELECT " + "CASE WHEN true THEN " * 1_000 + "1" + " END" * 1_000,
    ],
    ids=["parentheses", "subqueries", "calls", "negations", "cases"],
)
def test_a_statement_without_bottom_does_not_end_the_server(listener: Listener, text: str) -> None:
    with Wire(listener.address[1]) as wire:
        wire.login()
        assert fields(wire.query(text)[0][1])["C"] == "42601"
    check_serves(listener)


def test_a_wrong_password_and_an_unknown_user_look_alike(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vesto.server.guard.DELAY_S", 0.0)
    with Wire(listener.address[1]) as wire:
        wire.send(startup())
        wire.read()
        wire.send(message("p", b"md5" + b"0" * 32 + b"\0"))
        assert fields(wire.read()[1])["C"] == "28P01"
        assert wire.is_closed()


def test_guessing_is_slow_and_then_locked() -> None:
    now = [0.0]
    guard = Guard(lambda: now[0])
    delays = [guard.wrong(USER, "10.0.0.1") for _ in range(TRIES)]
    assert delays == sorted(delays) and delays[0] > 0
    assert guard.is_locked(USER, "10.0.0.1")
    assert not guard.is_locked(USER, "10.0.0.2")
    now[0] = LOCKED_S + 1
    assert not guard.is_locked(USER, "10.0.0.1")
    guard.wrong(USER, "10.0.0.1")
    guard.right(USER, "10.0.0.1")
    assert guard.wrong(USER, "10.0.0.1") == delays[0]


def test_who_guesses_side_by_side_is_locked_out_too(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vesto.server.guard.DELAY_S", 0.0)
    with Wire(listener.address[1]) as wire:
        wire.send(startup())
        request = wire.read()[1]
        # All began before one of them was found to be wrong.
        for _ in range(TRIES):
            listener.guard.wrong(USER, "127.0.0.1")
        wire.answer(request)
        assert fields(wire.read()[1])["C"] == "28P01"
        assert wire.is_closed()
    listener.guard.right(USER, "127.0.0.1")
    check_serves(listener)


@pytest.mark.parametrize("how", [socket.SHUT_RDWR, None], ids=["closed", "reset"])
def test_what_runs_for_nobody_is_ended(listener: Listener, how: int | None) -> None:
    wire = Wire(listener.address[1])
    wire.login()
    wire.send(message("Q", LONG.encode() + b"\0"))
    if how is None:
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    else:
        wire.socket.shutdown(how)
    wire.socket.close()
    until = time.monotonic() + 60
    while listener.connections and time.monotonic() < until:
        time.sleep(0.05)
    assert listener.connections == 0
    check_serves(listener)


def test_whoever_waits_is_told_that_the_server_stops(tmp_path: Path) -> None:
    with serving(tmp_path / "shop") as listener:
        wire = Wire(listener.address[1])
        wire.login()
    code, body = wire.read()
    assert (code, fields(body)["C"]) == ("E", "57P01")
    assert wire.is_closed()
    wire.socket.close()


def test_whoever_says_nothing_for_too_long_has_to_go(tmp_path: Path) -> None:
    with (
        serving(tmp_path / "shop", idle_timeout_s=0.2) as listener,
        Wire(listener.address[1]) as wire,
    ):
        wire.login()
        code, body = wire.read()
        assert (code, fields(body)["C"]) == ("E", "57P05")
        assert wire.is_closed()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    key, made = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", made,
         "-days", "2", "-subj", "/CN=localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    return made, key


def encrypted(wire: Wire, made: Path, newest: ssl.TLSVersion | None = None) -> None:
    """Speak TLS over the connection."""
    wire.send(struct.pack("!IHH", 8, 1234, 5679))
    assert wire.socket.recv(1) == b"S"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(made)
    context.check_hostname = False
    if newest is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            context.maximum_version = newest
        context.set_ciphers("ALL:@SECLEVEL=0")
    wire.socket = context.wrap_socket(wire.socket)


def test_tls_is_new_enough_and_nothing_slips_in_before_it(
    tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    made, key = certificate
    request = struct.pack("!IHH", 8, 1234, 5679)
    with serving(tmp_path / "shop", certificate=made, key=key, requires_tls=True) as listener:
        port = listener.address[1]
        with Wire(port) as wire:
            encrypted(wire, made)
            assert isinstance(wire.socket, ssl.SSLSocket)
            assert wire.socket.version() in {"TLSv1.2", "TLSv1.3"}
            assert wire.login()[-1] == ("Z", b"I")
        with Wire(port) as wire:
            wire.send(request + startup())
            assert wire.socket.recv(1) in {b"S", b""}
            assert wire.is_closed()
        with Wire(port) as wire:
            wire.send(startup())
            assert fields(wire.read()[1])["C"] == "28000"
        assert listener.tls is not None
        assert listener.tls.minimum_version == ssl.TLSVersion.TLSv1_2
        for old in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            with Wire(port) as wire, pytest.raises((ssl.SSLError, ConnectionResetError)):
                encrypted(wire, made, old)
        last = Wire(port)
        encrypted(last, made)
        last.login()
    # The server's last word is encrypted too.
    assert fields(last.until("E")[-1][1])["C"] == "57P01"
    assert last.is_closed()
    last.socket.close()

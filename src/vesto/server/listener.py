"""The server: takes connections, a thread each, and ends them."""

from __future__ import annotations

import hmac
import logging
import secrets
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from vesto.errors import ServerShutdown, TooManyConnections, VestoError
from vesto.server import replies
from vesto.server.activity import Activity
from vesto.server.authentication import Users
from vesto.server.connection import Connection
from vesto.server.conversation import converse
from vesto.server.guard import Guard
from vesto.server.options import Options, tls_context
from vesto.server.startup import Client
from vesto.session import Session

log: Final = logging.getLogger(__name__)
# Parsers go deep where a statement does. With 2 MB such a statement ended the process (tried);
# what a thread does not touch of its stack costs nothing.
STACK_BYTES: Final = 16 * 1024 * 1024
BACKLOG: Final = 1024
_POLL_S: Final = 0.05
# How often those who run something are looked after.
_GONE_S: Final = 1.0
# A silent connection is asked after a minute, and dead after six questions without an answer.
_KEEP_ALIVE: Final = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 6}
# Those who have not yet said who they are may be a few more than may stay.
_AT_THE_DOOR: Final = 100

OpenSession = Callable[[Client], Session]


class Listener:
    """A server for one warehouse. ``open_session`` makes a session for a client who is known."""

    def __init__(self, options: Options, users: Users, open_session: OpenSession) -> None:
        """Listen; connections are taken from ``start`` on.

        Raises:
            OSError: The address is in use, or not this machine's.
            InputOutputError: The certificate cannot be used.
        """
        self.options, self.users, self.open_session = options, users, open_session
        self.guard, self.activity = Guard(), Activity()
        self.tls = tls_context(options)
        self._lock = threading.Lock()
        self._sessions: dict[int, tuple[Session, int]] = {}
        self._connections: set[Connection] = set()
        self._numbers = 0
        self._stopping = self._hurried = False
        family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
        self._socket = socket.create_server(
            (options.host, options.port), family=family, backlog=BACKLOG
        )
        self._accepting = threading.Thread(target=self._accept, name="vesto listener", daemon=True)
        self._stopped = threading.Event()
        self._watching = threading.Thread(target=self._watch, name="vesto watcher", daemon=True)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that it listens on."""
        host, port, *_ = self._socket.getsockname()
        return host, port

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        with self._lock:
            return len(self._connections)

    @property
    def is_stopping(self) -> bool:
        """Whether it takes no more connections."""
        return self._stopping

    def start(self) -> None:
        """Take connections, in a thread of its own."""
        self._accepting.start()
        self._watching.start()

    def _accept(self) -> None:
        while not self._stopping:
            try:
                sock, address = self._socket.accept()
            except OSError as error:
                if not self._stopping:
                    # Out of file handles: they come back as connections end.
                    log.warning("a connection could not be taken: %s", error)
                    time.sleep(_POLL_S)
                continue
            self._welcome(sock, address[0])

    def _watch(self) -> None:
        """End what runs for clients that are gone."""
        while not self._stopped.wait(_GONE_S):
            with self._lock:
                there = list(self._connections)
            for connection in there:
                connection.end_if_gone()

    def _welcome(self, sock: socket.socket, address: str) -> None:
        options = self.options
        _keep_alive(sock)
        connection = Connection(
            sock, self.tls, startup_timeout_s=options.startup_timeout_s,
            idle_timeout_s=options.idle_timeout_s, send_timeout_s=options.send_timeout_s,
            maximum_message=options.maximum_message,
        )  # fmt: skip
        with self._lock:
            full = len(self._connections) >= options.maximum_connections + _AT_THE_DOOR
            if not full:
                self._connections.add(connection)
        if full:
            _turn_away(sock)
            return
        thread = threading.Thread(
            target=self._serve, args=(connection, address), name=f"client {address}", daemon=True
        )
        try:
            _start(thread)
        except RuntimeError:  # no more threads
            self._forget(connection)
            _turn_away(sock)

    def _serve(self, connection: Connection, address: str) -> None:
        try:
            connection.run(converse(_Visit(self, connection, address)))
        except Exception:
            log.exception("a connection ended with an error of ours")
        finally:
            self._forget(connection)

    def _forget(self, connection: Connection) -> None:
        with self._lock:
            self._connections.discard(connection)
        connection.close()

    # --- Sessions and who may cancel them ---------------------------------------------------------

    def open(self, client: Client) -> tuple[Session, int, int]:
        """A session, its number and its secret.

        Raises:
            TooManyConnections: There are as many as may be.
        """
        with self._lock:
            if self._stopping:
                raise ServerShutdown("the server is being stopped")
            if len(self._sessions) >= self.options.maximum_connections:
                raise TooManyConnections("sorry, too many clients already")
            self._numbers += 1
            process, key = self._numbers, secrets.randbits(32)
            self._sessions[process] = (None, key)  # type: ignore[assignment]
        try:
            session = self.open_session(client)
        except BaseException:
            with self._lock:
                self._sessions.pop(process, None)
            raise
        with self._lock:
            same = [s for s, _ in self._sessions.values() if s and s.user == session.user]
            limit = session.connection_limit
            if limit is None or session.is_superuser or len(same) < limit:
                self._sessions[process] = (session, key)
                return session, process, key
            self._sessions.pop(process)
        session.close()
        raise TooManyConnections(f'too many connections for user "{session.user}"')

    def end(self, process: int) -> None:
        """Close that session."""
        with self._lock:
            session, _ = self._sessions.pop(process, (None, 0))
        if session is not None:
            with suppress(VestoError):
                session.close()

    def cancel(self, process: int, key: bytes) -> None:
        """Interrupt that session, if the key is right."""
        with self._lock:
            session, known = self._sessions.get(process, (None, 0))
        right = hmac.compare_digest(struct.pack("!I", known), key)
        if session is not None and right:
            session.interrupt()

    # --- The end ----------------------------------------------------------------------------------

    def stop(self) -> None:
        """Take no more connections; end those that wait, let others finish, then interrupt them."""
        self._stopping = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        reason = ServerShutdown("terminating connection due to administrator command")
        if not self._emptied(reason, self.options.shutdown_s, is_patient=True):
            with self._lock:
                sessions = [session for session, _ in self._sessions.values() if session]
            for session in sessions:
                session.interrupt()
            self._emptied(reason, self.options.shutdown_s)
        with self._lock:
            left = list(self._connections)
        for connection in left:
            connection.break_off()
        self._emptied(reason, self.options.shutdown_s)
        self._stopped.set()

    def hurry(self) -> None:
        """Wait for nobody any more who is to finish."""
        self._hurried = True

    def _emptied(
        self, reason: VestoError, patience_s: float, *, is_patient: bool = False
    ) -> bool:  # fmt: skip
        until = time.monotonic() + patience_s
        while True:
            with self._lock:
                left = list(self._connections)
            for connection in left:
                connection.stop(reason)
            if not left or time.monotonic() > until or (is_patient and self._hurried):
                return not left
            time.sleep(_POLL_S)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.stop()


class _Visit:
    """The server as one connection sees it."""

    def __init__(self, listener: Listener, connection: Connection, address: str) -> None:
        self._listener, self._connection = listener, connection
        self.users, self.guard, self.address = listener.users, listener.guard, address
        self.activity = listener.activity
        self.offers_tls = listener.tls is not None
        self.requires_tls = listener.options.requires_tls

    def cancel(self, process: int, key: bytes) -> None:
        self._listener.cancel(process, key)

    def open(self, client: Client) -> tuple[Session, int, int]:
        session, process, key = self._listener.open(client)
        self._connection.interrupt_with(session.interrupt)
        return session, process, key

    def close(self, process: int) -> None:
        self._connection.interrupt_with(None)
        self._listener.end(process)


def _start(thread: threading.Thread) -> None:
    """Start a thread with a stack of our size; other threads of the process keep theirs."""
    before = threading.stack_size(STACK_BYTES)
    try:
        thread.start()
    finally:
        threading.stack_size(before)


def _keep_alive(sock: socket.socket) -> None:
    """Send at once, and find out within two minutes when the other side is gone without a word."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEP_ALIVE.items():
        if hasattr(socket, name):  # systems differ
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _turn_away(sock: socket.socket) -> None:
    """Say that there are too many, without waiting for anything."""
    with suppress(OSError):
        sock.settimeout(0)
        sock.send(replies.error(TooManyConnections("sorry, too many clients already"), fatal=True))
    sock.close()

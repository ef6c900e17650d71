"""A socket and its conversation: the only place where the server reads and writes."""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections.abc import Callable
from typing import Final

from vesto.errors import IdleTimeout, ProtocolViolation, VestoError
from vesto.server import replies
from vesto.server.flow import Flow, Need, Out, Pause
from vesto.server.messages import Decoder, Message

RECEIVED: Final = 256 * 1024
# Small messages leave together.
GATHERED: Final = 64 * 1024


class Connection:
    """Drives one conversation over one socket, in the thread of the caller.

    ``stop`` ends it from another thread at the next message; ``is_idle`` says whether it waits for one.
    """

    def __init__(
        self, sock: socket.socket, tls: ssl.SSLContext | None, *, startup_timeout_s: float,
        idle_timeout_s: float, send_timeout_s: float, maximum_message: int,
    ) -> None:  # fmt: skip
        self._socket = sock
        self._tls = tls
        self._decoder = Decoder(maximum=maximum_message)
        self._gathered: list[bytes | memoryview] = []
        self._size = 0
        self._deadline: float | None = time.monotonic() + startup_timeout_s
        self._idle_s, self._send_s = idle_timeout_s, send_timeout_s
        self._hurt: Callable[[], None] | None = None
        self.farewell: VestoError | None = None
        self.is_idle = False

    def run(self, conversation: Flow) -> None:
        """Until the conversation ends, the client is gone, or the time is over."""
        try:
            self._drive(conversation)
            self._flush()
        except (OSError, ssl.SSLError, EOFError):
            return
        finally:
            conversation.close()

    def _drive(self, conversation: Flow) -> None:
        wanted: Out = next(conversation)
        while True:
            try:
                if isinstance(wanted, Need):
                    wanted = self._supply(conversation, wanted)
                    continue
                if isinstance(wanted, Pause):
                    self._flush()
                    time.sleep(wanted.seconds)
                else:
                    self._gather(wanted)
                wanted = next(conversation)
            except StopIteration:
                return

    def _supply(self, conversation: Flow, need: Need) -> Out:
        """Give the conversation what it needs; what it says then."""
        if need is Need.TLS:
            self._encrypt()
            return next(conversation)
        try:
            message = self._receive(need)
        except ProtocolViolation as error:
            return conversation.throw(error)
        if need is Need.MESSAGE:
            # Whoever is known may take his time.
            self._deadline = None
        return conversation.send(message)

    # --- Coming in ------------------------------------------------------------------------------

    def _receive(self, need: Need) -> Message:
        self._decoder.phase = need.value
        while True:
            message = self._decoder.next()
            if message is not None:
                return message
            self._flush()
            self._check_farewell()
            self._decoder.feed(self._read(need))

    def _read(self, need: Need) -> bytes:
        """What has come; waits for it.

        Raises:
            EOFError: The client is gone, or has taken too long.
        """
        known = need is Need.MESSAGE
        self.is_idle = known
        try:
            patience = self._patience(known=known)
            self._set_timeout(patience)
            if isinstance(self._socket, ssl.SSLSocket) and known:
                self._wait(self._socket, patience)
            data = self._socket.recv(RECEIVED)
        except TimeoutError:
            if known and self.farewell is None:
                self.farewell = IdleTimeout("terminating connection due to idle-session timeout")
            self._check_farewell()
            raise EOFError from None
        finally:
            self.is_idle = False
        if not data:
            self._check_farewell()
            raise EOFError
        return data

    def _wait(self, sock: ssl.SSLSocket, patience: float | None) -> None:
        """Until something has come: who reads the end of TLS's bytes can say no last word."""
        if sock.pending():
            return
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        if not poll.poll(None if patience is None else patience * 1000):
            raise TimeoutError
        self._check_farewell()

    def _patience(self, *, known: bool) -> float | None:
        if known:
            return self._idle_s or None
        assert self._deadline is not None  # it ends when the client is known
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise EOFError
        return left

    def _check_farewell(self) -> None:
        if self.farewell is not None:
            self._set_timeout(1.0)
            self._socket.sendall(replies.error(self.farewell, fatal=True))
            raise EOFError

    def _encrypt(self) -> None:
        if self._decoder.pending:
            # Somebody between the two has put it there, to be taken for the client's own words.
            raise EOFError
        self._flush()
        assert self._tls is not None  # the conversation has been told that there is one
        self._set_timeout(self._patience(known=False))
        self._socket = self._tls.wrap_socket(self._socket, server_side=True)

    # --- Going out ------------------------------------------------------------------------------

    def _gather(self, data: bytes | memoryview) -> None:
        self._gathered.append(data)
        self._size += len(data)
        if self._size >= GATHERED:
            self._flush()

    def _flush(self) -> None:
        if self._gathered:
            data = self._gathered[0] if len(self._gathered) == 1 else b"".join(self._gathered)
            self._gathered, self._size = [], 0
            sent = self._sent_at_once(data)
            if sent < len(data):
                self._set_timeout(self._send_s or None)
                self._socket.sendall(memoryview(data)[sent:])

    def _sent_at_once(self, data: bytes | memoryview) -> int:
        """How much of it the system has taken without waiting, which is all where it is little."""
        if isinstance(self._socket, ssl.SSLSocket):
            return 0
        try:
            return self._socket.send(data, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0

    def _set_timeout(self, seconds: float | None) -> None:
        """Another timeout costs a call of the system, which lets other threads go first."""
        if self._socket.gettimeout() != seconds:
            self._socket.settimeout(seconds)

    # --- From other threads ---------------------------------------------------------------------

    def interrupt_with(self, hurt: Callable[[], None] | None) -> None:
        """What ends the work of the conversation when its client is gone."""
        self._hurt = hurt

    def end_if_gone(self) -> None:
        """Interrupt work whose client is not there any more; whoever waits finds out by himself."""
        hurt = self._hurt
        if hurt is not None and not self.is_idle and _is_gone(self._socket):
            hurt()

    def stop(self, reason: VestoError) -> None:
        """End the conversation when it waits for a message, with this as the last word."""
        self.farewell = reason
        if self.is_idle:
            self.break_off(socket.SHUT_RD)

    def break_off(self, how: int = socket.SHUT_RDWR) -> None:
        """Wake the thread that waits for the socket."""
        try:
            # That of a socket: TLS's own would give up the encryption of what is still to be said.
            socket.socket.shutdown(self._socket, how)
        except OSError:
            return

    def close(self) -> None:
        """Let the socket go."""
        self._socket.close()


def _is_gone(sock: socket.socket) -> bool:
    """Whether the other side has closed the connection, or it is broken; takes nothing from it."""
    poll = select.poll()
    try:
        poll.register(sock, getattr(select, "POLLRDHUP", 0))
        return bool(poll.poll(0))
    except (OSError, ValueError):  # closed by us
        return False

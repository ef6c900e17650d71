"""A client that speaks the protocol by hand, rightly or wrongly."""

from __future__ import annotations

import hashlib
import socket
import struct
from types import TracebackType
from typing import Self

from server_support import PASSWORD, USER


def message(code: str, body: bytes = b"") -> bytes:
    return code.encode() + struct.pack("!I", len(body) + 4) + body


def startup(minor: int = 0, **parameters: str) -> bytes:
    pairs = "".join(f"{name}\0{value}\0" for name, value in ({"user": USER} | parameters).items())
    body = struct.pack("!HH", 3, minor) + pairs.encode() + b"\0"
    return struct.pack("!I", len(body) + 4) + body


def fields(body: bytes) -> dict[str, str]:
    """The fields of an ErrorResponse."""
    parts = body.rstrip(b"\0").split(b"\0")
    return {part[:1].decode(): part[1:].decode() for part in parts}


class Wire:
    """One connection. The server asks it for MD5, the exchange that is easy by hand."""

    def __init__(self, port: int, timeout: float = 30.0) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self._buffer = b""

    def send(self, *messages: bytes) -> None:
        self.socket.sendall(b"".join(messages))

    def read(self) -> tuple[str, bytes]:
        """The next message; EOFError when the server has closed."""
        head = self._take(5)
        return chr(head[0]), self._take(struct.unpack_from("!I", head, 1)[0] - 4)

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            data = self.socket.recv(65_536)
            if not data:
                raise EOFError
            self._buffer += data
        found, self._buffer = self._buffer[:size], self._buffer[size:]
        return found

    def until(self, last: str = "Z") -> list[tuple[str, bytes]]:
        """Messages up to one of that type."""
        found = [self.read()]
        while found[-1][0] != last:
            found.append(self.read())
        return found

    def codes(self) -> str:
        """The types of the messages up to ReadyForQuery."""
        return "".join(code for code, _ in self.until())

    def login(self, password: str = PASSWORD, **parameters: str) -> list[tuple[str, bytes]]:
        """Log in; everything up to the first ReadyForQuery."""
        self.send(startup(**parameters))
        code, body = self.read()
        assert code == "R" and struct.unpack_from("!i", body)[0] == 5
        self.answer(body, password, parameters.get("user", USER))
        return self.until()

    def answer(self, body: bytes, password: str = PASSWORD, user: str = USER) -> None:
        """Answer the request for MD5."""
        inner = hashlib.md5((password + user).encode()).hexdigest().encode()
        answer = b"md5" + hashlib.md5(inner + body[4:8]).hexdigest().encode()
        self.send(message("p", answer + b"\0"))

    def query(self, text: str) -> list[tuple[str, bytes]]:
        """Run a simple query."""
        self.send(message("Q", text.encode() + b"\0"))
        return self.until()

    def is_closed(self) -> bool:
        """Whether the server closes the connection, whatever it still says."""
        try:
            while True:
                self.read()
        except (EOFError, ConnectionResetError):
            return True
        except TimeoutError:
            return False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.socket.close()

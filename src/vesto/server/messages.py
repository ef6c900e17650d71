"""What a client sends: bytes to messages. Nothing is believed: every length and count is checked.

Source: PostgreSQL manual, "Message Formats".
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from vesto.errors import InvalidEncoding, ProtocolViolation

MAXIMUM_STARTUP: Final = 10_000
MAXIMUM_PASSWORD: Final = 65_536
MAXIMUM_MESSAGE: Final = 256 * 1024 * 1024

_CANCEL: Final = (1234, 5678)
_TLS: Final = (1234, 5679)
_GSS: Final = (1234, 5680)
_INT16: Final = struct.Struct("!h")
_UINT16: Final = struct.Struct("!H")
_INT32: Final = struct.Struct("!i")
_UINT32: Final = struct.Struct("!I")


@dataclass(frozen=True, slots=True)
class Startup:
    """The first message of a session: version of the protocol and the client's wishes."""

    major: int
    minor: int
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EncryptionRequest:
    """The client asks for TLS, or for GSSAPI."""

    kind: str


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """Somebody wants to stop what another session runs; the key proves that it is his."""

    process: int
    key: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a request for authentication; ``code`` is the message's type."""

    code: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Query:
    """Run the statements of a text."""

    text: str


@dataclass(frozen=True, slots=True)
class Parse:
    """Prepare a statement; type 0 leaves a parameter's type to the server."""

    name: str
    text: str
    types: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Bind:
    """Make a portal of a prepared statement and values; None is NULL, format 1 is binary."""

    portal: str
    statement: str
    formats: tuple[int, ...] = ()
    values: tuple[bytes | None, ...] = ()
    result_formats: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Describe:
    """Describe a statement (kind S) or a portal (kind P)."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Execute:
    """Run a portal; ``limit`` 0 takes all rows."""

    portal: str
    limit: int = 0


@dataclass(frozen=True, slots=True)
class Close:
    """Forget a statement (kind S) or a portal (kind P)."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class CopyData:
    """A piece of what COPY FROM STDIN reads."""

    data: bytes


@dataclass(frozen=True, slots=True)
class CopyFail:
    """The client gives up its COPY."""

    reason: str


@dataclass(frozen=True, slots=True)
class Sync:
    """The end of a group of messages."""


@dataclass(frozen=True, slots=True)
class Flush:
    """Send what is there."""


@dataclass(frozen=True, slots=True)
class CopyDone:
    """The end of what COPY FROM STDIN reads."""


@dataclass(frozen=True, slots=True)
class Terminate:
    """The client goes."""


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A call of a function without SQL: known, and refused."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A message of the right form whose text is no UTF-8."""

    error: InvalidEncoding


Message = (
    Startup | EncryptionRequest | CancelRequest | Answer | Query | Parse | Bind | Describe | Execute
    | Close | CopyData | CopyFail | Sync | Flush | CopyDone | Terminate | FunctionCall | Unreadable
)  # fmt: skip


class Decoder:
    """Bytes in any pieces to messages. ``phase`` is startup, authentication or session.

    The phase decides which messages there are and how long they may be.
    """

    def __init__(self, *, maximum: int = MAXIMUM_MESSAGE) -> None:
        self.phase = "startup"
        self._maximum = maximum
        self._buffer = bytearray()

    def feed(self, data: bytes | memoryview) -> None:
        """Take in what came."""
        self._buffer += data

    @property
    def pending(self) -> int:
        """Bytes that are taken in and not yet part of a message."""
        return len(self._buffer)

    def next(self) -> Message | None:
        """The next message, or None until more has come.

        Raises:
            ProtocolViolation: The bytes are no message that may stand here.
        """
        return self._startup() if self.phase == "startup" else self._typed()

    def _startup(self) -> Message | None:
        if len(self._buffer) < 4:  # noqa: PLR2004 - an int32
            return None
        (length,) = _INT32.unpack_from(self._buffer)
        if not 8 <= length <= MAXIMUM_STARTUP:  # noqa: PLR2004 - two int32
            raise ProtocolViolation(f"invalid length of startup packet: {length}")
        if len(self._buffer) < length:
            return None
        body = bytes(self._buffer[4:length])
        del self._buffer[:length]
        return _startup(body)

    def _typed(self) -> Message | None:
        if not self._buffer:
            return None
        code = chr(self._buffer[0])
        if code not in (_ANSWERS if self.phase == "authentication" else _READERS):
            raise ProtocolViolation(f"invalid message type {self._buffer[0]}")
        if len(self._buffer) < 5:  # noqa: PLR2004 - the type and an int32
            return None
        (length,) = _INT32.unpack_from(self._buffer, 1)
        maximum = MAXIMUM_PASSWORD if self.phase == "authentication" else self._maximum
        if not 4 <= length <= maximum:  # noqa: PLR2004 - the length counts itself
            raise ProtocolViolation(f'invalid length of message "{code}": {length}')
        if len(self._buffer) <= length:
            return None
        body = bytes(self._buffer[5 : length + 1])
        del self._buffer[: length + 1]
        if self.phase == "authentication":
            return Answer(code, body)
        try:
            return _read(code, body)
        except InvalidEncoding as error:
            return Unreadable(error)


class _Fields:
    """Reads the parts of one message, and never beyond its end."""

    def __init__(self, code: str, body: bytes) -> None:
        self._code, self._body, self._at = code, body, 0

    def wrong(self, what: str) -> ProtocolViolation:
        """The error of a message that does not have the form."""
        return ProtocolViolation(f'message "{self._code}" {what}')

    def take(self, size: int) -> bytes:
        """The next bytes."""
        if size < 0 or self._at + size > len(self._body):
            raise self.wrong("ends too early")
        self._at += size
        return self._body[self._at - size : self._at]

    def number(self, form: struct.Struct) -> int:
        """The next number."""
        found: int = form.unpack(self.take(form.size))[0]
        return found

    def text(self) -> str:
        """The next text, up to a zero byte.

        Raises:
            InvalidEncoding: It is no UTF-8.
        """
        end = self._body.find(0, self._at)
        if end < 0:
            raise self.wrong("has a text without an end")
        raw = self._body[self._at : end]
        self._at = end + 1
        try:
            return raw.decode()
        except UnicodeDecodeError:
            message = 'invalid byte sequence for encoding "UTF8"'
            raise InvalidEncoding(message, hint="Set client_encoding to UTF8.") from None

    def count(self, least: int) -> int:
        """How many items follow; each takes ``least`` bytes or more."""
        number = self.number(_UINT16)
        if number * least > len(self._body) - self._at:
            raise self.wrong("ends too early")
        return number

    def end(self) -> None:
        """Nothing may follow."""
        if self._at != len(self._body):
            raise self.wrong("is longer than its parts")


def _startup(body: bytes) -> Message:
    fields = _Fields("startup", body)
    version = (fields.number(_UINT16), fields.number(_UINT16))
    if version == _CANCEL:
        process = fields.number(_INT32)
        key = fields.take(len(body) - 8)
        if not 4 <= len(key) <= 256:  # noqa: PLR2004 - as protocol 3.2 has it
            raise fields.wrong("has a key of a wrong length")
        return CancelRequest(process, key)
    if version in {_TLS, _GSS}:
        fields.end()
        return EncryptionRequest("TLS" if version == _TLS else "GSSAPI")
    if version[0] != 3:  # noqa: PLR2004 - the only version there is
        message = f"unsupported frontend protocol {version[0]}.{version[1]}"
        raise ProtocolViolation(f"{message}: server supports 3.0")
    return Startup(*version, _startup_parameters(fields))


def _startup_parameters(fields: _Fields) -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        while name := fields.text():
            found[name] = fields.text()
    except InvalidEncoding as error:
        raise fields.wrong("has a text that is no UTF-8") from error
    fields.end()
    return found


def _query(fields: _Fields) -> Message:
    return Query(fields.text())


def _parse(fields: _Fields) -> Message:
    name, text = fields.text(), fields.text()
    return Parse(name, text, tuple(fields.number(_UINT32) for _ in range(fields.count(4))))


def _formats(fields: _Fields) -> tuple[int, ...]:
    found = tuple(fields.number(_INT16) for _ in range(fields.count(2)))
    if not {0, 1}.issuperset(found):
        raise fields.wrong("has a format that is neither text nor binary")
    return found


def _value(fields: _Fields) -> bytes | None:
    size = fields.number(_INT32)
    if size < -1:
        raise fields.wrong("has a value of a negative length")
    return None if size == -1 else fields.take(size)


def _bind(fields: _Fields) -> Message:
    portal, statement = fields.text(), fields.text()
    formats = _formats(fields)
    values = tuple(_value(fields) for _ in range(fields.count(4)))
    return Bind(portal, statement, formats, values, _formats(fields))


def _kind(fields: _Fields) -> str:
    kind = fields.take(1)
    if kind not in {b"S", b"P"}:
        raise fields.wrong("names neither a statement nor a portal")
    return kind.decode()


def _describe(fields: _Fields) -> Message:
    return Describe(_kind(fields), fields.text())


def _close(fields: _Fields) -> Message:
    return Close(_kind(fields), fields.text())


def _execute(fields: _Fields) -> Message:
    return Execute(fields.text(), max(0, fields.number(_INT32)))


def _copy_fail(fields: _Fields) -> Message:
    return CopyFail(fields.text())


_READERS: Final[Mapping[str, Callable[[_Fields], Message] | Message | None]] = {
    "Q": _query, "P": _parse, "B": _bind, "D": _describe, "C": _close, "E": _execute,
    "f": _copy_fail, "S": Sync(), "H": Flush(), "c": CopyDone(), "X": Terminate(),
    "d": None, "F": None,
}  # fmt: skip
# What authentication answers with: a password or SASL, and the Redshift digest.
_ANSWERS: Final = frozenset("pd")


def _read(code: str, body: bytes) -> Message:
    if code == "d":
        return CopyData(body)
    if code == "F":
        return FunctionCall()
    reader = _READERS[code]
    fields = _Fields(code, body)
    message = reader(fields) if callable(reader) else reader
    assert message is not None  # the two that have no reader are above
    fields.end()
    return message

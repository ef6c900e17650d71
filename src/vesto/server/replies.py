"""What the server sends: messages to bytes.

Source: PostgreSQL manual, "Message Formats" and "Error and Notice Message Fields".
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from vesto.errors import VestoError

PARSE_COMPLETE: Final = b"1\0\0\0\4"
BIND_COMPLETE: Final = b"2\0\0\0\4"
CLOSE_COMPLETE: Final = b"3\0\0\0\4"
NO_DATA: Final = b"n\0\0\0\4"
EMPTY_QUERY: Final = b"I\0\0\0\4"
PORTAL_SUSPENDED: Final = b"s\0\0\0\4"
COPY_DONE: Final = b"c\0\0\0\4"
AUTHENTICATED: Final = b"R\0\0\0\x08\0\0\0\0"

_FIELD: Final = struct.Struct("!IhIhih")


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a RowDescription; ``size`` is -1 where values differ in length."""

    name: str
    type: int
    size: int = -1
    modifier: int = -1
    format: int = 0


def message(code: str, body: bytes = b"") -> bytes:
    """A message of that type."""
    return b"%c%b%b" % (code.encode(), struct.pack("!I", len(body) + 4), body)


def _text(text: str) -> bytes:
    """A text and its end; a zero byte would end it too early."""
    return text.replace("\0", "").encode() + b"\0"


def ready(status: str) -> bytes:
    """ReadyForQuery; status is I (idle), T (in a transaction) or E (in a failed one)."""
    return b"Z\0\0\0\5" + status.encode()


def authentication(code: int, data: bytes = b"") -> bytes:
    """A request for authentication of that kind."""
    return message("R", struct.pack("!i", code) + data)


def key_data(process: int, key: int) -> bytes:
    """What a client needs to cancel."""
    return message("K", struct.pack("!iI", process, key))


def parameter(name: str, value: str) -> bytes:
    """ParameterStatus."""
    return message("S", _text(name) + _text(value))


def negotiate(minor: int, options: Sequence[str]) -> bytes:
    """NegotiateProtocolVersion: the newest minor version, and the options that are not known."""
    head = struct.pack("!ii", minor, len(options))
    return message("v", head + b"".join(map(_text, options)))


def row_description(fields: Sequence[Field]) -> bytes:
    """The columns of the rows that follow."""
    parts = [struct.pack("!h", len(fields))]
    for field in fields:
        place = _FIELD.pack(0, 0, field.type, field.size, field.modifier, field.format)
        parts += [_text(field.name), place]
    return message("T", b"".join(parts))


def parameter_description(types: Sequence[int]) -> bytes:
    """The types of a statement's parameters."""
    return message("t", struct.pack(f"!H{len(types)}I", len(types), *types))


def data_row(values: Sequence[bytes | None]) -> bytes:
    """One row; None is NULL."""
    parts = [struct.pack("!h", len(values))]
    for value in values:
        parts.append(b"\xff\xff\xff\xff" if value is None else struct.pack("!i", len(value)))
        if value:
            parts.append(value)
    return message("D", b"".join(parts))


def complete(tag: str) -> bytes:
    """CommandComplete."""
    return message("C", _text(tag))


def error(found: VestoError, position: int | None = None, *, fatal: bool = False) -> bytes:
    """ErrorResponse; the position counts characters of the client's text from 1."""
    return _report("E", "FATAL" if fatal else "ERROR", found, position)


def notice(text: str) -> bytes:
    """NoticeResponse: a sentence for the user."""
    body = [b"SNOTICE\0VNOTICE\0C00000\0M", _text(text), b"\0"]
    return message("N", b"".join(body))


def _report(code: str, severity: str, found: VestoError, position: int | None) -> bytes:
    parts = [("S", severity), ("V", severity), ("C", found.sqlstate), ("M", found.message)]
    parts += [("D", found.detail)] if found.detail else []
    parts += [("H", found.hint)] if found.hint else []
    parts += [("P", str(position))] if position else []
    body = b"".join(key.encode() + _text(value) for key, value in parts)
    return message(code, body + b"\0")


def copy_in(columns: int, *, binary: bool) -> bytes:
    """The server waits for the data of COPY FROM STDIN."""
    return _copy("G", columns, binary=binary)


def copy_out(columns: int, *, binary: bool) -> bytes:
    """The data of COPY TO STDOUT follows."""
    return _copy("H", columns, binary=binary)


def _copy(code: str, columns: int, *, binary: bool) -> bytes:
    form = int(binary)
    return message(code, struct.pack(f"!bh{columns}h", form, columns, *[form] * columns))


def copy_data(data: bytes | memoryview) -> bytes:
    """A piece of COPY's data."""
    return message("d", bytes(data))

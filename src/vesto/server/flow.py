"""What a conversation asks of the outside, and what it hands out.

A conversation is a generator. It yields bytes to send, and a ``Need`` when it cannot go on without
something; a message that was needed is sent into it.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from vesto.errors import ProtocolViolation
from vesto.server.messages import Message


class Need(Enum):
    """What the conversation waits for; the first three are the decoder's phases."""

    STARTUP = "startup"
    ANSWER = "authentication"
    MESSAGE = "session"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so many seconds before going on."""

    seconds: float


Out: TypeAlias = bytes | memoryview | Need | Pause
Flow: TypeAlias = Generator[Out, Message | None, Any]


def receive(need: Need) -> Generator[Out, Message | None, Message]:
    """The next message of that phase."""
    message = yield need
    if message is None:
        raise ProtocolViolation("the client is gone")
    return message


class Inbox:
    """The messages of a session in their order; the next one may be looked at before its turn."""

    def __init__(self) -> None:
        self._ahead: Message | None = None

    def next(self) -> Generator[Out, Message | None, Message]:
        """Take the next message."""
        message, self._ahead = self._ahead, None
        if message is None:
            message = yield from receive(Need.MESSAGE)
        return message

    def peek(self) -> Generator[Out, Message | None, Message]:
        """Look at the next message."""
        if self._ahead is None:
            self._ahead = yield from receive(Need.MESSAGE)
        return self._ahead

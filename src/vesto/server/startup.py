"""The beginning of a connection: encryption, the client's wishes, who it is.

Source: PostgreSQL manual, "Message Flow: Start-up"; Amazon's Python driver for ``driver_version``.
"""

from __future__ import annotations

import struct
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from vesto.catalog.users import Verifiers
from vesto.errors import InvalidAuthorization, ProtocolViolation, VestoError
from vesto.server import replies
from vesto.server.authentication import Users, exchange, refused
from vesto.server.flow import Flow, Need, Out, Pause, receive
from vesto.server.guard import Guard
from vesto.server.messages import Answer, CancelRequest, EncryptionRequest, Message, Startup

_MOST_REQUESTS: Final = 2
_MINOR: Final = 0
_REDSHIFT: Final = "Redshift Python Driver"


@dataclass(frozen=True, slots=True)
class Client:
    """Who is connected. ``redshift`` is Amazon's Python driver, which wants forms of its own."""

    user: str
    database: str
    options: Mapping[str, str] = field(default_factory=dict)
    redshift: bool = False


class Door(Protocol):
    """What the beginning of a connection needs to know of the server."""

    users: Users
    guard: Guard
    address: str
    offers_tls: bool
    requires_tls: bool

    def cancel(self, process: int, key: bytes) -> None:
        """Stop what that session runs, if the key is right; nobody is told."""
        ...


def greet(door: Door) -> Generator[Out, Message | None, Client | None]:
    """The client, once it has proved who it is; None if it wanted something else.

    Raises:
        ProtocolViolation: Its messages do not follow the protocol.
        InvalidAuthorization: It names no user, or it must use TLS.
        InvalidPassword: The password is wrong.
    """
    startup = yield from _startup(door)
    if startup is None:
        return None
    client = _client(startup)
    unknown = [name for name in startup.parameters if name.startswith("_pq_.")]
    if startup.minor > _MINOR or unknown:
        yield replies.negotiate(_MINOR, unknown)
    yield from _authenticate(door, client)
    yield replies.AUTHENTICATED
    return client


def _startup(door: Door) -> Generator[Out, Message | None, Startup | None]:
    encrypted = False
    for _ in range(_MOST_REQUESTS + 1):
        message = yield from receive(Need.STARTUP)
        if isinstance(message, CancelRequest):
            door.cancel(message.process, message.key)
            return None
        if isinstance(message, Startup):
            if door.requires_tls and not encrypted:
                raise InvalidAuthorization("the server takes only connections with TLS")
            return message
        assert isinstance(message, EncryptionRequest)  # there are no others in this phase
        if message.kind == "TLS" and door.offers_tls and not encrypted:
            yield b"S"
            yield Need.TLS
            encrypted = True
        else:
            yield b"N"
    raise ProtocolViolation("too many requests for encryption")


def _client(startup: Startup) -> Client:
    user = startup.parameters.get("user", "")
    if not user:
        raise InvalidAuthorization("no PostgreSQL user name specified in startup packet")
    driver = startup.parameters.get("driver_version", "")
    database = startup.parameters.get("database") or user
    return Client(user, database, startup.parameters, driver.startswith(_REDSHIFT))


def _authenticate(door: Door, client: Client) -> Flow:
    """Go through the exchange; every failure counts as a wrong password.

    Raises:
        InvalidPassword: It is wrong, or too many were.
    """
    user, address = client.user, door.address
    locked = door.guard.is_locked(user, address)
    found = None if locked else door.users.verifiers(user)
    try:
        yield from _exchange(door, client, found)
    except VestoError:
        yield Pause(door.guard.wrong(user, address))
        raise
    door.guard.right(user, address)


def _exchange(door: Door, client: Client, found: Verifiers | None) -> Flow:
    steps = exchange(client.user, found, redshift=client.redshift)
    request = next(steps)
    while True:
        if struct.unpack_from("!i", request, 5)[0] == _LAST_OF_SCRAM:
            _check_lock(door, client)
            yield request
            return
        yield request
        answer = yield from receive(Need.ANSWER)
        assert isinstance(answer, Answer)  # there are no others in this phase
        try:
            request = steps.send(answer.body)
        except StopIteration:
            _check_lock(door, client)
            return


def _check_lock(door: Door, client: Client) -> None:
    """Nothing, unless the door was locked meanwhile by others who guess at the same time."""
    if door.guard.is_locked(client.user, door.address):
        raise refused(client.user)


_LAST_OF_SCRAM: Final = 12

"""One connection from its first byte to its last, without input and output."""

from __future__ import annotations

import logging
from typing import Final, Protocol

from vesto.errors import VestoError
from vesto.server import replies
from vesto.server.activity import Activity, record
from vesto.server.flow import Flow
from vesto.server.queries import Queries
from vesto.server.startup import Client, Door, greet
from vesto.session import Session

log: Final = logging.getLogger(__name__)
SERVER_VERSION: Final = "8.0.2"
# The class of SQLSTATEs "invalid authorization specification".
_NOT_AUTHORIZED: Final = "28"


class Host(Door, Protocol):
    """What a conversation needs of the server."""

    activity: Activity

    def open(self, client: Client) -> tuple[Session, int, int]:
        """A session for a client, and its number and secret for cancel requests.

        Raises:
            TooManyConnections: The server has as many as it may.
        """
        ...

    def close(self, process: int) -> None:
        """Close that session."""
        ...


def converse(host: Host) -> Flow:
    """Talk with one client until it goes, or must go."""
    try:
        client = yield from greet(host)
        if client is None:
            return
        session, process, key = host.open(client)
    except VestoError as error:
        if error.sqlstate.startswith(_NOT_AUTHORIZED):
            level = logging.WARNING
            record("authentication failed", level, address=host.address, sqlstate=error.sqlstate)
        yield replies.error(error, fatal=True)
        return
    host.activity.connected(host.address, session.user)
    try:
        yield from _session(Queries(session, client, host.activity), process, key)
    except VestoError as error:
        yield replies.error(error, fatal=True)
    finally:
        host.activity.disconnected(host.address, session.user)
        host.close(process)


def _session(queries: Queries, process: int, key: int) -> Flow:
    session, client = queries.session, queries.client
    for name, value in client.options.items():
        yield from _option(session, name, value)
    yield from _fixed_parameters(session)
    if client.redshift:
        yield replies.parameter("show_discovery", SHOW_DISCOVERY)
    yield from queries.report_changes()
    yield replies.key_data(process, key)
    yield from queries.serve()


def _option(session: Session, name: str, value: str) -> Flow:
    """A parameter that stands in the start-up packet; those that are not known are passed over."""
    name = name.lower()
    if name in _SETTABLE:
        try:
            session.set_parameter(name, value)
        except VestoError as error:
            yield replies.notice(error.message)


# What the SHOW statements of `dialect.show_queries` are to Redshift's drivers: they ask by them.
SHOW_DISCOVERY: Final = "4"
_SETTABLE: Final = frozenset(
    {"application_name", "datestyle", "timezone", "search_path",
     "extra_float_digits", "intervalstyle", "statement_timeout", "client_min_messages"}
)  # fmt: skip


def _fixed_parameters(session: Session) -> Flow:
    yield replies.parameter("server_version", SERVER_VERSION)
    yield replies.parameter("server_encoding", "UTF8")
    yield replies.parameter("integer_datetimes", "on")
    yield replies.parameter("is_superuser", "on" if session.is_superuser else "off")
    # A backslash escapes in every string: who escapes for the other rule would be injected into.
    yield replies.parameter("standard_conforming_strings", "off")
    yield replies.parameter("session_authorization", session.user)

"""The session of a client who is known: its messages in their order, and simple queries.

Source: PostgreSQL manual, "Message Flow".
"""

from __future__ import annotations

import logging
import time
from typing import Any, Final

from vesto.errors import ProtocolViolation, VestoError
from vesto.server import replies, special
from vesto.server.activity import Activity, record
from vesto.server.deadlines import limited
from vesto.server.extended_queries import ExtendedQueries
from vesto.server.flow import Flow, Inbox
from vesto.server.messages import Execute, Parse, Query, Sync, Terminate
from vesto.server.open_statements import OpenStatements
from vesto.server.pipeline import Pipeline, can_be_undone
from vesto.server.results import ResultMessages
from vesto.server.startup import Client
from vesto.server.statements import read
from vesto.session import Session

log: Final = logging.getLogger(__name__)
_STATUS: Final = {"idle": "I", "active": "T", "failed": "E"}
# ParameterStatus: the client's name of each parameter, and ours.
_REPORTED: Final = {
    "client_encoding": "client_encoding", "DateStyle": "datestyle", "TimeZone": "timezone",
    "IntervalStyle": "intervalstyle", "application_name": "application_name",
}  # fmt: skip


class Queries:
    """One client's statements, in the order they come; all output is yielded."""

    def __init__(self, session: Session, client: Client, activity: Activity) -> None:
        self.session, self.client, self._activity = session, client, activity
        self._spent = 0.0
        self._skipping = False
        self._pipeline, self._inbox = Pipeline(session), Inbox()
        self._messages = ResultMessages(client.redshift, session.parameter)
        self._open = OpenStatements(session, self._messages)
        self._extended = ExtendedQueries(self._open, self._inbox, self._pipeline)
        self._reported: dict[str, str] = {}
        self._reported_version = -1

    # --- The loop -------------------------------------------------------------------------------

    def serve(self) -> Flow:
        """Answer until the client goes.

        Raises:
            ProtocolViolation: A message may not stand where it does.
        """
        yield self._ready()
        while True:
            message = yield from self._inbox.next()
            if isinstance(message, Terminate):
                return
            if isinstance(message, Query):
                self._skipping = False
                yield from self._end_pipeline()
                yield from limited(self.session, self._simple(message.text))
                self._open.end_portals()
                yield from self.report_changes()
                yield self._ready()
            elif isinstance(message, Sync):
                yield from self._sync()
            elif not self._skipping:
                yield from self._extend(message)

    def _end_pipeline(self) -> Flow:
        try:
            self._pipeline.end()
        except VestoError as error:
            yield self._failed(error)

    def _sync(self) -> Flow:
        self._skipping = False
        yield from self._end_pipeline()
        self._open.end_portals()
        yield from self.report_changes()
        yield self._ready()

    def _ready(self) -> bytes:
        return replies.ready(_STATUS[self.session.transaction])

    def report_changes(self) -> Flow:
        """Tell the client of parameters that have changed."""
        version = self.session.parameters_version
        if version == self._reported_version:
            return
        self._reported_version = version
        for name, ours in _REPORTED.items():
            value = self.session.parameter(ours)
            if self._reported.get(name) != value:
                self._reported[name] = value
                yield replies.parameter(name, value)

    def _ended(self, sqlstate: str | None = None) -> None:
        """Count the statement that ``_spent`` has been measured for."""
        seconds, self._spent = self._spent, 0.0
        self._activity.statement(seconds, sqlstate)
        if sqlstate is not None:
            user, rounded = self.session.user, round(seconds, 6)
            record("statement failed", user=user, sqlstate=sqlstate, seconds=rounded)

    def _timed(self, work: Flow) -> Flow:
        begun = time.monotonic()
        try:
            yield from work
        finally:
            self._spent += time.monotonic() - begun

    def _failed(self, error: Exception, shift: int = 0) -> bytes:
        """ErrorResponse; what should not happen is logged, and its words stay here."""
        self.session.fail_transaction()
        if not isinstance(error, VestoError):
            log.error("a statement ended with an error of ours", exc_info=error)
            error = VestoError("internal error", hint="The server's log tells more.")
        self._ended(error.sqlstate)
        position = None if error.position is None else error.position + shift
        return replies.error(error, position)

    # --- Simple queries -------------------------------------------------------------------------

    def _simple(self, text: str) -> Flow:
        self._open.portals.pop("", None)
        self._spent = 0.0
        try:
            spans = self.session.statements(text)
        except VestoError as error:
            yield self._failed(error)
            return
        if not spans:
            yield replies.EMPTY_QUERY
        parts = [text[span.start : span.end] for span in spans]
        # Several statements of one message are done all or none.
        together = len(parts) > 1 and self.session.transaction == "idle" and can_be_undone(parts)
        if together:
            self.session.execute("BEGIN")
        shift = 0
        try:
            for part, span in zip(parts, spans, strict=True):
                shift = span.start
                yield from self._timed(self._statement(part))
                self._ended()
            if together:
                self.session.execute("COMMIT")
        except ProtocolViolation:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is told
            yield self._failed(error, shift)
            if together and self.session.transaction != "idle":
                self.session.execute("ROLLBACK")

    def _statement(self, text: str) -> Flow:
        """Run one statement without parameters and send what it returns, in text form."""
        ours = read(text)
        if ours is not None:
            yield from special.flow(self._open, ours)
            return
        result = self.session.execute(text)
        yield from self._messages.notices(result)
        if not result.has_rows:
            yield replies.complete(result.tag)
            return
        forms, place = result.forms, self._messages.redshift
        known = None if forms is None else forms.get(place)
        if known is None:
            parts = self._messages.whole(result)
            if forms is None:
                yield from parts
                return
            known = forms[place] = b"".join(parts)
        yield known

    # --- Extended queries -----------------------------------------------------------------------

    def _extend(self, message: Any) -> Flow:
        try:
            if isinstance(message, Parse):
                self._spent = 0.0
            yield from self._timed(self._extended.step(message))
            if isinstance(message, Execute):
                self._ended()
        except ProtocolViolation:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is told
            self._skipping = True
            yield self._failed(error)

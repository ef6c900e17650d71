"""The session of a client who is known: simple and extended queries, portals, transaction states.

Source: PostgreSQL manual, "Message Flow".
"""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Iterator
from typing import Any, Final

from vesto.dialect.placeholders import placeholders, typed
from vesto.engines import Column
from vesto.errors import (
    BindMismatch,
    DatatypeMismatch,
    DuplicateCursor,
    DuplicateStatement,
    FeatureNotSupported,
    ProtocolViolation,
    Span,
    StatementSyntaxError,
    UndefinedCursor,
    UndefinedStatement,
    VestoError,
)
from vesto.result import Result
from vesto.server import replies, special
from vesto.server.activity import Activity, record
from vesto.server.ahead import ahead
from vesto.server.deadlines import DEADLINES
from vesto.server.flow import Flow, Need, Out, receive
from vesto.server.messages import (
    Bind,
    Close,
    CopyData,
    CopyDone,
    CopyFail,
    Describe,
    Execute,
    Flush,
    FunctionCall,
    Message,
    Parse,
    Query,
    Sync,
    Terminate,
    Unreadable,
)
from vesto.server.parameters import BY_OID, CASTS, NULL_CASTS, decoded
from vesto.server.pipeline import Pipeline, can_be_undone
from vesto.server.portals import Portal, Prepared, Rows, formats_of
from vesto.server.rows import MANY, Layout, encoded
from vesto.server.startup import Client
from vesto.server.statements import Declare, read
from vesto.server.wire_types import columns_of, fields_of, identifier, wire_name
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
        self.statements: dict[str, Prepared] = {}
        self.portals: dict[str, Portal] = {}
        self._skipping = False
        self._pipeline = Pipeline(session)
        self._ahead: Message | None = None
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
            message = yield from self._next()
            if isinstance(message, Terminate):
                return
            if isinstance(message, Query):
                self._skipping = False
                yield from self._end_pipeline()
                yield from self._limited(self._simple(message.text))
                self._end_portals()
                yield from self.report_changes()
                yield self._ready()
            elif isinstance(message, Sync):
                yield from self._sync()
            elif not self._skipping:
                yield from self._extended(message)

    def _next(self) -> Generator[Out, Message | None, Message]:
        message, self._ahead = self._ahead, None
        if message is None:
            message = yield from receive(Need.MESSAGE)
        return message

    def _end_pipeline(self) -> Flow:
        try:
            self._pipeline.end()
        except VestoError as error:
            yield self._failed(error)

    def _sync(self) -> Flow:
        self._skipping = False
        yield from self._end_pipeline()
        self._end_portals()
        yield from self.report_changes()
        yield self._ready()

    def _limited(self, work: Flow) -> Flow:
        """Work that is interrupted when it takes longer than ``statement_timeout``."""
        limit_ms = int(self.session.parameter("statement_timeout"))
        if limit_ms <= 0:
            yield from work
            return
        number = DEADLINES.after(limit_ms / 1000, self.session.interrupt)
        try:
            yield from work
        finally:
            DEADLINES.cancel(number)

    def _end_portals(self) -> None:
        """Portals and cursors end with their transaction, but for those that are held."""
        if self.portals and self.session.transaction == "idle":
            self.portals = {n: portal for n, portal in self.portals.items() if portal.is_held}

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
        self.portals.pop("", None)
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
                yield from self._timed(self.statement(part))
                self._ended()
            if together:
                self.session.execute("COMMIT")
        except ProtocolViolation:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is told
            yield self._failed(error, shift)
            if together and self.session.transaction != "idle":
                self.session.execute("ROLLBACK")

    def statement(self, text: str) -> Flow:
        """Run one statement without parameters and send what it returns, in text form."""
        ours = read(text)
        if ours is not None:
            yield from special.flow(self, ours)
            return
        result = self.session.execute(text)
        yield from self.notices(result)
        if not result.has_rows:
            yield replies.complete(result.tag)
            return
        forms, place = result.forms, self.client.redshift
        known = None if forms is None else forms.get(place)
        if known is None:
            parts = self._rows(result)
            if forms is None:
                yield from parts
                return
            known = forms[place] = b"".join(parts)
        yield known

    def _rows(self, result: Result) -> Iterator[bytes | memoryview]:
        """What is said of a result with rows, in text form."""
        columns = columns_of(result)
        formats = (0,) * len(columns)
        yield self.description(columns, formats)
        rows = Rows(result)
        yield from self.send(rows, columns, formats, 0)
        yield replies.complete(_row_tag(result, rows.taken))

    def notices(self, result: Result) -> Iterator[bytes]:
        """What the statement has to say beside its rows."""
        for notice in result.notices:
            yield replies.notice(notice)

    def description(self, columns: tuple[Column, ...], formats: tuple[int, ...]) -> bytes:
        """RowDescription."""
        fields = fields_of(columns, formats, redshift=self.client.redshift)
        return replies.row_description(fields)

    def send(
        self, rows: Rows, columns: tuple[Column, ...], formats: tuple[int, ...], limit: int
    ) -> Iterator[bytes | memoryview]:
        """Send at most ``limit`` rows, all where it is 0."""
        kinds = tuple(wire_name(column) for column in columns)
        layout = Layout(kinds, formats, self.client.redshift)
        pieces = ahead(
            rows.parts(limit),
            lambda batch: list(encoded(batch, layout)),
            lambda batch: bool(batch.num_rows >= MANY),
        )
        for piece in pieces:
            yield from piece

    # --- Extended queries -----------------------------------------------------------------------

    def _extended(self, message: Any) -> Flow:
        try:
            if isinstance(message, Parse):
                self._spent = 0.0
            yield from self._timed(self._step(message))
            if isinstance(message, Execute):
                self._ended()
        except ProtocolViolation:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is told
            self._skipping = True
            yield self._failed(error)

    def _step(self, message: Any) -> Flow:
        if isinstance(message, Parse):
            self._parse(message)
            yield replies.PARSE_COMPLETE
        elif isinstance(message, Bind):
            self._bind(message)
            yield replies.BIND_COMPLETE
        elif isinstance(message, Describe):
            yield from self._describe(message)
        elif isinstance(message, Execute):
            yield from self._limited(self._execute(message))
        elif isinstance(message, Close):
            (self.statements if message.kind == "S" else self.portals).pop(message.name, None)
            yield replies.CLOSE_COMPLETE
        elif isinstance(message, FunctionCall):
            raise FeatureNotSupported("function calls without SQL are not supported")
        elif isinstance(message, Unreadable):
            raise message.error
        elif not isinstance(message, Flush | CopyData | CopyDone | CopyFail):
            raise ProtocolViolation(f"unexpected message {type(message).__name__}")
        # What is left of a COPY that failed is passed over; everything is flushed when we wait.

    def _parse(self, message: Parse) -> None:
        if message.name and message.name in self.statements:
            raise DuplicateStatement(f'prepared statement "{message.name}" already exists')
        self.statements[message.name] = self.prepared(message.text, message.types)

    def prepared(self, text: str, given: tuple[int, ...]) -> Prepared:
        """A statement with the types of its parameters, those that are given and others.

        Raises:
            StatementSyntaxError: It is more than one, or cannot be read.
        """
        spans = self.session.statements(text)
        if len(spans) > 1:
            message = "cannot insert multiple commands into a prepared statement"
            raise StatementSyntaxError(message, span=Span(spans[1].start, spans[1].start))
        found = placeholders(text)
        count = max([len(given), *(each.number for each in found)])
        declared = dict(enumerate(given, 1))
        inferred: dict[int, str] = {}
        if any(declared.get(each.number, 0) not in BY_OID for each in found):
            ours = read(text)
            asked = ours.query if isinstance(ours, Declare) else text
            inferred = self.session.parameter_types(asked)
        types, oids = [], []
        for number in range(1, count + 1):
            oid = declared.get(number, 0)
            kind = BY_OID.get(oid) or inferred.get(number, "varchar")
            types.append(kind)
            oids.append(oid or identifier(kind, redshift=self.client.redshift))
        return Prepared(text if spans else "", found, tuple(types), tuple(oids))

    def _bind(self, message: Bind) -> None:
        prepared = self._statement(message.statement)
        if message.portal and message.portal in self.portals:
            raise DuplicateCursor(f'portal "{message.portal}" already exists')
        count = len(prepared.types)
        if len(message.values) != count:
            name = message.statement
            raise BindMismatch(
                f"bind message supplies {len(message.values)} parameters, but prepared statement "
                f'"{name}" requires {count}'
            )
        formats = formats_of(message.formats, count)
        values = tuple(
            decoded(raw, kind, form, place)
            for place, (raw, kind, form) in enumerate(
                zip(message.values, prepared.types, formats, strict=True), 1
            )
        )
        self.portals[message.portal] = Portal(prepared, values, message.result_formats)

    def _statement(self, name: str) -> Prepared:
        found = self.statements.get(name)
        if found is None:
            raise UndefinedStatement(f'prepared statement "{name}" does not exist')
        return found

    def _portal(self, name: str) -> Portal:
        found = self.portals.get(name)
        if found is None:
            raise UndefinedCursor(f'portal "{name}" does not exist')
        return found

    # --- Describe -------------------------------------------------------------------------------

    def _describe(self, message: Describe) -> Flow:
        if message.kind == "S":
            prepared = self._statement(message.name)
            try:
                self._prepare(prepared)
            except VestoError:
                # PostgreSQL finds the mistake in Parse, and clients use the name again.
                del self.statements[message.name]
                raise
            yield replies.parameter_description(prepared.oids)
            columns, formats = prepared.columns, (0,) * len(prepared.columns or ())
        else:
            portal = self._portal(message.name)
            self._begin(portal)
            columns = portal.columns
            formats = formats_of(portal.formats, len(columns or ()))
        yield replies.NO_DATA if columns is None else self.description(columns, formats)

    def _prepare(self, prepared: Prepared) -> None:
        """Find out what a statement returns, without running it."""
        if prepared.is_described:
            return
        ours = read(prepared.text)
        if prepared.text and ours is None:
            kinds = enumerate(prepared.types, 1)
            nulls = {number: NULL_CASTS.get(kind, "TEXT") for number, kind in kinds}
            written = typed(prepared.text, prepared.placeholders, nulls, values=False)
            try:
                found = self.session.prepare(written.text)
            except VestoError as error:
                error.span = written.original(error.span) if error.span else None
                raise
            prepared.columns, prepared.result = found.columns, found.result
            if found.result is not None:
                prepared.columns = columns_of(found.result)
        elif ours is not None:
            # A cursor of that name may be another one the next time.
            prepared.columns = special.columns(self, ours)
            return
        prepared.is_described = True

    def _begin(self, portal: Portal) -> None:
        """Describe a portal: a query is begun, and its rows kept for Execute."""
        prepared = portal.prepared
        if portal.columns is not None or not prepared.text:
            return
        if not prepared.is_described and _is_query(prepared.text):
            portal.result = self.run(portal)
            if portal.result.has_rows:
                portal.columns = columns_of(portal.result)
        else:
            self._prepare(prepared)
            portal.columns = prepared.columns

    # --- Execute --------------------------------------------------------------------------------

    def _execute(self, message: Execute) -> Flow:
        portal = self._portal(message.portal)
        if not portal.prepared.text:
            yield replies.EMPTY_QUERY
            return
        self._pipeline.before(portal.prepared.text)
        ours = read(portal.prepared.text)
        if ours is not None:
            yield from special.flow(self, ours, portal)
            return
        if self._pipeline.starts_with(portal.prepared.text):
            self._ahead = yield from receive(Need.MESSAGE)
            if not isinstance(self._ahead, Sync | Flush | Query | Terminate):
                self._pipeline.begin()
        if portal.result is None:
            portal.result = self.run(portal)
        result = portal.result
        if portal.rows is None:
            yield from self.notices(result)
        if not result.has_rows:
            if portal.is_done:
                raise UndefinedCursor(f'portal "{message.portal}" cannot be run anymore')
            portal.is_done = True
            yield replies.complete(result.tag)
            return
        portal.columns = portal.columns or self._announced(portal)
        portal.rows = portal.rows or Rows(result)
        before = portal.rows.taken
        formats = formats_of(portal.formats, len(portal.columns))
        yield from self.send(portal.rows, portal.columns, formats, message.limit)
        if message.limit and not portal.rows.is_over:
            yield replies.PORTAL_SUSPENDED
            return
        yield replies.complete(_row_tag(result, portal.rows.taken - before))

    def _announced(self, portal: Portal) -> tuple[Column, ...]:
        """The columns as the statement was described, where it was."""
        assert portal.result is not None  # it has been run
        found = columns_of(portal.result)
        described = portal.prepared.columns
        if described is None:
            return found
        if len(described) != len(found):
            raise DatatypeMismatch("cached plan must not change result type")
        return described

    def run(self, portal: Portal) -> Result:
        """Run a portal's statement with its values."""
        prepared = portal.prepared
        if prepared.result is not None:
            found, prepared.result = prepared.result, None
            return found
        if not prepared.placeholders:
            return self.session.execute(prepared.text)
        casts = {}
        for number, (kind, value) in enumerate(zip(prepared.types, portal.values, strict=True), 1):
            cast = (NULL_CASTS if value is None and kind != "varchar" else CASTS).get(kind)
            if cast:
                casts[number] = cast
        written = typed(prepared.text, prepared.placeholders, casts)
        used = max(each.number for each in prepared.placeholders)
        try:
            return self.session.execute(written.text, portal.values[:used])
        except VestoError as error:
            error.span = written.original(error.span) if error.span else None
            raise


def _row_tag(result: Result, count: int) -> str:
    """The tag of a statement that has returned rows."""
    words = result.tag or "SELECT"
    return f"{words} {count}" if words == "SELECT" else words


def _is_query(text: str) -> bool:
    word = text.lstrip().split(maxsplit=1)[0].upper() if text.strip() else ""
    return word in {"SELECT", "WITH", "VALUES"}

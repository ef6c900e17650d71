"""Extended queries: the prepared statements and portals of one connection, and what runs them.

Source: PostgreSQL manual, "Message Flow", "Extended Query".
"""

from __future__ import annotations

from typing import Any

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
from vesto.server.deadlines import limited
from vesto.server.flow import Flow, Inbox
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
    Parse,
    Query,
    Sync,
    Terminate,
    Unreadable,
)
from vesto.server.parameters import BY_OID, CASTS, NULL_CASTS, decoded
from vesto.server.pipeline import Pipeline
from vesto.server.portals import Portal, Prepared, Rows, formats_of
from vesto.server.results import ResultMessages, row_tag
from vesto.server.statements import Declare, read
from vesto.server.wire_types import columns_of, identifier
from vesto.session import Session


class ExtendedQueries:
    """Parse, Bind, Describe, Execute and Close; cursors are portals, too."""

    def __init__(
        self, session: Session, messages: ResultMessages, inbox: Inbox, pipeline: Pipeline
    ) -> None:
        self.session, self.messages = session, messages
        self._inbox, self._pipeline = inbox, pipeline
        self.statements: dict[str, Prepared] = {}
        self.portals: dict[str, Portal] = {}

    def end_portals(self) -> None:
        """Portals and cursors end with their transaction, but for those that are held."""
        if self.portals and self.session.transaction == "idle":
            self.portals = {n: portal for n, portal in self.portals.items() if portal.is_held}

    def step(self, message: Any) -> Flow:
        """Answer one message.

        Raises:
            ProtocolViolation: It may not stand here.
            VestoError: It cannot be done; what follows is passed over until Sync.
        """
        if isinstance(message, Parse):
            self._parse(message)
            yield replies.PARSE_COMPLETE
        elif isinstance(message, Bind):
            self._bind(message)
            yield replies.BIND_COMPLETE
        elif isinstance(message, Describe):
            yield from self._describe(message)
        elif isinstance(message, Execute):
            yield from limited(self.session, self._execute(message))
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
            oids.append(oid or identifier(kind, redshift=self.messages.redshift))
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
        yield replies.NO_DATA if columns is None else self.messages.description(columns, formats)

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
            following = yield from self._inbox.peek()
            if not isinstance(following, Sync | Flush | Query | Terminate):
                self._pipeline.begin()
        if portal.result is None:
            portal.result = self.run(portal)
        result = portal.result
        if portal.rows is None:
            yield from self.messages.notices(result)
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
        yield from self.messages.rows(portal.rows, portal.columns, formats, message.limit)
        if message.limit and not portal.rows.is_over:
            yield replies.PORTAL_SUSPENDED
            return
        yield replies.complete(row_tag(result, portal.rows.taken - before))

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


def _is_query(text: str) -> bool:
    word = text.lstrip().split(maxsplit=1)[0].upper() if text.strip() else ""
    return word in {"SELECT", "WITH", "VALUES"}

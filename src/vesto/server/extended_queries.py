"""Extended queries: what the messages Parse, Bind, Describe, Execute and Close do.

Source: PostgreSQL manual, "Message Flow", "Extended Query".
"""

from __future__ import annotations

from typing import Any

from vesto.dialect.placeholders import typed
from vesto.engines import Column
from vesto.errors import (
    BindMismatch,
    DatatypeMismatch,
    DuplicateCursor,
    DuplicateStatement,
    FeatureNotSupported,
    ProtocolViolation,
    UndefinedCursor,
    VestoError,
)
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
from vesto.server.open_statements import OpenStatements
from vesto.server.parameters import NULL_CASTS, decoded
from vesto.server.pipeline import Pipeline
from vesto.server.portals import Portal, Prepared, Rows, formats_of
from vesto.server.results import row_tag
from vesto.server.statements import read
from vesto.server.wire_types import columns_of


class ExtendedQueries:
    """Answers the messages of one connection that are no simple queries."""

    def __init__(self, statements: OpenStatements, inbox: Inbox, pipeline: Pipeline) -> None:
        self._open, self._session, self._messages = (
            statements,
            statements.session,
            statements.messages,
        )
        self._inbox, self._pipeline = inbox, pipeline

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
            yield from limited(self._session, self._execute(message))
        elif isinstance(message, Close):
            kept = self._open.prepared if message.kind == "S" else self._open.portals
            kept.pop(message.name, None)
            yield replies.CLOSE_COMPLETE
        elif isinstance(message, FunctionCall):
            raise FeatureNotSupported("function calls without SQL are not supported")
        elif isinstance(message, Unreadable):
            raise message.error
        elif not isinstance(message, Flush | CopyData | CopyDone | CopyFail):
            raise ProtocolViolation(f"unexpected message {type(message).__name__}")
        # What is left of a COPY that failed is passed over; everything is flushed when we wait.

    def _parse(self, message: Parse) -> None:
        if message.name and message.name in self._open.prepared:
            raise DuplicateStatement(f'prepared statement "{message.name}" already exists')
        self._open.prepared[message.name] = self._open.prepare(message.text, message.types)

    def _bind(self, message: Bind) -> None:
        prepared = self._open.statement(message.statement)
        if message.portal and message.portal in self._open.portals:
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
        self._open.portals[message.portal] = Portal(prepared, values, message.result_formats)

    # --- Describe -------------------------------------------------------------------------------

    def _describe(self, message: Describe) -> Flow:
        if message.kind == "S":
            prepared = self._open.statement(message.name)
            try:
                self._prepare(prepared)
            except VestoError:
                # PostgreSQL finds the mistake in Parse, and clients use the name again.
                del self._open.prepared[message.name]
                raise
            yield replies.parameter_description(prepared.oids)
            columns, formats = prepared.columns, (0,) * len(prepared.columns or ())
        else:
            portal = self._open.portal(message.name)
            self._begin(portal)
            columns = portal.columns
            formats = formats_of(portal.formats, len(columns or ()))
        yield replies.NO_DATA if columns is None else self._messages.description(columns, formats)

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
                found = self._session.prepare(written.text)
            except VestoError as error:
                error.span = written.original(error.span) if error.span else None
                raise
            prepared.columns, prepared.result = found.columns, found.result
            if found.result is not None:
                prepared.columns = columns_of(found.result)
        elif ours is not None:
            # A cursor of that name may be another one the next time.
            prepared.columns = special.columns(self._open, ours)
            return
        prepared.is_described = True

    def _begin(self, portal: Portal) -> None:
        """Describe a portal: a query is begun, and its rows kept for Execute."""
        prepared = portal.prepared
        if portal.columns is not None or not prepared.text:
            return
        if not prepared.is_described and _is_query(prepared.text):
            portal.result = self._open.run(portal)
            if portal.result.has_rows:
                portal.columns = columns_of(portal.result)
        else:
            self._prepare(prepared)
            portal.columns = prepared.columns

    # --- Execute --------------------------------------------------------------------------------

    def _execute(self, message: Execute) -> Flow:
        portal = self._open.portal(message.portal)
        if not portal.prepared.text:
            yield replies.EMPTY_QUERY
            return
        self._pipeline.before(portal.prepared.text)
        ours = read(portal.prepared.text)
        if ours is not None:
            yield from special.flow(self._open, ours, portal)
            return
        if self._pipeline.starts_with(portal.prepared.text):
            following = yield from self._inbox.peek()
            if not isinstance(following, Sync | Flush | Query | Terminate):
                self._pipeline.begin()
        if portal.result is None:
            portal.result = self._open.run(portal)
        result = portal.result
        if portal.rows is None:
            yield from self._messages.notices(result)
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
        yield from self._messages.rows(portal.rows, portal.columns, formats, message.limit)
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


def _is_query(text: str) -> bool:
    word = text.lstrip().split(maxsplit=1)[0].upper() if text.strip() else ""
    return word in {"SELECT", "WITH", "VALUES"}

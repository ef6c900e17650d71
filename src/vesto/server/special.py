"""Carries out the statements that belong to the connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from vesto.dialect.names import quoted
from vesto.engines import Column
from vesto.errors import (
    DuplicateCursor,
    NoActiveTransaction,
    UndefinedCursor,
    VestoError,
)
from vesto.server import replies
from vesto.server.copying import copied_in, copied_out
from vesto.server.flow import Flow
from vesto.server.portals import Portal, Rows, formats_of
from vesto.server.statements import (
    CloseCursor,
    Copy,
    Deallocate,
    Declare,
    Fetch,
    Special,
)
from vesto.server.wire_types import columns_of

if TYPE_CHECKING:
    from vesto.server.extended_queries import ExtendedQueries


def columns(queries: ExtendedQueries, statement: Special) -> tuple[Column, ...] | None:
    """The columns of the rows that the statement returns, None if it returns none."""
    if isinstance(statement, Fetch) and not statement.move:
        return _cursor(queries, statement.name).columns
    return None


def flow(queries: ExtendedQueries, statement: Special, portal: Portal | None = None) -> Flow:
    """Carry the statement out; ``portal`` is that of an extended query."""
    queries.session.check_transaction()
    yield from _FLOWS[type(statement)](queries, statement, portal)


def _cursor(queries: ExtendedQueries, name: str) -> Portal:
    found = queries.portals.get(name)
    if found is None:
        raise UndefinedCursor(f'cursor "{name}" does not exist')
    return found


def _declare(queries: ExtendedQueries, statement: Declare, portal: Portal | None) -> Flow:
    if queries.session.transaction == "idle" and not statement.hold:
        hint = "BEGIN starts one."
        message = "DECLARE CURSOR can only be used in transaction blocks"
        raise NoActiveTransaction(message, hint=hint)
    if statement.name in queries.portals:
        raise DuplicateCursor(f'cursor "{statement.name}" already exists')
    outer = portal.prepared if portal else None
    inner = queries.prepared(statement.query, outer.oids if outer else ())
    made = Portal(inner, portal.values if portal else ())
    try:
        made.result = queries.run(made)
    except VestoError as error:
        raise error.at(None) from None
    if statement.hold:
        made.result.hold()
        made.is_held = True
    made.columns = columns_of(made.result)
    made.rows = Rows(made.result)
    queries.portals[statement.name] = made
    yield replies.complete("DECLARE CURSOR")


def _fetch(queries: ExtendedQueries, statement: Fetch, portal: Portal | None) -> Flow:
    cursor = _cursor(queries, statement.name)
    assert cursor.rows is not None and cursor.columns is not None  # DECLARE has made them
    formats = formats_of(portal.formats if portal else (), len(cursor.columns))
    if portal is None and not statement.move:
        yield queries.messages.description(cursor.columns, formats)
    before = cursor.rows.taken
    if statement.count != 0:
        if statement.move:
            for _ in cursor.rows.parts(statement.count or 0):
                pass
        else:
            yield from queries.messages.rows(
                cursor.rows, cursor.columns, formats, statement.count or 0
            )
    word = "MOVE" if statement.move else "FETCH"
    yield replies.complete(f"{word} {cursor.rows.taken - before}")


def _close(queries: ExtendedQueries, statement: CloseCursor, portal: Portal | None) -> Flow:
    if statement.name:
        _cursor(queries, statement.name)
        del queries.portals[statement.name]
    else:
        queries.portals.clear()
    yield replies.complete("CLOSE CURSOR" if statement.name else "CLOSE CURSOR ALL")


def _deallocate(queries: ExtendedQueries, statement: Deallocate, portal: Portal | None) -> Flow:
    if statement.discard:
        queries.statements.clear()
        queries.portals.clear()
        queries.session.execute("DISCARD ALL")
        yield replies.complete("DISCARD ALL")
        return
    if not statement.name:
        queries.statements.clear()
        queries.session.execute("DEALLOCATE ALL")
        yield replies.complete("DEALLOCATE ALL")
        return
    if queries.statements.pop(statement.name, None) is None:
        # It may be one of PREPARE.
        queries.session.execute(f"DEALLOCATE {quoted(statement.name)}")
    yield replies.complete("DEALLOCATE")


def _copy(queries: ExtendedQueries, statement: Copy, portal: Portal | None) -> Flow:
    move = copied_in if statement.inwards else copied_out
    yield from move(queries.session, statement)


_FLOWS: Final[dict[type, Callable[[Any, Any, Portal | None], Flow]]] = {
    Declare: _declare, Fetch: _fetch, CloseCursor: _close, Deallocate: _deallocate, Copy: _copy,
}  # fmt: skip

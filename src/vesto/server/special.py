"""Carries out the statements that belong to the connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

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
from vesto.server.open_statements import OpenStatements
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


def columns(opened: OpenStatements, statement: Special) -> tuple[Column, ...] | None:
    """The columns of the rows that the statement returns, None if it returns none."""
    if isinstance(statement, Fetch) and not statement.move:
        return _cursor(opened, statement.name).columns
    return None


def flow(opened: OpenStatements, statement: Special, portal: Portal | None = None) -> Flow:
    """Carry the statement out; ``portal`` is that of an extended query."""
    opened.session.check_transaction()
    yield from _FLOWS[type(statement)](opened, statement, portal)


def _cursor(opened: OpenStatements, name: str) -> Portal:
    found = opened.portals.get(name)
    if found is None:
        raise UndefinedCursor(f'cursor "{name}" does not exist')
    return found


def _declare(opened: OpenStatements, statement: Declare, portal: Portal | None) -> Flow:
    if opened.session.transaction == "idle" and not statement.hold:
        hint = "BEGIN starts one."
        message = "DECLARE CURSOR can only be used in transaction blocks"
        raise NoActiveTransaction(message, hint=hint)
    if statement.name in opened.portals:
        raise DuplicateCursor(f'cursor "{statement.name}" already exists')
    outer = portal.prepared if portal else None
    inner = opened.prepare(statement.query, outer.oids if outer else ())
    made = Portal(inner, portal.values if portal else ())
    try:
        made.result = opened.run(made)
    except VestoError as error:
        raise error.at(None) from None
    if statement.hold:
        made.result.hold()
        made.is_held = True
    made.columns = columns_of(made.result)
    made.rows = Rows(made.result)
    opened.portals[statement.name] = made
    yield replies.complete("DECLARE CURSOR")


def _fetch(opened: OpenStatements, statement: Fetch, portal: Portal | None) -> Flow:
    cursor = _cursor(opened, statement.name)
    assert cursor.rows is not None and cursor.columns is not None  # DECLARE has made them
    formats = formats_of(portal.formats if portal else (), len(cursor.columns))
    if portal is None and not statement.move:
        yield opened.messages.description(cursor.columns, formats)
    before = cursor.rows.taken
    if statement.count != 0:
        if statement.move:
            for _ in cursor.rows.parts(statement.count or 0):
                pass
        else:
            yield from opened.messages.rows(
                cursor.rows, cursor.columns, formats, statement.count or 0
            )
    word = "MOVE" if statement.move else "FETCH"
    yield replies.complete(f"{word} {cursor.rows.taken - before}")


def _close(opened: OpenStatements, statement: CloseCursor, portal: Portal | None) -> Flow:
    if statement.name:
        _cursor(opened, statement.name)
        del opened.portals[statement.name]
    else:
        opened.portals.clear()
    yield replies.complete("CLOSE CURSOR" if statement.name else "CLOSE CURSOR ALL")


def _deallocate(opened: OpenStatements, statement: Deallocate, portal: Portal | None) -> Flow:
    if statement.discard:
        opened.prepared.clear()
        opened.portals.clear()
        opened.session.execute("DISCARD ALL")
        yield replies.complete("DISCARD ALL")
        return
    if not statement.name:
        opened.prepared.clear()
        opened.session.execute("DEALLOCATE ALL")
        yield replies.complete("DEALLOCATE ALL")
        return
    if opened.prepared.pop(statement.name, None) is None:
        # It may be one of PREPARE.
        opened.session.execute(f"DEALLOCATE {quoted(statement.name)}")
    yield replies.complete("DEALLOCATE")


def _copy(opened: OpenStatements, statement: Copy, portal: Portal | None) -> Flow:
    move = copied_in if statement.inwards else copied_out
    yield from move(opened.session, statement)


_FLOWS: Final[dict[type, Callable[[Any, Any, Portal | None], Flow]]] = {
    Declare: _declare, Fetch: _fetch, CloseCursor: _close, Deallocate: _deallocate, Copy: _copy,
}  # fmt: skip

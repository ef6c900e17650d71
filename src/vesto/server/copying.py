"""COPY FROM STDIN and TO STDOUT: rows between the client and tables, in pieces.

Source: PostgreSQL manual, "COPY", "File Formats".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vesto.dialect.names import quoted
from vesto.engines import Column
from vesto.errors import ProtocolViolation, QueryCanceled
from vesto.server import replies
from vesto.server.copied_rows import BinaryReader, Reader, TextReader
from vesto.server.flow import Flow, Need, receive
from vesto.server.messages import CopyData, CopyDone, CopyFail, Flush, Sync
from vesto.server.rows import MAXIMUM_BYTES, Layout, joined, values
from vesto.server.statements import Copy
from vesto.server.wire_types import columns_of, wire_name
from vesto.session import Session

# So much is taken in before it is inserted.
PIECE_BYTES: Final = 8 * 1024 * 1024
_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0"
_LINE: Final = np.dtype([("type", "S1"), ("length", ">i4")])
_TUPLE: Final = np.dtype([("type", "S1"), ("length", ">i4"), ("columns", ">i2")])


def _selected(statement: Copy) -> str:
    if statement.query:
        return statement.query
    assert statement.table is not None  # there is a query or a table
    names = ", ".join(quoted(name) for name in statement.columns) or "*"
    return f"SELECT {names} FROM {statement.table.sql()}"


# --- In ------------------------------------------------------------------------------------------


def copied_in(session: Session, statement: Copy) -> Flow:
    """Take rows in, all or none.

    Raises:
        LoadFailed: What the client sends are no rows of that form.
        QueryCanceled: The client gives up.
        VestoError: The rows do not fit the table.
    """
    assert statement.table is not None  # COPY FROM has one
    columns = session.prepare(_selected(statement)).columns or ()
    yield replies.copy_in(len(columns), binary=statement.form == "binary")
    reader = BinaryReader(columns) if statement.form == "binary" else TextReader(columns, statement)
    own = session.transaction == "idle"
    if own:
        session.execute("BEGIN")
    try:
        count = yield from _taken(session, statement, columns, reader)
    except BaseException:
        if own:
            session.execute("ROLLBACK")
        raise
    if own:
        session.execute("COMMIT")
    yield replies.complete(f"COPY {count}")


def _taken(
    session: Session, statement: Copy, columns: tuple[Column, ...], reader: Reader
) -> Flow:  # fmt: skip
    """Insert what comes, piece by piece; the number of rows."""
    count = size = 0
    names = statement.columns or tuple(column.name for column in columns)
    while True:
        message = yield from receive(Need.MESSAGE)
        if isinstance(message, CopyData):
            reader.feed(message.data)
            size += len(message.data)
            if size < PIECE_BYTES:
                continue
            table, size = reader.table(is_last=False), 0
        elif isinstance(message, CopyDone):
            table = reader.table(is_last=True)
        elif isinstance(message, CopyFail):
            raise QueryCanceled(f"COPY from stdin failed: {message.reason}")
        elif isinstance(message, Flush | Sync):
            continue
        else:
            raise ProtocolViolation("unexpected message during COPY from stdin")
        if table.num_rows:
            assert statement.table is not None  # COPY FROM has one
            count += session.insert(statement.table, names, table)
        if isinstance(message, CopyDone):
            return count


# --- Out -----------------------------------------------------------------------------------------


def copied_out(session: Session, statement: Copy) -> Flow:
    """Hand rows out as they are made, a message a row."""
    result = session.execute(_selected(statement))
    columns = columns_of(result)
    is_binary = statement.form == "binary"
    kinds = tuple(wire_name(column) for column in columns)
    layout = Layout(kinds, (int(is_binary),) * len(columns))
    yield replies.copy_out(len(columns), binary=is_binary)
    # As PostgreSQL has it, and drivers want it, the head goes with the first row.
    head = _SIGNATURE + bytes(8) if is_binary else b""
    if statement.header and not is_binary:
        names = [pa.array([column.name], pa.string()).cast(pa.binary()) for column in columns]
        yield joined([_lines(names, statement)], _LINE, b"d", bare=True)
    count = 0
    for batch in result.reader():
        count += batch.num_rows
        for piece in _handed_out(batch, layout, statement):
            if head:
                yield _with_head(head, piece)
                head = b""
            else:
                yield piece
    if is_binary:
        yield replies.copy_data(head + b"\xff\xff")
    yield replies.COPY_DONE
    yield replies.complete(f"COPY {count}")


def _with_head(head: bytes, piece: memoryview) -> bytes:
    """Messages, the first of which begins with ``head``."""
    (length,) = struct.unpack_from("!I", piece, 1)
    return b"d" + struct.pack("!I", length + len(head)) + head + bytes(piece[5:])


def _handed_out(batch: pa.RecordBatch, layout: Layout, statement: Copy) -> Iterator[memoryview]:
    if batch.num_rows == 0:
        return
    if batch.nbytes > MAXIMUM_BYTES and batch.num_rows > 1:
        half = batch.num_rows // 2
        yield from _handed_out(batch.slice(0, half), layout, statement)
        yield from _handed_out(batch.slice(half), layout, statement)
        return
    found = values(batch.columns, layout)
    if statement.form == "binary":
        yield joined(found, _TUPLE, b"d")
    else:
        yield joined([_lines(found, statement)], _LINE, b"d", bare=True)


def _lines(columns: list[pa.Array], statement: Copy) -> pa.Array:
    """A line a row, with its end."""
    escape = _quoted if statement.form == "csv" else _escaped
    written = [escape(column.cast(pa.string()), statement) for column in columns]
    row = pc.binary_join_element_wise(
        *written, statement.delimiter, null_handling="replace", null_replacement=statement.null
    )
    return pc.binary_join_element_wise(row, "\n", "").cast(pa.binary())


def _escaped(column: pa.Array, statement: Copy) -> pa.Array:
    pattern = r"[\\\n\r\t\x08\x0b\f" + _in_class(statement.delimiter) + "]"
    if not pc.any(pc.match_substring_regex(column, pattern)).as_py():
        return column
    column = pc.replace_substring(column, "\\", "\\\\")
    for letter, name in {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\v": "v", "\f": "f"}.items():
        column = pc.replace_substring(column, letter, f"\\{name}")
    if statement.delimiter != "\t":
        column = pc.replace_substring(column, statement.delimiter, f"\\{statement.delimiter}")
    return column


def _quoted(column: pa.Array, statement: Copy) -> pa.Array:
    quote, escape = statement.quote, statement.escape
    pattern = r"[\n\r" + _in_class(statement.delimiter) + _in_class(quote) + "]"
    needs = pc.or_(pc.match_substring_regex(column, pattern), pc.equal(column, statement.null))
    if not pc.any(needs).as_py():
        return column
    inner = column
    if escape != quote:
        inner = pc.replace_substring(inner, escape, escape * 2)
    inner = pc.replace_substring(inner, quote, escape + quote)
    return pc.if_else(needs, pc.binary_join_element_wise(quote, inner, quote, ""), column)


def _in_class(letter: str) -> str:
    return f"\\x{ord(letter):02x}"

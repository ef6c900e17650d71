"""What COPY FROM STDIN sends, to Arrow tables: text, CSV and binary."""

from __future__ import annotations

import io
import re
import struct
from typing import Any, Final, Protocol

import pyarrow as pa
from pyarrow import csv

from vesto.engines import Column
from vesto.errors import LoadFailed
from vesto.server.parameters import decoded
from vesto.server.statements import Copy

_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0"
_HEAD: Final = 19
_BACKSLASH: Final = ord("\\")
# What waits for the end of its row is kept in memory.
MAXIMUM_ROW: Final = 1024 * 1024 * 1024
_ESCAPED: Final = re.compile(rb"\\(x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|.)", re.DOTALL)
_LETTERS: Final = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_OCTAL: Final = b"01234567"
_BYTES: Final = frozenset({"varbyte"})


class Reader(Protocol):
    """Takes bytes in and gives rows out."""

    def feed(self, data: bytes) -> None:
        """Take in what came."""
        ...

    def table(self, *, is_last: bool) -> pa.Table:
        """The rows that are complete.

        Raises:
            LoadFailed: What came are no such rows.
        """
        ...


class TextReader:
    """Lines of text or CSV; the values stay text, which the engine casts."""

    def __init__(self, columns: tuple[Column, ...], statement: Copy) -> None:
        self._columns, self._statement = columns, statement
        self._buffer = bytearray()
        self._is_first = True
        self._is_over = False

    def feed(self, data: bytes) -> None:
        """Take in what came."""
        self._buffer += data

    def table(self, *, is_last: bool) -> pa.Table:
        """The rows whose lines are complete.

        Raises:
            LoadFailed: They have not that form, or one has no end.
        """
        end = len(self._buffer) if is_last else self._last_line()
        piece = bytes(self._buffer[:end])
        del self._buffer[:end]
        _check_size(self._buffer)
        piece = self._without_end_mark(self._without_header(piece))
        names = [f"c{place}" for place in range(len(self._columns))]
        if not piece:
            return pa.table({name: pa.array([], pa.string()) for name in names})
        if self._statement.form == "csv":
            found = self._parsed(piece, names, quote=self._statement.quote)
        elif b"\\" in piece.replace(b"\\N", b"") or self._statement.null != "\\N":
            found = self._unescaped(piece, names)
        else:
            found = self._parsed(piece, names, quote=False)
        return self._with_bytes(found)

    def _last_line(self) -> int:
        """Where the last complete row ends; in CSV a line's end may stand within quotes."""
        if self._statement.form != "csv":
            return self._last_bare_line()
        if self._statement.escape != self._statement.quote:
            return 0
        quote = self._statement.quote.encode()
        end = self._buffer.rfind(b"\n") + 1
        odd = self._buffer.count(quote, 0, end) % 2 == 1
        while end and odd:
            # Up to the last quote before it every line ends within the same quotes.
            opened = self._buffer.rfind(quote, 0, end)
            before = self._buffer.rfind(b"\n", 0, opened) + 1
            odd ^= self._buffer.count(quote, before, end) % 2 == 1
            end = before
        return end

    def _last_bare_line(self) -> int:
        """Where the last line ends whose end is no part of a value."""
        end = self._buffer.rfind(b"\n") + 1
        while end and _is_open(self._buffer, end - 1):
            end = self._buffer.rfind(b"\n", 0, end - 1) + 1
        return end

    def _without_header(self, piece: bytes) -> bytes:
        if self._is_first and self._statement.header and piece:
            piece = piece.partition(b"\n")[2]
        self._is_first = self._is_first and not piece
        return piece

    def _without_end_mark(self, piece: bytes) -> bytes:
        r"""What stands before a line ``\.``."""
        if self._is_over:
            return b""
        place = 0 if piece.startswith(b"\\.") else piece.find(b"\n\\.") + 1
        found = piece[:place] if place or piece.startswith(b"\\.") else piece
        self._is_over = len(found) < len(piece)
        return found

    def _parsed(self, piece: bytes, names: list[str], *, quote: str | bool) -> pa.Table:
        statement = self._statement
        doubled = statement.escape == statement.quote
        parse = csv.ParseOptions(
            delimiter=statement.delimiter, quote_char=quote, double_quote=doubled,
            escape_char=False if doubled or not quote else statement.escape,
            newlines_in_values=bool(quote), ignore_empty_lines=False,
        )  # fmt: skip
        convert = csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), null_values=[statement.null],
            strings_can_be_null=True, quoted_strings_can_be_null=False,
        )  # fmt: skip
        # A block for everything: rows may be longer than Arrow's usual block.
        read = csv.ReadOptions(column_names=names, block_size=len(piece) + 1, use_threads=False)
        try:
            return csv.read_csv(io.BytesIO(piece), read, parse, convert)
        except pa.ArrowInvalid as error:
            raise LoadFailed(f"COPY data cannot be read: {error}") from None

    def _unescaped(self, piece: bytes, names: list[str]) -> pa.Table:
        delimiter, null = self._statement.delimiter.encode(), self._statement.null.encode()
        columns: list[list[str | None]] = [[] for _ in names]
        cut = re.compile(rb"((?:[^\\" + re.escape(delimiter) + rb"]|\\.)*)", re.DOTALL)
        for number, line in enumerate(_lines(piece), 1):
            fields = _fields(line, cut, delimiter)
            if len(fields) != len(names):
                what = "missing data" if len(fields) < len(names) else "extra data"
                raise LoadFailed(f"{what} in line {number} of COPY data")
            for column, field in zip(columns, fields, strict=True):
                column.append(None if field == null else _letters(field))
        return pa.table(dict(zip(names, (pa.array(c, pa.string()) for c in columns), strict=True)))

    def _with_bytes(self, table: pa.Table) -> pa.Table:
        """Columns of bytes are read here: the engine writes bytes otherwise."""
        for place, column in enumerate(self._columns):
            if column.type.name in _BYTES:
                texts = table.column(place).to_pylist()
                raw = [None if t is None else t.encode() for t in texts]
                found = [decoded(value, "varbyte", 0, place + 1) for value in raw]
                table = table.set_column(place, f"c{place}", pa.array(found, pa.binary()))
        return table


def _lines(piece: bytes) -> list[bytes]:
    """Lines; a line's end after a backslash is part of a value."""
    found: list[bytes] = []
    parts: list[bytes] = []
    for line in piece.removesuffix(b"\n").split(b"\n"):
        parts.append(line.removesuffix(b"\r"))
        if not _is_open(parts[-1], len(parts[-1])):
            found.append(b"\n".join(parts))
            parts = []
    return [*found, b"\n".join(parts)] if parts else found


def _is_open(data: bytes | bytearray, end: int) -> bool:
    """Whether what stands at ``end`` is escaped by the backslashes before it."""
    begin = end
    while begin and data[begin - 1] == _BACKSLASH:
        begin -= 1
    return (end - begin) % 2 == 1


def _check_size(rest: bytearray) -> None:
    """Nothing, unless a row has come that has no end.

    Raises:
        LoadFailed: It has.
    """
    if len(rest) > MAXIMUM_ROW:
        message = f"a row of COPY data is longer than {MAXIMUM_ROW // 2**20} MB"
        raise LoadFailed(message, hint="Look for a quote that is not closed.")


def _fields(line: bytes, cut: re.Pattern[bytes], delimiter: bytes) -> list[bytes]:
    fields, at = [], 0
    while True:
        match = cut.match(line, at)
        assert match is not None  # it matches nothing too
        fields.append(match[1])
        at = match.end()
        if line[at : at + 1] != delimiter:
            return fields
        at += 1


def _letters(field: bytes) -> str:
    if b"\\" in field:
        field = _ESCAPED.sub(_letter, field)
    try:
        return field.decode()
    except UnicodeDecodeError:
        raise LoadFailed("COPY data holds bytes that are no UTF-8") from None


def _letter(match: re.Match[bytes]) -> bytes:
    code = match[1]
    if code[:1] == b"x" and len(code) > 1:
        return bytes([int(code[1:], 16)])
    if code[0] in _OCTAL:
        return bytes([int(code, 8) & 0xFF])
    return _LETTERS.get(code, code)


class BinaryReader:
    """Tuples in binary form."""

    def __init__(self, columns: tuple[Column, ...]) -> None:
        self._kinds = [column.type.name for column in columns]
        self._buffer = bytearray()
        self._is_first = True
        self._is_over = False

    def feed(self, data: bytes) -> None:
        """Take in what came."""
        self._buffer += data

    def table(self, *, is_last: bool) -> pa.Table:
        """The tuples that are complete.

        Raises:
            LoadFailed: They have not that form, or one has no end.
        """
        at = self._after_head()
        columns: list[list[Any]] = [[] for _ in self._kinds]
        data = bytes(self._buffer)
        while not self._is_over and (row := self._tuple(data, at)) is not None:
            at, values = row
            for column, kind, value, place in zip(
                columns, self._kinds, values, range(1, len(columns) + 1), strict=True
            ):
                column.append(decoded(value, kind, 1, place))
        del self._buffer[:at]
        if is_last and not self._is_over and (self._buffer or self._is_first):
            raise LoadFailed("unexpected EOF in COPY data")
        _check_size(self._buffer)
        return pa.table({f"c{place}": _array(column) for place, column in enumerate(columns)})

    def _after_head(self) -> int:
        if not self._is_first or not self._buffer:
            return 0
        if len(self._buffer) < _HEAD or not self._buffer.startswith(_SIGNATURE):
            raise LoadFailed("COPY file signature not recognized")
        self._is_first = False
        at = _HEAD + int(struct.unpack_from("!I", self._buffer, _HEAD - 4)[0])
        if at > len(self._buffer):
            raise LoadFailed("the head of the COPY data is too long")
        return at

    def _tuple(self, data: bytes, at: int) -> tuple[int, list[bytes | None]] | None:
        """Where the tuple ends, and its values; None if it is not complete."""
        if at + 2 > len(data):
            return None
        (count,) = struct.unpack_from("!h", data, at)
        if count == -1:
            self._is_over = True
            return None
        if count != len(self._kinds):
            raise LoadFailed(f"row field count is {count}, expected {len(self._kinds)}")
        at += 2
        values: list[bytes | None] = []
        for _ in range(count):
            if at + 4 > len(data):
                return None
            (size,) = struct.unpack_from("!i", data, at)
            at += 4
            if size < -1:
                raise LoadFailed("invalid field size in COPY data")
            if size >= 0 and at + size > len(data):
                return None
            values.append(None if size < 0 else data[at : at + size])
            at += max(size, 0)
        return at, values


def _array(values: list[Any]) -> pa.Array:
    try:
        found = pa.array(values)
    except (pa.ArrowInvalid, OverflowError) as error:
        raise LoadFailed(f"COPY data cannot be read: {error}") from None
    return found.cast(pa.string()) if pa.types.is_null(found.type) else found

"""What a client is told of a result: its notices, its columns, its rows and its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from vesto.engines import Column
from vesto.result import Result
from vesto.server import replies
from vesto.server.ahead import ahead
from vesto.server.portals import Rows
from vesto.server.rows import MANY, Layout, encoded
from vesto.server.wire_types import columns_of, fields_of, wire_name

# The levels of client_min_messages that keep notices back.
_QUIET: Final = frozenset({"warning", "error", "fatal", "panic"})


@dataclass(frozen=True, slots=True)
class ResultMessages:
    """Messages about results, for a client of Redshift or of PostgreSQL; format 1 is binary.

    ``parameter`` tells the value of a configuration parameter of the client's session.
    """

    redshift: bool
    parameter: Callable[[str], str]

    def notices(self, result: Result) -> Iterator[bytes]:
        """What the statement has to say beside its rows."""
        if result.notices and self.parameter("client_min_messages").lower() in _QUIET:
            return
        for notice in result.notices:
            yield replies.notice(notice)

    def description(self, columns: tuple[Column, ...], formats: tuple[int, ...]) -> bytes:
        """RowDescription."""
        return replies.row_description(fields_of(columns, formats, redshift=self.redshift))

    def rows(
        self, rows: Rows, columns: tuple[Column, ...], formats: tuple[int, ...], limit: int
    ) -> Iterator[bytes | memoryview]:
        """DataRow messages of at most ``limit`` rows, of all where it is 0."""
        kinds = tuple(wire_name(column) for column in columns)
        layout = Layout(kinds, formats, self.redshift)
        pieces = ahead(
            rows.parts(limit),
            lambda batch: list(encoded(batch, layout)),
            lambda batch: bool(batch.num_rows >= MANY),
        )
        for piece in pieces:
            yield from piece

    def whole(self, result: Result) -> Iterator[bytes | memoryview]:
        """All of a result with rows, in text form."""
        columns = columns_of(result)
        formats = (0,) * len(columns)
        yield self.description(columns, formats)
        rows = Rows(result)
        yield from self.rows(rows, columns, formats, 0)
        yield replies.complete(row_tag(result, rows.taken))


def row_tag(result: Result, count: int) -> str:
    """The tag of a statement that has returned rows."""
    words = result.tag or "SELECT"
    return f"{words} {count}" if words == "SELECT" else words

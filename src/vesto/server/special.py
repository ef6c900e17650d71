"""Statements that belong to the connection, not to the session: cursors, COPY, prepared ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vesto.engines import Column
from vesto.server.flow import Flow

if TYPE_CHECKING:
    from vesto.server.queries import Queries

_WORD: Final = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)*([A-Za-z_]+)", re.DOTALL)


class Special:
    """Finds out whether a statement is one of these, and carries it out."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    def knows(self, text: str) -> bool:
        """Whether the statement is one of these."""
        return False

    def columns(self, text: str) -> tuple[Column, ...] | None:
        """The columns that the statement returns, None if it returns no rows."""
        return None

    def flow(self, text: str, *, extended: bool = False) -> Flow | None:
        """What carries the statement out; None if it is another one."""
        return None

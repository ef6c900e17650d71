"""What happens to the writes of a client that sends many before it waits for an answer.

Source: PostgreSQL manual, "Message Flow", "Pipelining".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from vesto.session import Session

_WRITES: Final = r"INSERT|UPDATE|DELETE|MERGE|(?:CREATE|DROP|ALTER)\s+(?:TABLE|VIEW|SCHEMA)"
_WRITE: Final = re.compile(rf"(?:{_WRITES})\b", re.IGNORECASE)
_UNDONE: Final = re.compile(rf"(?:SELECT|WITH|VALUES|SHOW|{_WRITES})\b", re.IGNORECASE)
# What may stand before a statement's first word.
_BEFORE: Final = re.compile(r"(?:\s+|--[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)*")


def can_be_undone(parts: Sequence[str]) -> bool:
    """Whether all are statements that a transaction holds together; models stand outside of any."""
    return all(_begins(_UNDONE, part) for part in parts)


def writes(text: str) -> bool:
    """Whether a statement changes tables in a way that a transaction can take back."""
    return _begins(_WRITE, text)


def _begins(pattern: re.Pattern[str], text: str) -> bool:
    before = _BEFORE.match(text)
    return pattern.match(text, before.end() if before else 0) is not None


class Pipeline:
    """The transaction around statements without Sync between them: done all or none."""

    def __init__(self, session: Session) -> None:
        self._session, self._is_open = session, False

    def starts_with(self, text: str) -> bool:
        """Whether a statement begins such a transaction, if another one follows before Sync."""
        return not self._is_open and self._session.transaction == "idle" and writes(text)

    def begin(self) -> None:
        """Hold what follows together."""
        self._session.execute("BEGIN")
        self._is_open = True

    def before(self, text: str) -> None:
        """What a transaction cannot hold, or is one's own beginning or end, keeps what was before."""
        if self._is_open and not can_be_undone([text]):
            self.end()

    def end(self) -> None:
        """Keep all, or nothing where a statement has failed.

        Raises:
            VestoError: It cannot be kept, such as after a change of the same rows by another one.
        """
        if self._is_open:
            self._is_open = False
            if self._session.transaction != "idle":
                self._session.execute(
                    "COMMIT" if self._session.transaction == "active" else "ROLLBACK"
                )

"""The transaction block of one session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from vesto.dialect.cursor import Cursor
from vesto.engines import Connection
from vesto.errors import FailedTransaction
from vesto.result import Result
from vesto.savepoints import Savepoints

_BEGIN: Final = frozenset({"BEGIN", "START"})
_COMMIT: Final = frozenset({"COMMIT", "END"})
_ROLLBACK: Final = frozenset({"ROLLBACK", "ABORT"})
_SAVEPOINT: Final = frozenset({"SAVEPOINT", "RELEASE"})
# The first words of the statements that are carried out here.
WORDS: Final = _BEGIN | _COMMIT | _ROLLBACK | _SAVEPOINT


class Transaction:
    """Begins, ends and fails a block; ``ended`` is told whether it may have written."""

    def __init__(self, connection: Connection, ended: Callable[[bool], None]) -> None:
        self._connection, self._ended = connection, ended
        self._savepoints = Savepoints()
        self._begun = False
        self.state: str = "idle"

    def check(self) -> None:
        """Nothing, unless the block has failed.

        Raises:
            FailedTransaction: It has.
        """
        if self.state == "failed":
            hint = "ROLLBACK ends it."
            message = "current transaction is aborted, commands ignored until it ends"
            raise FailedTransaction(message, hint=hint)

    def fail(self) -> None:
        """There was an error: an open block can only be rolled back."""
        if self.state == "active":
            self.state = "failed"

    def begin(self) -> None:
        """Begin the block in the engine: BEGIN alone, and COMMIT after it, cost nothing."""
        if self.state == "active" and not self._begun:
            self._connection.begin()
            self._begun = True

    def wrote(self) -> None:
        """A statement that may have written has run."""
        self._savepoints.wrote()

    def run(self, word: str, cursor: Cursor) -> Result:
        """Carry out a statement whose first word is one of ``WORDS``."""
        back = word in _ROLLBACK and cursor.after(1).text.upper() == "TO"
        if word in _SAVEPOINT or back:
            if not back:
                self.check()
            return self._savepoint(word, cursor, back=back)
        return self._start() if word in _BEGIN else self._end(word)

    def _start(self) -> Result:
        if self.state == "idle":
            self.state, self._begun = "active", False
            self._savepoints.clear()
            return Result(tag="BEGIN")
        return Result(tag="BEGIN", notices=("there is already a transaction in progress",))

    def _end(self, word: str) -> Result:
        failed, idle = self.state == "failed", self.state == "idle"
        self.state, wrote = "idle", not self._savepoints.nothing_written
        self._savepoints.clear()
        if idle:
            return Result(tag=word, notices=("there is no transaction in progress",))
        tag = "ROLLBACK" if word in _ROLLBACK or failed else "COMMIT"
        if not self._begun:
            return Result(tag=tag)
        self._begun = False
        try:
            if tag == "ROLLBACK":
                self._connection.rollback()
            else:
                self._connection.commit()
        finally:
            self._ended(wrote)
        return Result(tag=tag)

    def _savepoint(self, word: str, cursor: Cursor, *, back: bool) -> Result:
        """SAVEPOINT name, RELEASE [SAVEPOINT] name, ROLLBACK TO [SAVEPOINT] name."""
        cursor.advance()
        if back:
            cursor.expect("TO")
        if word != "SAVEPOINT":
            cursor.accept("SAVEPOINT")
        name = cursor.identifier("a savepoint's name")
        cursor.end()
        if back:
            self._go_back(name)
        elif word == "SAVEPOINT":
            self._savepoints.set(name, inside=self.state != "idle")
        else:
            self._savepoints.release(name)
        return Result(tag="ROLLBACK" if back else word)

    def _go_back(self, name: str) -> None:
        """Go back to a savepoint; out of an error, where the engine can begin the transaction anew.

        Raises:
            FailedTransaction: What was written before the error would be lost.
        """
        if not self._savepoints.nothing_written:
            self.check()
        self._savepoints.go_back(name)
        if self.state == "failed":
            if self._begun:
                self._connection.rollback()
            self.state, self._begun = "active", False

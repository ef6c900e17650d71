"""Savepoints of a transaction, which neither Redshift nor the engine has, as far as they can be kept.

Drivers set one around a question that may fail. As long as nothing has been written since, going back
to it is to do nothing; anything else is refused. An error ends the engine's transaction: going back out of
one begins it anew, which is the same where nothing at all has been written in it.
"""

from __future__ import annotations

from vesto.errors import FeatureNotSupported, InvalidSavepoint, NoActiveTransaction


class Savepoints:
    """The savepoints of one session's transaction."""

    def __init__(self) -> None:
        self._writes = 0
        self._places: dict[str, int] = {}
        self._first = 0

    def clear(self) -> None:
        """A transaction begins or is over: what was written before is no part of the next."""
        self._places.clear()
        self._first = self._writes

    @property
    def nothing_written(self) -> bool:
        """Whether the transaction has written nothing, so that it may as well begin anew."""
        return self._first == self._writes

    def wrote(self) -> None:
        """A statement that may have written has run."""
        self._writes += 1

    def set(self, name: str, *, inside: bool) -> None:
        """Set one, or set it anew.

        Raises:
            NoActiveTransaction: There is no transaction.
        """
        if not inside:
            hint = "BEGIN starts a transaction."
            message = "SAVEPOINT can only be used in transaction blocks"
            raise NoActiveTransaction(message, hint=hint)
        self._places.pop(name, None)
        self._places[name] = self._writes

    def release(self, name: str) -> None:
        """Forget one and those after it.

        Raises:
            InvalidSavepoint: There is none of that name.
        """
        names = list(self._places)
        if name not in self._places:
            raise InvalidSavepoint(f'savepoint "{name}" does not exist')
        for later in names[names.index(name) :]:
            del self._places[later]

    def go_back(self, name: str) -> None:
        """Go back to one.

        Raises:
            InvalidSavepoint: There is none of that name.
            FeatureNotSupported: Something was written since.
        """
        place = self._places.get(name)
        if place is None:
            raise InvalidSavepoint(f'savepoint "{name}" does not exist')
        if place != self._writes:
            hint = "ROLLBACK takes back the whole transaction."
            message = "what was written since a savepoint cannot be taken back alone"
            raise FeatureNotSupported(message, hint=hint)

"""What a server has done since it began: counts for its metrics, and a line of the log an event."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import Any, Final

log: Final = logging.getLogger(__name__)
# Upper bounds of the histogram's buckets, in seconds.
BOUNDS: Final = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0)


@dataclass(frozen=True, slots=True)
class Counts:
    """``buckets`` holds the statements within each of ``BOUNDS``, each with those below it."""

    connections: int
    connections_total: int
    succeeded: int
    failed: int
    seconds: float
    buckets: tuple[int, ...]


class Activity:
    """Counts of one server. Safe to share between threads; keeps no name and no SQL text."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = self._opened = self._succeeded = self._failed = 0
        self._seconds = 0.0
        self._buckets = [0] * len(BOUNDS)

    def counts(self) -> Counts:
        """All counts at one moment."""
        with self._lock:
            return Counts(
                self._open, self._opened, self._succeeded, self._failed, self._seconds,
                tuple(self._buckets),
            )  # fmt: skip

    def connected(self, address: str, user: str) -> None:
        """A client has proved who it is, and has a session."""
        with self._lock:
            self._open += 1
            self._opened += 1
        record("connect", address=address, user=user)

    def disconnected(self, address: str, user: str) -> None:
        """That session is over."""
        with self._lock:
            self._open -= 1
        record("disconnect", address=address, user=user)

    def statement(self, seconds: float, sqlstate: str | None = None) -> None:
        """A statement has ended, with an error where there is an SQLSTATE."""
        with self._lock:
            if sqlstate is None:
                self._succeeded += 1
            else:
                self._failed += 1
            self._seconds += seconds
            for place, bound in enumerate(BOUNDS):
                self._buckets[place] += seconds <= bound


def record(event: str, level: int = logging.INFO, **fields: Any) -> None:
    """Log an event; its fields are read by ``--log-format json``, and stand after it in text."""
    said = "".join(f" {name}={value!r}" for name, value in fields.items())
    log.log(level, "%s%s", event, said, extra={"event": event, "fields": fields})

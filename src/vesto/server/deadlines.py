"""Statements that may take only so long: one thread watches them all."""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections.abc import Callable
from itertools import count
from typing import Final

from vesto.server.flow import Flow
from vesto.session import Session

log: Final = logging.getLogger(__name__)
# Deadlines that were cancelled stay until their time, or until there are so many.
_MOST_KEPT: Final = 64


class Deadlines:
    """Calls back when a time is over, unless it is cancelled before. Safe to share between threads.

    The thread begins with the first deadline and ends with the process.
    """

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._open: set[int] = set()
        self._numbers = count(1)
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def after(self, seconds: float, call: Callable[[], None]) -> int:
        """Call back after so many seconds; the number to cancel that by."""
        with self._changed:
            number = next(self._numbers)
            self._open.add(number)
            heapq.heappush(self._due, (time.monotonic() + seconds, number, call))
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="deadlines", daemon=True)
                self._thread.start()
            self._changed.notify()
            return number

    def cancel(self, number: int) -> bool:
        """Do not call back; whether it was still to come."""
        with self._changed:
            was_open = number in self._open
            self._open.discard(number)
            if len(self._due) > _MOST_KEPT and len(self._due) > 2 * len(self._open):
                self._due = [entry for entry in self._due if entry[1] in self._open]
                heapq.heapify(self._due)
            return was_open

    def _watch(self) -> None:
        while True:
            with self._changed:
                while not self._due or self._due[0][0] > time.monotonic():
                    wait = self._due[0][0] - time.monotonic() if self._due else None
                    self._changed.wait(wait)
                _, number, call = heapq.heappop(self._due)
                is_open = number in self._open
                self._open.discard(number)
            if is_open:
                self._call(call)

    @staticmethod
    def _call(call: Callable[[], None]) -> None:
        try:
            call()
        except Exception:
            # The deadlines of all others hang on this thread.
            log.exception("a deadline's call failed")


DEADLINES = Deadlines()


def limited(session: Session, work: Flow) -> Flow:
    """Work that is interrupted when it takes longer than ``statement_timeout``."""
    limit_ms = int(session.parameter("statement_timeout"))
    if limit_ms <= 0:
        yield from work
        return
    number = DEADLINES.after(limit_ms / 1000, session.interrupt)
    try:
        yield from work
    finally:
        DEADLINES.cancel(number)

"""Whether the warehouse answers, found out within a time that is known beforehand."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

log: Final = logging.getLogger(__name__)
LIMIT_S: Final = 3.0


class Health:
    """Asks the warehouse in a thread of its own. Safe to share between threads.

    ``ask`` says why the warehouse does not answer; nothing where it does. While one question is open no other is
    asked, so that probes do not heap up threads before a warehouse that hangs.
    """

    def __init__(self, ask: Callable[[], str], limit_s: float = LIMIT_S) -> None:
        self._ask, self._limit_s = ask, limit_s
        self._lock = threading.Lock()
        self._open: _Question | None = None

    def trouble(self) -> str:
        """What ``ask`` says, or that it says nothing within the limit; empty where all is well."""
        with self._lock:
            if self._open is None or self._open.answered.is_set():
                self._open = _Question(self._ask)
            question = self._open
        if question.answered.wait(self._limit_s):
            return question.answer
        return f"the warehouse does not answer within {self._limit_s:g} s"


class _Question:
    """One question and, once ``answered``, its answer."""

    def __init__(self, ask: Callable[[], str]) -> None:
        self.answered, self.answer = threading.Event(), ""
        self._ask = ask
        threading.Thread(target=self._wait, name="vesto health", daemon=True).start()

    def _wait(self) -> None:
        try:
            self.answer = self._ask()
        except Exception:
            log.exception("the warehouse could not be asked")
            self.answer = "the warehouse does not answer"
        finally:
            self.answered.set()

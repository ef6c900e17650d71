"""Guessing passwords is slow: every wrong one costs time, and many lock the door for a while."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

TRIES: Final = 10
LOCKED_S: Final = 300.0
DELAY_S: Final = 0.5
MOST_DELAY_S: Final = 8.0
_MOST_KEPT: Final = 10_000


class Guard:
    """Wrong passwords by user and address. Safe to share between threads.

    After ``TRIES`` wrong ones from one address for one user that address is locked out for that
    user; others who know the password get in.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._wrong: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()

    def is_locked(self, user: str, address: str) -> bool:
        """Whether even the right password is refused for now."""
        return self._count(user, address) >= TRIES

    def wrong(self, user: str, address: str) -> float:
        """Count a wrong password; the seconds that the refusal has to wait."""
        with self._lock:
            count = self._current((user, address)) + 1
            self._wrong[user, address] = (count, self._now())
            self._wrong.move_to_end((user, address))
            if len(self._wrong) > _MOST_KEPT:
                self._wrong.popitem(last=False)
        return min(DELAY_S * 2.0 ** (count - 1), MOST_DELAY_S)

    def right(self, user: str, address: str) -> None:
        """Forget the wrong ones."""
        with self._lock:
            self._wrong.pop((user, address), None)

    def _count(self, user: str, address: str) -> int:
        with self._lock:
            return self._current((user, address))

    def _current(self, key: tuple[str, str]) -> int:
        count, last = self._wrong.get(key, (0, 0.0))
        return 0 if self._now() - last > LOCKED_S else count

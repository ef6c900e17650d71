"""The programs that the reference scorer can score in this process, by content hash.

Each is counted: it is known from the first ``register`` to the ``forget`` that matches it. A query
that began before goes on with it, so a forgotten program goes only when nobody has asked for it
for a while.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Final

from vesto.errors import DataCorrupted
from vesto.programs.program import Program

KEPT_S: Final = 60.0


@dataclass(slots=True)
class _Entry:
    program: Program
    users: int
    asked_at_s: float


_entries: Final[dict[str, _Entry]] = {}
_change: Final = threading.Lock()


def register(name: str, program: Program) -> None:
    """Make a checked program ready to score under its content hash; registered twice, it needs two forgets."""
    with _change:
        _sweep()
        entry = _entries.setdefault(name, _Entry(program, 0, time.monotonic()))
        entry.users += 1


def forget(name: str) -> bool:
    """Take one ``register`` back; whether there was one."""
    with _change:
        entry = _entries.get(name)
        known = entry is not None and entry.users > 0
        if entry is not None and known:
            entry.users -= 1
            entry.asked_at_s = time.monotonic()
        _sweep()
        return known


def find(name: str) -> Program:
    """The program of that content hash.

    Raises:
        DataCorrupted: It is not registered.
    """
    entry = _entries.get(name)
    if entry is None:
        raise DataCorrupted(f"program {name[:12]} is not loaded")
    entry.asked_at_s = time.monotonic()
    return entry.program


def _sweep() -> None:
    """Let go what nobody holds and nobody has asked for lately."""
    before_s = time.monotonic() - KEPT_S
    for name in [n for n, e in _entries.items() if not e.users and e.asked_at_s < before_s]:
        del _entries[name]

"""The programs that this process can score, by content hash."""

from __future__ import annotations

import threading

from vesto.errors import DataCorrupted
from vesto.programs.program import Program
from vesto.programs.storage import content_hash, load

_programs: dict[str, Program] = {}
_lock = threading.Lock()


def register(content: bytes) -> str:
    """Make the program in a file's content ready to score; its content hash.

    Raises:
        DataCorrupted: The content is not a sound program.
    """
    name = content_hash(content)
    if name not in _programs:
        program = load(content)
        with _lock:
            _programs[name] = program
    return name


def find(name: str) -> Program:
    """The program of that content hash.

    Raises:
        DataCorrupted: It was never registered.
    """
    try:
        return _programs[name]
    except KeyError:
        raise DataCorrupted(f"program {name[:12]} is not loaded") from None

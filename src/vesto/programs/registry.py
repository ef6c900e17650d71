"""The programs that this process can score, by content hash."""

from __future__ import annotations

from vesto.errors import DataCorrupted
from vesto.programs.program import Program
from vesto.programs.storage import content_hash, load

# Written and read in single steps of the interpreter: threads need no lock.
_programs: dict[str, Program] = {}


def register(content: bytes) -> str:
    """Make the program in a file's content ready to score; its content hash.

    Raises:
        DataCorrupted: The content is not a sound program, even if a sound one of that name is
            known already.
    """
    program, name = load(content), content_hash(content)
    _programs.setdefault(name, program)
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

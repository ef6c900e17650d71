"""Files that are whole or not there: written beside their place, flushed, then renamed into it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def write_file(path: Path, content: bytes) -> None:
    """Put ``content`` at ``path`` so that a crash leaves the old file or the new one.

    Raises:
        OSError: The disk is full or the folder cannot be written; ``path`` is as it was.
    """
    draft = path.with_name(path.name + ".draft")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Make renames inside ``folder`` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_folder(folder: Path) -> None:
    """Remove a folder and all in it; one that is not there is no mistake."""
    shutil.rmtree(folder, ignore_errors=True)

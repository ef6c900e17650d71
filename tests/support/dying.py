"""A process that is killed at one step of a statement."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

# Runs SQL in a process that dies just before or just after one named step; closing waits for
# the steps that a job's watcher takes after the statement has returned.
DYING = """
import importlib, os, signal, sys
import vesto
path, module, owner, step, when, sql = sys.argv[1:]
place = importlib.import_module(module)
place = getattr(place, owner) if owner else place
original = getattr(place, step)
def deadly(*args, **options):
    if when == "after":
        original(*args, **options)
    os.kill(os.getpid(), signal.SIGKILL)
session = vesto.connect(path)
setattr(place, step, deadly)
session.execute(sql)
session.close()
"""


def die(path: Path, step: tuple[str, str, str], when: str, sql: str) -> None:
    """Run SQL in a process that is killed before or after a step: module, class if any, name."""
    command = [sys.executable, "-c", DYING, str(path), *step, when, sql]
    done = subprocess.run(command, capture_output=True, timeout=60)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()

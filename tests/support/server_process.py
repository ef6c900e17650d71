"""``vesto serve`` in a process of its own, for tests that kill it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

COMMAND = [sys.executable, "-m", "vesto.cli.main"]


def started(
    warehouse: Path, config: str = "", command: list[str] = COMMAND
) -> tuple[subprocess.Popen[str], int]:
    """The process once it serves, and its port; its log is ``log`` beside the warehouse."""
    folder = warehouse.parent
    (folder / "server.toml").write_text(f"[server]\n{config}")
    with (folder / "log").open("a") as log:
        process = subprocess.Popen(
            [*command, "serve", str(warehouse), "--port", "0", "--config",
             str(folder / "server.toml")],
            env=os.environ | {"VESTO_FIRST_PASSWORD": "Secret1pass", "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("serving on"), (folder / "log").read_text()
    process.stdout.readline()
    return process, int(line.rpartition(":")[2])


def ended(process: subprocess.Popen[str]) -> None:
    """End what still runs, with no further ado."""
    if process.poll() is None:
        process.kill()
    process.wait(60)
    assert process.stdout is not None
    process.stdout.close()

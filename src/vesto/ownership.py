"""Who has a warehouse open: one process, by a lock that ends with it."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

from vesto.errors import InputOutputError, WarehouseInUse


def claim(path: Path) -> int:
    """Make a warehouse's folders and take the lock that says whose it is; the lock's handle.

    Raises:
        WarehouseInUse: Another process has it open.
        InputOutputError: The folders or the lock's file cannot be made.
    """
    try:
        for folder in (path, path / "models", path / "jobs"):
            folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path / "warehouse.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        message = f"the warehouse {path} cannot be opened"
        raise InputOutputError(message, detail=str(error)) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = _owner(os.read(handle, 1000))
        os.close(handle)
        hint = "Close it there, or work through that process."
        message = f"the warehouse {path} is open in {owner}"
        raise WarehouseInUse(message, hint=hint) from None
    os.ftruncate(handle, 0)
    os.write(handle, json.dumps({"pid": os.getpid()}).encode())
    return handle


def _owner(content: bytes) -> str:
    try:
        pid = int(json.loads(content)["pid"])
    except (ValueError, KeyError, TypeError):
        return "another process"
    return "this process" if pid == os.getpid() else f"process {pid}"

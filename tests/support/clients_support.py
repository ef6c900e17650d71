"""Drivers and programs that connect in ``tests/clients``.

One that is missing is a listed skip, and with VESTO_CLIENTS=required (``make test-clients``) a failure.
"""

from __future__ import annotations

import importlib
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

REQUIRED = os.environ.get("VESTO_CLIENTS") == "required"
ENVIRONMENTS = Path(__file__).parents[2] / ".venv"


def driver(name: str) -> Any:
    """The module of that name."""
    if REQUIRED:
        return importlib.import_module(name)
    return pytest.importorskip(name, exc_type=ImportError)


def tool(name: str, where: str | Path = "") -> Path:
    """The program on the search path, or in ``where``: a folder, from .venv on if it is relative."""
    found = ENVIRONMENTS / where / name if where else Path(shutil.which(name) or "")
    if not found.is_file():
        missing(f"{name} is not installed")
    return found


def missing(reason: str) -> None:
    """Skip, or fail where every client has to be there."""
    if REQUIRED:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason, allow_module_level=True)

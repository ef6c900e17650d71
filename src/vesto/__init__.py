"""Vesto: machine learning in SQL. ``vesto.connect(path)`` opens a warehouse."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from vesto.errors import VestoError

if TYPE_CHECKING:
    from vesto.result import Result
    from vesto.session import Session, connect
    from vesto.warehouse import Warehouse

__version__ = "0.1.0"
__all__ = ["Result", "Session", "VestoError", "Warehouse", "__version__", "connect"]

_HOMES = {"Result": "result", "Session": "session", "Warehouse": "warehouse", "connect": "session"}


def __getattr__(name: str) -> Any:
    # The engine, Arrow and sqlglot take half a second to import: only who connects pays for it.
    if name in _HOMES:
        return getattr(importlib.import_module(f"vesto.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'vesto' has no attribute '{name}'")

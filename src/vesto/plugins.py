"""A folder of plug-ins: one file a member, one constant a file, no list to edit.

Outsiders add members through entry points whose group is the folder's dotted name.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Plugins(Generic[T]):
    """The members of ``package``; each is the ``constant`` of its module."""

    package: str
    constant: str

    def names(self) -> list[str]:
        """All members' names; nothing is imported for it."""
        outside = {entry.name for entry in entry_points(group=self.package)}
        return sorted(_files(self.package) | outside)

    def get(self, name: str) -> T | None:
        """The member of that name, or None. Our own files go before entry points."""
        member: Any = None
        if name in _files(self.package):
            module = importlib.import_module(f"{self.package}.{name}")
            member = getattr(module, self.constant)
        else:
            for entry in entry_points(group=self.package, name=name):
                member = entry.load()
        found: T | None = member
        return found

    def all(self) -> list[T]:
        """Every member, by name."""
        members = (self.get(name) for name in self.names())
        return [member for member in members if member is not None]


@cache
def _files(package: str) -> frozenset[str]:
    path = importlib.import_module(package).__path__
    names = (module.name for module in pkgutil.iter_modules(path))
    return frozenset(name for name in names if not name.startswith("_"))

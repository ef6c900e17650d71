"""REVOKE: not built yet."""

from __future__ import annotations

from typing import ClassVar, Final

from vesto.commands._not_built import NotBuilt


class Revoke(NotBuilt):
    """Takes privileges away."""

    starts: ClassVar[tuple[str, ...]] = ("REVOKE",)
    hint: ClassVar[str] = "There is one user, who owns the warehouse."


COMMAND: Final = Revoke

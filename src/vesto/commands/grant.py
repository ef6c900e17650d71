"""GRANT: not built yet."""

from __future__ import annotations

from typing import ClassVar, Final

from vesto.commands._not_built import NotBuilt


class Grant(NotBuilt):
    """Gives privileges."""

    starts: ClassVar[tuple[str, ...]] = ("GRANT",)
    hint: ClassVar[str] = "There is one user, who owns the warehouse."


COMMAND: Final = Grant

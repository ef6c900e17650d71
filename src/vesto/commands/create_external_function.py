"""CREATE EXTERNAL FUNCTION: refused, with what to do instead."""

from __future__ import annotations

from typing import ClassVar, Final

from vesto.commands._not_built import NotBuilt


class CreateExternalFunction(NotBuilt):
    """A function outside."""

    starts: ClassVar[tuple[str, ...]] = ("CREATE", "EXTERNAL", "FUNCTION")
    hint: ClassVar[str] = "CREATE FUNCTION ... LANGUAGE sql."


COMMAND: Final = CreateExternalFunction

"""CREATE PROCEDURE: refused, with what to do instead."""

from __future__ import annotations

from typing import ClassVar, Final

from vesto.commands._not_built import NotBuilt


class CreateProcedure(NotBuilt):
    """A program in the database."""

    starts: ClassVar[tuple[str, ...]] = ("CREATE", "PROCEDURE")
    also_starts: ClassVar[tuple[tuple[str, ...], ...]] = (("CREATE", "OR", "REPLACE", "PROCEDURE"),)
    hint: ClassVar[str] = "Send its statements one after the other from a script."


COMMAND: Final = CreateProcedure

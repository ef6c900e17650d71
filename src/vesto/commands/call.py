"""CALL: refused, with what to do instead."""

from __future__ import annotations

from typing import ClassVar, Final

from vesto.commands._not_built import NotBuilt


class Call(NotBuilt):
    """Runs a stored procedure."""

    starts: ClassVar[tuple[str, ...]] = ("CALL",)
    hint: ClassVar[str] = "Send the statements one after the other from a script."


COMMAND: Final = Call

"""DECLARE: refused, with what to do instead."""

from __future__ import annotations

from typing import ClassVar, Final

from vesto.commands._not_built import NotBuilt


class Declare(NotBuilt):
    """A cursor over a query's rows."""

    starts: ClassVar[tuple[str, ...]] = ("DECLARE",)
    hint: ClassVar[str] = "Read the query's rows: they are streamed."


COMMAND: Final = Declare

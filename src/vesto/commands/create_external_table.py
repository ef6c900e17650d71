"""CREATE EXTERNAL TABLE: refused, with what to do instead."""

from __future__ import annotations

from typing import ClassVar, Final

from vesto.commands._not_built import NotBuilt


class CreateExternalTable(NotBuilt):
    """A table over files."""

    starts: ClassVar[tuple[str, ...]] = ("CREATE", "EXTERNAL", "TABLE")
    hint: ClassVar[str] = "CREATE TABLE, then COPY the files into it."


COMMAND: Final = CreateExternalTable

"""CREATE EXTERNAL SCHEMA: refused, with what to do instead."""

from __future__ import annotations

from typing import ClassVar, Final

from vesto.commands._not_built import NotBuilt


class CreateExternalSchema(NotBuilt):
    """A schema over another catalog."""

    starts: ClassVar[tuple[str, ...]] = ("CREATE", "EXTERNAL", "SCHEMA")
    hint: ClassVar[str] = "CREATE SCHEMA, then COPY the files into its tables."


COMMAND: Final = CreateExternalSchema

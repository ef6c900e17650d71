"""ALTER MODEL: not built yet."""

from __future__ import annotations

from typing import ClassVar, Final

from vesto.commands._not_built import NotBuilt


class AlterModel(NotBuilt):
    """Changes a model."""

    starts: ClassVar[tuple[str, ...]] = ("ALTER", "MODEL")
    hint: ClassVar[str] = "DROP MODEL and create it again."


COMMAND: Final = AlterModel

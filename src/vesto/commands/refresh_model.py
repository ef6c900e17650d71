"""REFRESH MODEL: not built yet."""

from __future__ import annotations

from typing import ClassVar, Final

from vesto.commands._not_built import NotBuilt


class RefreshModel(NotBuilt):
    """Trains a new version of a model."""

    starts: ClassVar[tuple[str, ...]] = ("REFRESH", "MODEL")
    hint: ClassVar[str] = "DROP MODEL and create it again."


COMMAND: Final = RefreshModel

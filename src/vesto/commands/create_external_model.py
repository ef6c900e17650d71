"""CREATE EXTERNAL MODEL: not built yet."""

from __future__ import annotations

from typing import ClassVar, Final

from vesto.commands._not_built import NotBuilt


class CreateExternalModel(NotBuilt):
    """A model of somebody else behind an endpoint."""

    starts: ClassVar[tuple[str, ...]] = ("CREATE", "EXTERNAL", "MODEL")
    hint: ClassVar[str] = "Train a model of your own with CREATE MODEL."


COMMAND: Final = CreateExternalModel

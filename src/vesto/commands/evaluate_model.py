"""EVALUATE MODEL: not built yet."""

from __future__ import annotations

from typing import ClassVar, Final

from vesto.commands._not_built import NotBuilt


class EvaluateModel(NotBuilt):
    """Scores a model on a query's rows."""

    starts: ClassVar[tuple[str, ...]] = ("EVALUATE", "MODEL")
    hint: ClassVar[str] = "Compare the function with the target in a SELECT."


COMMAND: Final = EvaluateModel

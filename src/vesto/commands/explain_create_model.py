"""EXPLAIN CREATE MODEL: not built yet."""

from __future__ import annotations

from typing import ClassVar, Final

from vesto.commands._not_built import NotBuilt


class ExplainCreateModel(NotBuilt):
    """Says what a training would do."""

    starts: ClassVar[tuple[str, ...]] = ("EXPLAIN", "CREATE", "MODEL")
    hint: ClassVar[str] = "CREATE MODEL checks the statement before it trains."


COMMAND: Final = ExplainCreateModel

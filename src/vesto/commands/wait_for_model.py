"""WAIT FOR MODEL name: ours; Redshift's users poll."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.catalog.records import Model, Outcome, State
from vesto.commands import Context
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name
from vesto.errors import Span, TrainingFailed
from vesto.result import Result


@dataclass(frozen=True, slots=True)
class WaitForModel:
    """Returns when the model is READY, and no version of it is being trained."""

    starts: ClassVar[tuple[str, ...]] = ("WAIT", "FOR", "MODEL")
    keeps_schema: ClassVar[bool] = True

    name: Name
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> WaitForModel:
        """Read it."""
        cursor.expect(*cls.starts)
        span = cursor.span
        name = cursor.name("a model's name")
        cursor.end()
        return cls(name, span)

    def sql(self) -> str:
        """The statement as text."""
        return f"WAIT FOR MODEL {self.name.sql()}"

    def bind(self, context: Context) -> Waiting:
        """Find the model."""
        return Waiting(context.model(self.name, self.span))


@dataclass(frozen=True, slots=True)
class Waiting:
    """The model to wait for."""

    model: Model

    def run(self, context: Context) -> Result:
        """Wait.

        Raises:
            TrainingFailed: Its newest version has FAILED.
            UndefinedModel: It was dropped meanwhile.
            QueryCanceled: The user does not want to wait any longer; the training goes on.
        """
        stopped = threading.Event()
        context.watch(stopped.set)
        try:
            check_ready(context.warehouse.wait(self.model, stopped=stopped))
        finally:
            context.watch(None)
        return Result(tag="WAIT")


def check_ready(model: Model) -> None:
    """Nothing, if the model is READY.

    Raises:
        TrainingFailed: It has FAILED.
    """
    if model.state is State.FAILED:
        outcome = model.outcome or Outcome()
        hint = f'DROP MODEL "{model.name}" and create it again.'
        message = f'training of model "{model.name}" failed'
        if model.version > 1:
            message = f'refresh of model "{model.name}" failed: there is no version {model.version}'
            hint = "What served before serves on; REFRESH MODEL tries again."
        raise TrainingFailed(message, detail=outcome.failure, hint=hint)


COMMAND: Final = WaitForModel

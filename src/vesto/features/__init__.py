"""One file per transformer: from a column of the training data to steps of a program."""

from __future__ import annotations

from dataclasses import dataclass, field

from vesto.programs.program import Input
from vesto.programs.steps import Step


@dataclass(slots=True)
class Tape:
    """A program's inputs and steps while they are put together."""

    inputs: tuple[Input, ...]
    steps: list[Step] = field(default_factory=list)
    registers: int = 0

    def __post_init__(self) -> None:
        self.registers = len(self.inputs)

    def append(self, step: Step) -> list[int]:
        """Add a step; the registers it appends."""
        self.steps.append(step)
        first = self.registers
        self.registers += step.width
        return list(range(first, self.registers))

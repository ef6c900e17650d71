"""The compiled model: what remains when the training library is gone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final, Literal

import numpy as np
from numpy.typing import NDArray

from vesto.programs.bodies import Body
from vesto.programs.steps import Step

Link = Literal["identity", "exp", "sigmoid", "softmax", "argmax"]
LINKS: Final[tuple[Link, ...]] = ("identity", "exp", "sigmoid", "softmax", "argmax")


@dataclass(frozen=True, slots=True)
class Input:
    """One argument of the prediction function: the column's name and its SQL type."""

    name: str
    type: str


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """From the body's numbers to the prediction.

    A margin that is NaN counts as 0, an infinite one as the greatest float64 of its sign.
    ``link`` turns margins into a value or into probabilities: ``sigmoid`` of one margin is the
    probability of ``labels[1]``, ``softmax`` of several gives one for each label. ``factor``
    multiplies the value (the smearing correction of a logarithmic target); ``low`` and ``high``
    hold it. Without labels the value is the prediction, rounded half to even and held within the
    type's range where ``type`` is an integer (int8 ends at 2**63 - 1024, the last float64 in it).

    With labels the prediction is the second label where its probability is greater than
    ``threshold``, and with several margins the label with the greatest ``log(p) + offset``, the
    first of equals. ``argmax`` knows no probabilities: the label with the greatest margin + offset,
    the first of equals. Labels are the target's values as text, numbers as they are printed.
    """

    kind: ClassVar[str] = "output"
    type: str
    link: Link
    labels: tuple[str, ...]
    threshold: float
    offsets: NDArray[np.float64] = field(metadata={"dtype": "<f8"})
    factor: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A trained model as arrays and formulas.

    ``features`` are the registers that the body reads, in its order. NULL inputs are missing
    values and take the way the model learnt for them: a prediction is never NULL.
    """

    inputs: tuple[Input, ...]
    steps: tuple[Step, ...]
    features: tuple[int, ...]
    body: Body
    output: Output

    @property
    def registers(self) -> int:
        """Inputs plus all that the steps append."""
        return len(self.inputs) + sum(step.width for step in self.steps)


def value_output(type_name: str, link: Link = "identity", *, factor: float = 1.0) -> Output:
    """An output that is a number."""
    none = np.empty(0)
    return Output(type_name, link, (), 0.5, none, factor, -np.inf, np.inf)


def label_output(
    type_name: str, labels: tuple[str, ...], *, threshold: float = 0.5,
    offsets: NDArray[np.float64] | None = None, link: Link = "softmax",
) -> Output:  # fmt: skip
    """An output that is one of two or more labels."""
    shift = np.zeros(len(labels)) if offsets is None else offsets
    return Output(type_name, link, labels, threshold, shift, 1.0, -np.inf, np.inf)

"""One file per MODEL_TYPE: from a matrix of numbers to the body of a program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from vesto.plugins import Plugins
from vesto.programs.bodies import Body

Problem = Literal["regression", "binary", "multiclass", "clusters"]


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """Rows to fit or to score.

    ``x`` has shape (rows, features), float32, NaN is missing. ``y`` has shape (rows,): the value,
    or the number of the class. ``categorical`` says of each feature whether its numbers are codes
    of categories.
    """

    x: NDArray[np.float32]
    y: NDArray[np.float64]
    categorical: tuple[bool, ...]

    def rows(self, places: NDArray[np.int64]) -> Matrix:
        """Some of the rows."""
        return Matrix(self.x[places], self.y[places], self.categorical)


@dataclass(frozen=True, slots=True)
class Task:
    """What is learnt: the problem and, of a classification, the number of classes.

    Of clusters there is no target, and rows have no class until they are learnt.
    """

    problem: Problem
    classes: int = 0


class Fitted(Protocol):
    """A fitted candidate."""

    @property
    def rounds(self) -> int:
        """Rounds of boosting, or over the rows; 0 where there are none."""
        ...

    @property
    def nodes(self) -> int:
        """About so many nodes of trees, which a program of it has to hold and to walk; else 0."""
        ...

    def margins(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        """Shape (rows, outputs): values, or margins before the sigmoid or soft-max."""
        ...

    def body(self) -> Body:
        """The same computation as a program's body."""
        ...


class Algorithm(Protocol):
    """What a file of this folder exports as ``ALGORITHM``, where there is a target to learn.

    One that finds clusters has ``cluster`` in place of ``fit``; see ``kmeans``.
    """

    name: str

    def load(self) -> None:
        """Import what fitting needs: it may take longer than a fit, whose time is measured."""
        ...

    def fit(
        self, train: Matrix, valid: Matrix | None, task: Task, configuration: Mapping[str, Any],
        *, seed: int, deadline: float,
    ) -> Fitted:  # fmt: skip
        """Fit one candidate with one thread.

        ``valid`` rows, where given, decide when to stop and are not learnt from. Fitting ends
        early when ``time.monotonic()`` passes ``deadline``. The same seed gives the same model.
        """
        ...


ALGORITHMS: Final[Plugins[Algorithm]] = Plugins("vesto.algorithms", "ALGORITHM")

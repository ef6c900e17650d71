"""Ridge and logistic regression (MODEL_TYPE LINEAR_LEARNER)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from vesto.algorithms import Matrix, Task
from vesto.programs.bodies import Linear

# The margin of what no training row speaks for: e to the -30th is all but impossible.
SURE: Final = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class Weighted:
    """Weights over standardised features, whose means over the training rows are ``center``."""

    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    center: NDArray[np.float64]
    rounds: int = 0

    @property
    def nodes(self) -> int:
        """No trees."""
        return 0

    def margins(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        """Shape (rows, outputs): the weighted sums."""
        sums: NDArray[np.float64] = np.nan_to_num(x).astype(np.float64) @ self.weights.T + self.bias
        return sums

    def body(self) -> Linear:
        """The weights as a program's body."""
        return Linear(np.ascontiguousarray(self.weights), self.bias, self.center)


class LinearLearner:
    """scikit-learn's Ridge and LogisticRegression; ``l2`` is the penalty's weight."""

    name: ClassVar[str] = "linear_learner"

    def load(self) -> None:
        """Import scikit-learn's linear models."""
        import sklearn.linear_model  # noqa: F401, PLC0415 - only training needs it

    def fit(
        self, train: Matrix, valid: Matrix | None, task: Task, configuration: Mapping[str, Any],
        *, seed: int, deadline: float,
    ) -> Weighted:  # fmt: skip
        """Fit with a penalty; ``valid`` is not needed, the solver is quick to end."""
        from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415
        from sklearn.linear_model import LogisticRegression, Ridge  # noqa: PLC0415

        x, l2 = np.nan_to_num(train.x).astype(np.float64), float(configuration.get("l2", 1.0))
        center = x.mean(axis=0)
        if task.problem == "regression":
            line = Ridge(alpha=l2).fit(x, train.y)
            return Weighted(line.coef_.reshape(1, -1), np.atleast_1d(line.intercept_), center)
        present = np.unique(train.y).astype(np.int64)
        if len(present) == 1:
            return _constant(int(present[0]), center, task)
        model = LogisticRegression(C=1.0 / l2, max_iter=300, random_state=seed)
        with warnings.catch_warnings():
            # Weights that have not settled after 300 steps still make a candidate.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(x, train.y.astype(np.int64))
        if task.problem == "binary":
            return Weighted(model.coef_, model.intercept_, center)
        weights = np.zeros((task.classes, x.shape[1]))
        bias = np.full(task.classes, -SURE)
        if len(present) == 2:  # noqa: PLR2004 - scikit-learn then has one row of weights
            weights[present[1]], bias[present] = model.coef_[0], [0.0, model.intercept_[0]]
        else:
            weights[present], bias[present] = model.coef_, model.intercept_
        return Weighted(weights, bias, center)


def _constant(place: int, center: NDArray[np.float64], task: Task) -> Weighted:
    """All rows have one class: it, whatever the features say."""
    if task.problem == "binary":
        bias = np.array([SURE if place else -SURE])
        return Weighted(np.zeros((1, len(center))), bias, center)
    bias = np.full(task.classes, -SURE)
    bias[place] = 0.0
    return Weighted(np.zeros((task.classes, len(center))), bias, center)


ALGORITHM: Final = LinearLearner()

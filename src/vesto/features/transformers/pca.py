"""PCA: the directions in which the rows differ most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from vesto.features import Tape
from vesto.features.transformers import NUMBERS, Made, Series, after, as_number, finite, mean_of
from vesto.programs.steps import Project

F64 = NDArray[np.float64]
KEPT_VARIANCE: Final = 0.95
NAMED: Final = 3


class PCA:
    """The first principal components of the column set, as many as hold 95 % of its variance.

    As scikit-learn's PCA with ``n_components=0.95``. What is missing counts as its column's mean. Columns of
    great numbers outweigh others: StandardScaler before it makes them equal.
    """

    name: ClassVar[str] = "PCA"
    takes: ClassVar[Mapping[str, str]] = NUMBERS

    def fit(self, tape: Tape, given: Sequence[Series]) -> Sequence[Series]:
        """A register for each component."""
        numbers = [as_number(tape, one) for one in given]
        means = np.array([mean_of(one) for one in numbers])
        components = _components(np.stack([_filled(one) for one in numbers], axis=1))
        step = Project(tuple(one.register for one in numbers), means, components)
        names = list(dict.fromkeys(one.name for one in numbers))
        more = ", ..." if len(names) > NAMED else ""
        title = names[0] if len(names) == 1 else f"components of {', '.join(names[:NAMED])}{more}"
        return after(tape, step, title, *(one.values for one in numbers))


def _filled(one: Made) -> F64:
    finite(one)
    return np.where(np.isfinite(one.values), one.values, mean_of(one))


def _components(x: F64) -> F64:
    """Shape (components, columns); one where the rows do not differ at all."""
    from sklearn import decomposition  # noqa: PLC0415 - only training needs it
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    if not (x.max(axis=0) > x.min(axis=0)).any():
        return np.eye(1, x.shape[1])
    # Several threads would add in an order of their own each time.
    with threadpool_limits(1):
        fitted = decomposition.PCA(n_components=KEPT_VARIANCE, svd_solver="full").fit(x)
    return np.ascontiguousarray(fitted.components_)


TRANSFORMER: Final = PCA()

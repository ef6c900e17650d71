"""The smallest loss of many small problems at once: random search that narrows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
# How wide each round looks around the best so far, as shares of the bounds.
WIDTHS: Final = (0.25, 0.12, 0.05, 0.02)


def minimise(
    loss: Callable[[F64], F64], low: F64, high: F64, problems: int, *, tries: int, seed: int
) -> F64:
    """The best parameters of each problem, shape (problems, parameters).

    ``loss`` takes parameters of the shape (problems, tries, parameters) and gives (problems,
    tries); a loss that is not finite counts as the worst.
    """
    random = np.random.default_rng(seed)
    size = len(low)
    first = low + (high - low) * _spread(tries, size, random)
    asked = np.broadcast_to(first, (problems, tries, size))
    best, least = _best(asked, loss(asked))
    for width in WIDTHS:
        steps = random.normal(size=(tries, size)) * width * (high - low)
        asked = np.clip(best[:, None, :] + steps, low, high)
        found, value = _best(asked, loss(asked))
        better = value < least
        best, least = np.where(better[:, None], found, best), np.where(better, value, least)
    return best


def _spread(tries: int, size: int, random: np.random.Generator) -> F64:
    """Points that fill the unit cube evenly: a Latin hypercube."""
    places = np.stack([random.permutation(tries) for _ in range(size)], axis=1)
    shares: F64 = (places + 0.5) / tries
    return shares


def _best(asked: F64, losses: F64) -> tuple[F64, F64]:
    losses = np.where(np.isfinite(losses), losses, np.inf)
    at = np.argmin(losses, axis=1)
    rows = np.arange(len(losses))
    return asked[rows, at], losses[rows, at]

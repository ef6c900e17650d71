"""Several trials as one: which gain from each other, and their forests joined.

Source: Caruana, Niculescu-Mizil, Crew and Ksikes, "Ensemble selection from libraries of models",
ICML 2004.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vesto.programs.bodies import LEAF, Body, Forest
from vesto.training.candidates import Trial, Workshop

LEAST_GAIN: Final = 0.003
# Twice the nodes take twice the time of a prediction: they have to be 0.7 % better. Few nodes cost
# no more than a network.
SIZE_WEIGHT: Final = 0.01
FEW_NODES: Final = 5000
POOL: Final = 12
PICKS: Final = 8


def best_blend(workshop: Workshop, trials: Sequence[Trial]) -> Trial:
    """The best of ``trials``, all on the same folds, or a blend that is at least 0.3 % better.

    What is better counts against what its predictions cost, see ``price``. Trials are picked one after the other, each time the one that helps most, and one may be picked
    again; how often is its weight. Only forests that learn the same target can be joined.
    """
    best = min(trials, key=price)
    pool = [t for t in trials if _fits(t, best)]
    pool = sorted(pool, key=price)[:POOL]
    if not best.candidate.grows_trees or len(pool) < 2:  # noqa: PLR2004 - a blend has two parts
        return best
    picks, total, found = [best], best.margins, best
    while len(picks) < PICKS:
        mixed = [_mixed(workshop, [*picks, trial], total + trial.margins) for trial in pool]
        better = min(mixed, key=price)
        if price(better) >= price(found):
            break
        picks.append(pool[mixed.index(better)])
        total, found = total + picks[-1].margins, better
    return found if price(found) < price(best) * (1 - LEAST_GAIN) else best


def _fits(trial: Trial, best: Trial) -> bool:
    candidate = trial.candidate
    same = candidate.transform == best.candidate.transform and trial.folds == best.folds
    return same and candidate.grows_trees and trial.margins.shape == best.margins.shape


def _mixed(workshop: Workshop, picks: list[Trial], total: NDArray[np.float64]) -> Trial:
    parts = tuple((trial, picks.count(trial) / len(picks)) for trial in dict.fromkeys(picks))
    whole = replace(
        picks[0], margins=total / len(picks), parts=parts,
        fit_s=sum(trial.fit_s for trial, _ in parts),
    )  # fmt: skip
    return workshop.judged(whole)


def price(trial: Trial) -> float:
    """The cost of a trial and of its nodes: a larger one has to be better to be worth it."""
    parts = [part for part, _ in trial.parts] or [trial]
    nodes = sum(part.models[0].nodes for part in parts)
    return cost(trial) * math.pow(max(nodes, FEW_NODES), SIZE_WEIGHT)


def cost(trial: Trial) -> float:
    """What is to shrink: the badness, or of an area under a curve what it lacks to 1."""
    return trial.badness if trial.badness >= 0 else 1 + trial.badness


def joined(bodies: Sequence[Body], weights: Sequence[float] = ()) -> Forest:
    """Forests as one whose margins are the weighted sum of theirs, or without weights the mean."""
    forests = [body for body in bodies if isinstance(body, Forest)]
    shares = np.array(weights or [1 / len(forests)] * len(forests), np.float32)
    known = all(len(forest.cover) for forest in forests)
    parts: dict[str, list[NDArray[Any]]] = {}
    nodes = words = 0
    for forest, share in zip(forests, shares, strict=True):
        inner = forest.feature != LEAF
        moved: dict[str, NDArray[Any]] = {
            "feature": forest.feature, "nan_left": forest.nan_left, "output": forest.output,
            "threshold": np.where(inner, forest.threshold, forest.threshold * share),
            "left": forest.left + np.where(inner, nodes, 0).astype(np.int32),
            "right": forest.right + np.where(inner, nodes, 0).astype(np.int32),
            "categories_start": forest.categories_start + np.int32(words),
            "categories_size": forest.categories_size, "categories": forest.categories,
            "roots": forest.roots + np.int32(nodes),
            "cover": forest.cover if known else forest.cover[:0],
        }  # fmt: skip
        for name, part in moved.items():
            parts.setdefault(name, []).append(part)
        nodes, words = nodes + len(forest.feature), words + len(forest.categories)
    bases = np.stack([forest.base for forest in forests]).astype(np.float64)
    base = (shares.astype(np.float64) @ bases).astype(np.float32)
    return Forest(**{name: np.concatenate(pieces) for name, pieces in parts.items()}, base=base)


def moved(body: Body, first: int) -> Body:
    """The forest, its features numbered from ``first`` on."""
    if not isinstance(body, Forest) or not first:
        return body
    feature = np.where(body.feature == LEAF, LEAF, body.feature + np.int32(first))
    return replace(body, feature=feature.astype(np.int32))

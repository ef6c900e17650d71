"""From the winner to the program that is deployed: refit, or the folds' models as one forest."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vesto.catalog.records import Definition
from vesto.programs.bodies import LEAF, Body, Forest
from vesto.programs.program import Output, Program
from vesto.programs.reference import choose, link
from vesto.training import metrics
from vesto.training.candidates import Trial, Workshop, draft_output
from vesto.training.encoding import uses_target

F64 = NDArray[np.float64]
ROUNDS_FACTOR: Final = 1.1
MAX_BAG_NODES: Final = 1_000_000
# All rows instead of four fifths, and a tenth more trees.
REFIT_FACTOR: Final = 1.4


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """How margins become predictions, and what that scores on rows the models did not see.

    ``chosen`` has shape (rows,): the class of each such row, or the value of a regression;
    ``after`` their probabilities (rows, classes) or values (rows, 1). The labels of ``output``
    are class numbers.
    """

    output: Output
    metric: str
    score: float
    chosen: F64
    after: F64


def decide(workshop: Workshop, trial: Trial, objective: str) -> Decision:
    """The threshold or offsets that suit the objective, and its score out of fold."""
    known = np.isfinite(trial.margins[:, 0])
    y, task = workshop.target.values[known], workshop.task
    output = draft_output(task, trial.candidate.transform, trial.margins[known], y)
    after = link(output, trial.margins[known])
    if task.problem == "regression":
        value = after[:, 0]
        return Decision(output, "validation:mse", metrics.mse(y, value), value, after)
    if task.problem == "binary" and objective in {"F1", "ACCURACY", "F1MACRO"}:
        output = replace(output, threshold=best_threshold(y, after[:, 1], objective))
    elif objective in {"F1MACRO", "F1"}:
        output = replace(output, offsets=best_offsets(y, after))
    chosen = choose(output, after)
    name, score = measure(objective, y, after, chosen)
    return Decision(output, name, score, chosen.astype(np.float64), after)


def measure(objective: str, y: F64, after: F64, chosen: NDArray[np.int64]) -> tuple[str, float]:
    """The row that SHOW MODEL prints for the objective."""
    classes = after.shape[1]
    binary = classes == 2  # noqa: PLR2004 - two classes
    if objective == "AUC" and binary:
        return "validation:auc", metrics.auc(y, after[:, 1])
    if objective == "F1" and binary:
        return "validation:f1_binary", metrics.f1(y, chosen)
    if objective in {"F1MACRO", "F1", "AUC"}:
        return "validation:f1_macro", metrics.f1_macro(y, chosen, classes)
    return "validation:accuracy", metrics.accuracy(y, chosen)


def best_threshold(y: F64, share: F64, objective: str) -> float:
    """The probability above which class 1 scores best, among 300 quantiles; 0.5 on a tie."""
    candidates = np.unique(np.append(np.quantile(share, np.linspace(0.002, 0.998, 300)), 0.5))

    def score(threshold: float) -> tuple[float, float]:
        chosen = (share > threshold).astype(np.int64)
        value = {
            "F1": lambda: metrics.f1(y, chosen),
            "F1MACRO": lambda: metrics.f1_macro(y, chosen, 2),
            "ACCURACY": lambda: metrics.accuracy(y, chosen),
        }[objective]()
        return value, -abs(threshold - 0.5)

    return float(max(candidates.tolist(), key=score))


def best_offsets(y: F64, after: F64) -> F64:
    """What to add to each class's log probability for the best mean F1: coordinate search."""
    classes = after.shape[1]
    with np.errstate(divide="ignore"):
        logs = np.maximum(np.log(after), -30.0)
    offsets, best = np.zeros(classes), metrics.f1_macro(y, np.argmax(logs, axis=1), classes)
    for step in (1.0, 0.5, 0.25):
        for place in range(classes):
            for shift in (-step, step):
                moved = offsets.copy()
                moved[place] += shift
                value = metrics.f1_macro(y, np.argmax(logs + moved, axis=1), classes)
                if value > best:
                    offsets, best = moved, value
    return offsets


def finish(
    workshop: Workshop, trial: Trial, decision: Decision, definition: Definition, *, bag: bool
) -> Program:
    """The program of the winner: refitted on all rows, or its folds' models as one forest.

    The second is for few rows, and for when the time left may not be enough to fit again.
    """
    candidate, fold = trial.candidate, trial.folds[0]
    late = trial.fit_s * REFIT_FACTOR > workshop.deadline - time.monotonic()
    bodies = _fold_bodies(workshop, trial, late=late) if bag or late else []
    if not bodies:
        fold, rounds = -1, max(1, round(trial.rounds * ROUNDS_FACTOR))
        bodies = [workshop.fit(candidate, fold, num_round=rounds).body()]
    encoding = workshop.encoding(candidate, fold)
    return Program(
        encoding.tape.inputs, tuple(encoding.tape.steps), encoding.registers,
        bagged(bodies) if len(bodies) > 1 else bodies[0],
        _output(workshop, trial, decision, definition),
    )  # fmt: skip


def _fold_bodies(workshop: Workshop, trial: Trial, *, late: bool) -> list[Body]:
    """What can be joined into one forest; none where a refit is better and in time.

    Folds whose features were made without each other's rows do not go together.
    """
    candidate = trial.candidate
    apart = candidate.algorithm != "xgboost" or uses_target(workshop.columns, candidate.style)
    bodies = [model.body() for model in (trial.models[:1] if apart else trial.models)]
    nodes = sum(len(body.feature) for body in bodies if isinstance(body, Forest))
    if nodes > MAX_BAG_NODES:
        bodies = bodies[:1]
    return bodies if late or len(bodies) > 1 else []


def _output(workshop: Workshop, trial: Trial, decision: Decision, definition: Definition) -> Output:
    """The decision's output with the target's type and labels, held where a line runs on."""
    kind = definition.target_type
    if workshop.target.labels:
        return replace(decision.output, type=kind, labels=workshop.target.labels)
    kind = "float8" if kind == "numeric" else kind
    if trial.candidate.algorithm != "linear_learner":
        return replace(decision.output, type=kind)
    y = workshop.target.values
    # A line runs on past everything it was shown; trees cannot.
    return replace(decision.output, type=kind, low=float(y.min()), high=float(y.max()))


def bagged(bodies: list[Body]) -> Forest:
    """Forests as one whose margins are the mean of theirs: leaves and bases divided."""
    forests = [body for body in bodies if isinstance(body, Forest)]
    share = np.float32(1 / len(forests))
    parts: dict[str, list[NDArray[Any]]] = {}
    nodes = words = 0
    for forest in forests:
        inner = forest.feature != LEAF
        moved: dict[str, NDArray[Any]] = {
            "feature": forest.feature, "nan_left": forest.nan_left, "output": forest.output,
            "threshold": np.where(inner, forest.threshold, forest.threshold * share),
            "left": forest.left + np.where(inner, nodes, 0).astype(np.int32),
            "right": forest.right + np.where(inner, nodes, 0).astype(np.int32),
            "categories_start": forest.categories_start + np.int32(words),
            "categories_size": forest.categories_size, "categories": forest.categories,
            "roots": forest.roots + np.int32(nodes), "cover": forest.cover,
        }  # fmt: skip
        for name, part in moved.items():
            parts.setdefault(name, []).append(part)
        nodes, words = nodes + len(forest.feature), words + len(forest.categories)
    base = np.mean([forest.base for forest in forests], axis=0).astype(np.float32)
    joined = {name: np.concatenate(pieces) for name, pieces in parts.items()}
    return Forest(**joined, base=base)

"""From the winner to the program that is deployed: refit, or the folds' models as one forest."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vesto.algorithms import Fitted, Task
from vesto.catalog.records import Definition
from vesto.programs.bodies import Body, Forest
from vesto.programs.program import Output, Program
from vesto.programs.reference import choose, link
from vesto.training import metrics
from vesto.training.blend import joined, moved
from vesto.training.candidates import Trial, Workshop, draft_output
from vesto.training.encoding import Encoding, uses_target

F64 = NDArray[np.float64]
ROUNDS_FACTOR: Final = 1.1
MAX_BAG_NODES: Final = 30_000
# Seeds that a winner is fitted with: their mean errs less than any of them.
SEEDS: Final = 5
SOUND_FACTOR: Final = 1.1
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


def metric_shown(definition: Definition, task: Task, metric: str) -> str:
    """The metric's name in SHOW MODEL: a linear learner of several classes calls it otherwise.

    Source: Amazon Redshift Database Developer Guide, "SHOW MODEL", its examples.
    """
    linear = definition.model_type == "LINEAR_LEARNER" and task.problem == "multiclass"
    return "validation:multiclass_accuracy" if linear and metric.endswith(":accuracy") else metric


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


class Finished(NamedTuple):
    """A program, and for each feature of its body the column that it is from."""

    program: Program
    names: tuple[str, ...]


def finish(
    workshop: Workshop, trial: Trial, decision: Decision, definition: Definition, *, seeds: int
) -> Finished:
    """The program of the winner, fitted again on all rows.

    It is fitted with so many seeds, as far as time and size allow. With none, where there is no
    time to fit at all, or where what comes of it is worse than on rows not seen, it is the models
    of its folds.
    """
    output = _output(workshop, trial, decision, definition)
    best = min((part for part, _ in trial.parts), key=lambda t: t.badness, default=trial)
    for wanted in dict.fromkeys((trial, best)) if seeds else ():
        if wanted.fit_s * REFIT_FACTOR < workshop.deadline - time.monotonic():
            found = _refitted(workshop, wanted, seeds)
            if found is not None:
                return _assembled(found, output)
    encoding = workshop.encoding(best.candidate, best.folds[0])
    return _assembled(Bodies([encoding], _fold_bodies(workshop, best), ()), output)


class Bodies(NamedTuple):
    """What a program is made of: encodings side by side, and bodies that read all of them."""

    encodings: list[Encoding]
    bodies: list[Body]
    weights: tuple[float, ...]


def _assembled(found: Bodies, output: Output) -> Finished:
    tape = found.encodings[-1].tape
    registers = tuple(r for encoding in found.encodings for r in encoding.registers)
    names = tuple(name for encoding in found.encodings for name in encoding.names)
    body = joined(found.bodies, found.weights) if len(found.bodies) > 1 else found.bodies[0]
    return Finished(Program(tape.inputs, tuple(tape.steps), registers, body, output), names)


def _refitted(workshop: Workshop, trial: Trial, seeds: int) -> Bodies | None:
    """Each part of the winner on all rows, with each seed; None where that went wrong.

    Where time does not allow all seeds, the models of the folds stand in for the rest.
    """
    parts = trial.parts or ((trial, 1.0),)
    encodings, firsts = workshop.side_by_side([part.candidate for part, _ in parts])
    rounds: list[list[Body]] = []
    nodes = 0
    for models in _rounds(workshop, trial, seeds if trial.candidate.grows_trees else 1):
        if not rounds and not _is_sound(workshop, trial, models):
            return None
        bodies = [model.body() for model in models]
        nodes += sum(len(body.feature) for body in bodies if isinstance(body, Forest))
        if rounds and nodes > MAX_BAG_NODES:
            break
        rounds.append([moved(body, at) for body, at in zip(bodies, firsts, strict=True)])
    weights = tuple(weight / len(rounds) for _ in rounds for _, weight in parts)
    return Bodies(encodings, [body for bodies in rounds for body in bodies], weights)


def _rounds(workshop: Workshop, trial: Trial, seeds: int) -> Iterator[list[Fitted]]:
    """A model of each part, for each seed and then from each fold, as many as there are seeds."""
    parts = [part for part, _ in trial.parts] or [trial]
    at_once = max(1, workshop.threads // len(parts))
    for first in range(0, seeds, at_once):
        began = time.monotonic()
        some = range(first, min(first + at_once, seeds))
        yield from _refits(workshop, parts, some)
        took_s = time.monotonic() - began
        if took_s * REFIT_FACTOR > workshop.deadline - time.monotonic():
            break
    else:
        return
    if any(uses_target(workshop.columns, part.candidate.style) for part in parts):
        return
    for models in list(zip(*(part.models for part in parts), strict=True))[: seeds - some.stop]:
        yield list(models)


def _refits(workshop: Workshop, parts: list[Trial], seeds: range) -> list[list[Fitted]]:
    """For each seed a model of each part, on all threads."""
    wanted = [(part, seed) for seed in seeds for part in parts]
    with ThreadPoolExecutor(workshop.threads) as pool:
        models = list(pool.map(lambda each: _refit(workshop, *each), wanted))
    return [models[at : at + len(parts)] for at in range(0, len(models), len(parts))]


def _refit(workshop: Workshop, part: Trial, seed: int) -> Fitted:
    rounds = max(1, round(part.rounds * ROUNDS_FACTOR))
    return workshop.fit(part.candidate.at_last(), -1, seed, num_round=rounds)


def _is_sound(workshop: Workshop, trial: Trial, models: list[Fitted]) -> bool:
    """Whether the models are about as good on the rows they learnt as others on rows not seen."""
    parts = trial.parts or ((trial, 1.0),)
    margins = sum(
        weight * model.margins(workshop.encoding(part.candidate, -1).x)
        for model, (part, weight) in zip(models, parts, strict=True)
    )
    return workshop.loss(trial.candidate, np.asarray(margins)) <= trial.loss * SOUND_FACTOR


def _fold_bodies(workshop: Workshop, trial: Trial) -> list[Body]:
    """The folds' models that can be joined into one forest.

    Those whose features were made without each other's rows do not go together.
    """
    candidate = trial.candidate
    apart = not candidate.grows_trees or uses_target(workshop.columns, candidate.style)
    bodies = [model.body() for model in (trial.models[:1] if apart else trial.models)]
    nodes = sum(len(body.feature) for body in bodies if isinstance(body, Forest))
    return bodies[:1] if nodes > MAX_BAG_NODES else bodies


def _output(workshop: Workshop, trial: Trial, decision: Decision, definition: Definition) -> Output:
    """The decision's output with the target's type and labels, held where a line runs on."""
    kind = definition.target_type
    if workshop.target.labels:
        return replace(decision.output, type=kind, labels=workshop.target.labels)
    kind = "float8" if kind == "numeric" else kind
    if trial.candidate.grows_trees:
        return replace(decision.output, type=kind)
    y = workshop.target.values
    # Lines and networks run on past everything they were shown; trees cannot.
    return replace(decision.output, type=kind, low=float(y.min()), high=float(y.max()))

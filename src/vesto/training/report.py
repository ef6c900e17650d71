"""report.json: how the model was found, how good it is, and on what it leans."""

from __future__ import annotations

from dataclasses import replace
from math import gcd
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vesto.programs.bodies import LEAF, Body, Forest, Linear
from vesto.programs.program import Program
from vesto.programs.reference import features as program_features
from vesto.programs.reference import run_body
from vesto.training import metrics
from vesto.training.candidates import Trial, Workshop
from vesto.training.columns import Feature
from vesto.training.final import Decision

F64 = NDArray[np.float64]
IMPORTANCE_ROWS: Final = 2000
IMPORTANCE_TREES: Final = 200


def importance(program: Program, names: tuple[str, ...], workshop: Workshop) -> dict[str, float]:
    """How much the margins move when one column's features are shuffled; shares that sum to 1.

    Source: Breiman, "Random Forests", Machine Learning 45, 2001 (permutation importance), measured
    on the model's output rather than its loss.
    """
    random = np.random.default_rng(workshop.seed)
    rows = random.permutation(workshop.rows)[:IMPORTANCE_ROWS]
    x = program_features(program, workshop.columns.take(rows).arrays)
    body = thinned(program.body)
    before = run_body(body, x)
    moved = {}
    for name in dict.fromkeys(names):
        places = [place for place, owner in enumerate(names) if owner == name]
        if not _reads(program, places):
            moved[name] = 0.0
            continue
        shuffled = x.copy()
        shuffled[:, places] = x[random.permutation(len(x))][:, places]
        moved[name] = float(np.abs(run_body(body, shuffled) - before).mean())
    total = sum(moved.values()) or 1.0
    return {name: value / total for name, value in sorted(moved.items(), key=lambda m: -m[1])}


def thinned(body: Body) -> Body:
    """A forest of at most 200 of the trees, spread evenly: every column is shuffled and scored."""
    if not isinstance(body, Forest) or len(body.roots) <= IMPORTANCE_TREES:
        return body
    step = -(-len(body.roots) // IMPORTANCE_TREES)
    while gcd(step, body.outputs) > 1:
        step += 1
    return replace(body, roots=body.roots[::step], output=body.output[::step])


def _reads(program: Program, places: list[int]) -> bool:
    body = program.body
    if isinstance(body, Forest):
        return bool(np.isin(places, body.feature[body.feature != LEAF]).any())
    if isinstance(body, Linear):
        return bool(body.weights[:, places].any())
    # A network weighs every feature.
    return True


def quality(workshop: Workshop, decision: Decision, trial: Trial) -> dict[str, Any]:
    """Metrics on rows that the candidate did not see."""
    y = workshop.target.values[np.isfinite(trial.margins[:, 0])]
    if workshop.task.problem == "regression":
        error = metrics.mse(y, decision.chosen)
        around = float(((y - y.mean()) ** 2).mean())
        mae = float(np.abs(y - decision.chosen).mean())
        return {"mse": error, "rmse": error**0.5, "mae": mae, "r2": 1 - error / around}
    chosen, classes = decision.chosen.astype(np.int64), workshop.task.classes
    found: dict[str, Any] = {
        "accuracy": metrics.accuracy(y, chosen),
        "f1_macro": metrics.f1_macro(y, chosen, classes),
        "log_loss": metrics.log_loss(y, decision.after),
        "labels": list(workshop.target.labels),
        "confusion": metrics.confusion(y, chosen, classes).tolist(),
    }
    if workshop.task.problem == "binary":
        found["f1"] = metrics.f1(y, chosen)
        found["auc"] = metrics.auc(y, decision.after[:, 1])
        found["threshold"] = decision.output.threshold
    return found


def trials(tried: list[Trial]) -> list[dict[str, Any]]:
    """The search, in its order."""
    return [
        trial.candidate.described()
        | {"loss": trial.loss, "rounds": trial.rounds, "folds": len(trial.folds)}
        for trial in tried
    ]


def columns(found: tuple[Feature, ...]) -> list[dict[str, Any]]:
    """What each column was used as."""
    return [{"name": f.name, "use": f.use, "words": f.words, "reason": f.reason} for f in found]


def notices(found: tuple[Feature, ...]) -> tuple[str, ...]:
    """What a user should know about dropped columns."""
    return tuple(f'column "{f.name}" is not used: {f.reason}' for f in found if f.use == "dropped")

"""report.json: how the model was found, how good it is, and on what it leans.

Keys of a model that was searched for or fitted: ``winner``, ``trials`` and ``curve`` (the search);
``metrics``, ``headline``, ``confusion``, ``classes``, ``roc``, ``calibration``, ``residuals`` (see
``judgement``); ``importance`` and ``importance_method``; ``columns`` and ``profile``; ``warnings``;
``rows``, ``total_rows`` and ``seed``. A key that says nothing of a model is left out. The document has at
most ``MOST_BYTES`` bytes as JSON.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vesto.catalog.records import Definition
from vesto.programs.bodies import LEAF, Forest, Linear
from vesto.programs.program import Input, Program
from vesto.programs.reference import choose, probabilities
from vesto.programs.reference import features as program_features
from vesto.programs.scoring import margin_scorer
from vesto.programs.steps import Number
from vesto.training import metrics
from vesto.training.candidates import Trial, Workshop
from vesto.training.cautions import cautions
from vesto.training.columns import Feature
from vesto.training.encoding import Columns
from vesto.training.final import Decision
from vesto.training.judgement import judged
from vesto.training.profile import profile, short
from vesto.training.quality import Answers, of_probabilities
from vesto.training.target import Target

F64 = NDArray[np.float64]
IMPORTANCE_ROWS: Final = 2000
JUDGED_ROWS: Final = 20_000
PROFILE_ROWS: Final = 100_000
PROFILE_CELLS: Final = 4_000_000
MOST_TRIALS: Final = 200
MOST_BYTES: Final = 200_000
FEW_WARNINGS: Final = 50
TOLD_AT_ONCE: Final = {"leak", "text", "outlier", "far from zero"}


def importance(program: Program, names: tuple[str, ...], workshop: Workshop) -> dict[str, float]:
    """How much the margins move when one column's features are shuffled; shares that sum to 1.

    Source: Breiman, "Random Forests", Machine Learning 45, 2001 (permutation importance), measured
    on the model's output rather than its loss.
    """
    random = np.random.default_rng(workshop.seed)
    rows = random.permutation(workshop.rows)[:IMPORTANCE_ROWS]
    x = [pa.array(f) for f in program_features(program, workshop.columns.take(rows).arrays).T]
    score = margin_scorer(_of_features(program))
    before = score(x)
    moved = {}
    for name in dict.fromkeys(names):
        places = [place for place, owner in enumerate(names) if owner == name]
        if not _reads(program, places):
            moved[name] = 0.0
            continue
        order = pa.array(random.permutation(len(rows)))
        shuffled = [f.take(order) if at in places else f for at, f in enumerate(x)]
        moved[name] = float(np.abs(score(shuffled) - before).mean())
    total = sum(moved.values()) or 1.0
    return {name: value / total for name, value in sorted(moved.items(), key=lambda m: -m[1])}


def _of_features(program: Program) -> Program:
    """The program with the body's features as its inputs."""
    count = len(program.features)
    inputs = tuple(Input(f"f{at}", "float8") for at in range(count))
    steps, features = tuple(map(Number, range(count))), tuple(range(count, 2 * count))
    return replace(program, inputs=inputs, steps=steps, features=features)


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
    }
    if workshop.task.problem == "binary":
        found["f1"] = metrics.f1(y, chosen)
        found["auc"] = metrics.auc(y, decision.after[:, 1])
        found["threshold"] = decision.output.threshold
    return found


# --- How good it is -----------------------------------------------------------------------------


def on_unseen_rows(
    workshop: Workshop, decision: Decision, trial: Trial, seed: int
) -> dict[str, Any]:
    """The judgement of the winner on the rows that each of its fits had not seen."""
    y = workshop.target.values[np.isfinite(trial.margins[:, 0])]
    if workshop.task.problem == "regression":
        answers = Answers("regression", y, decision.chosen)
    else:
        answers = of_probabilities(y, decision.chosen, decision.after)
    labels, metric = workshop.target.labels, decision.metric
    return judged(answers, labels, split="validation", metric=metric, seed=seed)


def on_training_rows(
    program: Program, columns: Columns, target: Target, definition: Definition, metric: str
) -> dict[str, Any]:
    """The judgement of a program on rows that it was made from: all there is with AUTO OFF."""
    random = np.random.default_rng(definition.seed)
    places = np.sort(random.permutation(len(target.values))[:JUDGED_ROWS])
    after, y = probabilities(program, columns.take(places).arrays), target.values[places]
    if target.task.problem == "regression":
        answers = Answers("regression", y, after[:, 0])
    else:
        chosen = choose(program.output, after).astype(np.float64)
        known = definition.may_give_probabilities
        answers = of_probabilities(y, chosen, after, known=known)
    return judged(answers, target.labels, split="training", metric=metric, seed=definition.seed)


# --- How it was found ---------------------------------------------------------------------------


def trials(tried: list[Trial], best: Trial | None = None) -> list[dict[str, Any]]:
    """The search in its order; of a long one those on most folds, and the best of the others."""
    ranked = sorted(range(len(tried)), key=lambda at: (-len(tried[at].folds), tried[at].badness))
    return [
        {"order": at + 1}
        | tried[at].candidate.described()
        | {
            "loss": short(tried[at].loss, 12), "rounds": short(tried[at].rounds), "folds": len(tried[at].folds),
            "fit_s": short(tried[at].fit_s, 4), "elapsed_s": short(tried[at].elapsed_s, 4),
            "chosen": _is_chosen(tried[at], best),
        }
        for at in sorted(ranked[:MOST_TRIALS])
    ]  # fmt: skip


def _is_chosen(trial: Trial, best: Trial | None) -> bool:
    return best is not None and (trial.candidate, trial.folds) == (best.candidate, best.folds)


def curve(tried: list[Trial]) -> list[list[float | None]]:
    """Seconds since the search began and the best loss until then, wherever it fell.

    Of the trials on the folds that most were tried on: losses on other folds do not compare.
    """
    if not tried:
        return []
    folds = [trial.folds for trial in tried]
    most = max(folds, key=folds.count)
    points: list[list[float | None]] = []
    best = np.inf
    for trial in sorted(tried, key=lambda trial: trial.elapsed_s):
        if trial.folds == most and trial.loss < best:
            best = trial.loss
            points.append([short(trial.elapsed_s, 4), short(best)])
    return points


# --- What the data hold -------------------------------------------------------------------------


def data(columns: Columns, target: Target, definition: Definition) -> dict[str, Any]:
    """The profile of the training rows, and what to know before trusting the model."""
    places = np.random.default_rng(definition.seed).permutation(len(target.values))
    most = min(PROFILE_ROWS, max(1, PROFILE_CELLS // (len(columns.inputs) + 1)))
    places = np.sort(places[:most])
    some = columns.take(places) if len(places) < len(target.values) else columns
    part = Target(target.task, target.labels, target.values[places])
    arrays = dict(zip((item.name for item in columns.inputs), some.arrays, strict=True))
    rows = pa.table(arrays | {definition.target: pa.array(part.values)})
    found = cautions(rows, definition.target, part, columns.features, definition.seed)
    return {
        "profile": profile(rows, definition.parameters, columns.features),
        "profile_rows": len(rows),
        "warnings": [
            {"kind": one.kind, "column": one.column, "message": one.message} for one in found
        ],
    }


def columns(found: tuple[Feature, ...]) -> list[dict[str, Any]]:
    """What each column was used as."""
    return [{"name": f.name, "use": f.use, "words": f.words, "reason": f.reason} for f in found]


def notices(found: tuple[Feature, ...], told: dict[str, Any]) -> tuple[str, ...]:
    """What a user should know at once: dropped columns, leaks, and what to change in FROM.

    ``told`` is what ``data`` returned.
    """
    dropped = [f'column "{f.name}" is not used: {f.reason}' for f in found if f.use == "dropped"]
    more = [one["message"] for one in told["warnings"] if one["kind"] in TOLD_AT_ONCE]
    return tuple(dict.fromkeys((*dropped, *more)))


def as_json(document: dict[str, Any]) -> bytes:
    """The document, without its longest parts where it would pass ``MOST_BYTES``."""
    content = json.dumps(document, ensure_ascii=False).encode()
    for thinned in _THINNED:
        if len(content) <= MOST_BYTES:
            break
        document = thinned(document)
        content = json.dumps(document, ensure_ascii=False).encode()
    return content


def _without_histograms(document: dict[str, Any]) -> dict[str, Any]:
    parts = [
        {key: value for key, value in part.items() if key not in {"histogram", "top"}}
        for part in document.get("profile", [])
    ]
    return document | {"profile": parts}


def _with_few_trials(document: dict[str, Any]) -> dict[str, Any]:
    few = MOST_TRIALS // 4
    tried = document.get("trials", [])
    kept = [one for place, one in enumerate(tried) if one["chosen"] or place < few]
    return document | {"trials": kept}


def _without_profile(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != "profile"}


def _with_few_warnings(document: dict[str, Any]) -> dict[str, Any]:
    warnings = document.get("warnings", [])
    more = len(warnings) - FEW_WARNINGS
    if more <= 0:
        return document
    rest = {"kind": "more", "column": "", "message": f"{more} more warnings are left out"}
    return document | {"warnings": [*warnings[:FEW_WARNINGS], rest]}


_THINNED: Final = (_without_histograms, _with_few_trials, _without_profile, _with_few_warnings)

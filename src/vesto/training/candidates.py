"""Candidates of the search: an algorithm, a style, a target transform and a configuration."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from vesto.algorithms import ALGORITHMS, Algorithm, Fitted, Matrix, Task
from vesto.features import Tape
from vesto.programs.program import Output, label_output, value_output
from vesto.programs.reference import link
from vesto.training import metrics
from vesto.training.encoding import Columns, Encoding, Style, encode, uses_target
from vesto.training.target import Target

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Transform = Literal["raw", "log"]

# Found good on 20 public sets; shortened from the portfolios of FLAML and AutoGluon, the number of
# trees replaced by early stopping.
PORTFOLIO: Final[tuple[dict[str, float], ...]] = (
    {"max_depth": 6, "eta": 0.1, "subsample": 0.9, "colsample_bytree": 0.8},
    {"max_depth": 4, "eta": 0.05, "subsample": 0.8, "colsample_bytree": 0.6},
    {"max_depth": 7, "eta": 0.05, "colsample_bytree": 0.75, "min_child_weight": 0.56},
    {"max_depth": 10, "eta": 0.04, "subsample": 0.8, "colsample_bytree": 0.69,
     "min_child_weight": 0.6},
    {"max_depth": 2, "eta": 0.08, "subsample": 0.5, "colsample_bytree": 0.6,
     "min_child_weight": 0.01, "lambda": 0.01},
    {"max_depth": 9, "eta": 0.03, "subsample": 0.38, "colsample_bytree": 0.88,
     "min_child_weight": 3.4, "lambda": 13},
    {"max_depth": 3, "eta": 0.035, "subsample": 0.4, "colsample_bytree": 0.3, "alpha": 0.04},
    {"max_depth": 11, "eta": 0.039, "subsample": 0.78, "lambda": 23.5, "min_child_weight": 0.08},
)  # fmt: skip
# Trees grown leaf by leaf, as LightGBM grows them.
LEAFWISE: Final[dict[str, float | str]] = {
    "grow_policy": "lossguide", "max_leaves": 31, "max_depth": 0, "eta": 0.05, "subsample": 0.8,
    "colsample_bytree": 0.7, "min_child_weight": 5,
}  # fmt: skip
# Every level of a category may be split off, and no sets of levels are searched: those overfit.
SPLIT_OFF: Final = ("max_cat_to_onehot", 100)
TREES: Final = ("xgboost", "lightgbm", "catboost")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing to try. ``configuration`` are the algorithm's own parameters."""

    algorithm: str
    style: Style
    transform: Transform
    configuration: tuple[tuple[str, float | str], ...]

    @property
    def grows_trees(self) -> bool:
        """Whether its models are forests, which can be joined."""
        return self.algorithm in TREES

    def at_last(self) -> Candidate:
        """As it is fitted for good: the mean of several networks, where one told enough."""
        if self.algorithm != "mlp":
            return self
        kept = tuple(pair for pair in self.configuration if pair[0] != "members")
        return replace(self, configuration=kept)

    def described(self) -> dict[str, Any]:
        """For the report."""
        return {
            "algorithm": self.algorithm, "style": self.style, "transform": self.transform,
            "configuration": dict(self.configuration),
        }  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """A candidate fitted on folds. ``margins`` has shape (rows, outputs), NaN off these folds.

    ``loss`` is log loss or squared error, ``badness`` what candidates are ranked by; lower is
    better. ``fit_s`` is how long one fit took, ``elapsed_s`` when the trial ended after the search's
    start, in seconds of wall time. A blend has ``parts``: trials and their weights, which sum to 1,
    and as margins the weighted sum of theirs.
    """

    candidate: Candidate
    folds: tuple[int, ...]
    loss: float
    badness: float
    rounds: float
    fit_s: float
    margins: F64
    models: tuple[Fitted, ...]
    elapsed_s: float = 0.0
    parts: tuple[tuple[Trial, float], ...] = ()

    def described(self) -> dict[str, Any]:
        """For the report: the candidate, and of a blend its parts and their weights."""
        parts = [part.candidate.described() | {"weight": weight} for part, weight in self.parts]
        return self.candidate.described() | ({"parts": parts} if parts else {})

    def without_models(self) -> Trial:
        """What the report needs of a trial that did not win: no rows, no trees."""
        return replace(self, margins=np.empty((0, 0)), models=())


def algorithm(name: str) -> Algorithm:
    """The algorithm of a candidate, which is there."""
    found = ALGORITHMS.get(name)
    assert found is not None  # candidates name our own algorithms
    return found


@dataclass(slots=True, eq=False)
class Workshop:
    """The training rows, their folds, and encodings made once for each style and fold.

    Safe to share between threads.
    """

    columns: Columns
    target: Target
    objective: str
    folds: I64
    seed: int
    deadline: float
    threads: int = 1
    _made: dict[tuple[Style, Transform, int], Encoding] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def task(self) -> Task:
        """What is learnt."""
        return self.target.task

    @property
    def rows(self) -> int:
        """Training rows."""
        return len(self.folds)

    def y(self, transform: Transform) -> F64:
        """The target that candidates of this transform learn."""
        return np.log(self.target.values) if transform == "log" else self.target.values

    def encoding(self, candidate: Candidate, fold: int) -> Encoding:
        """The features for training without ``fold``; -1 trains on every row."""
        shared = not uses_target(self.columns, candidate.style) and candidate.style != "linear"
        key = (candidate.style, candidate.transform, -1 if shared else fold)
        with self._lock:
            if key not in self._made:
                train = np.flatnonzero(self.folds != key[2])
                y = self.y(candidate.transform)
                self._made[key] = encode(
                    self.columns, y, self.task, candidate.style, train, self.seed
                )
            return self._made[key]

    def side_by_side(self, candidates: list[Candidate]) -> tuple[list[Encoding], list[int]]:
        """Features of all rows for candidates of different styles, on one tape.

        The second list says for each candidate where its features begin among all of them.
        """
        made: list[Encoding] = []
        at: dict[Style, int] = {}
        for candidate in candidates:
            if candidate.style in at:
                continue
            at[candidate.style] = sum(len(encoding.registers) for encoding in made)
            if not made:
                made.append(self.encoding(candidate, -1))
                continue
            tape = Tape(made[-1].tape.inputs)
            for step in made[-1].tape.steps:
                tape.append(step)
            y, train = self.y(candidate.transform), np.arange(self.rows)
            made.append(encode(self.columns, y, self.task, candidate.style, train, self.seed, tape))
        return made, [at[candidate.style] for candidate in candidates]

    def matrix(self, candidate: Candidate, encoding: Encoding) -> Matrix:
        """All rows, ready to fit."""
        return Matrix(encoding.x, self.y(candidate.transform), encoding.categorical)

    def fit(
        self, candidate: Candidate, fold: int, seed: int = 0, num_round: int | None = None,
        limit_s: float = np.inf,
    ) -> Fitted:  # fmt: skip
        """Fit on the rows outside ``fold``, which then decides when to stop; -1: on all rows."""
        matrix = self.matrix(candidate, self.encoding(candidate, fold))
        train, valid = np.flatnonzero(self.folds != fold), np.flatnonzero(self.folds == fold)
        configuration = dict(candidate.configuration)
        if num_round is not None:
            configuration["num_round"] = num_round
        return algorithm(candidate.algorithm).fit(
            matrix.rows(train), matrix.rows(valid) if len(valid) else None, self.task,
            configuration, seed=self.seed + seed,
            deadline=min(self.deadline, time.monotonic() + limit_s),
        )  # fmt: skip

    def trial(
        self, candidate: Candidate, folds: tuple[int, ...], limit_s: float = np.inf,
        each: Callable[..., Iterable[tuple[Fitted, float]]] = map, begun: Trial | None = None,
    ) -> Trial:  # fmt: skip
        """Fit on each of ``folds`` left out in turn, and score the rows left out.

        No fit takes longer than ``limit_s``, in seconds. ``each`` applies a function to all folds.
        The first folds are those of ``begun``, where given, a trial of the same candidate.
        """
        outputs = self.task.classes if self.task.problem == "multiclass" else 1
        margins = begun.margins.copy() if begun else np.full((self.rows, outputs), np.nan)
        models = begun.models if begun else ()
        rest = folds[len(models) :]
        fitted = list(each(lambda fold: self._timed_fit(candidate, fold, limit_s), rest))
        for fold, (model, _) in zip(rest, fitted, strict=True):
            out = np.flatnonzero(self.folds == fold)
            margins[out] = model.margins(self.encoding(candidate, fold).x[out])
        models += tuple(model for model, _ in fitted)
        rounds = float(np.mean([model.rounds for model in models]))
        fit_s = max([begun.fit_s if begun else 0.0, *(seconds for _, seconds in fitted)])
        return self.judged(Trial(candidate, folds, 0.0, 0.0, rounds, fit_s, margins, models))

    def load(self, candidates: Iterable[Candidate]) -> None:
        """Import what fitting them needs, so that it counts as the time of no fit."""
        for name in {candidate.algorithm for candidate in candidates}:
            algorithm(name).load()

    def _timed_fit(self, candidate: Candidate, fold: int, limit_s: float) -> tuple[Fitted, float]:
        began = time.monotonic()
        return self.fit(candidate, fold, limit_s=limit_s), time.monotonic() - began

    def judged(self, trial: Trial) -> Trial:
        """The trial with the loss and badness of its margins.

        Log loss steers every classification but AUC: rank by it and the rest follows.
        """
        loss = badness = self.loss(trial.candidate, trial.margins)
        if self.objective == "AUC" and self.task.problem == "binary":
            known = np.isfinite(trial.margins[:, 0])
            badness = -metrics.auc(self.target.values[known], trial.margins[known, 0])
        return replace(trial, loss=loss, badness=badness)

    def loss(self, candidate: Candidate, margins: F64) -> float:
        """Log loss or squared error of the rows that have margins; lower is better."""
        known = np.isfinite(margins[:, 0])
        y = self.target.values[known]
        after = link(
            draft_output(self.task, candidate.transform, margins[known], y), margins[known]
        )
        if self.task.problem == "regression":
            return metrics.mse(y, after[:, 0])
        return metrics.log_loss(y, after)


def smearing(margins: F64, y: F64) -> float:
    """What the exponential of a predicted logarithm lacks to the mean.

    Source: Duan, "Smearing estimate", JASA 78(383), 1983.
    """
    raised = float(np.exp(margins).mean())
    return float(y.mean()) / raised if np.isfinite(raised) and raised > 0 else 1.0


def draft_output(task: Task, transform: Transform, margins: F64, y: F64) -> Output:
    """How a program of this task turns margins into predictions; labels are class numbers."""
    if task.problem == "regression":
        if transform == "log":
            return value_output("float8", "exp", factor=smearing(margins, y))
        return value_output("float8")
    labels = tuple(str(place) for place in range(task.classes))
    return label_output(
        "varchar", labels, link="sigmoid" if task.problem == "binary" else "softmax"
    )


def make_folds(target: Target, count: int, seed: int) -> I64:
    """A fold number for each row, every class spread evenly over the folds."""
    random = np.random.default_rng(seed)
    folds = np.empty(len(target.values), np.int64)
    groups = target.values if target.labels else np.zeros(len(target.values))
    start = 0
    for group in np.unique(groups):
        rows = random.permutation(np.flatnonzero(groups == group))
        folds[rows] = (np.arange(len(rows)) + start) % count
        start += len(rows)
    return folds


Report = Callable[[str, float, Trial | None], None]

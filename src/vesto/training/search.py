"""The search for the best candidate within a time: portfolio, then Optuna, then finalists.

The order and the shares of time are measured ones; ``docs/explanation/autopilot.md`` tells why.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from vesto.training.candidates import PORTFOLIO, Candidate, Report, Transform, Trial, Workshop
from vesto.training.encoding import Style

PORTFOLIO_SHARE: Final = 0.35
TUNING_SHARE: Final = 0.6
FINALISTS: Final = 3
SMALL_ROWS: Final = 3000
BAG_ROWS: Final = 5000
WAITING_TRIALS: Final = 15
WAITING_GAIN: Final = 0.005


@dataclass(slots=True, eq=False)
class Search:
    """One search. ``start`` and ``budget_s`` are in seconds of ``time.monotonic()``.

    ``cut_off`` says afterwards that the time ended it, and more might have helped.
    """

    workshop: Workshop
    start: float
    budget_s: float
    threads: int
    report: Report
    early: Callable[[Trial], None]
    trials: list[Trial] = field(default_factory=list)
    slowest_s: float = 0.0
    cut_off: bool = False

    def run(self) -> Trial:
        """The best candidate, fitted on all folds."""
        with ThreadPoolExecutor(self.threads) as pool:
            first = self._first(pool)
            self.early(first)
            self._portfolio(first, pool)
            self._tune(pool)
            return self._finalists(pool)

    def _share(self) -> float:
        return (time.monotonic() - self.start) / self.budget_s

    def _room(self, share: float, folds: int) -> bool:
        """Whether one more trial of that many folds should end before ``share`` of the time."""
        return self._share() + self.slowest_s * folds / self.budget_s < share

    @property
    def all_folds(self) -> tuple[int, ...]:
        """Every fold; of a large set only fold 0 is ever left out."""
        return tuple(range(int(self.workshop.folds.max()) + 1))

    @property
    def search_folds(self) -> tuple[int, ...]:
        """The folds that candidates are compared on."""
        return self.all_folds[:3] if self.workshop.rows < SMALL_ROWS else self.all_folds[:1]

    def _try(self, candidate: Candidate, folds: tuple[int, ...], pool: ThreadPoolExecutor) -> Trial:
        began = time.monotonic()
        trial = self.workshop.trial(candidate, folds, pool)
        ended = time.monotonic()
        self.slowest_s = max(self.slowest_s, (ended - began) / len(folds))
        trial = replace(trial, elapsed_s=ended - self.start)
        self.trials.append(trial)
        self.report("searching", min(self._share(), 1.0), self.best(folds))
        return trial

    def best(self, folds: tuple[int, ...]) -> Trial:
        """The best trial among those on the same folds."""
        same = [trial for trial in self.trials if trial.folds == folds]
        return min(same, key=_badness)

    def _lighten(self) -> None:
        """Let go of the rows and trees of trials that can no longer win."""
        leading = [self.best(self.all_folds), self.best(self.search_folds)]
        self.trials = [t if t in leading else t.without_models() for t in self.trials]

    def _first(self, pool: ThreadPoolExecutor) -> Trial:
        """The first configuration with each style and target transform, on all folds.

        One fold often picks the wrong style.
        """
        styles: list[Style] = ["ordinal"]
        if self.workshop.columns.has_categories:
            styles += ["native", "means"]
        transforms: list[Transform] = ["raw"]
        if self._is_skewed():
            transforms.append("log")
        configuration = tuple(self._quick(PORTFOLIO[0]).items())
        for style in styles:
            for transform in transforms:
                if self.trials and not self._room(PORTFOLIO_SHARE, len(self.all_folds)):
                    continue
                candidate = Candidate("xgboost", style, transform, configuration)
                self._try(candidate, self.all_folds, pool)
        return self.best(self.all_folds)

    def _is_skewed(self) -> bool:
        y = self.workshop.target.values
        if self.workshop.task.problem != "regression" or y.min() <= 0:
            return False
        return bool(((y - y.mean()) ** 3).mean() / y.std() ** 3 > 1)

    def _quick(self, configuration: dict[str, float]) -> dict[str, float]:
        """With little time, larger steps."""
        quick = self.budget_s < 60  # noqa: PLR2004 - seconds
        return configuration | {"eta": configuration["eta"] * 2} if quick else configuration

    def _portfolio(self, first: Trial, pool: ThreadPoolExecutor) -> None:
        candidates = [
            replace(first.candidate, configuration=tuple(self._quick(configuration).items()))
            for configuration in PORTFOLIO[1:]
        ]
        linear = Candidate("linear_learner", "linear", first.candidate.transform, (("l2", 1.0),))
        self._narrow()
        self._lighten()
        for candidate in [candidates[0], linear, *candidates[1:]]:
            if not self._room(PORTFOLIO_SHARE, len(self.search_folds)):
                return
            self._try(candidate, self.search_folds, pool)
            self._lighten()

    def _narrow(self) -> None:
        """The trials on all folds, seen on the search folds only, to compare like with like."""
        if self.search_folds == self.all_folds:
            return
        inside = np.isin(self.workshop.folds, self.search_folds)
        for trial in list(self.trials):
            margins = np.where(inside[:, None], trial.margins, np.nan)
            seen = replace(trial, folds=self.search_folds, margins=margins, models=())
            self.trials.append(self.workshop.judged(seen))

    def _tune(self, pool: ThreadPoolExecutor) -> None:
        import optuna  # noqa: PLC0415 - only a search needs it

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        sampler = optuna.samplers.TPESampler(
            seed=self.workshop.seed, multivariate=True, warn_independent_sampling=False
        )
        study = optuna.create_study(sampler=sampler)
        best = self.best(self.search_folds).candidate
        for known in self.trials:
            if known.folds == self.search_folds and known.candidate.algorithm == "xgboost":
                study.add_trial(_as_optuna(known, optuna))
        while self._room(TUNING_SHARE, len(self.search_folds)) and not self._waits_in_vain():
            asked = study.ask()
            candidate = replace(
                best, algorithm="xgboost", style=self._style(best), configuration=_suggest(asked)
            )
            study.tell(asked, self._try(candidate, self.search_folds, pool).badness)
            self._lighten()
        self.cut_off = not self._waits_in_vain()

    def _style(self, best: Candidate) -> Style:
        """The style that the first trials chose; a linear winner leaves trees theirs."""
        trees = [t for t in self.trials if t.candidate.algorithm == "xgboost"]
        return (
            min(trees[:6], key=_badness).candidate.style if best.style == "linear" else best.style
        )

    def _waits_in_vain(self) -> bool:
        losses = [t.loss for t in self.trials if t.folds == self.search_folds]
        before, lately = losses[:-WAITING_TRIALS], losses[-WAITING_TRIALS:]
        return bool(before) and min(lately) > min(before) * (1 - WAITING_GAIN)

    def _finalists(self, pool: ThreadPoolExecutor) -> Trial:
        same = [t for t in self.trials if t.folds == self.search_folds]
        for trial in sorted(same, key=_badness)[:FINALISTS]:
            done = any(
                t.candidate == trial.candidate and t.folds == self.all_folds for t in self.trials
            )
            if not done and self._room(0.85, len(self.all_folds)):
                self._try(trial.candidate, self.all_folds, pool)
        return self.best(self.all_folds)


def _badness(trial: Trial) -> float:
    return trial.badness


def _suggest(asked: Any) -> tuple[tuple[str, float], ...]:
    return (
        ("max_depth", asked.suggest_int("max_depth", 2, 12)),
        ("eta", asked.suggest_float("eta", 0.01, 0.3, log=True)),
        ("subsample", asked.suggest_float("subsample", 0.3, 1.0)),
        ("colsample_bytree", asked.suggest_float("colsample_bytree", 0.2, 1.0)),
        ("min_child_weight", asked.suggest_float("min_child_weight", 0.005, 64, log=True)),
        ("lambda", asked.suggest_float("lambda", 0.01, 100, log=True)),
        ("alpha", asked.suggest_float("alpha", 0.001, 10, log=True)),
    )


def _as_optuna(trial: Trial, optuna: Any) -> Any:
    """A trial of the portfolio as one that Optuna could have made, to start from."""
    float_ = optuna.distributions.FloatDistribution
    space = {
        "max_depth": (optuna.distributions.IntDistribution(2, 12), 6),
        "eta": (float_(0.01, 0.3, log=True), 0.3),
        "subsample": (float_(0.3, 1.0), 1.0),
        "colsample_bytree": (float_(0.2, 1.0), 1.0),
        "min_child_weight": (float_(0.005, 64, log=True), 1.0),
        "lambda": (float_(0.01, 100, log=True), 1.0),
        "alpha": (float_(0.001, 10, log=True), 0.001),
    }
    chosen = dict(trial.candidate.configuration)
    values = {name: chosen.get(name, default) for name, (_, default) in space.items()}
    distributions = {name: kind for name, (kind, _) in space.items()}
    return optuna.trial.create_trial(
        params=values, distributions=distributions, value=trial.badness
    )

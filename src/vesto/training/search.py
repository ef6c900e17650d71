"""The search for the best candidate within a budget: portfolio, then Optuna, then finalists.

The order and the shares of time are measured ones; ``docs/explanation/autopilot.md`` tells why.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from vesto.training.blend import best_blend
from vesto.training.budget import Budget
from vesto.training.candidates import SPLIT_OFF, Candidate, Report, Trial, Workshop
from vesto.training.families import (
    QUICK_S,
    as_optuna,
    first_candidates,
    is_tuned,
    portfolio,
    suggested,
)

FINALISTS: Final = 5
SMALL_ROWS: Final = 3000
WAITING_TRIALS: Final = 15
WAITING_GAIN: Final = 0.005
# No candidate may take a larger share of the time: a thousand classes would take all of it.
FIRST_SHARE: Final = 0.6
TRIAL_SHARE: Final = 0.3
# Trials on all folds whose rows are kept, to be blended.
KEPT: Final = 12
SKEWED: Final = 1.0
LATELY: Final = 3


@dataclass(slots=True, eq=False)
class Search:
    """One search over the candidates of ``algorithms``.

    ``cut_off`` says afterwards that the time ended it, and more might have helped.
    """

    workshop: Workshop
    budget: Budget
    threads: int
    algorithms: tuple[str, ...]
    report: Report
    early: Callable[[Trial], None]
    trials: list[Trial] = field(default_factory=list)
    tried: int = 0
    lately_s: list[float] = field(default_factory=list)
    cut_off: bool = False

    def run(self) -> Trial:
        """The best candidate or blend of some, fitted on all folds."""
        with ThreadPoolExecutor(self.threads) as pool:
            first = self._first(pool)
            done = self._portfolio(first, pool)
            self._tune(pool) if "xgboost" in self.algorithms else self._end(done=done)
            return self._finalists(pool)

    def _room(self, stage: str, folds: int) -> bool:
        """Whether one more trial of that many folds belongs to the stage.

        It is expected to take as long as the slowest of the last ones.
        """
        return self.budget.has_room(stage, self.tried, max(self.lately_s, default=0.0) * folds)

    def _end(self, *, done: bool) -> None:
        self.cut_off = not (done or self.budget.counts)

    @property
    def all_folds(self) -> tuple[int, ...]:
        """Every fold; of a large set only fold 0 is ever left out."""
        return tuple(range(int(self.workshop.folds.max()) + 1))

    @property
    def search_folds(self) -> tuple[int, ...]:
        """The folds that candidates are compared on."""
        return self.all_folds if self.workshop.rows < SMALL_ROWS else self.all_folds[:1]

    def _try(
        self, candidate: Candidate, folds: tuple[int, ...], pool: ThreadPoolExecutor,
        share: float = TRIAL_SHARE,
    ) -> Trial:  # fmt: skip
        began = time.monotonic()
        limit_s = self.budget.limit_s(share) / math.ceil(len(folds) / self.threads)
        trial = self.workshop.trial(candidate, folds, pool, limit_s)
        ended = time.monotonic()
        self.lately_s = [*self.lately_s, (ended - began) / len(folds)][-LATELY:]
        trial = replace(trial, elapsed_s=ended - self.budget.start)
        self.trials.append(trial)
        self.report("searching", min(self.budget.spent(self.tried), 1.0), self.best(folds))
        return trial

    def best(self, folds: tuple[int, ...]) -> Trial:
        """The best trial among those on the same folds."""
        same = [trial for trial in self.trials if trial.folds == folds]
        return min(same, key=_badness)

    def _lighten(self) -> None:
        """Let go of the rows and trees of trials that can no longer win or be blended."""
        whole = sorted((t for t in self.trials if t.folds == self.all_folds), key=_badness)
        kept = {id(t) for t in (*whole[:KEPT], self.best(self.search_folds))}
        self.trials = [
            t if id(t) in kept or not t.margins.size else t.without_models() for t in self.trials
        ]

    def _first(self, pool: ThreadPoolExecutor) -> Trial:
        """The first configuration with each style and target transform, on all folds.

        One fold often picks the wrong style.
        """
        candidates = first_candidates(
            self.algorithms, has_categories=self.workshop.columns.has_categories,
            skewed=self._is_skewed(), quick=self._is_quick,
        )  # fmt: skip
        for candidate in candidates:
            if not self.trials or self._room("portfolio", len(self.all_folds)):
                self.tried += 1
                share = TRIAL_SHARE if self.trials else FIRST_SHARE
                trial = self._try(candidate, self.all_folds, pool, share)
                if len(self.trials) == 1:
                    self.early(trial)
        return self.best(self.all_folds)

    @property
    def _is_quick(self) -> bool:
        return not self.budget.counts and self.budget.seconds < QUICK_S

    def _is_skewed(self) -> bool:
        y = self.workshop.target.values
        if self.workshop.task.problem != "regression" or y.min() <= 0:
            return False
        return bool(((y - y.mean()) ** 3).mean() / y.std() ** 3 > SKEWED)

    def _portfolio(self, first: Trial, pool: ThreadPoolExecutor) -> bool:
        """Whether all of it was tried."""
        self._narrow()
        self._lighten()
        for candidate in portfolio(self.algorithms, first.candidate, quick=self._is_quick):
            if not self._room("portfolio", len(self.search_folds)):
                return False
            self.tried += 1
            self._try(candidate, self.search_folds, pool)
            self._lighten()
        return True

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
        same = [t for t in self.trials if t.folds == self.search_folds and is_tuned(t.candidate)]
        for known in same:
            study.add_trial(as_optuna(known, optuna))
        best = min(same, key=_badness).candidate
        kept = tuple(pair for pair in best.configuration if pair == SPLIT_OFF)
        while self._room("tuning", len(self.search_folds)) and not self._waits_in_vain():
            asked = study.ask()
            candidate = replace(best, configuration=suggested(asked) + kept)
            self.tried += 1
            study.tell(asked, self._try(candidate, self.search_folds, pool).badness)
            self._lighten()
        self._end(done=self._waits_in_vain())

    def _waits_in_vain(self) -> bool:
        losses = [t.loss for t in self.trials if t.folds == self.search_folds]
        before, lately = losses[:-WAITING_TRIALS], losses[-WAITING_TRIALS:]
        return bool(before) and min(lately) > min(before) * (1 - WAITING_GAIN)

    def _finalists(self, pool: ThreadPoolExecutor) -> Trial:
        """The best on all folds, or what the best make together."""
        same = [t for t in self.trials if t.folds == self.search_folds]
        for trial in sorted(same, key=_badness)[:FINALISTS]:
            done = any(
                t.candidate == trial.candidate and t.folds == self.all_folds for t in self.trials
            )
            expected_s = trial.fit_s * len(self.all_folds) / self.threads
            if not done and self.budget.has_room("finalists", self.tried, expected_s):
                self._try(trial.candidate, self.all_folds, pool, FIRST_SHARE)
        self._lighten()
        whole = [t for t in self.trials if t.folds == self.all_folds and t.margins.size]
        return best_blend(self.workshop, whole)


def _badness(trial: Trial) -> float:
    return trial.badness

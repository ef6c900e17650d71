"""The search for the best candidate within a budget: portfolio, then Optuna, then finalists.

The order and the shares of time are measured ones; ``docs/explanation/autopilot.md`` tells why.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from vesto.algorithms.mlp import MEMBERS
from vesto.training.blend import best_blend, cost
from vesto.training.budget import Budget, Stage
from vesto.training.candidates import SPLIT_OFF, Candidate, Report, Trial, Workshop
from vesto.training.families import (
    QUICK_S,
    as_optuna,
    first_candidates,
    is_tuned,
    portfolio,
    slowed,
    suggested,
)
from vesto.training.final import REFIT_FACTOR, SEEDS

FINALISTS: Final = 5
SMALL_ROWS: Final = 3000
WAITING_TRIALS: Final = 30
WAITING_GAIN: Final = 0.005
# No candidate may take a larger share of the time: a thousand classes would take all of it.
FIRST_SHARE: Final = 0.6
TRIAL_SHARE: Final = 0.3
# So many fits as the time has room for, a candidate is judged on so many folds; few rows in a fold
# tell too little.
FOLDS_BY_FITS: Final = ((60, 5), (30, 3), (0, 1))
FEWEST_FOLDS: Final = 3
# What the end needs: candidates on all folds, and seeds that the best is then fitted with.
FEWEST_FINALISTS: Final = 2
FEWEST_SEEDS: Final = 3
# Some folds take longer than the one that a candidate was compared on.
SLOW_FOLD: Final = 1.25
# Trials on all folds whose rows are kept, to be blended.
KEPT: Final = 12
SKEWED: Final = 1.0
SLOWER: Final = 0.4
# Smaller steps mean more trees: they have to be worth it.
SLOWER_GAIN: Final = 0.003
LATELY: Final = 3


@dataclass(slots=True, eq=False)
class Search:
    """One search over the candidates of ``algorithms``.

    ``cut_off`` says afterwards that the time ended it, and more might have helped.
    """

    workshop: Workshop
    budget: Budget
    algorithms: tuple[str, ...]
    report: Report
    early: Callable[[Trial], None]
    trials: list[Trial] = field(default_factory=list)
    tried: int = 0
    lately_s: list[float] = field(default_factory=list)
    cut_off: bool = False
    all_folds: tuple[int, ...] = ()

    def run(self) -> Trial:
        """The best candidate or blend of some, fitted on all folds."""
        # Of a large set only fold 0 is ever left out.
        self.all_folds = tuple(range(int(self.workshop.folds.max()) + 1))
        with ThreadPoolExecutor(self.workshop.threads) as pool:
            first = self._first(pool)
            done = self._portfolio(first, pool) and self._slow_down(pool)
            if "xgboost" in self.algorithms:
                self._tune(pool)
            else:
                self._end(done=done)
            return self._finalists(pool)

    def _room(self, stage: Stage, folds: int) -> bool:
        """Whether one more trial of that many folds belongs to the stage.

        It is expected to take as long as the slowest of the last ones.
        """
        expected_s = max(self.lately_s, default=0.0) * folds
        if stage == "first":
            return self.budget.has_room(stage, self.tried, expected_s)
        wanted_s = self._later_s(FINALISTS, SEEDS)
        needed_s = self._later_s(FEWEST_FINALISTS, FEWEST_SEEDS)
        return self.budget.has_room(stage, self.tried, expected_s, wanted_s, needed_s)

    def _later_s(self, finalists: int, seeds: int) -> float:
        """What so many finalists, the best so far, and the last fits are expected to take."""
        others = len(self.all_folds) - len(self.search_folds)
        same = sorted((t for t in self.trials if t.folds == self.search_folds), key=_badness)
        fitted_s = sum(trial.fit_s for trial in same[:finalists]) * others
        return fitted_s / self.workshop.threads + self._last_s(same[0], seeds)

    def _last_s(self, trial: Trial, seeds: int) -> float:
        """What fitting it for good is expected to take, on more rows than those of the search."""
        if trial.candidate.grows_trees:
            return trial.fit_s * REFIT_FACTOR * seeds / self.workshop.threads
        # Networks are fitted one after the other, as many as there is time for; one will do.
        members = MEMBERS if seeds > FEWEST_SEEDS else 1
        return trial.fit_s * REFIT_FACTOR * members

    @property
    def _side_by_side(self) -> int:
        """Candidates tried at a time, where one alone leaves threads without work.

        Proposals depend on it, so that it is 1 where candidates are counted.
        """
        spare = self.workshop.threads // len(self.search_folds)
        return 1 if self.budget.counts else max(1, spare)

    def _end(self, *, done: bool) -> None:
        self.cut_off = not (done or self.budget.counts)

    @property
    def search_folds(self) -> tuple[int, ...]:
        """The folds that candidates are compared on."""
        return self.all_folds if self.workshop.rows < SMALL_ROWS else self.all_folds[:1]

    def _try(
        self, candidates: Sequence[Candidate], folds: tuple[int, ...], pool: ThreadPoolExecutor,
        share: float = TRIAL_SHARE, begun: Trial | None = None,
    ) -> list[Trial]:  # fmt: skip
        """Try candidates at a time; of a single one, some folds may be done already."""
        self.workshop.load(candidates)
        began = time.monotonic()
        fits = len(candidates) * len(folds) - (len(begun.folds) if begun else 0)
        limit_s = self.budget.limit_s(share) / max(1, math.ceil(fits / self.workshop.threads))
        if len(candidates) == 1:
            trials = [self.workshop.trial(candidates[0], folds, limit_s, pool.map, begun)]
        else:
            trials = list(
                pool.map(lambda each: self.workshop.trial(each, folds, limit_s), candidates)
            )
        ended = time.monotonic()
        if fits:
            self.lately_s = [*self.lately_s, (ended - began) * len(candidates) / fits][-LATELY:]
        self.trials += [replace(t, elapsed_s=ended - self.budget.start) for t in trials]
        self.tried += len(trials)
        self.report("searching", min(self.budget.spent(self.tried), 1.0), self.best(folds))
        return trials

    def best(self, folds: tuple[int, ...]) -> Trial:
        """The best trial among those on the same folds."""
        same = [trial for trial in self.trials if trial.folds == folds]
        return min(same, key=_badness)

    def _lighten(self) -> None:
        """Let go of the rows and trees of trials that can no longer win or be blended."""
        whole = sorted((t for t in self.trials if t.folds == self.all_folds), key=_badness)
        part = sorted((t for t in self.trials if t.folds == self.search_folds), key=_badness)
        kept = {id(t) for t in (*whole[:KEPT], *part[:FINALISTS])}
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
        begun = self._begin(candidates[0], pool)
        if begun is not None:
            self.early(begun)
        (first,) = self._try(candidates[:1], self.all_folds, pool, FIRST_SHARE, begun)
        if begun is None:
            self.early(first)
        for candidate in candidates[1:]:
            if self._room("first", len(self.all_folds)):
                self._try([candidate], self.all_folds, pool)
        return self.best(self.all_folds)

    def _begin(self, candidate: Candidate, pool: ThreadPoolExecutor) -> Trial | None:
        """The first folds of a candidate; how long they take tells how many there can be."""
        if self.budget.counts or len(self.all_folds) == 1:
            return None
        self.workshop.load([candidate])
        some = self.all_folds[: self.workshop.threads]
        limit_s = self.budget.limit_s(FIRST_SHARE) / len(self.all_folds)
        begun = self.workshop.trial(candidate, some, limit_s, pool.map)
        self.lately_s = [begun.fit_s / len(some)]
        fits = self.budget.seconds * self.workshop.threads / begun.fit_s
        count = next(count for least, count in FOLDS_BY_FITS if fits >= least)
        fewest = FEWEST_FOLDS if self.workshop.rows < SMALL_ROWS else len(some)
        self.all_folds = self.all_folds[: max(count, fewest)]
        return begun

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
        candidates = portfolio(self.algorithms, first.candidate, quick=self._is_quick)
        for at in range(0, len(candidates), self._side_by_side):
            if not self._room("portfolio", len(self.search_folds)):
                return False
            self._try(candidates[at : at + self._side_by_side], self.search_folds, pool)
            self._lighten()
        return True

    def _slow_down(self, pool: ThreadPoolExecutor) -> bool:
        """The best trees with smaller steps, while that helps; whether there was room for it."""
        best = self.best(self.search_folds)
        while best.candidate.grows_trees:
            slower = slowed(best.candidate, SLOWER)
            if slower is None:
                break
            if not self._room("tuning", math.ceil(len(self.search_folds) / SLOWER)):
                return False
            self._try([slower], self.search_folds, pool)
            self._lighten()
            before, best = best, self.best(self.search_folds)
            if cost(best) >= cost(before) * (1 - SLOWER_GAIN):
                break
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
            seed=self.workshop.seed, multivariate=True, constant_liar=self._side_by_side > 1,
        )  # fmt: skip
        study = optuna.create_study(sampler=sampler)
        same = [t for t in self.trials if t.folds == self.search_folds and is_tuned(t.candidate)]
        for known in same:
            study.add_trial(as_optuna(known, optuna))
        best = min(same, key=_badness).candidate
        kept = tuple(pair for pair in best.configuration if pair == SPLIT_OFF)
        while self._room("tuning", len(self.search_folds)) and not self._waits_in_vain():
            asked = [study.ask() for _ in range(self._side_by_side)]
            wanted = [replace(best, configuration=suggested(each) + kept) for each in asked]
            for each, trial in zip(asked, self._try(wanted, self.search_folds, pool), strict=True):
                study.tell(each, trial.badness)
            self._lighten()
        self._end(done=self._waits_in_vain())

    def _waits_in_vain(self) -> bool:
        losses = [t.loss for t in self.trials if t.folds == self.search_folds]
        before, lately = losses[:-WAITING_TRIALS], losses[-WAITING_TRIALS:]
        return bool(before) and min(lately) > min(before) * (1 - WAITING_GAIN)

    def _finalists(self, pool: ThreadPoolExecutor) -> Trial:
        """The best on all folds, or what the best make together."""
        same = [t for t in self.trials if t.folds == self.search_folds]
        known = {t.candidate for t in self.trials if t.folds == self.all_folds}
        for trial in sorted(same, key=_badness)[:FINALISTS]:
            others = len(self.all_folds) - len(trial.folds)
            expected_s = trial.fit_s * others * SLOW_FOLD / self.workshop.threads
            needed_s = self._last_s(trial, FEWEST_SEEDS)
            if trial.candidate in known:
                continue
            if self.budget.has_room("finalists", self.tried, expected_s, needed_s=needed_s):
                self._try([trial.candidate], self.all_folds, pool, FIRST_SHARE, trial)
        self._lighten()
        whole = [t for t in self.trials if t.folds == self.all_folds and t.margins.size]
        return best_blend(self.workshop, whole)


def _badness(trial: Trial) -> float:
    return trial.badness

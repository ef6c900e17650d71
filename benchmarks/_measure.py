"""Costs of rivals that take turns, and the figures made of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

ROUNDS: Final = 3


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run took: seconds of all threads together, and seconds on the clock."""

    cpu_s: float
    wall_s: float

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.cpu_s + other.cpu_s, self.wall_s + other.wall_s)


Run = Callable[[], Cost]
Costs = Mapping[str, list[Cost]]
Clock = Literal["cpu_s", "wall_s"]


def timed(work: Callable[[], Any]) -> Cost:
    """The cost of one call; what it returns is let go before the clock stops."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Cost(time.process_time() - cpu, time.perf_counter() - wall)


def race(rivals: Mapping[str, Run], rounds: int = ROUNDS) -> Costs:
    """Every rival once a round, in turn; a first round warms up and does not count."""
    costs: dict[str, list[Cost]] = {name: [] for name in rivals}
    for number in range(rounds + 1):
        for name, run in rivals.items():
            cost = run()
            if number:
                costs[name].append(cost)
    return costs


def ratio(costs: Costs, above: str, below: str, clock: Clock = "cpu_s") -> float:
    """The median of the rounds' ratios."""
    pairs = zip(costs[above], costs[below], strict=True)
    ratios: list[float] = [getattr(a, clock) / getattr(b, clock) for a, b in pairs]
    return statistics.median(ratios)


def print_costs(costs: Costs, rows: int) -> None:
    """A comment line for each rival."""
    for name, runs in costs.items():
        cpu = statistics.median(run.cpu_s for run in runs)
        wall = statistics.median(run.wall_s for run in runs)
        speed = f"{rows / cpu / 1e6:.2f} M rows a CPU second"
        print(f"#   {name}: {cpu:.3f} s CPU, {wall:.3f} s wall, {speed}", flush=True)


@dataclass(frozen=True, slots=True)
class Bound:
    """What a figure must reach and what it aims at; less is better where ``aim`` is less."""

    reach: float
    aim: float

    def holds(self, value: float) -> bool:
        """Whether the figure reaches it."""
        return value <= self.reach if self.aim < self.reach else value >= self.reach


class Report:
    """The figures so far, each printed as it comes."""

    def __init__(self, bounds: Mapping[str, Bound]) -> None:
        self._bounds = bounds
        self.short: list[str] = []
        self.figures = 0

    def add(self, name: str, value: float, judged: float | None = None) -> None:
        """Print ``name value reach aim ok|short``; ``judged`` is what must reach it, if not the value.

        Such is the end of the value's confidence interval that is nearer to the bound.
        """
        bound = self._bounds[name]
        reached = bound.holds(value if judged is None else judged)
        self.figures += 1
        if not reached:
            self.short.append(name)
        word = "ok" if reached else "short"
        print(f"{name} {value:.3f} {bound.reach:g} {bound.aim:g} {word}", flush=True)

"""How long a search should take, and what it should cost, told from the size of its rows.

A model of what ``search`` does: so many fits, each as long as its rows, columns and trees make it.
The constants were measured with ``python -m benchmarks.search_time``, which prints how far off they
are on the example sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vesto.catalog.records import Definition
from vesto.training.target import Target

# Reading, importing libraries, the report: seconds of a processor.
OVERHEAD_S: Final = 3.0
# One value (row x column) of one tree.
VALUE_S: Final = 7e-9
# One tree, whatever its rows.
TREE_S: Final = 7e-4
TREES: Final = 160
# Fits of a search that ends because nothing gets better: portfolio and Optuna on a fold or three,
# the first and the last candidates on five.
FITS: Final = 50
FITTED_SHARE: Final = 0.8


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds of wall time and of processors, expected and at most; dollars of both."""

    wall_s: float
    most_wall_s: float
    cpu_s: float
    most_cpu_s: float
    cost: float
    most_cost: float


def estimate(
    definition: Definition, rows: int, target: Target | None, *, threads: int, rate: float
) -> Estimate:
    """What training on so many rows should take.

    Args:
        definition: What is to be trained.
        rows: Rows that are kept for it.
        target: Their target, None where there is none to predict.
        threads: Candidates that are fitted at a time.
        rate: Dollars for an hour of a processor (setting cost_per_cpu_hour).
    """
    if not definition.auto:
        threads = 1
    most_cpu = float(definition.max_runtime_s * threads)
    cpu = min(OVERHEAD_S + _fitting_s(definition, rows, target), most_cpu)
    wall = min(OVERHEAD_S + (cpu - OVERHEAD_S) / threads, float(definition.max_runtime_s))
    return Estimate(
        wall, definition.max_runtime_s, cpu, most_cpu, cpu / 3600 * rate, most_cpu / 3600 * rate
    )


def _fitting_s(definition: Definition, rows: int, target: Target | None) -> float:
    classes = target.task.classes if target and target.task.problem == "multiclass" else 1
    width = len(definition.parameters)
    if not definition.auto:
        given = dict(definition.hyperparameters).get("num_round", "100")
        return int(given) * classes * (TREE_S + VALUE_S * rows * width)
    return FITS * TREES * classes * (TREE_S + VALUE_S * rows * FITTED_SHARE * width)

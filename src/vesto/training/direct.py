"""AUTO OFF: one XGBoost run with the user's objective and hyperparameters."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vesto.algorithms import Matrix, Task
from vesto.algorithms._xgboost_parameters import WITHOUT_EFFECT
from vesto.algorithms.xgboost import ALGORITHM, to_forest
from vesto.catalog.records import Definition
from vesto.errors import InvalidParameterValue, InvalidTrainingData, TrainingFailed
from vesto.features import Tape, number
from vesto.programs.program import Link, Output, Program, label_output, value_output
from vesto.training.encoding import Columns
from vesto.training.target import Target, read_target

# What SageMaker's XGBoost reports for each objective, and what SHOW MODEL prints.
METRICS: Final = {
    "reg:squarederror": "rmse", "reg:squaredlogerror": "rmsle", "reg:logistic": "rmse",
    "reg:pseudohubererror": "mphe", "reg:tweedie": "tweedie-nloglik@1.5",
    "binary:logistic": "error", "binary:hinge": "error", "multi:softmax": "merror",
    "rank:pairwise": "ndcg", "rank:ndcg": "ndcg",
}  # fmt: skip
RESERVE: Final = 0.1
MAX_DEGREE: Final = 31
_LINKS: Final[dict[str, Link]] = {"reg:logistic": "sigmoid", "reg:tweedie": "exp"}


@dataclass(frozen=True, slots=True, eq=False)
class Direct:
    """A program, the rounds it took, and the metric of its last round on the training rows."""

    program: Program
    metric: str
    score: float
    importance: dict[str, float]


def problem_of(objective: str) -> str:
    """The PROBLEM_TYPE that an objective means."""
    if objective.startswith("binary:"):
        return "BINARY_CLASSIFICATION"
    return "MULTICLASS_CLASSIFICATION" if objective == "multi:softmax" else "REGRESSION"


def read_job_target(rows: pa.Table, definition: Definition, max_classes: int) -> Target:
    """The target of a job's rows, checked against its objective; clusters have none.

    Raises:
        InvalidTrainingData: It cannot be learnt.
        InvalidParameterValue: num_class is smaller than the number of classes.
    """
    if not definition.target:
        return Target(Task("clusters"), (), np.empty(0))
    column = rows[definition.target].combine_chunks()
    problem = definition.problem_type
    if not definition.auto:
        problem = problem_of(definition.objective)
    target = read_target(column, definition.target, problem, max_classes)
    if not definition.auto:
        _check(target, definition.objective, dict(definition.hyperparameters))
    return target


def train(columns: Columns, target: Target, definition: Definition, deadline: float) -> Direct:
    """Fit once.

    Raises:
        InvalidParameterValue: XGBoost refuses a hyperparameter.
        TrainingFailed: The time ran out before the first tree.
    """
    given = {k: v for k, v in definition.hyperparameters if k not in WITHOUT_EFFECT}
    tape = Tape(columns.inputs)
    registers = tuple(r for f in columns.features for r in number.plain(tape, f.place))
    x = _matrix_of(tape, columns)
    data = Matrix(x, target.values, (False,) * len(registers))
    metric = given.get("eval_metric", METRICS[definition.objective])
    given |= {"objective": definition.objective, "eval_metric": metric}
    given["num_round"] = given.get("num_round", "100")
    fitted = _fit(data, target.task, given, definition.seed, deadline)
    program = Program(
        tape.inputs, tuple(tape.steps), registers, to_forest(fitted.booster),
        _output(target, definition),
    )  # fmt: skip
    score = _last_score(fitted.booster, data)
    importance = _importance(fitted.booster, columns)
    return Direct(program, f"train:{metric}", score, importance)


def _matrix_of(tape: Tape, columns: Columns) -> Any:
    from vesto.programs.reference import run_steps  # noqa: PLC0415

    values = run_steps(tape.steps, columns.arrays)[len(columns.inputs) :]
    x = np.stack(values, axis=1).astype(np.float32)
    x[np.isinf(x)] = np.nan
    return x


def _check(target: Target, objective: str, given: dict[str, str]) -> None:
    if objective == "multi:softmax" and len(target.labels) > int(given["num_class"]):
        message = f"the target has {len(target.labels)} classes, num_class is {given['num_class']}"
        raise InvalidParameterValue(message)
    low = {"reg:squaredlogerror": -1.0, "reg:tweedie": 0.0, "reg:logistic": 0.0}.get(objective)
    if low is not None and target.values.min() < low:
        raise InvalidTrainingData(f"objective {objective} needs a target of {low:g} or more")
    if objective.startswith("rank:"):
        _check_degrees(target.values, objective)
    if objective == "reg:logistic" and target.values.max() > 1:
        raise InvalidTrainingData("objective reg:logistic needs a target between 0 and 1")


def _check_degrees(values: NDArray[np.float64], objective: str) -> None:
    """Rows are ranked by degrees of relevance, whose gain is 2 to their power.

    Source: XGBoost documentation, "Learning to Rank", ``ndcg_exp_gain``.
    """
    if (values != np.floor(values)).any() or values.min() < 0 or values.max() > MAX_DEGREE:
        hint = "All rows are ranked as one group; 0 is of no use, greater degrees come first."
        message = f"objective {objective} needs a target of whole numbers from 0 to {MAX_DEGREE}"
        raise InvalidTrainingData(message, hint=hint)


def _fit(data: Matrix, task: Task, given: dict[str, str], seed: int, deadline: float) -> Any:
    ALGORITHM.load()
    import xgboost  # noqa: PLC0415 - only training needs it

    extra: dict[str, Any] = {}
    if task.problem == "multiclass" or given["objective"].startswith("multi:"):
        # Labels are numbered by those that occur, so that more classes would never be chosen.
        extra["num_class"] = task.classes
    try:
        fitted = ALGORITHM.fit(data, None, task, given | extra, seed=seed, deadline=deadline)
    except (xgboost.core.XGBoostError, ValueError) as error:
        reason = str(error).splitlines()
        text = next((line for line in reason if line and "Stack trace" not in line), "")
        raise InvalidParameterValue("XGBoost refused a hyperparameter", detail=text) from error
    if not fitted.rounds:
        hint = "Give it a greater MAX_RUNTIME."
        raise TrainingFailed("Autopilot candidate has no models", hint=hint)
    return fitted


def _last_score(booster: Any, data: Matrix) -> float:
    import xgboost  # noqa: PLC0415 - only training needs it

    text = booster.eval(xgboost.DMatrix(data.x, data.y, nthread=1))
    return float(text.rsplit(":", 1)[1])


def _importance(booster: Any, columns: Columns) -> dict[str, float]:
    gains = booster.get_score(importance_type="total_gain")
    total = sum(gains.values()) or 1.0
    return {
        feature.name: gains.get(f"f{place}", 0.0) / total
        for place, feature in enumerate(columns.features)
    }


def _output(target: Target, definition: Definition) -> Output:
    kind = definition.target_type
    if target.labels:
        link: Link = "softmax" if definition.objective == "multi:softmax" else "sigmoid"
        return label_output(kind, target.labels, link=link)
    after = _LINKS.get(definition.objective, "identity")
    if kind == "numeric" or after == "sigmoid" or definition.objective.startswith("rank:"):
        kind = "float8"
    return value_output(kind, after)


def hyperparameters_shown(definition: Definition) -> tuple[tuple[str, str], ...]:
    """What SHOW MODEL lists under HYPERPARAMETERS."""
    shown = {"num_round": "100"} | dict(definition.hyperparameters)
    shown["objective"] = definition.objective
    return tuple(sorted(shown.items()))


def seconds_until(deadline_at_s: float) -> float:
    """Wall time that is left, as a moment of ``time.monotonic()``."""
    return time.monotonic() + deadline_at_s - time.time()

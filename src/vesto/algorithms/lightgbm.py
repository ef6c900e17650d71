"""LightGBM's trees, a candidate of the search where the extra ``lightgbm`` is installed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from vesto.algorithms import Matrix, Task
from vesto.programs.bodies import LEAF, Forest

F32 = NDArray[np.float32]
_OBJECTIVES: Final = {"regression": "regression", "binary": "binary", "multiclass": "multiclass"}
MAX_ROUNDS: Final = 3000
PATIENCE: Final = 40
# What it takes to turn a tree into a part of a program, in seconds.
TREE_S: Final = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Grown:
    """A booster and the rounds of it that count."""

    booster: Any
    rounds: int

    @property
    def nodes(self) -> int:
        """Of all trees: each split adds two."""
        splits = self.booster.feature_importance("split", iteration=self.rounds).sum()
        return int(2 * splits) + self.rounds

    def margins(self, x: F32) -> NDArray[np.float64]:
        """Shape (rows, outputs), before sigmoid, soft-max or exp."""
        found = self.booster.predict(x, raw_score=True, num_iteration=self.rounds, num_threads=1)
        wide: NDArray[np.float64] = np.asarray(found, np.float64).reshape(len(x), -1)
        return wide

    def body(self) -> Forest:
        """The booster's trees."""
        return to_forest(self.booster.dump_model(num_iteration=self.rounds))


class LightGBM:
    """Trees grown leaf by leaf; codes of categories are numbers to it."""

    name: ClassVar[str] = "lightgbm"

    def load(self) -> None:
        """Import LightGBM."""
        import lightgbm  # noqa: F401, PLC0415 - an extra

    def fit(
        self, train: Matrix, valid: Matrix | None, task: Task, configuration: Mapping[str, Any],
        *, seed: int, deadline: float,
    ) -> Grown:  # fmt: skip
        """Fit with ``configuration``: LightGBM's own parameters, and ``num_round``."""
        import lightgbm  # noqa: PLC0415 - an extra

        parameters: dict[str, Any] = {
            "objective": _OBJECTIVES[task.problem], "verbosity": -1, "num_threads": 1, "seed": seed,
            "deterministic": True, "force_row_wise": True, "subsample_freq": 1,
        }  # fmt: skip
        if task.problem == "multiclass":
            parameters["num_class"] = task.classes
        parameters |= {k: v for k, v in configuration.items() if k != "num_round"}
        rounds = int(configuration.get("num_round", MAX_ROUNDS))
        data = lightgbm.Dataset(train.x, train.y)
        watched, callbacks = [], [_deadline_callback(deadline, max(task.classes, 1))]
        if valid is not None:
            watched = [lightgbm.Dataset(valid.x, valid.y, reference=data)]
            callbacks.append(lightgbm.early_stopping(PATIENCE, verbose=False))
        booster = lightgbm.train(parameters, data, rounds, watched, callbacks=callbacks)
        return Grown(booster, booster.best_iteration or booster.current_iteration())


def _deadline_callback(deadline: float, trees: int) -> Any:
    """Stops while the trees so far, ``trees`` a round, can still be made a program in time."""
    from lightgbm.callback import EarlyStopException  # noqa: PLC0415 - an extra

    def stop(environment: Any) -> None:
        done = environment.iteration + 1
        if time.monotonic() + done * trees * TREE_S > deadline:
            raise EarlyStopException(environment.iteration, environment.evaluation_result_list)

    return stop


def to_forest(model: Mapping[str, Any]) -> Forest:
    """The trees of ``Booster.dump_model()`` as a forest; what they start from is in their leaves.

    Source: LightGBM documentation, "Python API", ``Booster.dump_model``, and its ``Tree::ToJSON``.
    """
    outputs = int(model["num_tree_per_iteration"])
    nodes: dict[str, list[Any]] = {
        name: [] for name in ("feature", "threshold", "nan_left", "left", "right", "cover")
    }
    roots = []
    for tree in model["tree_info"]:
        roots.append(len(nodes["feature"]))
        _append(nodes, tree["tree_structure"])
    size, count = len(nodes["feature"]), len(roots)
    return Forest(
        feature=np.array(nodes["feature"], np.int32),
        threshold=np.array(nodes["threshold"], np.float32),
        nan_left=np.array(nodes["nan_left"], np.uint8),
        left=np.array(nodes["left"], np.int32), right=np.array(nodes["right"], np.int32),
        categories_start=np.zeros(size, np.int32), categories_size=np.zeros(size, np.int32),
        categories=np.empty(0, np.int32), roots=np.array(roots, np.int32),
        output=np.arange(count, dtype=np.int32) % outputs, base=np.zeros(outputs, np.float32),
        cover=np.array(nodes["cover"], np.float32),
    )  # fmt: skip


def _append(nodes: dict[str, list[Any]], root: Mapping[str, Any]) -> None:
    """One tree, each node before its children."""
    waiting: list[tuple[Mapping[str, Any], tuple[str, int] | None]] = [(root, None)]
    while waiting:
        node, parent = waiting.pop()
        place = len(nodes["feature"])
        if parent is not None:
            nodes[parent[0]][parent[1]] = place
        leaf = "split_feature" not in node
        nodes["feature"].append(LEAF if leaf else node["split_feature"])
        nodes["threshold"].append(node["leaf_value"] if leaf else below(node["threshold"]))
        nodes["nan_left"].append(0 if leaf else _missing_goes_left(node))
        nodes["left"].append(0)
        nodes["right"].append(0)
        # A tree that is one leaf has no weight written.
        nodes["cover"].append(node.get("leaf_weight" if leaf else "internal_weight", 1.0))
        if not leaf:
            waiting.append((node["right_child"], ("right", place)))
            waiting.append((node["left_child"], ("left", place)))


def _missing_goes_left(node: Mapping[str, Any]) -> bool:
    """Where training saw none missing, LightGBM takes a missing value for 0."""
    if node["missing_type"] == "None":
        return bool(node["threshold"] >= 0)
    return bool(node["default_left"])


def below(threshold: float) -> np.float32:
    """The float32 t such that every float32 x has ``x < t`` where ``x <= threshold``."""
    with np.errstate(over="ignore"):
        near = np.float32(threshold)
        if float(near) > threshold:
            near = np.nextafter(near, np.float32(-np.inf))
        cut: np.float32 = np.nextafter(near, np.float32(np.inf))
    return cut


ALGORITHM: Final = LightGBM()

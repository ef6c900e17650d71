"""CatBoost's trees, a candidate of the search where the extra ``catboost`` is installed."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from vesto.algorithms import Fitted, Matrix, Task, xgboost
from vesto.algorithms.lightgbm import below
from vesto.programs.bodies import LEAF, Forest

F32 = NDArray[np.float32]
_LOSSES: Final = {"regression": "RMSE", "binary": "Logloss", "multiclass": "MultiClass"}
MAX_ROUNDS: Final = 3000
PATIENCE: Final = 40
# What it takes to turn a tree into a part of a program, in seconds.
TREE_S: Final = 1e-4
# Leaves that no row reached in training count for next to nothing, but not for nothing: shares of
# rows are divided by one another.
EMPTY_LEAF: Final = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Oblivious:
    """A fitted model of CatBoost."""

    model: Any
    rounds: int

    @property
    def nodes(self) -> int:
        """Of all trees, which have the same depth; each output has its own."""
        outputs = int(np.size(self.model.get_scale_and_bias()[1]))
        depth = int(self.model.get_all_params()["depth"])
        return int(self.model.tree_count_) * outputs * ((2 << depth) - 1)

    def margins(self, x: F32) -> NDArray[np.float64]:
        """Shape (rows, outputs), before sigmoid, soft-max or exp."""
        found = self.model.predict(x, prediction_type="RawFormulaVal", thread_count=1)
        return np.asarray(found, np.float64).reshape(len(x), -1)

    def body(self) -> Forest:
        """The model's trees."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.json"
            self.model.save_model(str(path), format="json")
            return to_forest(json.loads(path.read_text()))


class CatBoost:
    """Trees that ask the same question at every node of a depth; codes of categories are numbers."""

    name: ClassVar[str] = "catboost"

    def load(self) -> None:
        """Import CatBoost."""
        import catboost  # noqa: F401, PLC0415 - an extra

    def fit(
        self, train: Matrix, valid: Matrix | None, task: Task, configuration: Mapping[str, Any],
        *, seed: int, deadline: float,
    ) -> Fitted:  # fmt: skip
        """Fit with ``configuration``: CatBoost's own parameters, and ``num_round``.

        Rows that CatBoost refuses, since they teach nothing, are left to XGBoost.
        """
        import catboost  # noqa: PLC0415 - an extra

        if _teach_nothing(train):
            few = {"num_round": 1}
            return xgboost.ALGORITHM.fit(train, valid, task, few, seed=seed, deadline=deadline)
        parameters = {k: v for k, v in configuration.items() if k != "num_round"} | {
            "loss_function": _LOSSES[task.problem], "random_seed": seed, "thread_count": 1,
            "iterations": int(configuration.get("num_round", MAX_ROUNDS)), "logging_level": "Silent",
            "allow_writing_files": False,
        }  # fmt: skip
        if task.problem == "multiclass":
            parameters["classes_count"] = task.classes
        model = catboost.CatBoost(parameters)
        watched = None if valid is None else catboost.Pool(valid.x, valid.y)
        model.fit(
            catboost.Pool(train.x, train.y), eval_set=watched,
            early_stopping_rounds=None if valid is None else PATIENCE,
            callbacks=[_Deadline(deadline, max(task.classes, 1))],
        )  # fmt: skip
        return Oblivious(model, int(model.tree_count_))


def _teach_nothing(train: Matrix) -> bool:
    """Whether the target has one value, or every feature has."""
    same = np.isnan(train.x) | (train.x == train.x[:1])
    return bool((train.y == train.y[0]).all() or same.all())


@dataclass(frozen=True, slots=True)
class _Deadline:
    """Stops while the trees so far, ``trees`` a round, can still be made a program in time."""

    deadline: float
    trees: int

    def after_iteration(self, info: Any) -> bool:
        later_s = float(info.iteration) * self.trees * TREE_S
        return time.monotonic() + later_s <= self.deadline


def to_forest(model: Mapping[str, Any]) -> Forest:
    """The trees of a model saved as JSON as a forest, one tree for each output.

    Source: CatBoost documentation, "Model export", "JSON model tutorial".
    """
    scale, bias = model["scale_and_bias"]
    columns = [item["flat_feature_index"] for item in model["features_info"]["float_features"]]
    trees = [
        _tree(tree, columns, output, len(bias), scale)
        for tree in model["oblivious_trees"]
        for output in range(len(bias))
    ]
    sizes = [len(tree["feature"]) for tree in trees]
    roots = np.cumsum([0, *sizes[:-1]]).astype(np.int32)[: len(sizes)]
    for tree, root in zip(trees, roots, strict=True):
        inner = tree["feature"] != LEAF
        tree["left"][inner] += root
        tree["right"][inner] += root
    kinds = {"feature": np.int32, "threshold": np.float32, "left": np.int32, "right": np.int32,
             "cover": np.float32}  # fmt: skip
    parts: dict[str, NDArray[Any]] = {
        name: np.concatenate([*(tree[name] for tree in trees), np.empty(0)]).astype(kind)
        for name, kind in kinds.items()
    }
    none = np.zeros(len(parts["feature"]), np.int32)
    return Forest(
        **parts, nan_left=(parts["feature"] != LEAF).astype(np.uint8), categories_start=none,
        categories_size=none, categories=np.empty(0, np.int32), roots=roots,
        output=(np.arange(len(roots)) % len(bias)).astype(np.int32), base=np.array(bias, np.float32),
    )  # fmt: skip


def _tree(
    tree: Mapping[str, Any], columns: list[int], output: int, outputs: int, scale: float
) -> dict[str, NDArray[Any]]:
    """A complete binary tree, level by level; a missing value is less than every border.

    The first split is the lowest bit of a leaf's number.
    """
    splits = tree["splits"] or []
    depth = len(splits)
    values = np.array(tree["leaf_values"], np.float64)[output::outputs] * scale
    weights = np.maximum(np.array(tree["leaf_weights"], np.float64), EMPTY_LEAF)
    # From the root down the splits are asked in order, so a leaf's bits come in reverse.
    order = np.array([_reversed(place, depth) for place in range(1 << depth)])
    inner = (1 << depth) - 1
    level = np.repeat(np.arange(depth), [1 << at for at in range(depth)]) if depth else order[:0]
    feature = np.array([columns[s["float_feature_index"]] for s in splits], np.int32)
    border = np.array([below(s["border"]) for s in splits], np.float64)
    child = np.concatenate([2 * np.arange(inner) + 1, np.zeros(1 << depth, np.int64)])
    covers = [weights[order]]
    for _ in range(depth):
        covers.insert(0, covers[0].reshape(-1, 2).sum(axis=1))
    return {
        "feature": np.concatenate([feature[level], np.full(1 << depth, LEAF)]),
        "threshold": np.concatenate([border[level], values[order]]),
        "left": child, "right": np.where(child > 0, child + 1, 0),
        "cover": np.concatenate(covers),
    }  # fmt: skip


def _reversed(number: int, bits: int) -> int:
    return int(f"{number:0{bits}b}"[::-1], 2) if bits else 0


ALGORITHM: Final = CatBoost()

"""Gradient boosted trees (MODEL_TYPE XGBOOST)."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from vesto.algorithms import Matrix, Task
from vesto.programs.bodies import LEAF, Forest

_OBJECTIVES: Final = {
    "regression": "reg:squarederror", "binary": "binary:logistic", "multiclass": "multi:softprob"
}  # fmt: skip
MAX_ROUNDS: Final = 3000
PATIENCE: Final = 40
# Deviations of targets, as powers of two, that XGBoost learns as they are.
PLAIN_EXPONENTS: Final = range(-6, 45)
# What it takes to turn a tree into a part of a program, in seconds.
TREE_S: Final = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Boosted:
    """A booster cut to its best round, which learnt the target in this ``unit``."""

    booster: Any
    rounds: int
    categorical: tuple[bool, ...]
    unit: float = 1.0

    @property
    def nodes(self) -> int:
        """Of all trees: each split adds two."""
        splits = sum(self.booster.get_score(importance_type="weight").values())
        return int(2 * splits) + self.rounds

    def margins(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        """Shape (rows, outputs), before sigmoid, soft-max or exp."""
        found = self.booster.predict(_matrix(x, None, self.categorical), output_margin=True)
        wide: NDArray[np.float64] = np.asarray(found, np.float64).reshape(len(x), -1) * self.unit
        return wide

    def body(self) -> Forest:
        """The booster's trees."""
        forest = to_forest(self.booster)
        if self.unit == 1:
            return forest
        unit = np.float32(self.unit)
        leaves = np.where(forest.feature == LEAF, forest.threshold * unit, forest.threshold)
        return replace(forest, threshold=leaves, base=forest.base * unit)


class XGBoost:
    """XGBoost's hist trees, one thread, stopped by the rows it is given for that."""

    name: ClassVar[str] = "xgboost"

    def load(self) -> None:
        """Import XGBoost, without scikit-learn unless that is here already.

        XGBoost imports it where it is installed, which takes four times as long as all the rest,
        for estimators that are not used here.
        """
        if "sklearn" in sys.modules:
            import xgboost  # noqa: PLC0415 - importing vesto must stay quick
        else:
            modules: dict[str, Any] = sys.modules
            modules["sklearn"] = None  # reads as not installed
            try:
                import xgboost  # noqa: F401, PLC0415
            finally:
                del modules["sklearn"]

    def fit(
        self, train: Matrix, valid: Matrix | None, task: Task, configuration: Mapping[str, Any],
        *, seed: int, deadline: float,
    ) -> Boosted:  # fmt: skip
        """Fit with ``configuration``: XGBoost's own parameters, and ``num_round``.

        Where that names no objective, a very small or great target is learnt in a unit of its own.
        """
        import xgboost  # noqa: PLC0415 - importing vesto must stay quick

        parameters = {"objective": _OBJECTIVES[task.problem], "tree_method": "hist", "nthread": 1}
        parameters |= {"seed": seed, "verbosity": 0}
        if task.problem == "multiclass":
            parameters["num_class"] = task.classes
        parameters |= {k: v for k, v in configuration.items() if k != "num_round"}
        own = task.problem == "regression" and "objective" not in configuration
        unit = unit_of(train.y) if own else 1.0
        data = _matrix(train.x, train.y / unit, train.categorical)
        watched, callbacks = [], [_deadline_callback(deadline, _outputs(task))]
        if valid is not None:
            watched = [(_matrix(valid.x, valid.y / unit, valid.categorical), "valid")]
            # First: what ends training keeps later callbacks from seeing its last round.
            callbacks.insert(0, xgboost.callback.EarlyStopping(rounds=PATIENCE))
        booster = xgboost.train(
            parameters, data, int(configuration.get("num_round", MAX_ROUNDS)), evals=watched,
            callbacks=callbacks, verbose_eval=False,
        )  # fmt: skip
        if valid is not None:
            booster = booster[: booster.best_iteration + 1]
        return Boosted(booster, booster.num_boosted_rounds(), train.categorical, unit)


def unit_of(y: NDArray[np.float64]) -> float:
    """A power of two near the deviation of a target that is too small or great for XGBoost; else 1.

    XGBoost makes no split that gains less than 1e-6, and overflows in float32 where it squares.
    """
    exponent = math.frexp(float(y.std()))[1]
    return 1.0 if exponent in PLAIN_EXPONENTS else 2.0**exponent


def _outputs(task: Task) -> int:
    return task.classes if task.problem == "multiclass" else 1


def _deadline_callback(deadline: float, trees: int) -> Any:
    """Stops while the trees so far, ``trees`` a round, can still be made a program in time."""
    import xgboost  # noqa: PLC0415 - importing vesto must stay quick

    class Deadline(xgboost.callback.TrainingCallback):
        def after_iteration(self, _model: Any, epoch: int, _log: Any) -> bool:
            return time.monotonic() + epoch * trees * TREE_S > deadline

    return Deadline()


def _matrix(
    x: NDArray[np.float32], y: NDArray[np.float64] | None, categorical: tuple[bool, ...]
) -> Any:
    import xgboost  # noqa: PLC0415 - importing vesto must stay quick

    kinds = ["c" if is_code else "q" for is_code in categorical]
    return xgboost.DMatrix(
        x, y, feature_types=kinds, enable_categorical=any(categorical), nthread=1
    )


def to_forest(booster: Any) -> Forest:
    """The trees of an XGBoost 3 booster (gbtree or dart) as a forest.

    Source: XGBoost documentation, "Introduction to Model IO".
    """
    whole = json.loads(booster.save_raw("json"))
    boosting = whole["learner"]["gradient_booster"]
    weights = boosting.get("weight_drop")
    model = boosting["gbtree"]["model"] if "gbtree" in boosting else boosting["model"]
    trees = [_tree(tree) for tree in model["trees"]]
    if weights is not None:
        for tree, weight in zip(trees, weights, strict=True):
            leaf = tree["feature"] == LEAF
            tree["threshold"][leaf] *= np.float32(weight)
    output = np.array(model["tree_info"], np.int32)
    return _joined(trees, output, base_margin(whole))


def base_margin(model: dict[str, Any]) -> NDArray[np.float32]:
    """What every sum starts with, one for each output: the margin of the model without its trees.

    ``base_score`` is written as a probability or mean, which XGBoost holds within bounds and turns
    into a margin with the C library's float32 logarithm: NumPy's differs in the last bit.
    """
    import xgboost  # noqa: PLC0415 - importing vesto must stay quick

    learner = model["learner"]
    trees = learner["gradient_booster"]
    trees = trees.get("gbtree", trees)
    bare = trees["model"] | {"trees": [], "tree_info": [], "iteration_indptr": [0]}
    bare["gbtree_model_param"] = bare["gbtree_model_param"] | {"num_trees": "0"}
    # Where it may still be estimated, the score of a model without trees is taken for a margin.
    fixed = learner["learner_model_param"] | {"boost_from_average": "0"}
    learner = learner | {"gradient_booster": trees | {"model": bare}, "learner_model_param": fixed}
    text = json.dumps(model | {"learner": learner})
    empty = xgboost.Booster(model_file=bytearray(text.encode()))
    row = np.zeros((1, int(learner["learner_model_param"]["num_feature"])), np.float32)
    margin = empty.inplace_predict(row, predict_type="margin")
    return np.asarray(margin, np.float32).ravel()


def _tree(tree: dict[str, Any]) -> dict[str, NDArray[Any]]:
    left = np.array(tree["left_children"], np.int32)
    right = np.array(tree["right_children"], np.int32)
    leaf = left == LEAF
    nodes = len(left)
    start, size = np.zeros(nodes, np.int32), np.zeros(nodes, np.int32)
    start[tree["categories_nodes"]] = tree["categories_segments"]
    size[tree["categories_nodes"]] = tree["categories_sizes"]
    return {
        "feature": np.where(leaf, LEAF, np.array(tree["split_indices"], np.int32)).astype(np.int32),
        # Written in nine digits: rounding to float32 gives back the number that was trained.
        "threshold": np.array(tree["split_conditions"], np.float32),
        "nan_left": np.array(tree["default_left"], np.uint8),
        "left": np.where(leaf, 0, left).astype(np.int32),
        "right": np.where(leaf, 0, right).astype(np.int32),
        "categories_start": start,
        "categories_size": size,
        "categories": np.array(tree["categories"], np.int32),
        "cover": np.array(tree["sum_hessian"], np.float32),
    }


def _joined(
    trees: list[dict[str, NDArray[Any]]], output: NDArray[np.int32], base: NDArray[np.float32]
) -> Forest:
    sizes = [len(tree["feature"]) for tree in trees]
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32)
    at = 0
    for tree, root in zip(trees, roots, strict=True):
        inner = tree["feature"] != LEAF
        tree["left"][inner] += root
        tree["right"][inner] += root
        tree["categories_start"] = tree["categories_start"] + np.int32(at)
        at += len(tree["categories"])
    parts = {key: np.concatenate([tree[key] for tree in trees]) for key in trees[0]}
    return Forest(**parts, roots=roots, output=output, base=base)


ALGORITHM: Final = XGBoost()

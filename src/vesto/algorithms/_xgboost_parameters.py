"""The hyperparameters that AUTO OFF MODEL_TYPE XGBOOST takes, with their ranges.

Source: Amazon Redshift Database Developer Guide, "CREATE MODEL ... AUTO OFF"; the rest from the
XGBoost 3.2 documentation, "XGBoost Parameters". ``objective`` has a clause of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from vesto.algorithms._hyperparameters import Range, in_range, unknown
from vesto.errors import FeatureNotSupported, InvalidParameterValue

_INF: Final = float("inf")
PARAMETERS: Final[dict[str, Range]] = {
    "num_class": Range(int, 2, 1_000_000),
    "num_round": Range(int, 1, 1_000_000),
    "tree_method": Range(str, words=("auto", "exact", "approx", "hist")),
    "max_depth": Range(int, 0, 16),
    "min_child_weight": Range(float, 0, _INF),
    "subsample": Range(float, 1e-6, 1),
    "gamma": Range(float, 0, _INF),
    "alpha": Range(float, 0, _INF),
    "eta": Range(float, 0, 1),
    "colsample_bylevel": Range(float, 1e-6, 1),
    "colsample_bynode": Range(float, 1e-6, 1),
    "colsample_bytree": Range(float, 1e-6, 1),
    "lambda": Range(float, 0, _INF),
    "max_delta_step": Range(float, 0, _INF),
    "base_score": Range(float, -_INF, _INF),
    "booster": Range(str, words=("gbtree", "dart")),
    "eval_metric": Range(str),
    "grow_policy": Range(str, words=("depthwise", "lossguide")),
    "huber_slope": Range(float, 0, _INF),
    "interaction_constraints": Range(str),
    "lambdarank_bias_norm": Range(float, 0, _INF),
    "lambdarank_normalization": Range(int, 0, 1),
    "lambdarank_num_pair_per_sample": Range(int, 1, 1_000_000),
    "lambdarank_pair_method": Range(str, words=("topk", "mean")),
    "lambdarank_score_normalization": Range(int, 0, 1),
    "lambdarank_unbiased": Range(int, 0, 1),
    "max_bin": Range(int, 2, 65_535),
    "max_leaves": Range(int, 0, 65_536),
    "monotone_constraints": Range(str),
    "multi_strategy": Range(str, words=("one_output_per_tree",)),
    "ndcg_exp_gain": Range(int, 0, 1),
    "normalize_type": Range(str, words=("tree", "forest")),
    "num_parallel_tree": Range(int, 1, 1000),
    "one_drop": Range(int, 0, 1),
    "process_type": Range(str, words=("default",)),
    "rate_drop": Range(float, 0, 1),
    "sample_type": Range(str, words=("uniform", "weighted")),
    "sampling_method": Range(str, words=("uniform",)),
    "scale_pos_weight": Range(float, 0, _INF),
    "seed": Range(int, 0, 2**31 - 1),
    "seed_per_iteration": Range(int, 0, 1),
    "skip_drop": Range(float, 0, 1),
    "tweedie_variance_power": Range(float, 1.000001, 1.999999),
}
# XGBoost's own and SageMaker's: of the machine, of the log, of data that there is not here (rows kept
# aside, categories), or of earlier releases. They are taken and change nothing.
WITHOUT_EFFECT: Final = {
    "device": "the processor computes", "deterministic_histogram": "histograms always are",
    "disable_default_eval_metric": "one metric is always shown",
    "early_stopping_rounds": "no rows are kept aside", "max_cached_hist_node": "it saves memory only",
    "max_cat_threshold": "there are no categories", "max_cat_to_onehot": "there are no categories",
    "nthread": "one thread trains", "predictor": "XGBoost has no such choice any more",
    "refresh_leaf": "trees are not refreshed", "save_model_on_termination": "trees that were in time are kept",
    "single_precision_histogram": "XGBoost has no such choice any more",
    "sketch_eps": "XGBoost has no such choice any more, but max_bin",
    "validate_parameters": "hyperparameters are always checked", "verbosity": "there is no log to read",
}  # fmt: skip
# The documentation has the first as a misprint; the others are XGBoost's own second names.
SYNONYMS: Final = {
    "colsample_byleve": "colsample_bylevel", "learning_rate": "eta", "reg_lambda": "lambda",
    "reg_alpha": "alpha", "min_split_loss": "gamma", "num_rounds": "num_round",
}  # fmt: skip


def checked(key: str, value: str) -> tuple[str, str]:
    """The hyperparameter under its one name, its value in range.

    Raises:
        InvalidParameterValue: It is unknown or out of range; the hint lists what is valid.
        FeatureNotSupported: A booster that is no forest.
    """
    name = SYNONYMS.get(key.lower(), key.lower())
    if name == "objective":
        hint = "Write OBJECTIVE 'name' as a clause of its own."
        raise InvalidParameterValue("HYPERPARAMETERS cannot set the objective", hint=hint)
    if name in WITHOUT_EFFECT:
        return name, value
    if name not in PARAMETERS:
        raise unknown(key, PARAMETERS)
    if name == "booster" and value.lower() == "gblinear":
        raise FeatureNotSupported("booster gblinear is not available", hint="Use gbtree or dart.")
    return name, in_range(name, value.strip(), PARAMETERS[name])


def notices(given: Iterable[str]) -> tuple[str, ...]:
    """What the user should know of hyperparameters that change nothing."""
    return tuple(
        f"hyperparameter {key} has no effect: {WITHOUT_EFFECT[key]}"
        for key in given
        if key in WITHOUT_EFFECT
    )

"""Which candidates a search tries: by MODEL_TYPE, by what is installed, and Optuna's proposals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from typing import Any, Final

from vesto.training.candidates import (
    LEAFWISE,
    PORTFOLIO,
    SPLIT_OFF,
    Candidate,
    Transform,
    Trial,
)
from vesto.training.encoding import Style

Configuration = tuple[tuple[str, float | str], ...]
Way = tuple[Style, Configuration]

# Steps that Optuna's space holds.
SMALLEST_STEP: Final = 0.01
LARGEST_STEP: Final = 0.3
EXTRAS: Final = ("lightgbm", "catboost")
QUICK_S: Final = 60
LINEAR: Final[tuple[dict[str, float], ...]] = tuple({"l2": l2} for l2 in (1, 10, 0.1, 100, 0.01))
NETWORKS: Final[tuple[dict[str, float], ...]] = (
    {"hidden_1": 64, "hidden_2": 32, "members": 1}, {"hidden_1": 128, "hidden_2": 64, "members": 1},
    {"hidden_1": 64, "hidden_2": 32, "alpha": 0.1, "members": 1},
    {"hidden_1": 32, "hidden_2": 0, "alpha": 0.01, "members": 1},
    {"hidden_1": 64, "hidden_2": 32, "alpha": 0.01, "members": 3},
)  # fmt: skip
OF_EXTRAS: Final[dict[str, dict[str, float | str]]] = {
    "lightgbm": {"eta": 0.05, "num_leaves": 31, "subsample": 0.9, "colsample_bytree": 0.7},
    "catboost": {"eta": 0.06, "depth": 6},
}


def algorithms_of(model_type: str) -> tuple[str, ...]:
    """The algorithms of a MODEL_TYPE; without one all of them, extras where they are installed."""
    if model_type:
        return (model_type.lower(),)
    extras = (name for name in EXTRAS if find_spec(name) is not None)
    return ("xgboost", *extras, "linear_learner", "mlp")


def first_candidates(
    algorithms: tuple[str, ...], *, has_categories: bool, skewed: bool, quick: bool
) -> list[Candidate]:
    """The first configuration with each way to encode and each transform of the target."""
    transforms: tuple[Transform, ...] = ("raw", "log") if skewed else ("raw",)
    if "xgboost" not in algorithms:
        start = LINEAR[0] if algorithms[0] == "linear_learner" else NETWORKS[0]
        first = tuple(start.items())
        return [Candidate(algorithms[0], "linear", transform, first) for transform in transforms]
    ways: list[Way] = [("ordinal", ())]
    if has_categories:
        ways += [("native", (SPLIT_OFF,)), ("means", ()), ("native", ())]
    quickly = tuple(hurried(PORTFOLIO[0], quick=quick).items())
    return [
        Candidate("xgboost", style, transform, quickly + more)
        for style, more in ways
        for transform in transforms
    ]


def portfolio(algorithms: tuple[str, ...], first: Candidate, *, quick: bool) -> list[Candidate]:
    """What to try after ``first``, whose style and transform the trees keep."""
    line = [replace(first, style="linear", algorithm="linear_learner", configuration=_pairs(c))
            for c in LINEAR]  # fmt: skip
    nets = [
        replace(first, style="linear", algorithm="mlp", configuration=_pairs(c)) for c in NETWORKS
    ]
    if "xgboost" not in algorithms:
        return (line if algorithms[0] == "linear_learner" else nets)[1:]
    kept = tuple(pair for pair in first.configuration if pair == SPLIT_OFF)
    settings: tuple[Mapping[str, Any], ...] = (PORTFOLIO[1], LEAFWISE, *PORTFOLIO[2:])
    trees = [replace(first, configuration=_pairs(hurried(c, quick=quick)) + kept) for c in settings]
    style: Style = "ordinal" if first.style == "native" else first.style
    extras = [
        replace(first, algorithm=name, style=style, configuration=_pairs(OF_EXTRAS[name]))
        for name in algorithms if name in EXTRAS
    ]  # fmt: skip
    others = [many[0] for name, many in (("linear_learner", line), ("mlp", nets))
              if name in algorithms]  # fmt: skip
    return [trees[0], *extras, others[0], *trees[1:], *others[1:]] if others else trees


def _pairs(configuration: Mapping[str, Any]) -> Configuration:
    return tuple(configuration.items())


def hurried(configuration: Mapping[str, Any], *, quick: bool) -> dict[str, Any]:
    """With little time, larger steps."""
    step = {"eta": configuration["eta"] * 2} if quick else {}
    return {**configuration, **step}


def slowed(candidate: Candidate, factor: float) -> Candidate | None:
    """The candidate, learning in steps of ``factor`` times the size; None: they would be too small."""
    chosen = dict(candidate.configuration)
    step = float(chosen["eta"]) * factor
    if step < SMALLEST_STEP:
        return None
    return replace(candidate, configuration=_pairs(chosen | {"eta": step}))


def suggested(asked: Any) -> Configuration:
    """A configuration of XGBoost that Optuna proposes."""
    return (
        ("max_depth", asked.suggest_int("max_depth", 2, 12)),
        ("eta", asked.suggest_float("eta", SMALLEST_STEP, LARGEST_STEP, log=True)),
        ("subsample", asked.suggest_float("subsample", 0.3, 1.0)),
        ("colsample_bytree", asked.suggest_float("colsample_bytree", 0.2, 1.0)),
        ("min_child_weight", asked.suggest_float("min_child_weight", 0.005, 64, log=True)),
        ("lambda", asked.suggest_float("lambda", 0.01, 100, log=True)),
        ("alpha", asked.suggest_float("alpha", 0.001, 10, log=True)),
    )


def as_optuna(trial: Trial, optuna: Any) -> Any:
    """A trial of the portfolio as one that Optuna could have made, to start from."""
    float_ = optuna.distributions.FloatDistribution
    space = {
        "max_depth": (optuna.distributions.IntDistribution(2, 12), 6),
        "eta": (float_(SMALLEST_STEP, LARGEST_STEP, log=True), 0.3),
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


def is_tuned(candidate: Candidate) -> bool:
    """Whether Optuna's space holds the candidate."""
    return candidate.algorithm == "xgboost" and "grow_policy" not in dict(candidate.configuration)

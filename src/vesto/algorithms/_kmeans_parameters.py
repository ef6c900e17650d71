"""The hyperparameters that MODEL_TYPE KMEANS takes, with their ranges and defaults.

Source: Amazon SageMaker Developer Guide, "K-Means Hyperparameters". SageMaker reads rows as a
stream and then runs Lloyd's algorithm on what it kept; there is no stream here, so the parameters
of the stream are checked and change nothing.
"""

from __future__ import annotations

import json
from typing import Final

from vesto.algorithms._hyperparameters import Range, in_range, unknown, wrong

MOST_CLUSTERS: Final = 10_000
_INF: Final = float("inf")
_STARTS: Final = ("random", "kmeans++")
METRICS: Final = ("msd", "ssd")
PARAMETERS: Final[dict[str, Range]] = {
    "k": Range(int, 1, MOST_CLUSTERS),
    "feature_dim": Range(int, 1, _INF),
    "eval_metrics": Range(str),
    "local_lloyd_init_method": Range(str, words=_STARTS),
    "local_lloyd_max_iter": Range(int, 1, 1_000_000),
    "local_lloyd_num_trials": Range(int, 1, 1000, words=("auto",)),
    "local_lloyd_tol": Range(float, 0, 1),
    "epochs": Range(int, 1, _INF),
    "extra_center_factor": Range(int, 1, _INF, words=("auto",)),
    "half_life_time_size": Range(int, 0, _INF),
    "init_method": Range(str, words=_STARTS),
    "mini_batch_size": Range(int, 1, _INF),
}
DEFAULTS: Final = {
    "eval_metrics": "msd", "local_lloyd_init_method": "kmeans++", "local_lloyd_max_iter": "300",
    "local_lloyd_num_trials": "auto", "local_lloyd_tol": "0.0001",
}  # fmt: skip
WITHOUT_EFFECT: Final = (
    "epochs", "extra_center_factor", "half_life_time_size", "init_method", "mini_batch_size",
)  # fmt: skip


def checked(key: str, value: str) -> tuple[str, str]:
    """The hyperparameter in lower case, its value in range.

    Raises:
        InvalidParameterValue: It is unknown or out of range; the hint lists what is valid.
    """
    name = key.lower()
    if name not in PARAMETERS:
        raise unknown(key, PARAMETERS)
    if name == "eval_metrics":
        return name, ",".join(metrics(value))
    return name, in_range(name, value.strip(), PARAMETERS[name])


def metrics(text: str) -> tuple[str, ...]:
    """The metrics in ``msd``, ``msd,ssd`` or ``["msd", "ssd"]``, each once.

    Raises:
        InvalidParameterValue: There is another one, or none.
    """
    try:
        found = json.loads(text) if text.lstrip().startswith("[") else text.split(",")
        names = tuple(dict.fromkeys(name.strip().lower() for name in found))
    except (ValueError, AttributeError, RecursionError):
        names = ()
    if not names or not set(names) <= set(METRICS):
        raise wrong("eval_metrics", text, """msd, ssd or both, as in '["msd", "ssd"]'""")
    return names

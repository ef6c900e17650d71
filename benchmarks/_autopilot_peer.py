"""One run of another engine, in an environment without Vesto: ``python _autopilot_peer.py FOLDER``.

The folder holds spec.json, train.parquet and test.parquet; predictions.npz and result.json are left
in it. Every clock that an engine reads counts the processor seconds of this process, and one thread
works, so that a budget means the same on a busy machine.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

os.environ |= {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "OPENBLAS_NUM_THREADS": "1"}

PREDICTED_ROWS: Final = 20_000
Predict = Callable[[Any], Any]


def processor_seconds() -> float:
    """Processor seconds of this process and of the children it waited for."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def count_processor_seconds() -> None:
    """From here on the clocks of the module ``time`` count processor seconds."""
    start = time.time()
    began = processor_seconds()
    time.time = lambda: start + processor_seconds() - began  # type: ignore[assignment]
    time.monotonic = time.perf_counter = processor_seconds  # type: ignore[assignment]


def main() -> None:
    """Fit, predict, and leave both."""
    import numpy as np  # noqa: PLC0415 - after the environment
    import pandas as pd  # noqa: PLC0415

    folder = Path(sys.argv[1]).resolve()
    # Some engines leave files where they run.
    os.chdir(folder)
    spec = json.loads((folder / "spec.json").read_text())
    train = _plain(pd.read_parquet(folder / "train.parquet"))
    test = _plain(pd.read_parquet(folder / "test.parquet"))
    x, y = train.drop(columns=spec["target"]), train[spec["target"]]
    x_test = test.drop(columns=spec["target"])
    engine, package = ENGINES[spec["engine"]]
    count_processor_seconds()
    began = processor_seconds()
    predict, labels, size = engine(x, y, spec, folder)
    fit_s = processor_seconds() - began
    after = np.asarray(predict(x_test), np.float64).reshape(len(x_test), -1)
    many = pd.concat([x_test] * (1 + PREDICTED_ROWS // len(x_test)), ignore_index=True)
    predict(many[:100])
    began = processor_seconds()
    predict(many)
    predict_s = processor_seconds() - began
    np.savez(folder / "predictions.npz", after=after)
    result = {
        "version": version(package), "labels": [str(label) for label in labels], "cpu_s": fit_s,
        "rows_per_cpu_s": len(many) / max(predict_s, 0.01), "bytes": size,
    }  # fmt: skip
    (folder / "result.json").write_text(json.dumps(result))


def _plain(frame: Any) -> Any:
    """Dates as seconds, booleans as numbers: what every one of the engines takes."""
    import pandas as pd  # noqa: PLC0415

    for name in frame.columns:
        column = frame[name]
        if column.dtype.kind == "M":
            seconds = column.astype("int64") // 10**9
            frame[name] = seconds.where(column.notna()).astype("float64")
        elif len(column.dropna()) and hasattr(column.dropna().iloc[0], "toordinal"):
            days = column.map(lambda day: None if day is None else day.toordinal())
            frame[name] = pd.to_numeric(days)
    return frame


def _is_text(column: Any) -> bool:
    return column.dtype.kind not in "biufM"


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [item for item in path.rglob("*") if item.is_file()]
    return sum(item.stat().st_size for item in files)


def _xgboost(x: Any, y: Any, spec: dict[str, Any], folder: Path) -> Any:
    """XGBoost with its defaults: 100 rounds, depth 6, eta 0.3; text as ordinal codes."""
    import numpy as np  # noqa: PLC0415
    import xgboost  # noqa: PLC0415

    words = {name: sorted(x[name].dropna().unique()) for name in x.columns if _is_text(x[name])}

    def matrix(frame: Any) -> Any:
        columns = []
        for name in frame.columns:
            column = frame[name]
            if name in words:
                codes = {word: place for place, word in enumerate(words[name])}
                column = column.map(codes)
            columns.append(column.to_numpy(dtype=np.float64, na_value=np.nan))
        return xgboost.DMatrix(np.stack(columns, 1), nthread=1)

    labels = [] if spec["problem"] == "regression" else sorted(y.unique())
    objective: dict[str, Any] = {"objective": "reg:squarederror"}
    if len(labels) == 2:
        objective = {"objective": "binary:logistic"}
    elif labels:
        objective = {"objective": "multi:softprob", "num_class": len(labels)}
    data = matrix(x)
    data.set_label(y.map({label: place for place, label in enumerate(labels)}) if labels else y)
    booster = xgboost.train(objective | {"nthread": 1, "seed": spec["seed"]}, data, 100)
    booster.save_model(folder / "xgboost.ubj")

    def predict(frame: Any) -> Any:
        found = booster.predict(matrix(frame))
        return np.stack([1 - found, found], 1) if len(labels) == 2 else found

    return predict, labels, _size(folder / "xgboost.ubj")


def _catboost(x: Any, y: Any, spec: dict[str, Any], folder: Path) -> Any:
    """CatBoost with its defaults: 1,000 rounds, as long as they take."""
    from catboost import CatBoostClassifier, CatBoostRegressor  # noqa: PLC0415

    text = [name for name in x.columns if _is_text(x[name])]

    def filled(frame: Any) -> Any:
        return frame.assign(**{name: frame[name].fillna("").astype(str) for name in text})

    regression = spec["problem"] == "regression"
    kind = CatBoostRegressor if regression else CatBoostClassifier
    model = kind(
        thread_count=1, random_seed=spec["seed"], verbose=0, cat_features=text,
        allow_writing_files=False,
    )  # fmt: skip
    model.fit(filled(x), y)
    model.save_model(str(folder / "catboost.cbm"))
    predict = model.predict if regression else model.predict_proba
    labels = [] if regression else list(model.classes_)
    return lambda frame: predict(filled(frame)), labels, _size(folder / "catboost.cbm")


def _flaml(x: Any, y: Any, spec: dict[str, Any], folder: Path) -> Any:
    """FLAML within the budget, log loss or RMSE."""
    import joblib  # noqa: PLC0415
    from flaml import AutoML  # noqa: PLC0415

    regression = spec["problem"] == "regression"
    model = AutoML()
    model.fit(
        x, y, task="regression" if regression else "classification",
        metric="rmse" if regression else "log_loss", time_budget=spec["budget_s"], n_jobs=1,
        seed=spec["seed"], verbose=0,
    )  # fmt: skip
    joblib.dump(model.model, folder / "flaml.joblib")
    predict = model.predict if regression else model.predict_proba
    return predict, [] if regression else list(model.classes_), _size(folder / "flaml.joblib")


def _autogluon(x: Any, y: Any, spec: dict[str, Any], folder: Path) -> Any:
    """AutoGluon, preset medium_quality, tree models only, within the budget."""
    from autogluon.tabular import TabularPredictor  # noqa: PLC0415

    regression = spec["problem"] == "regression"
    predictor = TabularPredictor(
        label=spec["target"], problem_type=spec["problem"], path=str(folder / "autogluon"),
        eval_metric="rmse" if regression else "log_loss", verbosity=0,
    )  # fmt: skip
    predictor.fit(
        x.assign(**{spec["target"]: y}), time_limit=spec["budget_s"], presets="medium_quality",
        hyperparameters={"GBM": {}, "CAT": {}, "XGB": {}, "RF": {}, "XT": {}}, num_cpus=1,
        num_gpus=0, fit_strategy="sequential",
    )  # fmt: skip
    small = predictor.clone_for_deployment(str(folder / "deployed"), return_clone=True)
    if regression:
        return small.predict, [], _size(folder / "deployed")
    labels = list(small.class_labels)
    return lambda frame: small.predict_proba(frame)[labels], labels, _size(folder / "deployed")


ENGINES: Final = {
    "xgboost": (_xgboost, "xgboost-cpu"), "catboost": (_catboost, "catboost"),
    "flaml": (_flaml, "flaml"), "autogluon": (_autogluon, "autogluon.tabular"),
}  # fmt: skip

if __name__ == "__main__":
    main()

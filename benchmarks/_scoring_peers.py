"""What others do with the same rows, each in the way that was fastest for it.

Tried on this project's machines: XGBoost's ``inplace_predict`` takes as long for float64 or column
order as for float32 rows, and longer through a DMatrix; LightGBM and ONNX Runtime neither gain from
smaller batches nor from another layout. From a data frame XGBoost's ``inplace_predict`` is twice as
fast as a DMatrix.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.preprocessing import OrdinalEncoder

from benchmarks._scoring_models import COLUMNS, DICTIONARIES_C, TRAINING_ROWS, Boosted, dictionary
from vesto.programs.bodies import LEAF, Forest

F32 = NDArray[np.float32]
LEAVES: Final = 64
DEPTH: Final = 6
ROUNDS: Final = 100
# The last versions that the runtime's fast path for tree ensembles is written for.
OPSET: Final = 21
OPSET_TREES: Final = 3
IR_VERSION: Final = 10


# --- XGBoost ------------------------------------------------------------------------------------


def xgboost_on_rows(model: Boosted, threads: int = 1) -> Callable[[], Any]:
    """XGBoost on an array in memory, float32, row by row."""

    def run() -> Any:
        model.booster.set_param("nthread", threads)
        return model.booster.inplace_predict(model.x)

    return run


def make_udf(connection: duckdb.DuckDBPyConnection, model: Boosted, name: str) -> None:
    """An Arrow function of DuckDB that calls XGBoost."""

    def predict(*columns: pa.ChunkedArray) -> pa.Array:
        x = np.empty((len(columns[0]), len(columns)), np.float32)
        for place, column in enumerate(columns):
            x[:, place] = column.to_numpy()
        return pa.array(model.booster.inplace_predict(x), pa.float64())

    # Without parameter types DuckDB hands over any number of arguments.
    make: Any = connection.create_function
    make(name, predict, None, "DOUBLE", type="arrow")


def by_hand(
    connection: duckdb.DuckDBPyConnection, model: Boosted, table: str, threads: int
) -> Callable[[], Any]:
    """Fetch the rows as a data frame, predict, add up."""

    def run() -> float:
        frame = connection.execute(f"SELECT * FROM {table}").df()
        model.booster.set_param("nthread", threads)
        return float(model.booster.inplace_predict(frame).sum(dtype=np.float64))

    return run


def coded_by_encoder(model: Boosted, frame: pd.DataFrame) -> Callable[[], Any]:
    """scikit-learn's OrdinalEncoder on the text columns of a data frame, then XGBoost."""
    texts = [name for name in frame.columns if name.startswith("s")]
    words = [np.array(dictionary(count), object) for count in DICTIONARIES_C]
    encoder = OrdinalEncoder(
        categories=words, handle_unknown="use_encoded_value", unknown_value=np.nan, dtype=np.float32
    ).fit(frame[texts].iloc[:1000])

    def run() -> Any:
        return _coded(model, frame, encoder.transform(frame[texts]))

    return run


def coded_by_pandas(model: Boosted, frame: pd.DataFrame) -> Callable[[], Any]:
    """Codes of pandas' categories on the text columns of a data frame, then XGBoost."""
    texts = [name for name in frame.columns if name.startswith("s")]
    words = [dictionary(count) for count in DICTIONARIES_C]

    def run() -> Any:
        pairs = zip(texts, words, strict=True)
        coded = [pd.Categorical(frame[name], categories=known).codes for name, known in pairs]
        return _coded(model, frame, np.stack(coded, axis=1))

    return run


def _coded(model: Boosted, frame: pd.DataFrame, codes: NDArray[Any]) -> Any:
    """XGBoost on the frame's numbers and the texts' codes."""
    x = np.empty(frame.shape, np.float32)
    numbers = frame.shape[1] - codes.shape[1]
    x[:, :numbers] = frame.iloc[:, :numbers].to_numpy(np.float32)
    x[:, numbers:] = codes
    x[:, numbers:][codes < 0] = np.nan
    model.booster.set_param("nthread", 1)
    return model.booster.inplace_predict(x)


# --- LightGBM and ONNX Runtime ------------------------------------------------------------------


def lightgbm_on_rows(x: F32, y: NDArray[np.float64]) -> Callable[[], Any]:
    """A LightGBM model of the same size, trained on the same rows."""
    import lightgbm  # noqa: PLC0415 - only this part needs the peers' packages

    parameters = {
        "objective": "regression", "num_leaves": LEAVES, "max_depth": DEPTH, "max_bin": 255,
        "num_threads": 1, "verbosity": -1,
    }  # fmt: skip
    data = lightgbm.Dataset(x[:TRAINING_ROWS], y[:TRAINING_ROWS])
    booster = lightgbm.train(parameters, data, ROUNDS)
    return lambda: booster.predict(x, num_threads=1)


def onnxruntime_on_rows(model: Boosted) -> Callable[[], Any]:
    """The same trees in ONNX Runtime."""
    import onnxruntime  # noqa: PLC0415 - only this part needs the peers' packages

    body = model.case.program.body
    assert isinstance(body, Forest)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        to_onnx(body), options, providers=["CPUExecutionProvider"]
    )
    return lambda: session.run(None, {"x": model.x})[0]


def to_onnx(forest: Forest) -> bytes:
    """A forest of one output as an ONNX model.

    Source: ONNX documentation, operator TreeEnsembleRegressor of ai.onnx.ml.
    """
    from onnx import TensorProto, helper  # noqa: PLC0415 - only this part needs the peers' packages

    node = helper.make_node(
        "TreeEnsembleRegressor", ["x"], ["y"], domain="ai.onnx.ml", **_attributes(forest)
    )
    reads = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, COLUMNS])
    writes = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])
    versions = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", OPSET_TREES)]
    model = helper.make_model(
        helper.make_graph([node], "forest", [reads], [writes]),
        opset_imports=versions, ir_version=IR_VERSION,
    )  # fmt: skip
    content: bytes = model.SerializeToString()
    return content


def _attributes(forest: Forest) -> dict[str, Any]:
    nodes = np.arange(len(forest.feature))
    tree = np.searchsorted(forest.roots, nodes, side="right") - 1
    root = forest.roots[tree]
    leaf = forest.feature == LEAF
    return {
        "n_targets": 1,
        "base_values": forest.base.tolist(),
        "nodes_treeids": tree.tolist(),
        "nodes_nodeids": (nodes - root).tolist(),
        "nodes_featureids": np.where(leaf, 0, forest.feature).tolist(),
        "nodes_modes": np.where(leaf, "LEAF", "BRANCH_LT").tolist(),
        "nodes_values": np.where(leaf, 0, forest.threshold).tolist(),
        "nodes_truenodeids": np.where(leaf, 0, forest.left - root).tolist(),
        "nodes_falsenodeids": np.where(leaf, 0, forest.right - root).tolist(),
        "nodes_missing_value_tracks_true": forest.nan_left.tolist(),
        "target_treeids": tree[leaf].tolist(),
        "target_nodeids": (nodes - root)[leaf].tolist(),
        "target_ids": forest.output[tree[leaf]].tolist(),
        "target_weights": forest.threshold[leaf].tolist(),
    }

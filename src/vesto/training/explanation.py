"""EXPLAIN_MODEL: on which columns the whole model leans.

Source: Amazon Redshift Database Developer Guide, "EXPLAIN_MODEL function", for the document's shape
and the texts that stand in its place.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vesto.catalog.records import Model, State
from vesto.errors import FeatureNotSupported
from vesto.programs.explain import base_of, explain, unexplained
from vesto.programs.image import image
from vesto.programs.program import Program
from vesto.programs.scoring import UNNAMED, margin_scorer
from vesto.training.encoding import Columns

F64 = NDArray[np.float64]
EXPLAINED_ROWS: Final = 2000
PERMUTED_ROWS: Final = 500
CHUNK_ROWS: Final = 100
STAGE: Final = "explaining"
WAITING_FOR_TRAINING: Final = "waiting for training job to complete"
WAITING_FOR_PROCESSING: Final = "waiting for processing job to complete"
FAILED: Final = "processing job failed"
# Redshift's spelling.
OUT_OF_TIME: Final = (
    "Processing job failed: Maximum runtime reached and processing job is unfinished. "
    "Increase MAX_RUNTIME for explanabilty report."
)

OUT_OF_MEMORY: Final = (
    "Processing job failed: Out of memory. Raise training_memory_mb for explanability report."
)


def explained(model: Model, report: dict[str, Any], stage: str = "") -> dict[str, Any]:
    """What EXPLAIN_MODEL returns: the report's document, or the reason why there is none yet.

    Raises:
        FeatureNotSupported: The model has none and will not get one.
    """
    if model.definition.is_forecast:
        hint = "EXPLAIN_MODEL is for models that have a function; SHOW MODEL has the forecast's metric."
        raise FeatureNotSupported(
            f'model "{model.name}" is a forecast, without explanations', hint=hint
        )
    if model.state is State.TRAINING:
        waiting = WAITING_FOR_PROCESSING if stage == STAGE else WAITING_FOR_TRAINING
        return {"explanations": waiting}
    if model.state is State.FAILED:
        return {"explanations": FAILED}
    found = report.get("explanation")
    if found is None:
        hint = "Train it again with CREATE MODEL ... AUTO ON, or AUTO OFF MODEL_TYPE XGBOOST."
        raise FeatureNotSupported(f'model "{model.name}" has no explanations', hint=hint)
    return found if isinstance(found, dict) else {"explanations": found}


def whole_model(
    program: Program, columns: Columns, seed: int, deadline: float
) -> dict[str, Any] | str:
    """The document of a trained model, or the text that says that the time was over before.

    Of forests and linear forms the mean of the contributions without their signs, over a sample of
    the training rows; of others, how far the margins move when a column is shuffled.
    ``deadline`` is a moment of ``time.monotonic()``.
    """
    random = np.random.default_rng(seed)
    can_explain = not unexplained(program)
    most = EXPLAINED_ROWS if can_explain else PERMUTED_ROWS
    order = random.permutation(len(columns.arrays[0]))[:most]
    if time.monotonic() > deadline:
        return OUT_OF_TIME
    if can_explain:
        base, shares = _contributions(program, columns, order, deadline)
    else:
        moved = _permuted(program, columns.take(order), random, deadline)
        if moved is None:
            return OUT_OF_TIME
        base, shares = moved
    return _document(program, base, shares, "shapley" if can_explain else "permutation")


def _document(program: Program, base: F64, shares: F64, method: str) -> dict[str, Any]:
    """``base`` has shape (outputs,), ``shares`` (outputs, inputs)."""
    names = [item.name for item in program.inputs]
    labels = {}
    for place, (start, row) in enumerate(zip(base.tolist(), shares.tolist(), strict=True)):
        values = dict(zip(names, row, strict=True))
        labels[f"label{place}"] = {"global_shap_values": values, "expected_value": start}
    document = {"version": "1.0", "explanations": {"kernel_shap": labels}, "method": method}
    if known := program.output.labels:
        document["labels"] = list(known if len(base) == len(known) else known[1:])
    return document


def _contributions(
    program: Program, columns: Columns, order: NDArray[np.int64], deadline: float
) -> tuple[F64, F64]:
    """Base and mean contributions without signs, over as many rows as there is time for."""
    base, explained_by = _explainer(program)
    total, rows = 0.0, 0
    for at in range(0, len(order), CHUNK_ROWS):
        some = columns.take(order[at : at + CHUNK_ROWS])
        total = total + np.abs(explained_by(some.arrays)).sum(axis=0)
        rows += len(some.arrays[0])
        if time.monotonic() > deadline:
            break
    return base, np.asarray(total / rows)


def _explainer(program: Program) -> Any:
    """The base, and what gives the contributions of rows: compiled, where that is there."""
    try:
        native: Any = import_module("vesto._native")
    except ImportError:
        return base_of(program), lambda arrays: explain(program, arrays).contributions
    compiled = native.Program(image(program, UNNAMED))
    return np.array(compiled.base), compiled.explain


def _permuted(
    program: Program, columns: Columns, random: np.random.Generator, deadline: float
) -> tuple[F64, F64] | None:
    """Mean margins, and how far they move as each column is shuffled; None: the time was over."""
    score = margin_scorer(program)
    before = score(columns.arrays)
    shares = np.zeros((before.shape[1], len(program.inputs)))
    for place in range(len(program.inputs)):
        if time.monotonic() > deadline:
            return None
        shuffled: Sequence[Any] = [
            array.take(pa.array(random.permutation(len(array)))) if at == place else array
            for at, array in enumerate(columns.arrays)
        ]
        shares[:, place] = np.abs(score(shuffled) - before).mean(axis=0)
    return before.mean(axis=0), shares

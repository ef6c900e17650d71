"""The reference scorer as functions of DuckDB, with the names and rules of the compiled ones.

It serves where the extension cannot be loaded: the same predictions, many times slower.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vesto.errors import FeatureNotSupported, UndefinedFunction, VestoError
from vesto.programs import reference, registry
from vesto.programs.explain import explain, unexplained
from vesto.programs.program import Program
from vesto.types import BY_NAME, converts, from_arrow

RETURN_TYPES: Final = ("bool", "int2", "int4", "int8", "float4", "float8", "varchar")
KERNEL: Final = "reference"


class ReferenceScorer:
    """Scores in Python, one chunk of rows at a time."""

    def __init__(self, root: duckdb.DuckDBPyConnection) -> None:
        """Register the functions with the engine."""
        # DuckDB's stubs know less than its documentation.
        make: Any = root.create_function
        for name in RETURN_TYPES:
            _make(make, f"vesto_predict_{name}", _predictions, BY_NAME[name].duckdb)
        _make(make, "vesto_probabilities", _documents, "JSON")
        _make(make, "vesto_explain", _explanations, "JSON")
        make("vesto_kernel", lambda: KERNEL, [], "VARCHAR")
        make("vesto_predictions", lambda: _count.made, [], "BIGINT", side_effects=True)

    def register(self, name: str, program: Program) -> None:
        """Make a program ready to score under its content hash."""
        registry.register(name, program)

    def arguments(self, name: str, program: Program, columns: Sequence[str]) -> list[str]:
        """The SQL of a call's arguments behind the program's name: the columns themselves."""
        return list(columns)

    def forget(self, name: str) -> None:
        """Take one ``register`` back."""
        registry.forget(name)


def _make(make: Any, name: str, score: Callable[[Program, list[Any]], Any], returns: str) -> None:
    """Register a function of a program's hash and one Arrow column for each of its inputs."""

    def scored(*columns: Any) -> Any:
        try:
            first, *given = [_flat(column) for column in columns]
            if not len(first):
                return pa.nulls(0)
            program = registry.find(first[0].as_py())
            _check_arguments(program, given)
            return score(program, given)
        except VestoError as error:
            # DuckDB hands on nothing but the text of an exception.
            raise RuntimeError(f"vesto:{error.to_json()}") from error

    # Without parameter types DuckDB hands over any number of arguments as they are.
    make(name, scored, None, returns, type="arrow", null_handling="special")


class _Count:
    """How many rows this process has been asked predictions for."""

    def __init__(self) -> None:
        self.made = 0
        self._lock = threading.Lock()

    def add(self, given: list[Any]) -> None:
        with self._lock:
            self.made += len(given[0]) if given else 0


_count: Final = _Count()


def _predictions(program: Program, given: list[Any]) -> Any:
    _count.add(given)
    return reference.score(program, given)


def _documents(program: Program, given: list[Any]) -> Any:
    """Probabilities and labels of each row as JSON, the greatest first, equals as the labels stand."""
    output = program.output
    if not output.labels or output.link == "argmax":
        raise UndefinedFunction("the model gives no probabilities")
    _count.add(given)
    rows = reference.probabilities(program, given)
    order = np.argsort(-rows, axis=1, kind="stable")
    texts = [
        json.dumps(
            {"probabilities": row[places].tolist(), "labels": [output.labels[p] for p in places]},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for row, places in zip(rows, order, strict=True)
    ]
    return pa.ExtensionArray.from_storage(pa.json_(), pa.array(texts, pa.string()))


def _explanations(program: Program, given: list[Any]) -> Any:
    """Base, margin and contributions of each row as JSON; of several labels the likeliest first."""
    if reason := unexplained(program):
        message = "the program's predictions cannot be explained"
        raise FeatureNotSupported(message, detail=reason)
    found = explain(program, given)
    texts = [
        json.dumps(_explanation(program, *row), ensure_ascii=False, separators=(",", ":"))
        for row in zip([_short(found.base)] * len(found.margins), _short(found.margins),
                       _short(found.contributions), strict=True)
    ]  # fmt: skip
    return pa.ExtensionArray.from_storage(pa.json_(), pa.array(texts, pa.string()))


def _short(numbers: NDArray[np.float64]) -> Any:
    """As lists of numbers in as many digits as float32 has, which trees compute in."""
    edge = float(np.finfo(np.float32).max)
    kept = np.clip(np.nan_to_num(numbers), -edge, edge).astype(np.float32)
    return kept.astype(str).astype(np.float64).tolist()


def _explanation(program: Program, base: Any, margins: Any, parts: Any) -> dict[str, Any]:
    names = [item.name for item in program.inputs]
    entries = [
        {"base": b, "prediction": m, "contributions": dict(zip(names, c, strict=True))}
        for b, m, c in zip(base, margins, parts, strict=True)
    ]
    labels = program.output.labels
    if program.output.link != "softmax":
        return ({"label": labels[1]} if labels else {}) | entries[0]
    order = sorted(range(len(labels)), key=lambda place: -margins[place])
    explanations = [entries[place] for place in order]
    return {"labels": [labels[place] for place in order], "explanations": explanations}


def _flat(column: Any) -> Any:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _check_arguments(program: Program, given: list[Any]) -> None:
    inputs = program.inputs
    signature = ", ".join(f"{item.name} {item.type}" for item in inputs)
    if len(given) != len(inputs):
        message = f"the function takes {len(inputs)} arguments, not {len(given)}"
        raise UndefinedFunction(message, hint=f"Its arguments are ({signature}).")
    for place, (item, column) in enumerate(zip(inputs, given, strict=True), start=1):
        kind = from_arrow(column.type)
        if not converts(kind, BY_NAME[item.type]):
            message = f'argument {place} "{item.name}" has the type {kind.name}, not {item.type}'
            hint = f"The arguments are ({signature}); cast this one, as in x::{item.type}."
            raise UndefinedFunction(message, hint=hint)

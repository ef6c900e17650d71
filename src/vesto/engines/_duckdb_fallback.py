"""The reference scorer as functions of DuckDB, with the names and rules of the compiled ones.

It serves where the extension cannot be loaded: the same predictions, many times slower.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa

from vesto.errors import UndefinedFunction, VestoError
from vesto.programs import reference, registry
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
        make("vesto_kernel", lambda: KERNEL, [], "VARCHAR")

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


def _predictions(program: Program, given: list[Any]) -> Any:
    return reference.score(program, given)


def _documents(program: Program, given: list[Any]) -> Any:
    """Probabilities and labels of each row as JSON, the greatest first, equals as the labels stand."""
    output = program.output
    if not output.labels or output.link == "argmax":
        raise UndefinedFunction("the model gives no probabilities")
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

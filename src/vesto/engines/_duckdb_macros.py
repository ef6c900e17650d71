"""The macros by which SQL calls models in DuckDB, one a name."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

import duckdb

from vesto.dialect.names import literal, quoted
from vesto.dialect.surroundings import Place
from vesto.engines import Function, FunctionKind
from vesto.engines._duckdb_connection import fetch_all
from vesto.engines._duckdb_errors import sqlstates
from vesto.engines._duckdb_library import DATABASE
from vesto.engines._duckdb_programs import Form, Programs
from vesto.errors import UndefinedSchema
from vesto.programs.program import Program

# How the engine writes the body of our macros; older files have the functions without a schema.
_LOST: Final = "the program of this function is not there"
_SCORES: Final = (
    r"^(CAST\()?(\"?system\"?\.main\.)?vesto_(predict_|probabilities\(|explain\()"
    rf"|failure\('XX001', '{_LOST}'\)|vesto\.(refusal|interval_of_\w+)\("
)
_OF_DOCUMENTS: Final = {"probabilities": "vesto_probabilities", "explanation": "vesto_explain"}


class Macros:
    """The macros of one engine, and the programs that they score with. Safe to share between threads."""

    def __init__(self, root: duckdb.DuckDBPyConnection, programs: Programs) -> None:
        self._root, self._programs = root, programs
        self._write = threading.Lock()
        # What the macro of a function's name says for each number of parameters.
        self._forms: dict[Place, dict[int, str]] = {}

    def install(self, function: Function, program: Program | None) -> None:
        """Make or replace the function; views and prepared statements follow it.

        One of the same name with another number of parameters stays beside it, in the same macro.
        """
        names = [quoted(parameter.name) for parameter in function.parameters]
        if program is None:
            failure = f"{DATABASE}.vesto.failure('XX001', {literal(_LOST)})"
            body = f"CAST({failure} AS {function.cast or function.returns.duckdb})"
        else:
            body = self._body(function, program, names)
        with (
            self._write,
            sqlstates(),
            self._programs.swapped(_form(function), function.program, program),
        ):
            known = self._forms.get(_place(function), {})
            self._replace(function, known | {len(names): f"({', '.join(names)}) AS {body}"})

    def _body(self, function: Function, program: Program, names: list[str]) -> str:
        """What the function's macro stands for. The extension refuses an unknown program."""
        if function.refusal is not None:
            return f"{DATABASE}.vesto.refusal({literal(function.refusal.to_json())})"
        found = function.intervals
        if found is None:
            given = names
            if function.kind != "explanation":
                given = self._programs.arguments(function.program, program, names)
            arguments = ", ".join([literal(function.program), *given])
            body = f"system.main.{generic_function(function)}({arguments})"
            return f"CAST({body} AS {function.cast})" if function.cast else body
        kind: FunctionKind = "probabilities" if found.kind == "labels" else "prediction"
        inner = replace(
            function, kind=kind, returns=function.predicts or function.returns, intervals=None
        )
        lists = [found.quantiles, found.edges, found.scales] if found.edges else [found.quantiles]
        inside = ", ".join([self._body(inner, program, names), *map(_numbers, lists)])
        return f"{DATABASE}.vesto.interval_of_{found.kind}({inside})"

    def remove(self, function: Function) -> None:
        """Remove the function, but none of its name with another number of parameters."""
        with self._write, sqlstates():
            known = self._forms.get(_place(function), {})
            with suppress(UndefinedSchema), sqlstates():
                rest = {n: text for n, text in known.items() if n != len(function.parameters)}
                self._replace(function, rest)
            self._programs.drop(_form(function))

    def _replace(self, function: Function, forms: dict[int, str]) -> None:
        """Make the macro of one name anew, with one form for each number of parameters."""
        macro = f"{DATABASE}.{quoted(function.schema)}.{quoted(function.name)}"
        if forms:
            self._root.execute(f"CREATE OR REPLACE MACRO {macro}{', '.join(forms.values())}")
        else:
            self._root.execute(f"DROP MACRO IF EXISTS {macro}")
        self._forms[_place(function)] = forms

    def installed(self) -> set[tuple[str, str]]:
        """Schema and name of the macros that call one of the generic functions."""
        found = fetch_all(
            self._root,
            "SELECT schema_name, function_name FROM duckdb_functions() WHERE database_name = ? "
            "AND regexp_matches(macro_definition, ?)",
            [DATABASE, _SCORES],
        )
        return {(schema, name) for schema, name in found}

    def close(self) -> None:
        """Forget all programs; the macros stay in the tables' file."""
        with self._write, suppress(duckdb.Error):
            self._programs.close()


def generic_function(function: Function) -> str:
    """The SQL function that scores any program with such an output."""
    if function.kind in _OF_DOCUMENTS:
        return _OF_DOCUMENTS[function.kind]
    name = function.returns.name
    return f"vesto_predict_{'varchar' if name == 'bpchar' else name}"


def _numbers(numbers: Sequence[float]) -> str:
    return "[" + ", ".join(f"{number!r}::DOUBLE" for number in numbers) + "]"


def _place(function: Function) -> Place:
    return function.schema.lower(), function.name.lower()


def _form(function: Function) -> Form:
    return (*_place(function), len(function.parameters))

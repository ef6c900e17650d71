"""The compiled scorer: the extension beside ``vesto._native``, loaded into DuckDB."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import duckdb

from vesto.dialect.names import literal
from vesto.errors import InvalidParameterValue
from vesto.programs.image import image
from vesto.programs.program import Program
from vesto.programs.steps import Category, sources

EXTENSION: Final = "vesto.duckdb_extension"
AUTOMATIC: Final = "auto"
_TEXTS: Final = ("bpchar", "varchar")
# DuckDB 2.0 takes every function of an extension for one that may fail, and calls those for each row.
_CALLS_FOR_DICTIONARIES: Final = duckdb.__version__.startswith("1.")


class ExtensionMissing(Exception):
    """The extension cannot be loaded; the message says why. Never leaves this package."""


class NativeScorer:
    """Scores inside DuckDB. The extension's programs belong to the process and are counted there."""

    def __init__(self, root: duckdb.DuckDBPyConnection, path: str) -> None:
        """Load the extension and choose the kernel's code path.

        Raises:
            ExtensionMissing: It cannot be loaded.
            InvalidParameterValue: This machine or build has no such code path.
        """
        self._root = root
        _load(root)
        try:
            self._ask("SELECT vesto_use_kernel(?)", "automatic" if path == AUTOMATIC else path)
        except duckdb.Error as error:
            raise unusable(path, first_line(error)) from error

    def register(self, name: str, program: Program) -> None:
        """Make a program ready to score under its content hash."""
        self._ask("SELECT vesto_register_program(?)", image(program, name))

    def arguments(self, name: str, program: Program, columns: Sequence[str]) -> list[str]:
        """The SQL of a call's arguments behind the program's name, for these columns."""
        return arguments(name, program, columns)

    def forget(self, name: str) -> None:
        """Take one ``register`` back."""
        self._ask("SELECT vesto_forget_program(?)", name)

    def _ask(self, sql: str, value: Any) -> None:
        """Call a function, on a line of its own: the first one may be busy."""
        cursor = self._root.cursor()
        try:
            cursor.execute(sql, [value]).fetchall()
        finally:
            cursor.close()


def arguments(name: str, program: Program, columns: Sequence[str]) -> list[str]:
    """A program's arguments in the way that takes the least time, for columns given as SQL."""
    if _CALLS_FOR_DICTIONARIES:
        return with_categories(name, program, columns)
    return list(columns)


def with_categories(name: str, program: Program, columns: Sequence[str]) -> list[str]:
    """The columns, but texts that a lone ``Category`` reads are looked up by ``vesto_category``.

    Where a column is stored with a dictionary, DuckDB calls that once for each of its words, and
    hands over numbers; the prediction itself would get a text for each row.
    """
    places = looked_up(program)
    return [
        f"system.main.vesto_category({literal(name)}, {place}, {column})"
        if place - 1 in places
        else column
        for place, column in enumerate(columns, start=1)
    ]


def looked_up(program: Program) -> set[int]:
    """The places of inputs that are texts and read by one step alone, a ``Category``."""
    readers = Counter(source for step in program.steps for source in sources(step))
    return {
        step.source
        for step in program.steps
        if isinstance(step, Category)
        and readers[step.source] == 1
        and program.inputs[step.source].type in _TEXTS
    }


def _load(root: duckdb.DuckDBPyConnection) -> None:
    try:
        module = import_module("vesto._native")
    except ImportError as error:
        raise ExtensionMissing(str(error)) from error
    file = Path(module.__file__ or "").parent / EXTENSION
    if not file.is_file():
        raise ExtensionMissing(f"{file} is not there")
    try:
        root.execute(f"LOAD {literal(str(file))}")
    except duckdb.Error as error:
        raise ExtensionMissing(first_line(error)) from error


def unusable(path: str, reason: str) -> InvalidParameterValue:
    """The error for a code path that the setting asks for and cannot be had."""
    hint = 'Write native = "auto", which takes the best there is.'
    message = f'setting "native" cannot be "{path}" here'
    return InvalidParameterValue(message, detail=reason, hint=hint)


def first_line(error: Exception) -> str:
    """The first line of DuckDB's error."""
    return next(iter(str(error).splitlines()), type(error).__name__)

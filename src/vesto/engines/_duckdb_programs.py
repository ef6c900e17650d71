"""Which scorer an engine has, and which programs it holds there."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Protocol

import duckdb

from vesto.engines._duckdb_fallback import ReferenceScorer
from vesto.engines._duckdb_native import AUTOMATIC, ExtensionMissing, NativeScorer, unusable
from vesto.programs.program import Program

# A function: its schema, its name, and its number of parameters.
Form = tuple[str, str, int]

log: Final = logging.getLogger(__name__)
OFF: Final = "off"
_warned: Final[set[str]] = set()


class Scorer(Protocol):
    """What scores programs inside the engine."""

    def register(self, name: str, program: Program) -> None:
        """Make a program ready to score under its content hash."""
        ...

    def forget(self, name: str) -> None:
        """Take one ``register`` back."""
        ...

    def arguments(self, name: str, program: Program, columns: Sequence[str]) -> list[str]:
        """The SQL of a call's arguments behind the program's name, for these columns."""
        ...


def open_scorer(root: duckdb.DuckDBPyConnection, setting: str) -> Scorer:
    """The compiled scorer; where it cannot be loaded or is switched off, the reference scorer.

    Raises:
        InvalidParameterValue: The setting asks for a code path that cannot be had.
    """
    if setting == OFF:
        return ReferenceScorer(root)
    try:
        return NativeScorer(root, setting)
    except ExtensionMissing as error:
        if setting != AUTOMATIC:
            raise unusable(setting, str(error)) from error
        if not _warned:
            _warned.add(str(error))
            log.warning("predictions run in Python, many times slower than compiled: %s", error)
        return ReferenceScorer(root)


class Programs:
    """The programs of one engine's functions: each is known to the scorer while a function has it."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._of: dict[Form, str] = {}
        self._functions: Counter[str] = Counter()

    def arguments(self, name: str, program: Program, columns: Sequence[str]) -> list[str]:
        """The SQL of a call's arguments behind the program's name, for these columns."""
        return self._scorer.arguments(name, program, columns)

    @contextmanager
    def swapped(self, form: Form, name: str, program: Program | None) -> Iterator[None]:
        """Know the new program while the function is made, and forget the old one after that.

        What fails leaves everything as it was. Without a program the function finds none.
        """
        if program is not None:
            self._hold(name, program)
        try:
            yield
        except BaseException:
            if program is not None:
                self._release(name)
            raise
        self.drop(form)
        if program is not None:
            self._of[form] = name

    def drop(self, form: Form) -> None:
        """Forget the program of a function that has gone."""
        name = self._of.pop(form, None)
        if name is not None:
            self._release(name)

    def close(self) -> None:
        """Forget all of them."""
        for form in list(self._of):
            self.drop(form)

    def _hold(self, name: str, program: Program) -> None:
        if not self._functions[name]:
            self._scorer.register(name, program)
        self._functions[name] += 1

    def _release(self, name: str) -> None:
        self._functions[name] -= 1
        if not self._functions[name]:
            del self._functions[name]
            self._scorer.forget(name)

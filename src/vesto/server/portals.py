"""Prepared statements and portals of one connection, and rows handed out in parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from vesto.dialect.placeholders import Placeholder
from vesto.engines import Column
from vesto.errors import BindMismatch
from vesto.result import Result


@dataclass(slots=True)
class Prepared:
    """A statement of Parse. ``types`` are SQL types by parameter, ``oids`` what clients are told.

    ``described`` is what Describe found, ``result`` that of a statement that only looks.
    """

    text: str
    placeholders: list[Placeholder]
    types: tuple[str, ...]
    oids: tuple[int, ...]
    is_described: bool = False
    columns: tuple[Column, ...] | None = None
    result: Result | None = None


class Rows:
    """The rows of a result in the order they come, taken in parts of any size."""

    def __init__(self, result: Result) -> None:
        self._result = result
        self._left: pa.RecordBatch | None = None
        self.taken = 0

    def parts(self, limit: int) -> Iterator[pa.RecordBatch]:
        """At most ``limit`` rows, all where it is 0."""
        wanted = limit
        while not limit or wanted > 0:
            batch = self._next()
            if batch is None:
                return
            if limit and batch.num_rows > wanted:
                self._left = batch.slice(wanted)
                batch = batch.slice(0, wanted)
            wanted -= batch.num_rows
            self.taken += batch.num_rows
            yield batch

    @property
    def is_over(self) -> bool:
        """Whether no row is left; it looks ahead."""
        if self._left is None:
            self._left = self._next()
        return self._left is None

    def _next(self) -> pa.RecordBatch | None:
        """The next batch that has rows."""
        if self._left is not None:
            batch, self._left = self._left, None
            return batch
        # The result may have been taken in meanwhile: its reader is another one then.
        reader = self._result.reader()
        while True:
            try:
                batch = reader.read_next_batch()
            except StopIteration:
                return None
            if batch.num_rows:
                return batch


@dataclass(slots=True)
class Portal:
    """A bound statement; ``columns`` were announced, ``rows`` are there once it has begun.

    One that ``is_held`` outlives its transaction.
    """

    prepared: Prepared
    values: tuple[Any, ...] = ()
    formats: tuple[int, ...] = ()
    columns: tuple[Column, ...] | None = None
    result: Result | None = None
    rows: Rows | None = None
    is_done: bool = False
    is_held: bool = False


def formats_of(given: tuple[int, ...], count: int) -> tuple[int, ...]:
    """A format for each: none is text, one is for all.

    Raises:
        BindMismatch: There are as many as neither fits.
    """
    if len(given) <= 1:
        return (given or (0,)) * count
    if len(given) != count:
        raise BindMismatch(f"message has {len(given)} formats for {count} columns")
    return given

"""What a statement returns: rows as Arrow batches, or a command tag."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from vesto.types import SqlType

if TYPE_CHECKING:
    import pandas as pd


class Result:
    """Rows, streamed and read once, or the tag of a command.

    ``tag`` is PostgreSQL's command tag, as ``INSERT 0 3``; ``notices`` are sentences for the user.
    ``rowcount`` is the number of rows a write touched, or -1. ``model`` is the name, as SQL, of the
    model that the statement has begun to train. ``types`` are the columns' SQL types and type
    modifiers where the engine knows more of them than Arrow does, else empty. ``forms`` is there where
    the rows are the same each time: whoever writes them in some form may keep that.
    """

    def __init__(
        self, reader: pa.RecordBatchReader | None = None, *, tag: str = "",
        notices: tuple[str, ...] = (), rowcount: int = -1, model: str = "",
        types: tuple[tuple[SqlType, int], ...] = (), forms: dict[Any, bytes] | None = None,
    ) -> None:  # fmt: skip
        self.tag, self.notices, self.rowcount, self.model = tag, notices, rowcount, model
        self.types, self.forms = types, forms
        self._reader = reader
        self._rows: Iterator[tuple[Any, ...]] | None = None

    @classmethod
    def of(cls, table: pa.Table, tag: str = "SELECT") -> Result:
        """A result that is complete already."""
        return cls(table.to_reader(), tag=tag)

    @property
    def has_rows(self) -> bool:
        """Whether the statement returns rows, be they none."""
        return self._reader is not None

    @property
    def schema(self) -> pa.Schema:
        """The columns."""
        return self._reader.schema if self._reader else pa.schema([])

    @property
    def columns(self) -> list[str]:
        """The columns' names."""
        return list(self.schema.names)

    def reader(self) -> pa.RecordBatchReader:
        """The batches, as they are made."""
        return self._reader or pa.RecordBatchReader.from_batches(pa.schema([]), [])

    def arrow(self) -> pa.Table:
        """All rows that are left."""
        return self.reader().read_all()

    def df(self) -> pd.DataFrame:
        """All rows that are left, as a pandas data frame."""
        return self.arrow().to_pandas()

    def rows(self) -> list[tuple[Any, ...]]:
        """All rows that are left, as tuples."""
        return list(self)

    def row(self) -> tuple[Any, ...] | None:
        """The next row, or None."""
        return next(self, None)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return self

    def __next__(self) -> tuple[Any, ...]:
        if self._rows is None:
            self._rows = _tuples(self.reader())
        return next(self._rows)

    def hold(self) -> None:
        """Take in the rows that are left: the connection is about to run something else."""
        if self._reader is not None:
            self._reader = self._reader.read_all().to_reader()


class KeptResult:
    """The rows of a result that are the same each time. Safe to share between threads."""

    def __init__(self, result: Result) -> None:
        """Take in the rows of a result that has not been read."""
        self._table, self._tag, self._types = result.arrow(), result.tag, result.types
        self._forms: dict[Any, bytes] = {}

    def again(self) -> Result:
        """The result, to be read anew."""
        reader = self._table.to_reader()
        return Result(reader, tag=self._tag, types=self._types, forms=self._forms)


class KeptResults:
    """Results of statements that return the same whatever happens. Safe to share between threads."""

    def __init__(self, most: int = 256, longest: int = 200) -> None:
        self._kept: dict[str, KeptResult] = {}
        self._most, self._longest = most, longest

    def find(self, sql: str) -> Result | None:
        """The result of that text, to be read anew."""
        known = self._kept.get(sql)
        return None if known is None else known.again()

    def keep(self, sql: str, result: Result) -> Result:
        """Keep the rows of a result that has not been read, where the text is short."""
        if len(sql) > self._longest:
            return result
        if len(self._kept) >= self._most:
            self._kept.clear()
        kept = self._kept[sql] = KeptResult(result)
        return kept.again()


def _tuples(reader: pa.RecordBatchReader) -> Iterator[tuple[Any, ...]]:
    for batch in reader:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)

"""Arrow batches to DataRow messages, vectorised: a batch becomes one piece of bytes.

For each column there is an array of values and one of their lengths; joining all of them row by
row gives, in the data buffer of the result, the stream of messages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vesto.server.binary_format import binary, fixed
from vesto.server.few_rows import Uncommon, few
from vesto.server.text_format import text

# Arrow's offsets are int32; and nobody wants larger pieces.
MAXIMUM_BYTES: Final = 64 * 1024 * 1024
# From about so many rows on the vectorised way is the quicker one.
FEW: Final = 24
_HEAD: Final = np.dtype([("type", "S1"), ("length", ">i4"), ("columns", ">i2")])
_EMPTY: Final = pa.scalar(b"", pa.binary())


@dataclass(frozen=True, slots=True)
class Layout:
    """How rows are written: SQL type and format (1 is binary) of each column, and for whom."""

    kinds: tuple[str, ...]
    formats: tuple[int, ...]
    redshift: bool = False


def encoded(
    batch: pa.RecordBatch, layout: Layout, at_once: int = FEW
) -> Iterator[bytes | memoryview]:
    """The DataRow messages of a batch, in pieces; values under NULLs are not looked at.

    Up to ``at_once`` rows are written one by one, where their values are common ones.
    """
    if batch.num_rows == 0:
        return
    if batch.num_rows <= at_once:
        try:
            rows = few(batch.columns, layout.kinds, layout.formats)
        except Uncommon:
            pass
        else:
            yield b"".join(rows)
            return
    if batch.nbytes > MAXIMUM_BYTES and batch.num_rows > 1:
        half = batch.num_rows // 2
        yield from encoded(batch.slice(0, half), layout)
        yield from encoded(batch.slice(half), layout)
        return
    columns = values(batch.columns, layout)
    yield joined(columns, _HEAD, b"D")


def values(columns: Sequence[pa.Array], layout: Layout) -> list[pa.Array]:
    """The columns as arrays of binary in their formats."""
    wanted = zip(columns, layout.kinds, layout.formats, strict=True)
    return [
        (binary if form else text)(column, kind, redshift=layout.redshift)
        for column, kind, form in wanted
    ]


def joined(
    columns: Sequence[pa.Array], head_type: Any, code: bytes, *, bare: bool = False
) -> memoryview:
    """Messages of a head, then for each column the length, unless ``bare``, and the value."""
    rows = len(columns[0])
    total = np.full(rows, head_type.itemsize - 1, dtype=np.int64)
    pieces: list[Any] = []
    for column in columns:
        lengths = pc.fill_null(pc.binary_length(column), -1).to_numpy()
        total += np.maximum(lengths, 0) + (0 if bare else 4)
        pieces += [column] if bare else [_words(lengths.astype(">i4")), column]
    head = np.empty(rows, dtype=head_type)
    head["type"], head["length"] = code, total
    if "columns" in head_type.names:
        head["columns"] = len(columns)
    pieces.insert(0, fixed(head, head_type.itemsize, _whole(rows)))
    found = pc.binary_join_element_wise(
        *pieces, _EMPTY, null_handling="replace", null_replacement=""
    )
    offsets = np.frombuffer(found.buffers()[1], np.int32)
    start, end = offsets[found.offset], offsets[found.offset + rows]
    return memoryview(found.buffers()[2])[start:end]


def _words(lengths: Any) -> pa.Array:
    return fixed(lengths, 4, _whole(len(lengths)))


def _whole(rows: int) -> pa.Array:
    """An array of that length without NULLs."""
    return pa.nulls(rows).is_null()

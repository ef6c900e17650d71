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

from vesto.server.arrays import arrays, is_array
from vesto.server.binary_format import binary, fixed
from vesto.server.few_rows import Uncommon, few
from vesto.server.text_format import text

# Arrow's offsets are int32; and nobody wants larger pieces.
MAXIMUM_BYTES: Final = 64 * 1024 * 1024
# From about so many rows on the vectorised way is the quicker one.
FEW: Final = 24
# From here on a batch is worth another thread.
MANY: Final = 4096
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
    return [_value(column, kind, form, redshift=layout.redshift) for column, kind, form in wanted]


def _value(column: pa.Array, kind: str, form: int, *, redshift: bool) -> pa.Array:
    if is_array(kind):
        return arrays(column, kind, in_binary=bool(form))
    return (binary if form else text)(column, kind, redshift=redshift)


def joined(
    columns: Sequence[pa.Array], head_type: Any, code: bytes, *, bare: bool = False
) -> memoryview:
    """Messages of a head, then for each column the length, unless ``bare``, and the value."""
    rows = len(columns[0])
    lengths = [pc.fill_null(pc.binary_length(column), -1).to_numpy() for column in columns]
    head = np.empty(rows, dtype=head_type)
    head["type"] = code
    head["length"] = (
        head_type.itemsize
        - 1
        + sum(np.maximum(each, 0).astype(np.int64) + (0 if bare else 4) for each in lengths)
    )
    if "columns" in head_type.names:
        head["columns"] = len(columns)
    # What has one width in all rows goes side by side into one piece: Arrow joins fewer of them.
    block, pieces = [_bytes_of(head)], []
    for column, each in zip(columns, lengths, strict=True):
        if not bare:
            block.append(_bytes_of(each.astype(">i4")))
        width = int(each[0])
        if width > 0 and (each == width).all():
            block.append(_values_of(column, rows, width))
        else:
            pieces += [_side_by_side(block), column]
            block = []
    pieces += [_side_by_side(block)] if block else []
    found = pc.binary_join_element_wise(
        *pieces, _EMPTY, null_handling="replace", null_replacement=""
    )
    offsets = np.frombuffer(found.buffers()[1], np.int32)
    start, end = offsets[found.offset], offsets[found.offset + rows]
    return memoryview(found.buffers()[2])[start:end]


def _bytes_of(rows: Any) -> Any:
    return np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), -1)


def _values_of(column: pa.Array, rows: int, width: int) -> Any:
    """The values of a column, all of one width: they stand one after the other."""
    start = int(np.frombuffer(column.buffers()[1], np.int32)[column.offset])
    data = np.frombuffer(column.buffers()[2], np.uint8)
    return data[start : start + rows * width].reshape(rows, width)


def _side_by_side(parts: Sequence[Any]) -> pa.Array:
    rows = len(parts[0])
    block = np.empty((rows, sum(part.shape[1] for part in parts)), dtype=np.uint8)
    at = 0
    for part in parts:
        block[:, at : at + part.shape[1]] = part
        at += part.shape[1]
    return fixed(block, block.shape[1], _whole(rows))


def _whole(rows: int) -> pa.Array:
    """An array of that length without NULLs."""
    return pa.nulls(rows).is_null()

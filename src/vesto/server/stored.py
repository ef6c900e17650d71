"""What an Arrow array holds in its buffers, as NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from vesto.server.calendar import FAR_FUTURE


def valid(array: pa.Array) -> Any:
    """Which values are there: an array of booleans."""
    return array.is_valid().to_numpy(zero_copy_only=False)


def integers(array: pa.Array, kind: Any) -> Any:
    """The stored integers of a fixed-width array, those under NULLs whatever they are."""
    buffer = array.buffers()[1]
    return np.frombuffer(buffer, kind)[array.offset :][: len(array)]


def microseconds(array: pa.Array) -> Any:
    """Timestamps of any unit as microseconds since 1970; infinities stay infinite."""
    stored = integers(array, np.int64)
    unit = array.type.unit
    if unit == "us":
        return stored
    if unit == "ns":
        return stored // 1000
    factor = 1_000_000 if unit == "s" else 1000
    limit = np.iinfo(np.int64).max // factor
    usual = np.abs(stored) <= limit
    return np.where(usual, np.where(usual, stored, 0) * factor, np.sign(stored) * FAR_FUTURE)

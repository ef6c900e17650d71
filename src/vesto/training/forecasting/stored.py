"""The stored rows of a forecast."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from vesto.catalog.records import Model
from vesto.errors import DataCorrupted
from vesto.training.forecasting.job import content_hash


def read_forecast(path: Path, model: Model) -> pa.Table:
    """The rows in a file, which must be the one that the catalog names.

    Raises:
        OSError: The file cannot be read.
        DataCorrupted: It is damaged, or another one.
    """
    content = path.read_bytes()
    if model.outcome is None or content_hash(content) != model.outcome.program:
        raise DataCorrupted("the forecast is not the one that the catalog names")
    try:
        return pq.read_table(BytesIO(content))
    except pa.ArrowException as error:
        raise DataCorrupted("the forecast cannot be read", detail=str(error)) from error

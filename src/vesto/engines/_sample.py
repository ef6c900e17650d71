"""A uniform sample of a stream: every row gets a random key, the rows with the smallest stay.

One pass, memory for about twice the sample, exact size, the same rows for the same seed.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vesto.engines import Sample

_SLACK_ROWS: Final = 65_536


def draw(reader: pa.RecordBatchReader, rows: int, seed: int) -> Sample:
    """At most ``rows`` rows of ``reader``, in their order, drawn uniformly without replacement."""
    random = np.random.default_rng(seed)
    kept, keys, total, bound = reader.schema.empty_table(), np.empty(0), 0, 1.0
    for batch in reader:
        drawn = random.random(len(batch))
        total += len(batch)
        chosen = drawn <= bound
        kept = pa.concat_tables([kept, pa.Table.from_batches([batch.filter(pa.array(chosen))])])
        keys = np.concatenate([keys, drawn[chosen]])
        if len(keys) > 2 * rows + _SLACK_ROWS:
            kept, keys, bound = _smallest(kept, keys, rows)
    if len(keys) > rows:
        kept, keys, bound = _smallest(kept, keys, rows)
    return Sample(kept.combine_chunks(), total)


def _smallest(
    table: pa.Table, keys: NDArray[np.float64], rows: int
) -> tuple[pa.Table, NDArray[np.float64], float]:
    places = np.sort(np.argpartition(keys, rows)[:rows])
    return table.take(pa.array(places)), keys[places], float(keys[places].max(initial=0.0))

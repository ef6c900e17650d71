"""SVV_ML_FEATURE_IMPORTANCE (ours): on which columns the predictions of each model lean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from vesto.engines import Column
from vesto.system_views import Source
from vesto.system_views._reports import MODEL, NUMBER, TEXT, WHOLE, rows_of_reports


class SvvMlFeatureImportance:
    """One row a model and feature column.

    ``importance`` are shares that sum to 1; ``rank`` counts from 1. ``method`` is "permutation" (how
    far predictions move when the column is shuffled) or "total_gain" (what its splits gained).
    """

    columns: tuple[Column, ...] = (
        *MODEL, Column("feature", TEXT), Column("importance", NUMBER), Column("rank", WHOLE),
        Column("method", TEXT),
    )  # fmt: skip

    def rows(self, source: Source) -> pa.Table:
        """The view's rows."""
        return rows_of_reports(self.columns, source, _listed)


def _listed(report: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    shares: dict[str, float] = report.get("importance", {})
    method = report.get("importance_method", "permutation")
    ordered = sorted(shares.items(), key=lambda share: -share[1])
    for rank, (feature, share) in enumerate(ordered, start=1):
        yield feature, share, rank, method


SYSTEM_VIEW: Final = SvvMlFeatureImportance()

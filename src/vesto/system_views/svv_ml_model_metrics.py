"""SVV_ML_MODEL_METRICS (ours): how good each model is, with intervals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from vesto.engines import Column
from vesto.system_views import Source
from vesto.system_views._reports import MODEL, NUMBER, TEXT, TRUTH, WHOLE, rows_of_reports


class SvvMlModelMetrics:
    """One row a model and metric.

    ``lower`` and ``upper`` hold the metric in 95 of 100 samples of such rows; ``baseline`` is what
    the best constant answer scores; ``is_headline`` marks the metric that the model was chosen by.
    ``split`` says which rows were scored: "validation" (not learnt from) or "training".
    """

    columns: tuple[Column, ...] = (
        *MODEL, Column("metric", TEXT), Column("value", NUMBER), Column("lower", NUMBER),
        Column("upper", NUMBER), Column("baseline", NUMBER), Column("is_headline", TRUTH),
        Column("split", TEXT), Column("rows", WHOLE),
    )  # fmt: skip

    def rows(self, source: Source) -> pa.Table:
        """The view's rows."""
        return rows_of_reports(self.columns, source, _listed)


def _listed(report: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    for one in report.get("metrics", []):
        yield (
            one["metric"], one["value"], one.get("lower"), one.get("upper"), one.get("baseline"),
            one["metric"] == report.get("headline"), one.get("split", report.get("split")),
            one.get("rows", report.get("judged_rows")),
        )  # fmt: skip


SYSTEM_VIEW: Final = SvvMlModelMetrics()

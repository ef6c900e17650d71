"""SVV_ML_MODEL_TRIALS (ours): what the search of each model tried."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from vesto.engines import Column
from vesto.system_views import Source
from vesto.system_views._reports import MODEL, NUMBER, TEXT, TRUTH, WHOLE, rows_of_reports
from vesto.types import BY_NAME


class SvvMlModelTrials:
    """One row a candidate of the search, in its order.

    ``loss`` (log loss or squared error) compares within one number of ``folds`` only. ``rounds``
    are trees, the mean over folds; ``fit_s`` is how long one fit took, ``elapsed_s`` when the trial
    ended after the search's start, in seconds.
    """

    columns: tuple[Column, ...] = (
        *MODEL, Column("trial", WHOLE), Column("algorithm", TEXT), Column("encoding", TEXT),
        Column("transform", TEXT), Column("configuration", BY_NAME["super"]),
        Column("loss", NUMBER), Column("rounds", NUMBER), Column("folds", WHOLE),
        Column("fit_s", NUMBER), Column("elapsed_s", NUMBER), Column("is_chosen", TRUTH),
    )  # fmt: skip

    def rows(self, source: Source) -> pa.Table:
        """The view's rows."""
        return rows_of_reports(self.columns, source, _listed)


def _listed(report: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    for place, one in enumerate(report.get("trials", []), start=1):
        yield (
            one.get("order", place), one["algorithm"], one.get("style"), one.get("transform"),
            json.dumps(one.get("configuration", {})), one.get("loss"), one.get("rounds"),
            one.get("folds"), one.get("fit_s"), one.get("elapsed_s"), one.get("chosen", False),
        )  # fmt: skip


SYSTEM_VIEW: Final = SvvMlModelTrials()

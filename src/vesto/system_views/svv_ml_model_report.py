"""SVV_ML_MODEL_REPORT (ours): the whole report of each model as a document."""

from __future__ import annotations

import json
from typing import Any, Final

import pyarrow as pa

from vesto.engines import Column
from vesto.system_views import Source
from vesto.system_views._reports import MODEL, rows_of_reports
from vesto.types import BY_NAME


class SvvMlModelReport:
    """One row a READY model; paths lead into ``report``, as ``r.report.curve[0]``."""

    columns: tuple[Column, ...] = (*MODEL, Column("report", BY_NAME["super"]))

    def rows(self, source: Source) -> pa.Table:
        """The view's rows."""
        return rows_of_reports(self.columns, source, _listed)


def _listed(report: dict[str, Any]) -> list[tuple[str]]:
    return [(json.dumps(report, ensure_ascii=False),)]


SYSTEM_VIEW: Final = SvvMlModelReport()

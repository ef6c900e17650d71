"""SVV_VIEW_DEPENDENCIES (ours): which tables and views each view reads."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from vesto.engines import Column
from vesto.system_views import Source
from vesto.types import BY_NAME

_TEXT: Final = BY_NAME["varchar"]


class SvvViewDependencies:
    """One row a view and a table or view that its query names, in lower case."""

    columns: tuple[Column, ...] = (
        Column("view_schema", _TEXT), Column("view_name", _TEXT), Column("table_schema", _TEXT),
        Column("table_name", _TEXT),
    )  # fmt: skip

    def rows(self, source: Source) -> pa.Table:
        """The view's rows."""
        found = sorted(
            {(*view, *table) for view, tables in source.view_tables().items() for table in tables}
        )
        parts = zip(*found, strict=True) if found else [()] * len(self.columns)
        return pa.table({
            column.name: pa.array(part, pa.string())
            for column, part in zip(self.columns, parts, strict=True)
        })  # fmt: skip


SYSTEM_VIEW: Final = SvvViewDependencies()

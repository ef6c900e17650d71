"""The columns of views without schema binding: what PG_GET_LATE_BINDING_VIEW_COLS() returns.

Source: Amazon Redshift Database Developer Guide, "PG_GET_LATE_BINDING_VIEW_COLS".
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from vesto.engines import Column
from vesto.system_views import Source
from vesto.types import BY_NAME

_TEXT: Final = BY_NAME["varchar"]


class PgLateBindingViewCols:
    """One row a column; a view that reads what is not there has none."""

    columns: tuple[Column, ...] = (
        Column("view_schema", _TEXT), Column("view_name", _TEXT), Column("col_name", _TEXT),
        Column("col_type", _TEXT), Column("col_num", BY_NAME["int4"]),
    )  # fmt: skip

    def rows(self, source: Source) -> pa.Table:
        """The view's rows."""
        found = [
            (schema, view, name, kind, number)
            for (schema, view), columns in source.late_columns().items()
            for number, (name, kind) in enumerate(columns, start=1)
        ]
        kinds = [pa.string()] * 4 + [pa.int32()]
        parts = zip(*found, strict=True) if found else [()] * len(kinds)
        return pa.table({
            column.name: pa.array(part, kind)
            for column, part, kind in zip(self.columns, parts, kinds, strict=True)
        })  # fmt: skip


SYSTEM_VIEW: Final = PgLateBindingViewCols()

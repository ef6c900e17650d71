"""PG_USER: who may connect.

Source: Amazon Redshift Database Developer Guide, "PG_USER".
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from vesto.engines import Column
from vesto.system_views import Source
from vesto.types import BY_NAME

OWNER: Final = 100
_COLUMNS: Final = {
    "usename": ("varchar", pa.string()), "usesysid": ("int4", pa.int32()),
    "usecreatedb": ("bool", pa.bool_()), "usesuper": ("bool", pa.bool_()),
    "usecatupd": ("bool", pa.bool_()), "passwd": ("varchar", pa.string()),
    "valuntil": ("timestamp", pa.timestamp("us")), "useconfig": ("varchar", pa.string()),
}  # fmt: skip


class PgUser:
    """One row a user: the warehouse's owner, whose number is 100 as the first user's of a cluster."""

    columns: tuple[Column, ...] = tuple(
        Column(name, BY_NAME[kind]) for name, (kind, _) in _COLUMNS.items()
    )

    def rows(self, source: Source) -> pa.Table:
        """The view's rows."""
        owner = (source.settings.owner, OWNER, True, True, False, "********", None, None)
        schema = pa.schema([(name, kind) for name, (_, kind) in _COLUMNS.items()])
        return pa.Table.from_pylist([dict(zip(_COLUMNS, owner, strict=True))], schema=schema)


SYSTEM_VIEW: Final = PgUser()

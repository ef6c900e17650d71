"""PG_USER: who may connect.

Source: Amazon Redshift Database Developer Guide, "PG_USER".
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from vesto.catalog.users import User
from vesto.engines import Column
from vesto.system_views import Source
from vesto.types import BY_NAME

_COLUMNS: Final = {
    "usename": ("varchar", pa.string()), "usesysid": ("int4", pa.int32()),
    "usecreatedb": ("bool", pa.bool_()), "usesuper": ("bool", pa.bool_()),
    "usecatupd": ("bool", pa.bool_()), "passwd": ("varchar", pa.string()),
    "valuntil": ("timestamp", pa.timestamp("us")), "useconfig": ("varchar", pa.string()),
}  # fmt: skip


class PgUser:
    """One row a user; passwords are not shown. Times are UTC."""

    columns: tuple[Column, ...] = tuple(
        Column(name, BY_NAME[kind]) for name, (kind, _) in _COLUMNS.items()
    )

    def rows(self, source: Source) -> pa.Table:
        """The view's rows."""
        users = sorted(source.rights.directory.users.values(), key=lambda user: user.id)
        schema = pa.schema([(name, kind) for name, (_, kind) in _COLUMNS.items()])
        found = [dict(zip(_COLUMNS, _row(user), strict=True)) for user in users]
        return pa.Table.from_pylist(found, schema=schema)


def _row(user: User) -> tuple[object, ...]:
    begins_with = ",".join(f"{name}={value}" for name, value in user.parameters) or None
    until = user.valid_until.replace(tzinfo=None) if user.valid_until else None
    return (
        user.name, user.id, user.creates_databases or user.superuser, user.superuser, False, "********", until,
        begins_with,
    )  # fmt: skip


SYSTEM_VIEW: Final = PgUser()

"""SVV_SYSTEM_PRIVILEGES: who may do what besides single objects.

Source: Amazon Redshift Database Developer Guide, "SVV_SYSTEM_PRIVILEGES".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from vesto.engines import Column
from vesto.system_views import Source
from vesto.system_views._privileges import identity, seen, table_of
from vesto.system_views._reports import TEXT, WHOLE


class SvvSystemPrivileges:
    """One row a privilege and who has it; a user sees its own."""

    columns: tuple[Column, ...] = (
        Column("system_privilege", TEXT),
        Column("identity_id", WHOLE),
        Column("identity_name", TEXT),
        Column("identity_type", TEXT),
    )  # fmt: skip

    def rows(self, source: Source) -> pa.Table:
        """The view's rows."""
        return table_of(self.columns, _listed(source))


def _listed(source: Source) -> Iterator[tuple[Any, ...]]:
    rights = source.rights
    for one in rights.directory.privileges:
        if one.kind == "SYSTEM" and seen(rights, one.grantee):
            yield (one.privilege, *identity(rights, one.grantee))


SYSTEM_VIEW: Final = SvvSystemPrivileges()

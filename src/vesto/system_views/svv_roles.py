"""SVV_ROLES: the roles.

Source: Amazon Redshift Database Developer Guide, "SVV_ROLES".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from vesto.engines import Column
from vesto.system_views import Source
from vesto.system_views._privileges import seen, table_of
from vesto.system_views._reports import TEXT, WHOLE


class SvvRoles:
    """One row a role; a user sees those that it has or owns."""

    columns: tuple[Column, ...] = (
        Column("role_id", WHOLE),
        Column("role_name", TEXT),
        Column("role_owner", TEXT),
        Column("external_id", TEXT),
    )  # fmt: skip

    def rows(self, source: Source) -> pa.Table:
        """The view's rows."""
        return table_of(self.columns, _listed(source))


def _listed(source: Source) -> Iterator[tuple[Any, ...]]:
    rights = source.rights
    for role in rights.directory.roles.values():
        if seen(rights, ("ROLE", role.id)) or role.owner == rights.user.id:
            owner = rights.directory.names.get(("USER", role.owner), "")
            yield (role.id, role.name, owner, None)


SYSTEM_VIEW: Final = SvvRoles()

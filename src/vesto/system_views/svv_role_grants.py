"""SVV_ROLE_GRANTS: which roles have other roles.

Source: Amazon Redshift Database Developer Guide, "SVV_ROLE_GRANTS".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from vesto.engines import Column
from vesto.system_views import Source
from vesto.system_views._privileges import seen, table_of
from vesto.system_views._reports import TEXT, WHOLE


class SvvRoleGrants:
    """One row a role and a role that it has; a user sees those of its roles."""

    columns: tuple[Column, ...] = (
        Column("role_id", WHOLE),
        Column("role_name", TEXT),
        Column("granted_role_id", WHOLE),
        Column("granted_role_name", TEXT),
    )  # fmt: skip

    def rows(self, source: Source) -> pa.Table:
        """The view's rows."""
        return table_of(self.columns, _listed(source))


def _listed(source: Source) -> Iterator[tuple[Any, ...]]:
    rights = source.rights
    names = rights.directory.names
    for one in rights.directory.memberships:
        if (one.kind, one.member[0]) == ("ROLE", "ROLE") and seen(rights, one.member):
            granted = names.get(("ROLE", one.of), "")
            yield (one.member[1], names.get(one.member, ""), one.of, granted)


SYSTEM_VIEW: Final = SvvRoleGrants()

"""SVV_USER_GRANTS: which roles users have.

Source: Amazon Redshift Database Developer Guide, "SVV_USER_GRANTS".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from vesto.engines import Column
from vesto.system_views import Source
from vesto.system_views._privileges import seen, table_of
from vesto.system_views._reports import TEXT, TRUTH, WHOLE


class SvvUserGrants:
    """One row a user and a role; a user sees its own."""

    columns: tuple[Column, ...] = (
        Column("user_id", WHOLE),
        Column("user_name", TEXT),
        Column("role_id", WHOLE),
        Column("role_name", TEXT),
        Column("admin_option", TRUTH),
    )  # fmt: skip

    def rows(self, source: Source) -> pa.Table:
        """The view's rows."""
        return table_of(self.columns, _listed(source))


def _listed(source: Source) -> Iterator[tuple[Any, ...]]:
    rights = source.rights
    names = rights.directory.names
    for one in rights.directory.memberships:
        if (one.kind, one.member[0]) == ("ROLE", "USER") and seen(rights, one.member):
            role = names.get(("ROLE", one.of), "")
            yield (one.member[1], names.get(one.member, ""), one.of, role, one.admin_option)


SYSTEM_VIEW: Final = SvvUserGrants()

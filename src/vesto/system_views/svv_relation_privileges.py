"""SVV_RELATION_PRIVILEGES: who may do what with tables and views.

Source: Amazon Redshift Database Developer Guide, "SVV_RELATION_PRIVILEGES".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from vesto.engines import Column
from vesto.system_views import Source
from vesto.system_views._privileges import grants_on, identity, table_of
from vesto.system_views._reports import TEXT, TRUTH, WHOLE


class SvvRelationPrivileges:
    """One row a privilege and who has it; a user sees its own and those on what it owns."""

    columns: tuple[Column, ...] = (
        Column("namespace_name", TEXT),
        Column("relation_name", TEXT),
        Column("privilege_type", TEXT),
        Column("identity_id", WHOLE),
        Column("identity_name", TEXT),
        Column("identity_type", TEXT),
        Column("admin_option", TRUTH),
    )  # fmt: skip

    def rows(self, source: Source) -> pa.Table:
        """The view's rows."""
        return table_of(self.columns, _listed(source))


def _listed(source: Source) -> Iterator[tuple[Any, ...]]:
    for grant in grants_on(source, "TABLE"):
        if not grant.column:
            who = identity(source.rights, grant.grantee)
            yield (grant.key[1], grant.key[2], grant.privilege, *who, grant.grant_option)


SYSTEM_VIEW: Final = SvvRelationPrivileges()

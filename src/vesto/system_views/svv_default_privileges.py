"""SVV_DEFAULT_PRIVILEGES: what others may with what somebody will make.

Source: Amazon Redshift Database Developer Guide, "SVV_DEFAULT_PRIVILEGES".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from vesto.engines import Column
from vesto.system_views import Source
from vesto.system_views._privileges import identity, seen, table_of
from vesto.system_views._reports import TEXT, TRUTH, WHOLE


class SvvDefaultPrivileges:
    """One row a default privilege; a user sees those of what it makes and those for itself."""

    columns: tuple[Column, ...] = (
        Column("schema_name", TEXT),
        Column("object_type", TEXT),
        Column("owner_id", WHOLE),
        Column("owner_name", TEXT),
        Column("owner_type", TEXT),
        Column("privilege_type", TEXT),
        Column("grantee_id", WHOLE),
        Column("grantee_name", TEXT),
        Column("grantee_type", TEXT),
        Column("admin_option", TRUTH),
    )  # fmt: skip

    def rows(self, source: Source) -> pa.Table:
        """The view's rows."""
        return table_of(self.columns, _listed(source))


def _listed(source: Source) -> Iterator[tuple[Any, ...]]:
    rights = source.rights
    for one in rights.facts.defaults:
        if seen(rights, one.grantee) or one.creator == rights.user.id:
            kind = {"TABLE": "RELATION"}.get(one.kind, one.kind)
            owner = identity(rights, ("USER", one.creator))
            holder = identity(rights, one.grantee)
            yield (one.schema or None, kind, *owner, one.privilege, *holder, one.grant_option)


SYSTEM_VIEW: Final = SvvDefaultPrivileges()

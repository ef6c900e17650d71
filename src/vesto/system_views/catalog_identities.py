"""CATALOG_IDENTITIES: everybody to whom something can be granted, for the catalogue's own views."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from vesto.engines import Column
from vesto.system_views import Source
from vesto.system_views._privileges import table_of
from vesto.system_views._reports import TEXT, WHOLE
from vesto.types import BY_NAME


class CatalogIdentities:
    """One row a user, group or role; ``members`` are the identifiers of a group's users."""

    columns: tuple[Column, ...] = (
        Column("kind", TEXT),
        Column("id", WHOLE),
        Column("name", TEXT),
        Column("members", BY_NAME["super"]),
    )  # fmt: skip

    def rows(self, source: Source) -> pa.Table:
        """The view's rows."""
        return table_of(self.columns, _listed(source))


def _listed(source: Source) -> Iterator[tuple[Any, ...]]:
    directory = source.rights.directory
    for (kind, number), name in sorted(directory.names.items()):
        if kind == "PUBLIC":
            continue
        members = sorted(
            one.member[1] for one in directory.memberships if (one.kind, one.of) == (kind, number)
        )
        yield kind, number, name, json.dumps(members) if kind == "GROUP" else None


SYSTEM_VIEW: Final = CatalogIdentities()

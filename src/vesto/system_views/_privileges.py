"""What the views over privileges have in common: who has them, and which of them a user may see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from vesto.access.facts import Grant
from vesto.access.rights import Rights
from vesto.catalog.users import Grantee
from vesto.engines import Column
from vesto.system_views import Source
from vesto.system_views._reports import TEXT, TRUTH, WHOLE

_ARROW: Final = {"varchar": pa.string(), "super": pa.string(), "int4": pa.int32(), "bool": pa.bool_(),
                 "timestamp": pa.timestamp("us")}  # fmt: skip


def table_of(columns: tuple[Column, ...], rows: Iterable[tuple[Any, ...]]) -> pa.Table:
    """Rows as a view's table."""
    parts: Iterable[tuple[Any, ...]] = list(zip(*rows, strict=True)) or [()] * len(columns)
    return pa.table(
        {
            column.name: pa.array(part, _ARROW[column.type.name])
            for column, part in zip(columns, parts, strict=True)
        }
    )


def identity(rights: Rights, grantee: Grantee) -> tuple[int, str, str]:
    """Identifier, name and type of somebody, as the views have them."""
    return grantee[1], rights.directory.names.get(grantee, ""), grantee[0].lower()


def seen(rights: Rights, grantee: Grantee) -> bool:
    """Whether a user sees what somebody has: all for a superuser, else what it has itself."""
    return rights.unlimited or grantee in rights.grantees


# What the views say of a privilege, after the object that it is on.
HELD: Final = (
    Column("privilege_type", TEXT), Column("identity_id", WHOLE), Column("identity_name", TEXT),
    Column("identity_type", TEXT), Column("admin_option", TRUTH),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class GrantsView:
    """One row a privilege and who has it; a user sees its own and those on what it owns.

    ``kind`` is the kind of the objects, ``heads`` the columns that name one, and ``names`` their
    values. Privileges on single columns are shown where ``of_columns``, and only they.
    """

    kind: str
    heads: tuple[str, ...]
    names: Callable[[Grant], tuple[str | None, ...]]
    of_columns: bool = False

    @property
    def columns(self) -> tuple[Column, ...]:
        """The view's columns."""
        return (*(Column(name, TEXT) for name in self.heads), *HELD)

    def rows(self, source: Source) -> pa.Table:
        """The view's rows."""
        return table_of(self.columns, self._listed(source))

    def _listed(self, source: Source) -> Iterator[tuple[Any, ...]]:
        for grant in _grants_on(source, self.kind):
            if bool(grant.column) == self.of_columns:
                who = identity(source.rights, grant.grantee)
                yield (*self.names(grant), grant.privilege, *who, grant.grant_option)


def _grants_on(source: Source, kind: str) -> Iterator[Grant]:
    """The grants on objects of a kind that a user may see: its own, and those on what it owns."""
    rights = source.rights
    for key, grants in sorted(rights.facts.grants.items()):
        for grant in grants:
            if key[0] == kind and (seen(rights, grant.grantee) or rights.owns(key)):
                yield grant

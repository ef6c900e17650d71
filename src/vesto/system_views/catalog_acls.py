"""CATALOG_ACLS: the privileges on each object as aclitem writes them, for the catalogue's own views.

Source: PostgreSQL manual, "Privileges"; the letters of DROP, ALTER and TRUNCATE are Redshift's.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from vesto.access.facts import Grant, Key
from vesto.access.rights import Rights, function_key
from vesto.catalog.users import Grantee
from vesto.dialect.names import quoted
from vesto.engines import Column
from vesto.system_views import Source
from vesto.system_views._privileges import table_of
from vesto.system_views._reports import TEXT
from vesto.types import BY_NAME

_LETTERS: Final = {
    "INSERT": "a", "SELECT": "r", "UPDATE": "w", "DELETE": "d", "REFERENCES": "x", "EXECUTE": "X",
    "USAGE": "U", "CREATE": "C", "TEMPORARY": "T", "DROP": "D", "TRUNCATE": "P", "ALTER": "A",
}  # fmt: skip
_ORDER: Final = {privilege: place for place, privilege in enumerate(_LETTERS)}
_OWNERS: Final = {
    "TABLE": "arwdxDPA", "SCHEMA": "UCDA", "DATABASE": "UCTA", "FUNCTION": "X", "LANGUAGE": "U",
}  # fmt: skip


class CatalogAcls:
    """One row an object, or a column, on which something is granted, and any function.

    ``spot`` is its kind, schema, name and column; ``acl`` the items, the owner's first.
    """

    columns: tuple[Column, ...] = (Column("spot", TEXT), Column("acl", BY_NAME["super"]))

    def rows(self, source: Source) -> pa.Table:
        """The view's rows."""
        return table_of(self.columns, _listed(source.rights))


def _listed(rights: Rights) -> Iterator[tuple[Any, ...]]:
    for place in rights.facts.functions:
        key = function_key(place)
        if key not in rights.facts.grants:
            yield f"{key[0]} {key[1]}.{key[2]}.", json.dumps([_owners(rights, key)])
    for key, grants in rights.facts.grants.items():
        by_column: dict[str, list[Grant]] = defaultdict(list)
        for grant in grants:
            by_column[grant.column].append(grant)
        for column, given in by_column.items():
            items = [] if column else [_owners(rights, key)]
            yield f"{key[0]} {key[1]}.{key[2]}.{column}", json.dumps(items + _items(rights, given))


def _owners(rights: Rights, key: Key) -> str:
    owner = _told(rights, ("USER", rights.facts.owner(key)))
    return f"{owner}={_OWNERS[key[0]]}/{owner}"


def _items(rights: Rights, given: list[Grant]) -> list[str]:
    marks: dict[tuple[Grantee, int], str] = defaultdict(str)
    for grant in sorted(given, key=lambda one: _ORDER[one.privilege]):
        mark = _LETTERS[grant.privilege] + "*" * grant.grant_option
        marks[grant.grantee, grant.grantor] += mark
    told = [(_told(rights, who), letters, by) for (who, by), letters in marks.items()]
    return [f"{who}={letters}/{_told(rights, ('USER', by))}" for who, letters, by in sorted(told)]


def _told(rights: Rights, who: Grantee) -> str:
    if who[0] == "PUBLIC":
        return ""
    name = rights.directory.names.get(who, "?")
    name = name if name.isidentifier() and name.islower() else quoted(name)
    return name if who[0] == "USER" else f"{who[0].lower()} {name}"


SYSTEM_VIEW: Final = CatalogAcls()

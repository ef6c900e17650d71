"""Views that read a table or view, which cannot go without them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from vesto.commands._objects import Place, forget, rows, run
from vesto.dialect.names import quoted
from vesto.dialect.translate import tables_read
from vesto.engines import Connection
from vesto.errors import DependentObjects, Span

_VIEWS: Final = (
    "SELECT schema_name, view_name, sql FROM duckdb_views() "
    "WHERE database_name = 'dev' AND NOT internal AND schema_name <> 'vesto'"
)


def drop_dependents(
    connection: Connection, places: Collection[Place], span: Span | None, *, cascade: bool
) -> None:
    """Drop the views that read any of these, and those that read them in turn.

    Views without schema binding do not count.

    Raises:
        DependentObjects: There are some, and no CASCADE.
    """
    found = _dependents(connection, places)
    if found and not cascade:
        schema, name = found[0]
        message = f'cannot be dropped because view "{schema}"."{name}" depends on it'
        hint = "Add CASCADE to drop the view too."
        raise DependentObjects(message, hint=hint, span=span)
    for schema, name in found:
        run(connection, f"DROP VIEW IF EXISTS {quoted(schema)}.{quoted(name)}")
        forget(connection, (schema.lower(), name.lower()))


def _dependents(connection: Connection, places: Collection[Place]) -> list[Place]:
    """The views, those nearest to the tables first."""
    read = {
        (schema, name): {(s or schema.lower(), t) for s, t in tables_read(sql)}
        for schema, name, sql in rows(connection, _VIEWS)
    }
    found: list[Place] = []
    gone = set(places)
    while True:
        more = [
            view
            for view, tables in read.items()
            if tables & gone and view not in found and _folded(view) not in set(places)
        ]
        if not more:
            return found
        found += more
        gone |= {_folded(view) for view in more}


def _folded(place: Place) -> Place:
    return place[0].lower(), place[1].lower()

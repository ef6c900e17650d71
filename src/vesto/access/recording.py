"""Owners of what plain statements make, change and remove."""

from __future__ import annotations

from vesto.access.facts import Facts, forget_access, forget_schema, record_made, sweep
from vesto.access.rights import schema_key, table_key
from vesto.dialect.references import Use
from vesto.engines import Connection


def record_uses(
    connection: Connection, uses: tuple[Use, ...], owner: int, path: tuple[str, ...], before: Facts
) -> None:
    """Record, in the same transaction, whose new objects are, and forget those that are gone.

    ``before`` is what there was: an object that was there keeps its owner.
    """
    for use in uses:
        schema = use.schema if use.schema in before.schemas else ""
        place = schema or _first(path, before), use.name
        if use.action in {"CREATE", "REPLACE"} and place not in before.relations:
            record_made(connection, table_key(place), owner)
        elif use.action == "CREATE SCHEMA":
            name = use.schema or use.name
            if name not in before.schemas:
                record_made(connection, schema_key(name), owner)
        elif use.action == "DROP SCHEMA":
            forget_schema(connection, use.schema or use.name)
        elif use.action == "DROP":
            forget_access(connection, table_key(place))
        elif use.action == "ALTER":
            sweep(connection)


def _first(path: tuple[str, ...], facts: Facts) -> str:
    return next((schema for schema in path if schema in facts.schemas), "public")

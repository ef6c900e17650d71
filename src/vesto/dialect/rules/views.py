"""Views without schema binding, and objects that take no writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlglot import exp

from vesto.dialect.references import THROUGH, Use, is_cte
from vesto.dialect.surroundings import Place, Surroundings
from vesto.errors import GeneratedAlways, StatementSyntaxError, WrongObjectType

Parse = Callable[..., exp.Expr | None]
DEEPEST: Final = 32


def expand_late_views(
    tree: exp.Expr, surroundings: Surroundings, parse: Parse
) -> tuple[exp.Expr, list[Use]]:
    """Put the query of a late view where its name stands; the uses that are made of such views.

    What a view reads is marked as read through it.

    Raises:
        StatementSyntaxError: The views read each other without end.
    """
    uses: list[Use] = []
    if not surroundings.late_views:
        return tree, uses
    for _ in range(DEEPEST):
        found = False
        for table in list(tree.find_all(exp.Table)):
            place = surroundings.place(table.db, table.name)
            query = surroundings.late_views.get(place)
            if query is None or is_cte(table):
                continue
            uses.append(Use("SELECT", *place, through=table.meta.get(THROUGH)))
            alias = table.args.get("alias") or exp.TableAlias(
                this=exp.to_identifier(table.name, quoted=True)
            )
            inner = parse(query, engine_dialect_too=False)
            for node in inner.find_all(exp.Table, exp.Anonymous) if inner else ():
                node.meta[THROUGH] = place
            table.replace(exp.Subquery(this=inner, alias=alias.copy()))
            found = True
        if not found:
            return tree, uses
    raise StatementSyntaxError("views without schema binding read each other without end")


def check_written(tree: exp.Expr, written: tuple[Place, ...], surroundings: Surroundings) -> None:
    """Nothing, if what the statement writes may be written.

    Raises:
        WrongObjectType: It is a materialised view, or one without schema binding.
        GeneratedAlways: An identity column is given values.
    """
    for schema, name in written:
        place = surroundings.place(schema, name)
        if place in surroundings.materialized_views:
            hint = "REFRESH MATERIALIZED VIEW brings it up to date."
            raise WrongObjectType(f'"{name}" is a materialized view', hint=hint)
        if place in surroundings.late_views:
            raise WrongObjectType(f'"{name}" is a view', hint="Write to the tables that it reads.")
        columns = surroundings.generated.get(place)
        if columns and isinstance(tree, exp.Insert):
            _check_generated(tree, name, columns)


def _check_generated(insert: exp.Insert, table: str, columns: frozenset[str]) -> None:
    given = insert.this.expressions if isinstance(insert.this, exp.Schema) else []
    wrong = sorted({column.name.lower() for column in given} & columns)
    if wrong or (not given and not insert.args.get("default")):
        name = wrong[0] if wrong else min(columns)
        hint = f'Name the columns of "{table}" that are given, without "{name}".'
        raise GeneratedAlways(f'cannot set the identity column "{name}" to a value', hint=hint)

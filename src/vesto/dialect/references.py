"""What a statement needs to be allowed: the uses it makes of tables, views, schemas and functions.

They are read from the very tree that the engine's text is generated from, so that what is checked
is what runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from vesto.dialect.surroundings import Place, Surroundings
from vesto.errors import PermissionDenied

Action = Literal[
    "SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "ALTER", "DROP", "CREATE", "REPLACE",
    "TEMPORARY", "CREATE SCHEMA", "DROP SCHEMA", "OWN", "CALL", "UNREADABLE",
]  # fmt: skip
THROUGH: Final = "through"
COLUMNS: Final = "columns"
VIEW: Final = "view"
_BROKEN: Final = (TypeError, AttributeError, ValueError, LookupError, AssertionError)


@dataclass(frozen=True, slots=True)
class Use:
    """One use of an object, names as they stand in the statement, folded to lower case.

    ``columns`` are the ones that are used, None for all. ``through`` is the view by whose owner's
    rights it is used, None for the rights of whoever runs the statement.
    """

    action: Action
    schema: str
    name: str
    catalog: str = ""
    columns: frozenset[str] | None = None
    through: Place | None = None


# --- From a tree ---------------------------------------------------------------------------------


def uses_of(tree: exp.Expr) -> tuple[Use, ...]:
    """Every use that a statement makes, each once."""
    targets = {id(node): actions for node, actions in _targets(tree)}
    found: dict[Use, None] = {}
    for table in tree.find_all(exp.Table):
        for action, columns in targets.get(id(table), [("SELECT", None)]):
            for use in _table_uses(table, action, columns):
                found[use] = None
    if isinstance(tree, exp.Create | exp.Drop) and _kind(tree) == "SCHEMA":
        found = {use: None for use in found if use.action != "SELECT"}
    for function in tree.find_all(exp.Anonymous):
        found[_call(function)] = None
    return tuple(found)


Targets = list[tuple[Action, frozenset[str] | None]]


def _targets(tree: exp.Expr) -> Iterator[tuple[exp.Expr, Targets]]:
    """The tables that a statement changes, makes or removes, and what it does to each."""
    into = tree.args.get("into")
    if into is not None:
        yield into.this, [("CREATE", None)]
    if isinstance(tree, exp.Insert | exp.Update | exp.Delete | exp.Merge):
        yield _bare(tree), list(_writes(tree))
    elif isinstance(tree, exp.Create):
        yield _bare(tree), [(_creation(tree), None)]
    elif isinstance(tree, exp.Drop):
        action: Action = "DROP SCHEMA" if _kind(tree) == "SCHEMA" else "DROP"
        tables = [*tree.find_all(exp.Table)]
        for table in tables:
            yield table, [(action, None)]
    elif isinstance(tree, exp.TruncateTable):
        for table in tree.expressions:
            yield table, [("TRUNCATE", None)]
    elif isinstance(tree, exp.Alter):
        yield _bare(tree), [("ALTER", None)]
    elif isinstance(tree, exp.Comment):
        yield _bare(tree), [("OWN", None)]


def _bare(tree: exp.Expr) -> exp.Expr:
    """The table that a statement is about."""
    target = tree.this
    if not target and tree.args.get("tables"):
        target = tree.args["tables"][0]
    found: exp.Expr = target.this if isinstance(target, exp.Schema) else target
    return found


def _writes(tree: exp.Expr) -> Iterator[tuple[Action, frozenset[str] | None]]:
    reads = bool(tree.args.get("returning"))
    if isinstance(tree, exp.Insert):
        named = tree.this.expressions if isinstance(tree.this, exp.Schema) else []
        columns = frozenset(column.name.lower() for column in named) or None
        yield "INSERT", columns
        conflict = tree.args.get("conflict")
        if conflict is not None:
            yield "UPDATE", None
            reads = True
    elif isinstance(tree, exp.Update):
        yield "UPDATE", _assigned(tree)
        reads = reads or _reads(tree, assigned=True)
    elif isinstance(tree, exp.Delete):
        yield "DELETE", None
        reads = reads or _reads(tree, assigned=False)
    else:
        for when in tree.find_all(exp.When):
            then = when.args.get("then")
            if isinstance(then, exp.Insert):
                yield "INSERT", None
            elif isinstance(then, exp.Update):
                yield "UPDATE", _assigned(then)
            else:
                yield "DELETE", None
        reads = True
    if reads:
        yield "SELECT", None


def _assigned(update: exp.Expr) -> frozenset[str] | None:
    """The columns that SET names; None where that is not plain to see."""
    names = []
    for assignment in update.expressions:
        target = assignment.this if isinstance(assignment, exp.EQ) else None
        if not isinstance(target, exp.Column):
            return None
        names.append(target.name.lower())
    return frozenset(names) or None


def _reads(tree: exp.Expr, *, assigned: bool) -> bool:
    """Whether a write looks at columns, other than by assigning to them."""
    targets = {id(assignment.this) for assignment in tree.expressions} if assigned else set()
    return any(id(column) not in targets for column in tree.find_all(exp.Column, exp.Star))


def _creation(tree: exp.Create) -> Action:
    if _kind(tree) == "SCHEMA":
        return "CREATE SCHEMA"
    properties = tree.args.get("properties")
    if properties is not None and properties.find(exp.TemporaryProperty):
        return "TEMPORARY"
    target = _bare(tree)
    if isinstance(target, exp.Table) and target.name.startswith("#"):
        return "TEMPORARY"
    return "REPLACE" if tree.args.get("replace") else "CREATE"


def _kind(tree: exp.Expr) -> str:
    return str(tree.args.get("kind") or "TABLE").upper()


def _table_uses(table: exp.Table, action: Action, columns: frozenset[str] | None) -> Iterator[Use]:
    through = table.meta.get(THROUGH)
    if isinstance(table.this, exp.Func):
        # A function of rows; the list of those that may be called is elsewhere.
        return
    if not isinstance(table.this, exp.Identifier) and not (table.db and not table.this):
        yield Use("UNREADABLE", "", table.sql()[:60].lower(), through=through)
        return
    if action == "SELECT" and is_cte(table):
        return
    if columns is None and action == "SELECT":
        columns = table.meta.get(COLUMNS) or _columns(table)
    yield Use(action, table.db.lower(), table.name.lower(), table.catalog.lower(), columns, through)


def _columns(table: exp.Table) -> frozenset[str] | None:
    """The columns that are read of a table which stands alone in a SELECT of bare columns."""
    select = table.parent.parent if isinstance(table.parent, exp.From) else None
    if not isinstance(select, exp.Select) or table.args.get("alias") or table.args.get("pivots"):
        return None
    given = {key for key, value in select.args.items() if value}
    plain = all(
        isinstance(column, exp.Column) and isinstance(column.this, exp.Identifier) and not column.db
        and column.table.lower() in {"", table.name.lower()}
        for column in select.expressions
    )  # fmt: skip
    if not plain or not given <= {"expressions", "from", "from_", "kind"}:
        return None
    return frozenset(column.name.lower() for column in select.expressions)


def is_cte(table: exp.Expr) -> bool:
    """Whether a name means a WITH of a statement around it, as the engine finds it."""
    if table.args.get("db"):
        return False
    name, node = table.name.lower(), table
    while (parent := node.parent) is not None:
        if isinstance(parent, exp.With):
            if name in _visible_inside(parent, node):
                return True
        else:
            around = parent.args.get("with_") or parent.args.get("with")
            if around is not None and around is not node and name in _aliases(around.expressions):
                return True
        node = parent
    return False


def _visible_inside(within: exp.With, inside: exp.Expr) -> set[str]:
    """The names that a query of WITH can use: those before it, and its own if RECURSIVE."""
    place = next((at for at, one in enumerate(within.expressions) if one is inside), 0)
    recursive = bool(within.args.get("recursive"))
    return _aliases(within.expressions[: place + recursive])


def _aliases(ctes: list[exp.Expr]) -> set[str]:
    return {cte.alias.lower() for cte in ctes}


def _call(function: exp.Anonymous) -> Use:
    """The use of a function; the name before its dot may be a schema's, or a value's."""
    schema = ""
    parent, node = function.parent, function
    if isinstance(parent, exp.Dot) and parent.expression is node:
        before = parent.this
        schema = (before.name if isinstance(before, exp.Identifier | exp.Dot) else "").lower()
        schema = schema or "*"
    return Use("CALL", schema, function.name.lower(), through=function.meta.get(THROUGH))


# --- Tables of which only some columns may be read -----------------------------------------------


def narrow(tree: exp.Expr, surroundings: Surroundings) -> None:
    """Put a query of the columns that may be read where such a table stands.

    Raises:
        PermissionDenied: All columns are asked for.
    """
    if not surroundings.narrowed:
        return
    written = {id(node) for node, _ in _targets(tree)}
    for table in list(tree.find_all(exp.Table)):
        place = (table.db.lower(), table.name.lower())
        allowed = surroundings.narrowed.get(place)
        if allowed is None or id(table) in written or table.meta.get(THROUGH) or is_cte(table):
            continue
        _check_no_star(table)
        alias = table.args.get("alias")
        name = alias.copy() if alias else exp.TableAlias(this=_name(table.name))
        inner = table.copy()
        inner.set("alias", None)
        inner.set("pivots", None)
        inner.meta[COLUMNS] = frozenset(column.lower() for column in allowed)
        columns = [exp.column(_name(column)) for column in allowed]
        query = exp.Select(expressions=columns).from_(inner, copy=False)
        table.replace(exp.Subquery(this=query, alias=name, pivots=table.args.get("pivots")))


def _check_no_star(table: exp.Table) -> None:
    select = table.find_ancestor(exp.Select)
    listed = select.expressions if select is not None else []
    for column in listed:
        if isinstance(column, exp.Star) or (
            isinstance(column, exp.Column) and isinstance(column.this, exp.Star)
        ):
            hint = "Name the columns that you may read."
            raise PermissionDenied(f"permission denied for relation {table.name}", hint=hint)


def _name(text: str) -> exp.Identifier:
    return exp.to_identifier(text, quoted=True)


# --- From text that the engine keeps -------------------------------------------------------------


@lru_cache(maxsize=2048)
def stored_uses(engine_sql: str) -> tuple[Use, ...] | None:
    """The uses of a view's query or a function's expression, as the engine has it.

    None where it cannot be read, so that nobody may use it unseen.
    """
    try:
        found = sqlglot.parse(engine_sql, read="duckdb")
    except (SqlglotError, RecursionError, *_BROKEN):
        return None
    if len(found) != 1 or found[0] is None:
        return None
    tree: exp.Expr | None = found[0]
    if isinstance(tree, exp.Create):
        tree = tree.expression
    if not isinstance(tree, exp.Query | exp.Values | exp.Paren):
        return None
    return uses_of(tree)


def qualify(tree: exp.Expr, surroundings: Surroundings) -> None:
    """Write the schema of every table before its name, so that a view goes on to mean the same."""
    for table in tree.find_all(exp.Table):
        name = table.name.lower()
        known = surroundings.qualified.get(name)
        if known and isinstance(table.this, exp.Identifier) and not table.db and not is_cte(table):
            table.set("db", _name(known))

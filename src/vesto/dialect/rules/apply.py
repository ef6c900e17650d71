"""All rules over one statement, in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.transforms import eliminate_join_marks

from vesto.dialect.mask import MARK, TEMPORARY, Masking
from vesto.dialect.rules import (
    aggregates,
    catalogue,
    dates,
    documents,
    numbers,
    privileges,
    texts,
    types,
    writes,
)
from vesto.dialect.rules.build import Call, Rule, library
from vesto.dialect.rules.columns import name_columns
from vesto.dialect.rules.spans import span_of
from vesto.dialect.surroundings import Surroundings
from vesto.errors import FeatureNotSupported

FUNCTIONS: Final[Mapping[str, Rule]] = {
    **dates.FUNCTIONS,
    **numbers.FUNCTIONS,
    **texts.FUNCTIONS,
    **aggregates.FUNCTIONS,
    **documents.FUNCTIONS,
    **catalogue.FUNCTIONS,
    **privileges.FUNCTIONS,
}
MASKING: Final = Masking([*FUNCTIONS, *aggregates.AROUND])


def unmask(tree: exp.Expr) -> None:
    """Give names that only looked like functions their first letters back."""
    for identifier in tree.find_all(exp.Identifier):
        name = identifier.this
        if isinstance(name, str) and name[:1] in {MARK, TEMPORARY}:
            identifier.set("this", MASKING.unmask(name))
            identifier.set("quoted", name.startswith(TEMPORARY) or identifier.args.get("quoted"))


def apply(tree: exp.Expr, surroundings: Surroundings) -> exp.Expr:
    """The statement with Redshift's meaning in the engine's words.

    Raises:
        VestoError: A function is called in a way it does not know.
    """
    name_columns(tree, MASKING.unmask)
    tree = _without_join_marks(tree)
    tree = _functions(tree)
    found = _documents(tree, surroundings)
    if catalogue.reads_catalogue(tree, found):
        catalogue.table_numbers(tree)
        tree = _each(tree, (exp.Dot, exp.Bracket, exp.EQ), catalogue.part)
    else:
        tree = _each(tree, (exp.Bracket,), catalogue.item_of_path)
        tree = _each(tree, (exp.EQ,), catalogue.any_of)
        tree = documents.rewrite(tree, surroundings.super_columns | found)
    return _nodes(tree, surroundings)


def _documents(tree: exp.Expr, surroundings: Surroundings) -> frozenset[str]:
    """SUPER columns of the system views that the statement reads."""
    known = surroundings.system_documents
    return frozenset().union(*(known.get(t.name.lower(), ()) for t in tree.find_all(exp.Table)))


def _each(
    tree: exp.Expr, kinds: tuple[type[exp.Expr], ...],
    rule: Callable[[exp.Expr], exp.Expr | None],
) -> exp.Expr:  # fmt: skip
    """Every node of these kinds through a rule, the innermost first."""
    for node in reversed([*tree.find_all(*kinds)]):
        new = rule(node)
        if new is not None:
            tree = _replaced(tree, node, new)
    return tree


def _without_join_marks(tree: exp.Expr) -> exp.Expr:
    if not any(column.args.get("join_mark") for column in tree.find_all(exp.Column)):
        return tree
    try:
        return eliminate_join_marks(tree)
    except (AssertionError, SqlglotError, KeyError, AttributeError):
        hint = "Write LEFT JOIN ... ON, or name every column with its table."
        raise FeatureNotSupported("this use of (+) is not available", hint=hint) from None


def _functions(tree: exp.Expr) -> exp.Expr:
    """Every masked call through its rule, the innermost first."""
    for node in reversed([*tree.find_all(exp.Anonymous)]):
        name = node.name
        if not name.startswith(MARK):
            continue
        known = MASKING.unmask(name).lower()
        call = Call(known, list(node.expressions), span_of(node))
        if known in aggregates.AROUND:
            old, new = aggregates.replace_around(call, node)
        else:
            old, new = node, FUNCTIONS[known](call)
        tree = _replaced(tree, old, new)
    return tree


def _replaced(tree: exp.Expr, old: exp.Expr, new: exp.Expr) -> exp.Expr:
    if old is tree:
        return new
    old.replace(new)
    return tree


def _nodes(tree: exp.Expr, surroundings: Surroundings) -> exp.Expr:
    for node in reversed([*tree.walk()]):
        new = _node(node, surroundings)
        if new is not None:
            tree = _replaced(tree, node, new)
    return tree


def _node(node: exp.Expr, surroundings: Surroundings) -> exp.Expr | None:
    """What replaces a node, or None: it stays."""
    rule = _NODES.get(type(node))
    return rule(node, surroundings) if rule else None


def _convert(node: Any, surroundings: Surroundings) -> exp.Expr | None:
    return catalogue.convert(node) or types.convert(node, rounding=surroundings.rounding)


def _guard(node: Any, _: Surroundings) -> None:
    numbers.guard(node)


def _correct(node: Any, _: Surroundings) -> None:
    writes.correct(node)


def _user(_: Any, surroundings: Surroundings) -> exp.Expr:
    return exp.Literal.string(surroundings.user)


def _database(_: Any, __: Surroundings) -> exp.Expr:
    return exp.Literal.string(catalogue.DATABASE)


def _schema(_: Any, __: Surroundings) -> exp.Expr:
    return library("current_schema_name")


_NODES: Final[Mapping[type[exp.Expr], Callable[[Any, Surroundings], exp.Expr | None]]] = {
    exp.Cast: _convert,
    exp.Extract: lambda node, _: dates.extract(node),
    exp.Div: _guard,
    exp.Mod: _guard,
    exp.Concat: lambda node, _: texts.concat(node),
    exp.Substring: lambda node, _: texts.substring(node),
    exp.SimilarTo: lambda node, _: texts.similar(node),
    exp.Like: lambda node, _: texts.like(node),
    exp.ILike: lambda node, _: texts.like(node),
    exp.Update: _correct,
    exp.When: _correct,
    exp.Delete: _correct,
    exp.CurrentUser: _user,
    exp.SessionUser: _user,
    exp.Table: catalogue.relation,
    exp.CurrentSchema: _schema,
    exp.CurrentDatabase: _database,
    exp.CurrentCatalog: _database,
    exp.Column: catalogue.user_word,
}

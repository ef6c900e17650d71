"""Redshift SQL to the engine's SQL, and what a query refers to. The only user of sqlglot.

Composed with sqlglot, never subclassed or patched: its compiled build forbids the one, and other
users of it in the same process would feel the other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from vesto.dialect.catalogue import plain_text
from vesto.dialect.references import Use, narrow, qualify, uses_of
from vesto.dialect.rules.apply import MASKING, apply, unmask
from vesto.dialect.rules.catalogue import from_functions
from vesto.dialect.rules.documents import SUPER
from vesto.dialect.rules.forecasts import FindForecast, no_forecasts, resolve_forecasts
from vesto.dialect.rules.spans import span_of
from vesto.dialect.rules.views import check_written, expand_late_views
from vesto.dialect.surroundings import Surroundings
from vesto.errors import (
    ModelNotReady,
    Span,
    StatementSyntaxError,
    UndefinedFunction,
    VestoError,
)
from vesto.types import BY_NAME

# sqlglot warns of what it hands on unread; whoever wants to see that configures logging.
logging.getLogger("sqlglot").addHandler(logging.NullHandler())

Kind = Literal["query", "write", "define", "native"]

NOT_READY: Final = "The ML model is not ready, check STV_ML_MODEL_INFO for its status."
_WRITES: Final = (exp.Insert, exp.Update, exp.Delete, exp.Merge)
_DEFINES: Final = (exp.Create, exp.Drop, exp.Alter, exp.TruncateTable, exp.Comment)
# What sqlglot raises over text that its grammar did not think of.
_BROKEN: Final = (TypeError, AttributeError, ValueError, LookupError, AssertionError)
# What a query is made of that returns literals.
_CONSTANT: Final = frozenset(
    {exp.Select, exp.Alias, exp.Identifier, exp.Literal, exp.Null, exp.Boolean, exp.Neg, exp.Paren}
)
_OBJECTS: Final = {"TABLE", "VIEW", "SCHEMA"}


@dataclass(frozen=True, slots=True)
class Signature:
    """A prediction function as the catalog has it; parameters are names and SQL type names.

    One that ``is_super`` returns a document, into which paths may lead.
    """

    schema: str
    name: str
    parameters: tuple[tuple[str, str], ...]
    ready: bool
    is_super: bool = False

    def __str__(self) -> str:
        inside = ", ".join(f"{name} {kind}" for name, kind in self.parameters)
        return f"{self.name}({inside})"


@dataclass(frozen=True, slots=True)
class Translated:
    """A statement for the engine. ``word`` is its first word, for the command tag.

    ``kind`` is "native" where the statement is handed on in the engine's own dialect, untouched.
    ``tables`` are the tables it names as schema and name, ``written`` the one it changes;
    ``functions`` and, in FROM, ``table_functions`` what it calls; all folded to lower case.
    ``calls`` are the places where prediction functions are called, ``forecasts`` the identifiers
    of the models whose rows FORECAST stands for; ``relation_of`` names the relation to show them as.
    ``uses`` are what must be allowed for it; those of a text that went through untouched are not known.
    ``is_constant``: it returns literals, whatever the database holds and the session is.
    """

    sql: str
    kind: Kind
    word: str
    tables: tuple[tuple[str, str], ...] = ()
    written: tuple[tuple[str, str], ...] = ()
    functions: tuple[str, ...] = ()
    table_functions: tuple[str, ...] = ()
    calls: tuple[Span, ...] = ()
    forecasts: tuple[str, ...] = ()
    uses: tuple[Use, ...] = ()
    is_constant: bool = False


Lookup = Callable[[str, str], Sequence[Signature]]


def translate(
    sql: str, find: Lookup, surroundings: Surroundings, *, engine_dialect_too: bool,
    find_forecast: FindForecast = no_forecasts,
) -> Translated:  # fmt: skip
    """One statement of Redshift SQL for DuckDB.

    Args:
        sql: The statement, without a semicolon.
        find: Prediction functions of a schema ("" for the search path) and name.
        surroundings: What of the database and the session matters.
        engine_dialect_too: Whether what Redshift's grammar refuses may be DuckDB's own SQL.
        find_forecast: The identifier of the forecast model of a schema and name.

    Raises:
        StatementSyntaxError: The text follows no grammar that may be used.
        UndefinedFunction: A prediction function is called with the wrong arguments.
        ModelNotReady: Its model is not trained yet.
    """
    word = sql.split(maxsplit=1)[0].upper() if sql.split() else ""
    if word == "EXPLAIN":
        return _explained(
            sql, find, surroundings, engine_dialect_too=engine_dialect_too,
            find_forecast=find_forecast,
        )  # fmt: skip
    tree = _parsed(sql, engine_dialect_too=engine_dialect_too)
    kind = _kind(tree)
    if tree is None or kind == "native":
        return Translated(sql, "native", word)
    unmask(tree)
    from_functions(tree, MASKING.unmask)
    written = tuple(_written(tree))
    check_written(tree, written, surroundings)
    tree, late = expand_late_views(tree, surroundings, _parsed)
    narrow(tree, surroundings)
    qualify(tree, surroundings)
    tables = tuple(_tables(tree))
    functions, table_functions = _functions(tree)
    forecasts = resolve_forecasts(tree, find_forecast)
    calls = tuple(_resolve_calls(tree, find))
    tree = apply(tree, surroundings)
    tree, kind = _into_table(tree, kind)
    uses = tuple(dict.fromkeys((*late, *uses_of(tree))))
    is_constant = kind == "query" and all(type(node) in _CONSTANT for node in tree.walk())
    return Translated(
        _generated(tree), kind, word, tables, written, functions, table_functions, calls,
        forecasts, uses, is_constant,
    )  # fmt: skip


def _generated(tree: exp.Expr) -> str:
    try:
        return tree.sql(
            "duckdb", unsupported_level=ErrorLevel.IGNORE, normalize_functions=False, copy=False
        )
    except (SqlglotError, *_BROKEN):
        raise StatementSyntaxError("a function's arguments could not be read") from None
    except RecursionError:
        raise StatementSyntaxError("the statement is nested too deeply") from None


def tables_read(engine_sql: str) -> frozenset[tuple[str, str]]:
    """Schema and name, folded, of what a statement of the engine's own reads or makes.

    A statement that cannot be read names none.
    """
    try:
        found = sqlglot.parse(engine_sql, read="duckdb")
    except (SqlglotError, RecursionError, *_BROKEN):
        return frozenset()
    hidden = {cte.alias.lower() for tree in found if tree for cte in tree.find_all(exp.CTE)}
    return frozenset(
        place
        for tree in found
        if tree
        for place in _tables(tree)
        if place[0] or place[1] not in hidden
    )


def _explained(
    sql: str, find: Lookup, surroundings: Surroundings, *, engine_dialect_too: bool,
    find_forecast: FindForecast,
) -> Translated:  # fmt: skip
    """EXPLAIN of a statement: the engine's plan for what the statement becomes."""
    start = sql.upper().index("EXPLAIN") + len("EXPLAIN")
    rest = sql[start:].lstrip()
    if rest[: len("VERBOSE") + 1].upper().strip() == "VERBOSE":
        rest = rest[len("VERBOSE") :].lstrip()
    try:
        inner = translate(
            rest, find, surroundings, engine_dialect_too=engine_dialect_too,
            find_forecast=find_forecast,
        )  # fmt: skip
    except VestoError as error:
        if engine_dialect_too and isinstance(error, StatementSyntaxError):
            return Translated(sql, "native", "EXPLAIN")
        shift = len(sql) - len(rest)
        if error.span is not None:
            error.span = Span(error.span.start + shift, error.span.end + shift)
        raise
    kind: Kind = "native" if inner.kind == "native" else "query"
    text = sql if kind == "native" else f"EXPLAIN {inner.sql}"
    return replace(inner, sql=text, kind=kind, word="EXPLAIN", written=(), calls=())


def _parsed(sql: str, *, engine_dialect_too: bool) -> exp.Expr | None:
    dialects = ("redshift", "duckdb") if engine_dialect_too else ("redshift",)
    first: StatementSyntaxError | None = None
    for dialect in dialects:
        try:
            text = MASKING.mask(plain_text(sql)) if dialect == "redshift" else sql
            found = sqlglot.parse(text, read=dialect)
        except SqlglotError as error:
            first = first or _as_ours(error, sql)
        except _BROKEN:
            first = first or StatementSyntaxError("the statement could not be read")
        except RecursionError:
            first = first or StatementSyntaxError("the statement is nested too deeply")
        else:
            return found[0] if len(found) == 1 else None
    assert first is not None
    raise first


def _into_table(tree: exp.Expr, kind: Kind) -> tuple[exp.Expr, Kind]:
    """SELECT ... INTO makes a table."""
    into = tree.args.get("into")
    if into is None:
        return tree, kind
    tree.set("into", None)
    temporary = into.args.get("temporary") or into.this.name.startswith("#")
    properties = exp.Properties(expressions=[exp.TemporaryProperty()]) if temporary else None
    made = exp.Create(this=into.this, kind="TABLE", expression=tree, properties=properties)
    return made, "define"


def _as_ours(error: SqlglotError, sql: str) -> StatementSyntaxError:
    places = getattr(error, "errors", None)
    if not places:
        return StatementSyntaxError("the statement could not be read")
    place = places[0]
    lines = sql.splitlines(keepends=True)
    wrong = place.get("highlight") or ""
    before = sum(len(line) for line in lines[: (place.get("line") or 1) - 1])
    end = min(before + (place.get("col") or 0), len(sql))
    span = Span(max(0, end - len(wrong)), end)
    near = f' at or near "{wrong.strip()}"' if wrong.strip() else ""
    return StatementSyntaxError(f"syntax error{near}", span=span)


def _kind(tree: exp.Expr | None) -> Kind:
    if isinstance(tree, exp.Query):
        return "query"
    if isinstance(tree, _WRITES):
        return "write"
    if isinstance(tree, _DEFINES):
        what = str(tree.args.get("kind") or "TABLE").upper()
        return "define" if what in _OBJECTS else "native"
    return "native"


def _tables(tree: exp.Expr) -> Iterator[tuple[str, str]]:
    for table in tree.find_all(exp.Table):
        if isinstance(table.this, exp.Identifier):
            yield table.db.lower(), table.name.lower()


def _written(tree: exp.Expr) -> Iterator[tuple[str, str]]:
    """The objects that a statement writes, makes or removes; a schema has no second part."""
    into = tree.args.get("into")
    targets = [tree.this, into.this if into else None]
    if isinstance(tree, exp.Drop | exp.TruncateTable):
        targets += tree.find_all(exp.Table)
    for target in targets:
        table = target.this if isinstance(target, exp.Schema) else target
        if isinstance(table, exp.Table):
            yield table.db.lower(), table.name.lower()


def _functions(tree: exp.Expr) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of all functions, and of those that stand for a table."""
    every = {_function_name(function) for function in tree.find_all(exp.Func)}
    tables = {
        _function_name(table.this)
        for table in tree.find_all(exp.Table)
        if isinstance(table.this, exp.Func)
    }
    return tuple(sorted(every)), tuple(sorted(tables))


def _function_name(function: exp.Func) -> str:
    known = isinstance(function, exp.Anonymous)
    return (function.name if known else function.sql_name()).lower()


def is_known_function(name: str) -> bool:
    """Whether sqlglot reads that name as a function of SQL, so that no model may have it."""
    if MASKING.knows(name):
        return True
    parsed = sqlglot.parse_one(f"{name}(1)", read="redshift") if name.isidentifier() else None
    return parsed is not None and not isinstance(parsed, exp.Anonymous)


# --- Calls of prediction functions ---------------------------------------------------------------


def _resolve_calls(tree: exp.Expr, find: Lookup) -> Iterator[Span]:
    """Resolve every call of a prediction function; where each stands."""
    for call in list(tree.find_all(exp.Anonymous)):
        name = call.name
        span = span_of(call)
        parent = call.parent
        schema = ""
        if isinstance(parent, exp.Dot) and parent.expression is call:
            schema = parent.this.name.lower()
        signatures = find(schema, name.lower())
        if signatures:
            _resolve(call, signatures, span)
            if span is not None:
                yield span


def _resolve(call: exp.Anonymous, signatures: Sequence[Signature], span: Span | None) -> None:
    fitting = [s for s in signatures if len(s.parameters) == len(call.expressions)]
    if not fitting:
        known = " or ".join(str(signature) for signature in signatures)
        message = f"function {call.name} takes {_counts(signatures)}, not {len(call.expressions)}"
        raise UndefinedFunction(message, hint=f"Its signature is {known}.", span=span)
    signature = fitting[0]
    if not signature.ready:
        raise ModelNotReady(NOT_READY, span=span)
    ordered = _ordered(call, signature, span)
    cast = [_cast(argument, place, signature, span) for place, argument in enumerate(ordered)]
    call.set("this", exp.to_identifier(signature.name, quoted=True))
    call.set("expressions", cast)
    if signature.is_super:
        call.meta[SUPER] = True


def _counts(signatures: Sequence[Signature]) -> str:
    counts = " or ".join(str(len(s.parameters)) for s in signatures)
    return f"{counts} argument{'' if counts == '1' else 's'}"


def _ordered(call: exp.Anonymous, signature: Signature, span: Span | None) -> list[exp.Expr]:
    """The arguments in the order of the parameters; ones by name come after the others."""
    names = [name for name, _ in signature.parameters]
    chosen: dict[str, exp.Expr] = {}
    for place, argument in enumerate(call.expressions):
        name = names[place]
        if isinstance(argument, exp.Kwarg | exp.PropertyEQ):
            name, argument = argument.this.name.lower(), argument.expression  # noqa: PLW2901
        if name not in names:
            message = f'function {call.name} has no argument "{name}"'
            raise UndefinedFunction(message, hint=f"Its signature is {signature}.", span=span)
        if name in chosen:
            message = f'argument "{name}" of function {call.name} is given twice'
            raise UndefinedFunction(message, hint=f"Its signature is {signature}.", span=span)
        chosen[name] = argument
    return [chosen[name] for name in names]


def _cast(argument: exp.Expr, place: int, signature: Signature, span: Span | None) -> exp.Expr:
    """The argument; a literal with the parameter's type, as Redshift's unknown literals take it.

    The engine checks everything else by the type it has.
    """
    name, kind = signature.parameters[place]
    wanted = BY_NAME[kind]
    bare = argument.this if isinstance(argument, exp.Neg) else argument
    if not isinstance(bare, exp.Literal):
        return argument
    if not bare.is_string and wanted.family != "fraction":
        whole = bare.this.isdecimal()
        if not (whole and wanted.family in {"integer", "text"}):
            given = "int4" if whole else "numeric"
            message = (
                f'argument {place + 1} "{name}" of {call_name(signature)} has the type {given}'
            )
            hint = f"Its signature is {signature}."
            raise UndefinedFunction(f"{message}, not {kind}", hint=hint, span=span)
    target = "DOUBLE" if wanted.name == "numeric" else wanted.duckdb
    return exp.cast(argument.copy(), target, dialect="duckdb")


def call_name(signature: Signature) -> str:
    """How messages name the function."""
    return f"function {signature.name}"

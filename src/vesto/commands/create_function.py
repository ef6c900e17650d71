"""CREATE FUNCTION ... LANGUAGE sql: a scalar function of one expression."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar, Final

from vesto.access.facts import forget_access, record_made
from vesto.access.rights import function_key
from vesto.commands import DEFAULT_SCHEMA, Context
from vesto.commands._objects import Place, check_open, rows, run
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name, checked, quoted, written
from vesto.dialect.scanner import scan
from vesto.dialect.tables import DeclaredType, read_type
from vesto.dialect.translate import is_known_function
from vesto.engines import Connection
from vesto.errors import DuplicateFunction, FeatureNotSupported, Span, StatementSyntaxError
from vesto.result import Result

_FORBIDDEN: Final = ("FROM", "INTO", "WHERE", "GROUP", "ORDER", "LIMIT")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateFunction:
    """Makes a scalar function; ``body`` is SELECT and one expression over $1, $2 ...

    Grammar: Amazon Redshift Database Developer Guide, "CREATE FUNCTION".
    """

    starts: ClassVar[tuple[str, ...]] = ("CREATE", "FUNCTION")
    also_starts: ClassVar[tuple[tuple[str, ...], ...]] = (("CREATE", "OR", "REPLACE", "FUNCTION"),)
    engine_has_it: ClassVar[bool] = True

    name: Name
    arguments: tuple[DeclaredType, ...]
    returns: DeclaredType
    body: str
    volatility: str = "VOLATILE"
    or_replace: bool = False
    body_span: Span = field(default=Span(0, 0), compare=False)
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> CreateFunction:
        """Read it."""
        cursor.expect("CREATE")
        or_replace = cursor.accept("OR", "REPLACE")
        cursor.expect("FUNCTION")
        _check_language(cursor)
        span = cursor.span
        name = cursor.name("a function's name")
        arguments = read_arguments(cursor)
        cursor.expect("RETURNS")
        returns = read_type(cursor)
        volatility = "VOLATILE"
        if any(cursor.peek(word) for word in ("VOLATILE", "STABLE", "IMMUTABLE")):
            volatility = cursor.word("VOLATILE, STABLE or IMMUTABLE")
        cursor.expect("AS")
        body_span = cursor.span
        body = cursor.string("the function's body")
        cursor.expect("LANGUAGE")
        cursor.expect("SQL")
        cursor.end()
        return cls(
            name=name, arguments=arguments, returns=returns, body=body, volatility=volatility,
            or_replace=or_replace, body_span=body_span, span=span,
        )  # fmt: skip

    def sql(self) -> str:
        """The statement as text."""
        words = "CREATE OR REPLACE FUNCTION" if self.or_replace else "CREATE FUNCTION"
        arguments = ", ".join(kind.sql() for kind in self.arguments)
        return (
            f"{words} {self.name.sql()} ({arguments}) RETURNS {self.returns.sql()} "
            f"{self.volatility} AS {written(self.body)} LANGUAGE sql"
        )

    def bind(self, context: Context) -> BoundFunction:
        """Translate the body.

        Raises:
            StatementSyntaxError: The body is not SELECT and one expression.
            DuplicateFunction: The name is one of SQL's, or of a model.
        """
        name = checked(self.name.object, self.span)
        place = ((self.name.schema or DEFAULT_SCHEMA).lower(), name.lower())
        check_open(place, self.span)
        context.guard.check_create_in(place[0], self.span)
        if place in context.guard.rights.facts.functions:
            context.guard.check_owner(function_key(place), self.span)
        if context.warehouse.engine.is_taken(name) or is_known_function(name):
            raise DuplicateFunction(f'"{name}" is a function of SQL', span=self.span)
        for model in context.warehouse.catalog.functions(name):
            if model.definition.function_schema.lower() == place[0]:
                hint = f'It belongs to model "{model.name}".'
                message = f'function "{name}" already exists'
                raise DuplicateFunction(message, hint=hint, span=self.span)
        named = self._with_names()
        try:
            expression = context.expression(named)
        except StatementSyntaxError as error:
            error.span = self.body_span
            raise
        return BoundFunction(self, place, expression)

    def _with_names(self) -> str:
        """The body's expression with its arguments as quoted names."""
        found, last = "", 0
        tokens = scan(self.body)
        first = tokens[0].text.upper() if tokens[0].kind == "word" else ""
        if first != "SELECT" or any(
            token.kind == "word" and token.text.upper() in _FORBIDDEN for token in tokens
        ):
            hint = "Write SELECT and one expression, as in $$ SELECT $1 * 2 $$."
            message = "the body is not SELECT and one expression"
            raise StatementSyntaxError(message, hint=hint, span=self.body_span)
        for token, following in pairwise(tokens):
            if token.text == "$" and token.kind == "symbol" and following.kind == "number":
                number = int(following.text) if following.text.isdecimal() else 0
                if not 1 <= number <= len(self.arguments):
                    message = f"there is no argument ${following.text}"
                    raise StatementSyntaxError(message, span=self.body_span)
                kind = self.arguments[number - 1].sql()
                given = f"CAST({quoted(f'${number}')} AS {kind})"
                found += self.body[last : token.span.start] + given
                last = following.span.end
        body = found + self.body[last:]
        return body[body.upper().index("SELECT") + len("SELECT") :].strip()


def _check_language(cursor: Cursor) -> None:
    """Refuse another language at once: its functions name their arguments."""
    tokens = scan(cursor.sql)
    for token, following in pairwise(tokens):
        named = token.kind == "word" and token.text.upper() == "LANGUAGE"
        if named and following.text.upper() not in {"SQL", ""}:
            hint = "Write it as one expression, LANGUAGE sql."
            message = "functions are written in LANGUAGE sql alone"
            raise FeatureNotSupported(message, hint=hint, span=following.span)


def read_arguments(cursor: Cursor) -> tuple[DeclaredType, ...]:
    """Read the types of arguments in parentheses."""
    cursor.expect("(")
    if cursor.accept(")"):
        return ()
    kinds = [read_type(cursor)]
    while cursor.accept(","):
        kinds.append(read_type(cursor))
    cursor.expect(")")
    return tuple(kinds)


@dataclass(frozen=True, slots=True)
class BoundFunction:
    """A function to make."""

    statement: CreateFunction
    place: Place
    expression: str

    def run(self, context: Context) -> Result:
        """Make it beside the others of its name.

        Raises:
            DuplicateFunction: There is one with these arguments, and no OR REPLACE.
        """
        statement = self.statement
        kinds = [kind.engine() for kind in statement.arguments]
        known = context.guard.rights.facts.functions
        with context.atomic() as connection:
            for (taken,) in rows(connection, _KNOWN, self.place):
                if list(taken) != kinds:
                    continue
                if not statement.or_replace:
                    message = f'function "{statement.name.object}" already exists'
                    hint = "CREATE OR REPLACE FUNCTION writes it anew."
                    raise DuplicateFunction(message, hint=hint, span=statement.span)
                run(connection, _FORGET, [*self.place, kinds])
            returns = statement.returns.engine()
            macro = f"CAST({self.expression} AS {returns})"
            made = [*self.place, kinds, returns, macro, statement.body, statement.volatility]
            run(connection, _RECORD, made)
            install(connection, self.place)
            if self.place not in known:
                record_made(connection, function_key(self.place), context.guard.owner_id)
        return Result(tag="CREATE FUNCTION")


_KNOWN: Final = (
    "SELECT arguments FROM dev.vesto.functions WHERE schema_name = ? AND function_name = ?"
)
_RECORD: Final = "INSERT INTO dev.vesto.functions VALUES (?, ?, ?, ?, ?, ?, ?)"
_FORGET: Final = (
    "DELETE FROM dev.vesto.functions WHERE schema_name = ? AND function_name = ? AND arguments = ?"
)


def install(connection: Connection, place: Place) -> None:
    """Make the macro of all functions of one name, or remove it where there are none."""
    target = f"dev.{quoted(place[0])}.{quoted(place[1])}"
    sql = (
        "SELECT arguments, macro FROM dev.vesto.functions "
        "WHERE schema_name = ? AND function_name = ?"
    )
    found = rows(connection, sql, place)
    counts = [len(kinds) for kinds, _ in found]
    forms = [
        f"({_parameters(kinds, typed=counts.count(len(kinds)) > 1)}) AS {macro}"
        for kinds, macro in found
    ]
    if forms:
        run(connection, f"CREATE OR REPLACE MACRO {target}{', '.join(forms)}")
    else:
        run(connection, f"DROP MACRO {target}")
        forget_access(connection, function_key(place))


def _parameters(kinds: list[str], *, typed: bool) -> str:
    """The parameters; typed only where types tell functions apart, else the body casts them."""
    names = [quoted(f"${place}") for place in range(1, len(kinds) + 1)]
    pairs = zip(names, kinds, strict=True)
    return ", ".join(f"{name} {kind}" if typed else name for name, kind in pairs)


def forget_function(connection: Connection, place: Place, kinds: list[str]) -> bool:
    """Remove one function; whether it was there."""
    if [kinds] != [list(k) for (k,) in rows(connection, _KNOWN, place) if list(k) == kinds]:
        return False
    run(connection, _FORGET, [*place, kinds])
    install(connection, place)
    return True


COMMAND: Final = CreateFunction

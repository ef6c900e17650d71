"""A reading position in a statement's tokens: what every ``parse`` of ``commands`` uses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from vesto.dialect.names import Name
from vesto.dialect.scanner import Token, scan
from vesto.errors import Span, StatementSyntaxError

T = TypeVar("T")
RESERVED: Final = frozenset(
    [
        "all",
        "analyse",
        "analyze",
        "and",
        "any",
        "array",
        "as",
        "asc",
        "authorization",
        "between",
        "both",
        "case",
        "cast",
        "check",
        "collate",
        "column",
        "constraint",
        "create",
        "cross",
        "current_date",
        "current_time",
        "current_timestamp",
        "current_user",
        "default",
        "deferrable",
        "desc",
        "distinct",
        "do",
        "else",
        "end",
        "except",
        "false",
        "for",
        "foreign",
        "freeze",
        "from",
        "full",
        "grant",
        "group",
        "having",
        "ilike",
        "in",
        "initially",
        "inner",
        "intersect",
        "into",
        "is",
        "isnull",
        "join",
        "leading",
        "left",
        "like",
        "limit",
        "localtime",
        "localtimestamp",
        "natural",
        "new",
        "not",
        "notnull",
        "null",
        "off",
        "offset",
        "old",
        "on",
        "only",
        "or",
        "order",
        "outer",
        "overlaps",
        "primary",
        "references",
        "right",
        "select",
        "session_user",
        "similar",
        "some",
        "table",
        "then",
        "to",
        "top",
        "trailing",
        "true",
        "union",
        "unique",
        "user",
        "using",
        "verbose",
        "when",
        "where",
        "with",
    ]
)


class Cursor:
    """Reads the tokens of one statement from left to right.

    Words are keywords only where they stand bare: a quoted name or a string never matches one.
    """

    def __init__(self, sql: str) -> None:
        self.sql = sql
        self._tokens = scan(sql)
        self._at = 0

    @property
    def here(self) -> Token:
        """The next token, not yet read."""
        return self._tokens[self._at]

    @property
    def span(self) -> Span:
        """Where the next token stands."""
        return self.here.span

    def peek(self, *words: str) -> bool:
        """Whether the next tokens are these keywords or symbols."""
        here = self._tokens[self._at : self._at + len(words)]
        return [t.text.upper() if t.kind in {"word", "symbol"} else None for t in here] == [*words]

    def accept(self, *words: str) -> bool:
        """Read these keywords or symbols if they come next."""
        if not self.peek(*words):
            return False
        self._at += len(words)
        return True

    def expect(self, *words: str) -> None:
        """Read these keywords or symbols.

        Raises:
            StatementSyntaxError: Something else comes next.
        """
        if not self.accept(*words):
            raise self.error(" ".join(words))

    def error(self, wanted: str, hint: str = "") -> StatementSyntaxError:
        """The error for "here should stand ``wanted``"."""
        found = "the end of the statement" if self.here.kind == "end" else f'"{self.raw()}"'
        return StatementSyntaxError(f"expected {wanted}, found {found}", hint=hint, span=self.span)

    def raw(self) -> str:
        """The next token as it was written."""
        return self.sql[self.span.start : self.span.end]

    def advance(self) -> Token:
        """Read one token, whatever it is; the end is never passed."""
        token = self.here
        if token.kind != "end":
            self._at += 1
        return token

    def after(self, tokens: int) -> Token:
        """A token further on, not yet read; the end where there are fewer."""
        return self._tokens[min(self._at + tokens, len(self._tokens) - 1)]

    def rest(self) -> str:
        """Read everything that is left, but for a semicolon at the end."""
        start = last = self.span.start
        for token in self._tokens[self._at : -1]:
            self._at += 1
            if not (token.text == ";" and token.kind == "symbol" and self.here.kind == "end"):
                last = token.span.end
        return self.sql[start:last]

    def end(self) -> None:
        """Check that the statement ends here."""
        self.accept(";")
        if self.here.kind != "end":
            raise self.error("the end of the statement")

    def word(self, wanted: str) -> str:
        """Read a bare word, upper-cased."""
        if self.here.kind != "word":
            raise self.error(wanted)
        return self.advance().text.upper()

    def identifier(self, wanted: str = "a name") -> str:
        """Read one name; a bare one folds to lower case and must not be a reserved word."""
        token = self.here
        if token.kind == "quoted" and token.text:
            return self.advance().text
        if token.kind != "word":
            raise self.error(wanted)
        if token.text.lower() in RESERVED:
            hint = f'"{token.text}" is a reserved word; write it in double quotes to use it.'
            raise self.error(wanted, hint)
        return self.advance().text.lower()

    def listed(self, read: Callable[[Cursor], T]) -> list[T]:
        """Read one thing or more, separated by commas."""
        found = [read(self)]
        while self.accept(","):
            found.append(read(self))
        return found

    def names(self, wanted: str = "a column's name") -> tuple[str, ...]:
        """Read identifiers in parentheses, separated by commas."""
        self.expect("(")
        found = self.listed(lambda cursor: cursor.identifier(wanted))
        self.expect(")")
        return tuple(found)

    def accept_behaviour(self) -> bool:
        """Read CASCADE or RESTRICT, the default; whether it is CASCADE."""
        cascade = self.accept("CASCADE")
        return cascade or (self.accept("RESTRICT") and False)

    def name(self, wanted: str = "a name") -> Name:
        """Read a name of up to three parts."""
        parts = [self.identifier(wanted)]
        while len(parts) < 3 and self.accept("."):  # noqa: PLR2004 - database.schema.object
            parts.append(self.identifier(wanted))
        return Name(*reversed(parts))

    def string(self, wanted: str = "a string") -> str:
        """Read a string literal."""
        if self.here.kind != "string":
            raise self.error(f"{wanted} in single quotes")
        return self.advance().text

    def integer(self, wanted: str) -> int:
        """Read a whole number, which may stand in single quotes and have a sign."""
        start = self.span
        sign = -1 if self.accept("-") else 1
        token = self.advance()
        if token.kind not in {"number", "string"} or not token.text.strip().isdecimal():
            raise StatementSyntaxError(f"{wanted} must be a whole number", span=start)
        return sign * int(token.text)

    def parenthesised(self, wanted: str) -> tuple[str, Span]:
        """Read ``( ... )`` with balanced parentheses; the text between them and its place."""
        opening = self.span
        self.expect("(")
        start, depth = self.span.start, 1
        while self.here.kind != "end":
            token = self.advance()
            if token.kind == "symbol" and token.text in "()":
                depth += 1 if token.text == "(" else -1
            if depth == 0:
                inside = Span(start, token.span.start)
                return self.sql[inside.start : inside.end].rstrip(), inside
        raise StatementSyntaxError(f"the parenthesis of {wanted} is not closed", span=opening)

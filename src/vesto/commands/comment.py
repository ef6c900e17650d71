"""COMMENT ON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.access.rights import schema_key
from vesto.commands import Context
from vesto.commands._objects import check_open, check_use, run
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name, literal, quoted, written
from vesto.errors import Span, StatementSyntaxError, VestoError
from vesto.result import Result

KINDS: Final = ("TABLE", "VIEW", "COLUMN", "SCHEMA")


@dataclass(frozen=True, slots=True)
class Comment:
    """Says something of a table, view, column or schema; None takes it back."""

    starts: ClassVar[tuple[str, ...]] = ("COMMENT",)
    engine_has_it: ClassVar[bool] = True

    kind: str
    parts: tuple[str, ...]
    text: str | None
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> Comment:
        """Read it."""
        cursor.expect("COMMENT", "ON")
        kind = next((word for word in KINDS if cursor.accept(word)), "")
        if not kind:
            raise cursor.error(f"one of {', '.join(KINDS)}")
        span = cursor.span
        parts = [cursor.identifier()]
        while cursor.accept("."):
            parts.append(cursor.identifier())
        cursor.expect("IS")
        text = None if cursor.accept("NULL") else cursor.string("the comment")
        cursor.end()
        return cls(kind, tuple(parts), text, span)

    def sql(self) -> str:
        """The statement as text."""
        name = ".".join(map(quoted, self.parts))
        return f"COMMENT ON {self.kind} {name} IS {'NULL' if self.text is None else written(self.text)}"

    def bind(self, context: Context) -> Comment:
        """Check that it is no object of the system."""
        if self.kind == "SCHEMA":
            check_open((self.parts[-1].lower(), ""), self.span)
            context.guard.check_owner(schema_key(self.parts[-1].lower()), self.span)
            return self
        table = self.parts[:-1] if self.kind == "COLUMN" else self.parts
        if not table:
            message = "a column's name needs that of its table before it"
            raise StatementSyntaxError(message, span=self.span)
        name = Name(*reversed(table[-3:]))
        check_open(context.place(name), self.span)
        check_use(context, "OWN", name, self.span)
        return self

    def run(self, context: Context) -> Result:
        """Record it; the engine keeps none of schemas.

        Raises:
            UndefinedTable: There is no such object.
        """
        if self.kind != "SCHEMA":
            name = ".".join(map(quoted, self.parts))
            value = "NULL" if self.text is None else literal(self.text)
            try:
                run(context.connection, f"COMMENT ON {self.kind} {name} IS {value}")
            except VestoError as error:
                raise error.at(self.span) from None
        return Result(tag="COMMENT")


COMMAND: Final = Comment

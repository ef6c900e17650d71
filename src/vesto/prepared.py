"""PREPARE and EXECUTE: statements that a session keeps as text.

What runs is translated, and what it reads looked at, whenever it is executed: a change of the schema
or of privileges counts for it as for any other.
"""

from __future__ import annotations

from dataclasses import dataclass

from vesto.dialect.cursor import Cursor
from vesto.dialect.tables import DeclaredType, read_expression, read_type
from vesto.errors import DuplicateStatement, StatementSyntaxError, UndefinedStatement


@dataclass(frozen=True, slots=True)
class Prepared:
    """One statement; ``types`` are those that its parameters $1, $2 ... were given."""

    text: str
    types: tuple[DeclaredType, ...] = ()


class PreparedStatements:
    """The statements that one session has prepared by name."""

    def __init__(self) -> None:
        self._kept: dict[str, Prepared] = {}

    def prepare(self, cursor: Cursor) -> str:
        """Keep the statement of ``PREPARE name [(type, ...)] AS statement``; its text.

        Raises:
            DuplicateStatement: There is one of that name.
        """
        cursor.expect("PREPARE")
        span = cursor.span
        name = cursor.identifier("a statement's name")
        types: list[DeclaredType] = []
        if cursor.accept("("):
            types = cursor.listed(read_type)
            cursor.expect(")")
        cursor.expect("AS")
        if name in self._kept:
            message = f'prepared statement "{name}" already exists'
            raise DuplicateStatement(message, hint="DEALLOCATE removes it.", span=span)
        found = Prepared(cursor.rest(), tuple(types))
        self._kept[name] = found
        return found.text

    def forget(self, name: str) -> None:
        """Remove one where there is one."""
        self._kept.pop(name, None)

    def clear(self) -> None:
        """Remove all."""
        self._kept.clear()

    def has(self, name: str) -> bool:
        """Whether there is one of that name."""
        return name in self._kept

    def deallocate(self, cursor: Cursor) -> str:
        """Remove one or all; the command's tag.

        Raises:
            UndefinedStatement: There is none of that name.
        """
        cursor.expect("DEALLOCATE")
        cursor.accept("PREPARE")
        if cursor.accept("ALL"):
            cursor.end()
            self.clear()
            return "DEALLOCATE ALL"
        span = cursor.span
        name = cursor.identifier("a statement's name")
        cursor.end()
        if name not in self._kept:
            message = f'prepared statement "{name}" does not exist'
            raise UndefinedStatement(message, span=span)
        del self._kept[name]
        return "DEALLOCATE"

    def execution(self, cursor: Cursor) -> tuple[Prepared, list[str]]:
        """The statement of ``EXECUTE name [(value, ...)]``, and the text of each value with its type.

        Raises:
            UndefinedStatement: There is none of that name.
            StatementSyntaxError: There are more or fewer values than types.
        """
        cursor.expect("EXECUTE")
        span = cursor.span
        name = cursor.identifier("a statement's name")
        values: list[str] = []
        if cursor.accept("("):
            values = cursor.listed(read_expression)
            cursor.expect(")")
        cursor.end()
        found = self._kept.get(name)
        if found is None:
            message = f'prepared statement "{name}" does not exist'
            raise UndefinedStatement(message, span=span)
        if found.types and len(found.types) != len(values):
            message = f'statement "{name}" takes {len(found.types)} values, not {len(values)}'
            raise StatementSyntaxError(message, span=span)
        typed = [
            f"CAST({value} AS {kind.sql()})"
            for value, kind in zip(values, found.types, strict=bool(found.types))
        ]
        return found, typed or values

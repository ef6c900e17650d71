"""PRIMARY KEY, UNIQUE and FOREIGN KEY: informational, as in Redshift; clients read them back.

Source: Amazon Redshift Database Developer Guide, "CREATE TABLE", table constraints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name, quoted

WORDS: Final = ("PRIMARY", "UNIQUE", "FOREIGN", "CONSTRAINT")
_ENDINGS: Final = {"p": "pkey", "u": "key", "f": "fkey"}


@dataclass(frozen=True, slots=True)
class Key:
    """A key; ``kind`` is p, u or f. A foreign one refers to the other's primary key without columns."""

    kind: str
    columns: tuple[str, ...]
    name: str = ""
    other: Name | None = None
    other_columns: tuple[str, ...] = ()

    def sql(self) -> str:
        """As Redshift SQL."""
        word = {"p": "PRIMARY KEY", "u": "UNIQUE", "f": "FOREIGN KEY"}[self.kind]
        start = f"CONSTRAINT {quoted(self.name)} " if self.name else ""
        text = f"{start}{word} ({', '.join(map(quoted, self.columns))})"
        return f"{text} {self.references()}" if self.other else text

    def references(self) -> str:
        """What a foreign key refers to, as Redshift SQL."""
        assert self.other is not None
        columns = ", ".join(map(quoted, self.other_columns))
        return f"REFERENCES {self.other.sql()}" + (f" ({columns})" if columns else "")

    def called(self, table: str) -> str:
        """Its name, or the one that PostgreSQL would give it."""
        columns = () if self.kind == "p" else self.columns
        return self.name or "_".join((table, *columns, _ENDINGS[self.kind]))


def read_key(cursor: Cursor) -> Key:
    """Read a constraint of a table.

    Raises:
        StatementSyntaxError: It is none.
    """
    name = cursor.identifier("a constraint's name") if cursor.accept("CONSTRAINT") else ""
    if cursor.accept("PRIMARY"):
        cursor.expect("KEY")
        return Key("p", cursor.names(), name)
    if cursor.accept("UNIQUE"):
        return Key("u", cursor.names(), name)
    cursor.expect("FOREIGN")
    cursor.expect("KEY")
    columns = cursor.names()
    cursor.expect("REFERENCES")
    other, other_columns = read_reference(cursor)
    return Key("f", columns, name, other, other_columns)


def read_reference(cursor: Cursor) -> tuple[Name, tuple[str, ...]]:
    """Read what follows REFERENCES."""
    other = cursor.name("a table's name")
    return other, cursor.names() if cursor.peek("(") else ()

"""Names of SQL objects: reading, folding and the one quoting function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vesto.errors import InvalidName, Span

MAX_NAME_BYTES: Final = 127
# How PostgreSQL calls a column that nothing names.
NAMELESS: Final = "?column?"


def quoted(name: str) -> str:
    """``name`` as a quoted identifier. Every name that goes into SQL text goes through here."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """``text`` as a string literal. Every string that goes into engine SQL goes through here."""
    return "'" + text.replace("'", "''") + "'"


def written(text: str) -> str:
    """``text`` as a string literal of Redshift SQL, where a backslash escapes."""
    return literal(text.replace("\\", "\\\\"))


def checked(name: str, span: Span | None = None) -> str:
    """``name`` if it may name something we create.

    Raises:
        InvalidName: It is empty, longer than 127 bytes, or holds a NUL character.
    """
    if not name or "\0" in name:
        raise InvalidName("a name must have at least one character and no NUL", span=span)
    if len(name.encode()) > MAX_NAME_BYTES:
        size = len(name.encode())
        hint = f"Names have at most {MAX_NAME_BYTES} bytes."
        raise InvalidName(f'name "{name[:30]}..." has {size} bytes', hint=hint, span=span)
    return name


@dataclass(frozen=True, slots=True)
class Name:
    """A name of one, two or three parts; a missing part is an empty string."""

    object: str
    schema: str = ""
    database: str = ""

    def __str__(self) -> str:
        return ".".join(part for part in (self.database, self.schema, self.object) if part)

    def sql(self) -> str:
        """The name as SQL text, every part quoted."""
        parts = (self.database, self.schema, self.object)
        return ".".join(quoted(part) for part in parts if part)

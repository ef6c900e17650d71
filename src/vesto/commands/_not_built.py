"""What statements have in common that are known and not built yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, NoReturn, Self

from vesto.commands import Context
from vesto.dialect.cursor import Cursor
from vesto.errors import FeatureNotSupported, Span


@dataclass(frozen=True, slots=True)
class NotBuilt:
    """A statement that is recognised by its first words, and refused when bound."""

    starts: ClassVar[tuple[str, ...]] = ()
    hint: ClassVar[str] = ""
    status: ClassVar[str] = "refused"

    text: str
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> Self:
        """Take the text as it is."""
        return cls(cursor.sql, cursor.span)

    def sql(self) -> str:
        """The statement as text."""
        return self.text

    def bind(self, context: Context) -> NoReturn:
        """Refuse it.

        Raises:
            FeatureNotSupported: Always.
        """
        name = " ".join(self.starts)
        raise FeatureNotSupported(f"{name} is not available yet", hint=self.hint, span=self.span)

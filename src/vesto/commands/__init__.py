"""One file per statement: a frozen dataclass with ``parse``, then ``bind``, then ``run``.

``parse`` and ``bind`` change nothing: parse reads tokens, bind finds every mistake that can be
found before work starts. What bind returns can only be run.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Final, Protocol, Self

from vesto.catalog.records import Model
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name
from vesto.engines import Connection
from vesto.errors import Span, UndefinedModel
from vesto.plugins import Plugins
from vesto.result import Result
from vesto.warehouse import Warehouse

DEFAULT_SCHEMA: Final = "public"


@dataclass(frozen=True, slots=True)
class Context:
    """What a statement works with: one user's session at one moment."""

    warehouse: Warehouse
    connection: Connection
    user: str
    in_transaction: bool
    wait: bool = True

    def model(self, name: Name, span: Span | None = None) -> Model:
        """The model of that name.

        Raises:
            UndefinedModel: There is none.
        """
        found = self.warehouse.catalog.find(name.schema or DEFAULT_SCHEMA, name.object)
        if found is None:
            known = [model.name for model in self.warehouse.catalog.models()]
            raise UndefinedModel.named(name.object, known=known, span=span)
        return found


class Bound(Protocol):
    """A statement whose names are resolved."""

    def run(self, context: Context) -> Result:
        """Do it."""
        ...


class Statement(Protocol):
    """A parsed statement."""

    starts: ClassVar[tuple[str, ...]]

    @classmethod
    def parse(cls, cursor: Cursor) -> Self:
        """Read it.

        Raises:
            StatementSyntaxError: The text does not follow the grammar.
        """
        ...

    def sql(self) -> str:
        """The statement as text that parses to the same value."""
        ...

    def bind(self, context: Context) -> Bound:
        """Resolve names and find every mistake; nothing is changed."""
        ...


COMMANDS: Final[Plugins[type[Statement]]] = Plugins("vesto.commands", "COMMAND")


@cache
def _by_first_word() -> dict[str, list[type[Statement]]]:
    table: dict[str, list[type[Statement]]] = {}
    for command in sorted(COMMANDS.all(), key=lambda c: -len(c.starts)):
        table.setdefault(command.starts[0], []).append(command)
    return table


def find_command(cursor: Cursor) -> type[Statement] | None:
    """The statement that begins with the cursor's next words, or None: it is plain SQL."""
    here = cursor.here
    if here.kind != "word":
        return None
    candidates = _by_first_word().get(here.text.upper(), [])
    return next((command for command in candidates if cursor.peek(*command.starts)), None)

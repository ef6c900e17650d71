"""One file per statement: a frozen dataclass with ``parse``, then ``bind``, then ``run``.

``parse`` and ``bind`` change nothing: parse reads tokens, bind finds every mistake that can be
found before work starts. What bind returns can only be run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import ClassVar, Final, Protocol, Self

from vesto.access.guard import Guard
from vesto.catalog.records import Model
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name
from vesto.dialect.surroundings import Surroundings
from vesto.dialect.translate import Translated
from vesto.engines import Connection
from vesto.errors import (
    PermissionDenied,
    Span,
    StatementSyntaxError,
    UndefinedModel,
    VestoError,
)
from vesto.parameters import Parameters
from vesto.plugins import Plugins
from vesto.prepared import PreparedStatements
from vesto.result import Result
from vesto.warehouse import Warehouse

DEFAULT_SCHEMA: Final = "public"


def _unwatched(stop: Callable[[], None] | None) -> None:
    """Nobody interrupts."""


def _untranslated(text: str) -> Translated:
    raise NotImplementedError(text)


def _unauthorized(name: str) -> None:
    raise NotImplementedError(name)


@dataclass(frozen=True, slots=True)
class Context:
    """What a statement works with: one user's session at one moment."""

    warehouse: Warehouse
    connection: Connection
    user: str
    guard: Guard
    in_transaction: bool
    wait: bool = True
    translate: Callable[[str], Translated] = _untranslated
    surroundings: Surroundings = field(default_factory=Surroundings)
    parameters: Parameters = field(default_factory=Parameters)
    watch: Callable[[Callable[[], None] | None], None] = _unwatched
    translate_view: Callable[..., Translated] = _untranslated
    authorize: Callable[[str], None] = _unauthorized
    prepared: PreparedStatements = field(default_factory=PreparedStatements)

    def translated(self, text: str, at: int = 0, kinds: tuple[str, ...] = ()) -> Translated:
        """A part of the statement for the engine; ``at`` is where the part begins.

        Raises:
            StatementSyntaxError: It is no statement of one of these kinds.
        """
        try:
            found = self.translate(text)
        except VestoError as error:
            if error.span is not None:
                error.span = Span(error.span.start + at, error.span.end + at)
            raise
        if kinds and found.kind not in kinds:
            raise StatementSyntaxError("expected a query", span=Span(at, at + len(text)))
        return found

    def expression(self, text: str, at: int = 0) -> str:
        """An expression for the engine; ``at`` is where it begins in the statement."""
        head, name = "SELECT ", "vesto expression"
        found = self.translated(f'{head}{text} AS "{name}"', at - len(head), ("query",)).sql
        return found.removeprefix(head).removesuffix(f' AS "{name}"')

    def place(self, name: Name) -> tuple[str, str]:
        """Schema and name of a table or view, folded to lower case."""
        return self.surroundings.place(name.schema, name.object)

    @contextmanager
    def atomic(self) -> Iterator[Connection]:
        """The connection, inside the user's transaction or one of its own."""
        if self.in_transaction:
            yield self.connection
            return
        self.connection.begin()
        try:
            yield self.connection
        except BaseException:
            self.connection.rollback()
            raise
        self.connection.commit()

    def model(self, name: Name, span: Span | None = None) -> Model:
        """The model of that name, which its owner may know, and whoever may predict with it.

        Raises:
            UndefinedModel: There is none.
            PermissionDenied: The user may not know of it.
        """
        found = self._model(name, span)
        self.guard.check_see_model(found, span)
        return found

    def _model(self, name: Name, span: Span | None) -> Model:
        catalog = self.warehouse.catalog
        found = catalog.find(name.schema or DEFAULT_SCHEMA, name.object)
        if found is None:
            known = [model.name for model in catalog.models() if self.guard.sees_model(model)]
            raise UndefinedModel.named(name.object, known=known, span=span)
        return found

    def any_model(self, name: Name, span: Span | None = None) -> Model:
        """The model of that name, whoever may know of it.

        Raises:
            UndefinedModel: There is none.
        """
        return self._model(name, span)

    def droppable_model(self, name: Name, span: Span | None = None) -> Model:
        """The model of that name, which its owner may remove, its schema's, and whoever may drop any.

        Raises:
            UndefinedModel: There is none.
            PermissionDenied: It is none of the user's.
        """
        found = self._model(name, span)
        if not self.guard.may_drop_model(found):
            self.check_owner(found, span)
        return found

    def own_model(self, name: Name, span: Span | None = None) -> Model:
        """The model of that name, which only its owner and the warehouse's may change.

        Raises:
            UndefinedModel: There is none.
            PermissionDenied: It is somebody else's.
        """
        found = self._model(name, span)
        self.check_owner(found, span)
        return found

    def check_owner(self, model: Model, span: Span | None = None) -> None:
        """Nothing, if the session's user owns the model or is a superuser.

        Raises:
            PermissionDenied: Somebody else does.
        """
        if not self.guard.owns_model(model):
            message = f'must be owner of model "{model.name}"'
            raise PermissionDenied(message, hint=f'Its owner is "{model.owner}".', span=span)


class Bound(Protocol):
    """A statement whose names are resolved."""

    def run(self, context: Context) -> Result:
        """Do it."""
        ...


class Statement(Protocol):
    """A parsed statement.

    It begins with the words of ``starts``, or those of one of ``also_starts`` where it has them.
    A class with ``engine_has_it`` is tried in the engine's own dialect where parsing fails.
    One with ``keeps_schema`` changes nothing that translations depend on, but for its session's.
    One that ``needs_no_engine`` reads and writes no tables: it does not begin a transaction there.
    One that ``only_looks`` returns rows and changes nothing at all.
    ``status`` is "refused" or "without effect" where the documentation must say so.
    """

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
def _by_first_word() -> dict[str, list[tuple[tuple[str, ...], type[Statement]]]]:
    table: dict[str, list[tuple[tuple[str, ...], type[Statement]]]] = {}
    for command in COMMANDS.all():
        for words in starts_of(command):
            table.setdefault(words[0], []).append((words, command))
    return {word: sorted(found, key=lambda f: -len(f[0])) for word, found in table.items()}


def starts_of(command: type[Statement]) -> tuple[tuple[str, ...], ...]:
    """The words that a statement may begin with."""
    return (command.starts, *getattr(command, "also_starts", ()))


def find_command(cursor: Cursor) -> type[Statement] | None:
    """The statement that begins with the cursor's next words, or None: it is plain SQL."""
    here = cursor.here
    if here.kind != "word":
        return None
    candidates = _by_first_word().get(here.text.upper(), [])
    return next((command for words, command in candidates if cursor.peek(*words)), None)

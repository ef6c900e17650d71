"""DROP MODEL [ IF EXISTS ] name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from vesto.catalog.records import Model
from vesto.commands import Context
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name
from vesto.errors import ActiveTransaction, Span, UndefinedModel
from vesto.result import Result


@dataclass(frozen=True, slots=True)
class DropModel:
    """Removes a model, all its versions and its function; a running job is killed.

    Grammar: Amazon Redshift Database Developer Guide, "DROP MODEL".
    """

    starts: ClassVar[tuple[str, ...]] = ("DROP", "MODEL")

    name: Name
    if_exists: bool = False
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> DropModel:
        """Read it."""
        cursor.expect(*cls.starts)
        if_exists = cursor.accept("IF", "EXISTS")
        span = cursor.span
        name = cursor.name("a model's name")
        cursor.end()
        return cls(name, if_exists, span)

    def sql(self) -> str:
        """The statement as text."""
        return f"DROP MODEL {'IF EXISTS ' if self.if_exists else ''}{self.name.sql()}"

    def bind(self, context: Context) -> RemoveModel:
        """Find the model.

        Raises:
            ActiveTransaction: Inside a transaction block: it could not be rolled back.
            UndefinedModel: There is none and IF EXISTS was not said.
            PermissionDenied: It is somebody else's.
        """
        if context.in_transaction:
            raise ActiveTransaction("DROP MODEL cannot run inside a transaction block")
        try:
            return RemoveModel(context.droppable_model(self.name, self.span))
        except UndefinedModel:
            if not self.if_exists:
                raise
            return RemoveModel(None, f'model "{self.name}" does not exist, skipping')


@dataclass(frozen=True, slots=True)
class RemoveModel:
    """The model to remove, or None with the reason why not."""

    model: Model | None
    notice: str = ""

    def run(self, context: Context) -> Result:
        """Remove it."""
        if self.model is None:
            return Result(tag="DROP MODEL", notices=(self.notice,))
        context.warehouse.versions.drop(self.model)
        return Result(tag="DROP MODEL")


COMMAND: Final = DropModel

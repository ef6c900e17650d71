"""Where SQL and scoring run. One file an engine; each exports ``ENGINE``, a way to open it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import pyarrow as pa

from vesto.catalog.records import Intervals
from vesto.dialect.surroundings import Surroundings
from vesto.errors import VestoError
from vesto.plugins import Plugins
from vesto.programs.program import Program
from vesto.settings import Settings
from vesto.types import SqlType


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a query or table: its name, SQL type and PostgreSQL's type modifier."""

    name: str
    type: SqlType
    modifier: int = field(default=-1, compare=False)


FunctionKind = Literal["prediction", "probabilities", "explanation", "interval"]


@dataclass(frozen=True, slots=True)
class Function:
    """A function of a model as SQL sees it: ``program`` is the content hash it scores with.

    All kinds but ``prediction`` return a SUPER document. ``cast`` is the engine's type that
    predictions are turned into, empty where they stay as they are. An interval is around what the
    prediction function returns, of the type ``predicts``. A function with a ``refusal`` raises that
    instead.
    """

    schema: str
    name: str
    parameters: tuple[Column, ...]
    returns: SqlType
    program: str
    kind: FunctionKind = "prediction"
    cast: str = ""
    intervals: Intervals | None = None
    predicts: SqlType | None = None
    refusal: VestoError | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows drawn without bias from a query, and how many rows the query had."""

    rows: pa.Table
    total_rows: int


Values = Sequence[Any] | Mapping[str, Any]


class Connection(Protocol):
    """One user's line to the engine; used by one thread at a time."""

    def execute(self, sql: str, parameters: Values = ()) -> pa.RecordBatchReader:
        """Run one statement of the engine's own dialect. An unread result blocks the line.

        ``parameters`` are in the order of their places, or by number where some have no place.

        Raises:
            VestoError: The engine's errors, with SQLSTATE.
        """
        ...

    def columns(self) -> tuple[Column, ...]:
        """The columns of what ``execute`` ran last, with types that Arrow does not know."""
        ...

    def describe(self, sql: str) -> list[Column]:
        """The columns of a query, which is not run."""
        ...

    def check(self, sql: str) -> None:
        """Nothing, if the statement could be run; it is not.

        Raises:
            VestoError: A name in it is not there, or a type does not fit.
        """
        ...

    def surroundings(self) -> Surroundings:
        """What the database holds that changes how statements are read."""
        ...

    def use(self, schemas: Sequence[str]) -> None:
        """Look for names without a schema in these, where they exist."""
        ...

    def use_time_zone(self, name: str) -> None:
        """Show timestamps with time zone in this one.

        Raises:
            InvalidParameterValue: There is none of that name.
        """
        ...

    def use_user(self, name: str, *, superuser: bool) -> None:
        """Show in system views what this user may see."""
        ...

    def use_settings(self, settings: Callable[[], Mapping[str, str]]) -> None:
        """Show these configuration parameters in the catalogue, as they are at the next statement."""
        ...

    def use_interval_level(self, level: float) -> None:
        """Make intervals of predictions that hold this share of the truth."""
        ...

    def sample(self, sql: str, rows: int, seed: int) -> Sample:
        """At most ``rows`` rows of a query, each row as likely as any other. Never LIMIT."""
        ...

    def register(self, name: str, table: pa.Table | pa.RecordBatchReader) -> None:
        """Show an Arrow table, or a stream that is read once, to this connection under a name."""
        ...

    def unregister(self, name: str) -> None:
        """Hide it again."""
        ...

    def begin(self) -> None:
        """Start a transaction."""
        ...

    def commit(self) -> None:
        """End the transaction and keep what it did."""
        ...

    def rollback(self) -> None:
        """End the transaction and undo what it did."""
        ...

    def interrupt(self) -> None:
        """Stop what the connection is running; may be called from another thread."""
        ...

    def close(self) -> None:
        """Close the line; an open transaction is rolled back."""
        ...


class Engine(Protocol):
    """An open engine, shared by all connections."""

    dialect: str

    def connect(self) -> Connection:
        """A new line."""
        ...

    def lock(self) -> None:
        """From now on treat SQL as hostile: no files, no extensions, no settings."""
        ...

    def provide(
        self, view: str, columns: Sequence[Column], rows: Callable[[str], pa.Table]
    ) -> None:
        """Make ``vesto.<view>`` a view over what ``rows`` returns for the user who reads it."""
        ...

    def answer(self, name: str, reply: Callable[[str, str], str]) -> None:
        """Make ``name`` a function of a user and a text that returns the document of ``reply``."""
        ...

    def decide(self, name: str, arguments: int, reply: Callable[..., bool | None]) -> None:
        """Make ``name`` a function of so many texts that returns the truth of ``reply``."""
        ...

    def install(self, function: Function, program: Program | None) -> None:
        """Make or replace a prediction function, in one step for all connections.

        The engine holds the program until the function is replaced or removed, and queries that
        began before go on with it. Without a program the function says that it finds none.
        """
        ...

    def remove(self, function: Function) -> None:
        """Remove a prediction function; one that is not there is no mistake."""
        ...

    def functions(self) -> set[tuple[str, str]]:
        """Schema and name of the prediction functions that are installed."""
        ...

    def macros(self) -> set[tuple[str, str]]:
        """Schema and name, folded, of all functions that stand in the tables' file."""
        ...

    def predictions(self) -> int:
        """How many rows this process has predicted, whichever engine of it did."""
        ...

    def is_taken(self, name: str) -> bool:
        """Whether the engine has a function of its own by that name."""
        ...

    def close(self) -> None:
        """Close the engine; another process can open the files afterwards."""
        ...


class EngineKind(Protocol):
    """What an engine's file exports."""

    def open(self, path: Path, settings: Settings) -> Engine:
        """The engine over the warehouse's folder ``path``."""
        ...


ENGINES: Final[Plugins[EngineKind]] = Plugins("vesto.engines", "ENGINE")

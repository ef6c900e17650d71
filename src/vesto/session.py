"""One user's connection: text to command, command to rows, one statement at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa

from vesto.access.guard import Guard
from vesto.catalog.records import Model
from vesto.commands.set import Set
from vesto.commands.wait_for_model import check_ready
from vesto.dialect.cursor import Cursor
from vesto.dialect.front import is_plain
from vesto.dialect.names import Name, quoted
from vesto.dialect.parameter_types import inferred
from vesto.dialect.scanner import split
from vesto.engines import Column
from vesto.errors import Span, VestoError
from vesto.executor import Executor, Preparation
from vesto.parameters import Parameters
from vesto.result import Result
from vesto.session_translator import COPIED
from vesto.training.job import Progress
from vesto.translation import READABLE
from vesto.warehouse import Warehouse

if TYPE_CHECKING:
    import pandas as pd


class Session:
    """One user's connection to an open warehouse. Used by one thread at a time.

    With ``wait`` a CREATE MODEL or REFRESH MODEL returns when the model is READY, without it when training has
    started.
    """

    def __init__(self, warehouse: Warehouse, *, user: str = "", wait: bool = True) -> None:
        self.warehouse = warehouse
        self._connection = warehouse.engine.connect()
        self._owns_warehouse = False
        level = warehouse.settings.interval_level
        self._parameters = Parameters({"interval_level": str(level)})
        self._connection.use_interval_level(level)
        self._guard = self._guarded(user or warehouse.settings.owner)
        self._begin_with(dict(self._guard.user.parameters))
        self._executor = Executor(
            warehouse, self._connection, self._guard, self._parameters, wait=wait
        )

    def _guarded(self, name: str) -> Guard:
        try:
            guard = Guard(
                self.warehouse, self._connection, name,
                lambda: self._executor.transaction.state == "active", READABLE,
            )  # fmt: skip
            self._connection.use_user(name, superuser=guard.unlimited)
        except BaseException:
            self._connection.close()
            raise
        return guard

    def _begin_with(self, given: dict[str, str]) -> None:
        """Begin with what ALTER USER ... SET said; RESET comes back to it."""
        self._parameters = Parameters({**self._parameters.defaults, **given})
        self._connection.use_settings(self._parameters.all)
        if "search_path" in given:
            self._connection.use(self._parameters.search_path)
        if "timezone" in given:
            self._connection.use_time_zone(given["timezone"])
        if "interval_level" in given:
            self._connection.use_interval_level(float(given["interval_level"]))

    @property
    def wait_for_models(self) -> bool:
        """Whether CREATE MODEL and REFRESH MODEL return only when the model is READY."""
        return self._executor.wait

    @wait_for_models.setter
    def wait_for_models(self, wait: bool) -> None:
        self._executor.wait = wait

    @property
    def user(self) -> str:
        """The name of the user by whose rights statements run."""
        return self._guard.user.name

    @property
    def is_superuser(self) -> bool:
        """Whether nothing is refused to that user."""
        return self._guard.unlimited

    @property
    def connection_limit(self) -> int | None:
        """How many connections the user may have at a time; None: as many as there are."""
        return self._guard.user.connection_limit

    # --- Statements -----------------------------------------------------------------------------

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Result:
        """Run the statements of ``sql`` and return the last one's result.

        Args:
            sql: One or more statements, separated by semicolons.
            parameters: Values for ``?`` in a single statement.

        Raises:
            VestoError: With SQLSTATE, and the position within ``sql``.
        """
        result = Result()
        for result in self.run(sql, parameters):  # noqa: B007 - the last one is returned
            pass
        return result

    sql = execute

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[Result]:
        """Run each statement in turn; yield its result before starting the next."""
        for span in self.statements(sql):
            try:
                yield self._executor.run(sql[span.start : span.end], parameters)
            except VestoError as error:
                if error.span is not None:
                    start, end = error.span.start + span.start, error.span.end + span.start
                    error.span = type(error.span)(start, end)
                raise

    def statements(self, sql: str) -> list[Span]:
        """Where each statement of a text stands, without its semicolon; empty ones are left out.

        Raises:
            StatementSyntaxError: A string, name, comment or dollar quote has no end.
        """
        bare = sql.rstrip().removesuffix(";")
        if self._executor.knows(bare):
            return [Span(0, len(bare))]
        # Most texts are one statement that need not be read for that.
        return [Span(0, len(bare))] if is_plain(bare) else split(sql)

    def prepare(self, text: str) -> Preparation:
        """What a statement will return; it is bound, and not run unless it only looks.

        Raises:
            VestoError: What running it would raise before it begins.
        """
        return self._executor.prepare(text)

    def parameter_types(self, text: str) -> dict[int, str]:
        """Names of SQL types of the parameters ``$n``, where what stands around one tells it."""
        self._executor.hold_open_result()
        return inferred(text, self._column_types, self.warehouse.translator.signatures)

    def _column_types(self, schema: str, name: str) -> dict[str, str]:
        place = f"{quoted(schema)}.{quoted(name)}" if schema else quoted(name)
        columns = self.prepare(f"SELECT * FROM {place}").columns or ()  # noqa: S608 - quoted
        return {column.name.lower(): column.type.name for column in columns}

    # --- Transactions ---------------------------------------------------------------------------

    @property
    def transaction(self) -> str:
        """Whether a transaction block is open: idle, active or failed."""
        return self._executor.transaction.state

    def fail_transaction(self) -> None:
        """What the session's user met with was an error: an open block can only be rolled back."""
        self._executor.transaction.fail()

    def check_transaction(self) -> None:
        """Nothing, unless the transaction block has failed.

        Raises:
            FailedTransaction: It has.
        """
        self._executor.transaction.check()

    # --- Rows from the outside ------------------------------------------------------------------

    def insert(self, table: Name, columns: Sequence[str], rows: pa.Table) -> int:
        """Insert rows, by place, into these columns of a table; how many they were.

        Raises:
            VestoError: They do not fit, or the table is not there.
        """
        self._connection.register(COPIED, rows)
        self._executor.text.copying = True
        try:
            into = ", ".join(quoted(name) for name in columns)
            values = ", ".join(quoted(name) for name in rows.column_names)
            text = f"INSERT INTO {table.sql()} ({into}) SELECT {values} FROM {COPIED}"  # noqa: S608 - names are quoted
            return self.execute(text).rowcount
        finally:
            self._executor.text.copying = False
            self._executor.hold_open_result()
            self._connection.unregister(COPIED)

    # --- Python's side --------------------------------------------------------------------------

    def register(self, name: str, table: pa.Table | pd.DataFrame) -> None:
        """Show an Arrow table or a pandas data frame to this session as a table."""
        if not isinstance(table, pa.Table):
            table = pa.Table.from_pandas(table, preserve_index=False)
        self._connection.register(name, table)

    def parameter(self, name: str) -> str:
        """The value of a configuration parameter.

        Raises:
            UndefinedParameter: There is none of that name.
        """
        return self._parameters.get(name)

    @property
    def parameters_version(self) -> int:
        """Counts up with every change of a configuration parameter."""
        return self._parameters.version

    def set_parameter(self, name: str, value: str) -> None:
        """Change a configuration parameter, as SET does.

        Raises:
            UndefinedParameter: There is none of that name.
            InvalidParameterValue: The value does not fit.
        """
        Set(name, value).run(self._executor.context())

    def describe(self, sql: str) -> list[Column]:
        """The columns of a query of the engine's dialect; it is not run."""
        self._executor.hold_open_result()
        if not self._guard.unlimited:
            sql = self._executor.text.translated(sql).sql
        return self._connection.describe(sql)

    def model(self, name: str) -> Model:
        """What the catalog holds of a model.

        Raises:
            UndefinedModel: There is none of that name.
        """
        return self._executor.context().model(_read_name(name))

    def newest(self, name: str) -> Model:
        """The same of the model's newest version, which a refresh may be training.

        Raises:
            UndefinedModel: There is none of that name.
        """
        model = self.model(name)
        return self.warehouse.catalog.newest(model.id) or model

    def wait(self, name: str, timeout_s: float | None = None) -> Model:
        """Wait until a model is READY, and no version of it is being trained.

        Raises:
            TrainingFailed: Its newest version has FAILED.
        """
        model = self.warehouse.wait(self.model(name), timeout_s)
        check_ready(model)
        return model

    def progress(self, name: str) -> Progress:
        """How far the training of a model's newest version is."""
        return self.warehouse.progress(self.model(name))

    def report(self, name: str) -> dict[str, Any]:
        """The report of a READY model."""
        return self.warehouse.files.report(self.model(name))

    def interrupt(self) -> None:
        """Stop what the session is running; may be called from another thread."""
        self._executor.interrupt()

    def close(self) -> None:
        """Close the session, and the warehouse where ``connect`` opened it."""
        self._executor.close()
        self._connection.close()
        if self._owns_warehouse:
            self.warehouse.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()


def _read_name(text: str) -> Name:
    cursor = Cursor(text)
    name = cursor.name("a model's name")
    cursor.end()
    return name


def connect(
    path: str | Path, *, user: str = "", locked: bool = False, wait: bool = True,
    settings: Mapping[str, Any] | None = None,
) -> Session:  # fmt: skip
    """Open the warehouse at ``path``, or make one, and a session in it.

    Args:
        path: A directory.
        user: By whose rights statements run; without it by those of the warehouse's owner.
        locked: Treat SQL as hostile: no files, no extensions, no settings.
        wait: Whether CREATE MODEL returns only when the model is READY.
        settings: Over those in the warehouse's ``vesto.toml``.

    Raises:
        WarehouseInUse: Another process has it open.
        InvalidAuthorization: There is no such user.
    """
    warehouse = Warehouse(Path(path), locked=locked, settings=settings)
    try:
        session = Session(warehouse, user=user, wait=wait)
    except BaseException:
        warehouse.close()
        raise
    session._owns_warehouse = True  # noqa: SLF001 - our own, and nobody else's to set
    return session

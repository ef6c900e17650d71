"""One user's connection: text to command, command to rows, one statement at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import pyarrow as pa

from vesto.access.check import without_values
from vesto.access.facts import sweep
from vesto.access.guard import Guard
from vesto.access.recording import record_uses
from vesto.catalog.records import Model
from vesto.commands import Context, Statement, find_command
from vesto.commands.set import Set
from vesto.commands.wait_for_model import check_ready
from vesto.dialect.cursor import Cursor
from vesto.dialect.front import is_plain
from vesto.dialect.invented import refuse_invented_statement
from vesto.dialect.names import Name, quoted
from vesto.dialect.parameter_types import inferred
from vesto.dialect.returning import returned
from vesto.dialect.scanner import split
from vesto.dialect.show_queries import show_query
from vesto.dialect.translate import Translated
from vesto.engines import Column, Values
from vesto.errors import (
    EngineFailure,
    InputOutputError,
    QueryCanceled,
    Span,
    StatementSyntaxError,
    UndefinedColumn,
    UndefinedFunction,
    UndefinedParameter,
    VestoError,
)
from vesto.parameters import Parameters
from vesto.prepared import PreparedStatements
from vesto.result import Result
from vesto.session_translator import COPIED, SessionTranslator
from vesto.training.job import Progress
from vesto.transactions import WORDS, Transaction
from vesto.translation import READABLE
from vesto.warehouse import Warehouse

if TYPE_CHECKING:
    import pandas as pd

_PREPARED: Final = frozenset({"PREPARE", "EXECUTE", "DEALLOCATE"})
# The engine's own statements that change no schema; EXECUTE does if what it runs gives no rows.
_KEEPS_SCHEMA: Final = frozenset({"PREPARE", "EXECUTE", "DEALLOCATE"})
_REMOVES: Final = frozenset({"DROP", "ALTER", "IMPORT", "DETACH"})
_PARAMETER: Final = re.compile(r"\$(\d+)")
# Statements that are kept as they were read: of how many characters, and how many.
_LONGEST_KNOWN: Final = 100
_MOST_KNOWN: Final = 64
_NO_ROWS: Final = frozenset({"Count", "Success"})


@dataclass(frozen=True, slots=True)
class Preparation:
    """What a statement returns: ``columns``, or the ``result`` of one that only looks, or nothing."""

    columns: tuple[Column, ...] | None = None
    result: Result | None = None


class Session:
    """One user's connection to an open warehouse. Used by one thread at a time.

    With ``wait`` a CREATE MODEL or REFRESH MODEL returns when the model is READY, without it when training has
    started.
    """

    def __init__(self, warehouse: Warehouse, *, user: str = "", wait: bool = True) -> None:
        self.warehouse = warehouse
        self.wait_for_models = wait
        self._connection = warehouse.engine.connect()
        self._open: Result | None = None
        self._owns_warehouse = False
        self._transaction = Transaction(self._connection, self._ended)
        self._prepared = PreparedStatements()
        level = warehouse.settings.interval_level
        self._parameters = Parameters({"interval_level": str(level)})
        self._connection.use_interval_level(level)
        self._known: dict[str, Statement] = {}
        self._interrupted = False
        self._stop: Callable[[], None] | None = None
        self._guard = self._guarded(user or warehouse.settings.owner)
        self._begin_with(dict(self._guard.user.parameters))
        self._text = SessionTranslator(warehouse, self._connection, self._guard, self._parameters)

    def _guarded(self, name: str) -> Guard:
        try:
            guard = Guard(
                self.warehouse, self._connection, name,
                lambda: self._transaction.state == "active", READABLE,
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
                yield self._run_one(sql[span.start : span.end], parameters)
            except VestoError as error:
                self._transaction.fail()
                self._text.hide(error)
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
        if bare in self._known:
            return [Span(0, len(bare))]
        # Most texts are one statement that need not be read for that.
        return [Span(0, len(bare))] if is_plain(bare) else split(sql)

    def _run_one(self, text: str, parameters: Sequence[Any]) -> Result:
        self._hold_open_result()
        self._text.begin_statement()
        if is_plain(text):
            self._transaction.check()
            return self._run_plain(text, parameters)
        known = self._known.get(text)
        if known is not None:
            self._transaction.check()
            return self._run_known(known)
        cursor = Cursor(text)
        word = cursor.here.text.upper() if cursor.here.kind == "word" else ""
        if word in WORDS:
            return self._transaction.run(word, cursor)
        self._transaction.check()
        if word in _PREPARED:
            return self._run_prepared(word, cursor, parameters)
        refuse_invented_statement(cursor)
        shown = show_query(cursor)
        command = None if shown else find_command(cursor)
        if command is None:
            return self._run_plain(shown or text, parameters)
        return self._run_command(command, cursor, parameters)

    def _run_command(
        self, command: type[Statement], cursor: Cursor, parameters: Sequence[Any]
    ) -> Result:
        """Run one of our statements; what only the engine's own form of it has, as plain SQL."""
        self._interrupted = False
        try:
            try:
                statement = command.parse(cursor)
                if not getattr(command, "needs_no_engine", False):
                    self._transaction.begin()
                context = self._context()
                result = statement.bind(context).run(context)
            except InputOutputError:
                if self._interrupted:
                    raise QueryCanceled("canceled on the user's request") from None
                raise
            except (StatementSyntaxError, UndefinedParameter) as error:
                if not getattr(command, "engine_has_it", False):
                    raise
                try:
                    return self._run_plain(cursor.sql, parameters)
                except VestoError as plain:
                    raise self._reported(error, plain) from None
            self._keep(cursor.sql, statement)
            return result
        finally:
            self._transaction.wrote()
            if not getattr(command, "keeps_schema", False):
                self._text.forget()

    def _keep(self, text: str, statement: Statement) -> None:
        """Keep a statement that needs no engine: clients send the same ones again and again."""
        if getattr(statement, "needs_no_engine", False) and len(text) <= _LONGEST_KNOWN:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[text] = statement

    def _run_known(self, statement: Statement) -> Result:
        try:
            context = self._context()
            return statement.bind(context).run(context)
        finally:
            self._transaction.wrote()

    def _hold_open_result(self) -> None:
        """An unread result blocks the engine's connection: take it in first."""
        if self._open is not None:
            self._open.hold()
            self._open = None

    def _context(self) -> Context:
        inside = self.transaction != "idle"
        return Context(
            self.warehouse, self._connection, self.user, self._guard, inside, self.wait_for_models,
            self._text.translated, self._text.around(), self._parameters, self._watch, self._text.translated_view,
            self._authorize, self._prepared,
        )  # fmt: skip

    def _authorize(self, name: str) -> None:
        """Go on with the rights of another user; with an empty name, of whoever opened the session."""
        self._guard.become(name)
        self._text.forget_session()

    def _run_plain(self, text: str, parameters: Sequence[Any]) -> Result:
        known = None if parameters else self.warehouse.constants.find(text)
        if known is not None:
            self._guard.check_exists()
            return known
        self._transaction.begin()
        translated = self._text.translated(text)
        native = translated.kind == "native" and translated.word not in _KEEPS_SCHEMA
        if translated.kind != "query":
            self._transaction.wrote()
        if translated.kind == "define":
            return self._define(translated, text, parameters)
        if native:
            self._text.forget(natively=True)
        result = self._result(translated, text, parameters)
        if native:
            self._text.forget(natively=True)
            if translated.word in _REMOVES:
                sweep(self._connection)
        if translated.word == "EXECUTE" and _NO_ROWS.issuperset(result.schema.names):
            self._text.forget()
        if translated.is_constant:
            return self.warehouse.constants.keep(text, result)
        self._open = result
        return result

    def _define(self, translated: Translated, text: str, parameters: Sequence[Any]) -> Result:
        """Make, change or remove something, and record whose it is, in one step."""
        context = self._context()
        before = self._guard.rights.facts
        try:
            with context.atomic() as connection:
                result = self._result(translated, text, parameters)
                path = self._parameters.search_path
                record_uses(connection, translated.uses, self._guard.owner_id, path, before)
        finally:
            self._text.forget()
        return result

    def _result(self, translated: Translated, text: str, parameters: Sequence[Any]) -> Result:
        reader = self._execute(translated, text, parameters)
        if translated.kind == "write" and reader.schema.names == ["Count"]:
            count = int(reader.read_all()["Count"][0].as_py())
            tag = "INSERT 0" if translated.word == "INSERT" else translated.word
            return Result(tag=f"{tag} {count}", rowcount=count)
        if translated.kind == "define" or not reader.schema.names:
            reader.read_all()
            return Result(tag=_define_tag(text))
        types = tuple((column.type, column.modifier) for column in self._connection.columns())
        return Result(reader, tag="SELECT", types=types)

    def _execute(
        self, translated: Translated, text: str, parameters: Sequence[Any]
    ) -> pa.RecordBatchReader:
        """The rows; an argument that only the engine finds wrong gets the call's position."""
        place = translated.calls[0] if len(translated.calls) == 1 else None
        try:
            reader = self._connection.execute(translated.sql, _kept(parameters, translated.sql))
        except UndefinedFunction as error:
            raise error.at(place) from None
        except (UndefinedColumn, EngineFailure):
            self._text.check_hidden(translated)
            raise
        except StatementSyntaxError:
            # Of a statement that went through untouched, only the translation knows the place.
            self.warehouse.translator.translate_all(text, self._text.around())
            raise
        rows = _placed(reader, place, shielded=self._text.shielded)
        return pa.RecordBatchReader.from_batches(reader.schema, rows)

    def prepare(self, text: str) -> Preparation:
        """What a statement will return; it is bound, and not run unless it only looks.

        Raises:
            VestoError: What running it would raise before it begins.
        """
        self._hold_open_result()
        cursor = Cursor(text)
        word = cursor.here.text.upper() if cursor.here.kind == "word" else ""
        if word in WORDS:
            return Preparation()
        self._transaction.check()
        try:
            return self._prepare(cursor, text)
        except VestoError:
            self._transaction.fail()
            raise

    def _prepare(self, cursor: Cursor, text: str) -> Preparation:
        self._transaction.begin()
        if cursor.here.kind == "word" and cursor.here.text.upper() in _PREPARED:
            return self._prepare_prepared(cursor, text)
        shown = show_query(cursor)
        command = None if shown or is_plain(text) else find_command(cursor)
        text = shown or text
        if command is not None and getattr(command, "only_looks", False):
            return Preparation(result=self.execute(text))
        if command is not None:
            self._check_readable(command, cursor)
            return Preparation()
        translated = self._text.translated(text)
        if translated.word == "EXPLAIN":
            return Preparation(result=self.execute(text))
        if translated.kind == "query":
            return Preparation(tuple(self._connection.describe(translated.sql)))
        if translated.kind == "write":
            self._connection.check(translated.sql)
            query = returned(text)
            if query is not None:
                return Preparation(
                    tuple(self._connection.describe(self._text.translated(query).sql))
                )
        return Preparation()

    def _check_readable(self, command: type[Statement], cursor: Cursor) -> None:
        """Nothing, if one of our statements can be read, or only the engine's own form of it."""
        try:
            command.parse(cursor)
        except (StatementSyntaxError, UndefinedParameter) as error:
            if not getattr(command, "engine_has_it", False):
                raise
            try:
                self._text.translated(cursor.sql)
            except VestoError as plain:
                raise self._reported(error, plain) from None

    def _reported(self, error: VestoError, plain: VestoError) -> VestoError:
        """Of a statement that neither we nor the engine can read, the mistake in our form of it.

        Who may not do it hears so, whatever else is wrong.
        """
        allowed = self._guard.unlimited or plain.sqlstate != "42501"
        return error if allowed else plain

    def _prepare_prepared(self, cursor: Cursor, text: str) -> Preparation:
        """What PREPARE, DEALLOCATE and EXECUTE return: rows, where a query is executed."""
        if not cursor.peek("EXECUTE"):
            return Preparation()
        found, _ = self._prepared.execution(cursor)
        if self._text.translated(found.text).kind != "query":
            return Preparation()
        return Preparation(result=self.execute(text))

    def parameter_types(self, text: str) -> dict[int, str]:
        """Names of SQL types of the parameters ``$n``, where what stands around one tells it."""
        self._hold_open_result()
        return inferred(text, self._column_types, self.warehouse.translator.signatures)

    def _column_types(self, schema: str, name: str) -> dict[str, str]:
        place = f"{quoted(schema)}.{quoted(name)}" if schema else quoted(name)
        columns = self.prepare(f"SELECT * FROM {place}").columns or ()  # noqa: S608 - quoted
        return {column.name.lower(): column.type.name for column in columns}

    # --- Prepared statements ----------------------------------------------------------------------

    def _run_prepared(self, word: str, cursor: Cursor, parameters: Sequence[Any]) -> Result:
        """PREPARE, EXECUTE or DEALLOCATE."""
        if word == "DEALLOCATE":
            return Result(tag=self._prepared.deallocate(cursor))
        if word == "EXECUTE":
            found, values = self._prepared.execution(cursor)
            return self._run_plain(found.text, self._values(values))
        name = cursor.after(1).text
        text = self._prepared.prepare(cursor)
        try:
            if self._text.translated(text).kind not in {"query", "write"}:
                hint = "SELECT, INSERT, UPDATE and DELETE can be."
                raise StatementSyntaxError("the statement cannot be prepared", hint=hint)
        except VestoError:
            self._prepared.forget(name)
            raise
        return Result(tag="PREPARE")

    def _values(self, texts: list[str]) -> tuple[Any, ...]:
        """What the texts of values stand for."""
        if not texts:
            return ()
        row = self._run_plain(f"SELECT {', '.join(texts)}", ()).row()
        self._hold_open_result()
        return row or ()

    # --- Transactions ---------------------------------------------------------------------------

    def _ended(self, wrote: bool) -> None:
        """Only now do others see what a transaction changed; this session sees what others did."""
        if wrote:
            self._text.forget()
        else:
            self._text.forget_session()

    @property
    def transaction(self) -> str:
        """Whether a transaction block is open: idle, active or failed."""
        return self._transaction.state

    def fail_transaction(self) -> None:
        """What the session's user met with was an error: an open block can only be rolled back."""
        self._transaction.fail()

    def check_transaction(self) -> None:
        """Nothing, unless the transaction block has failed.

        Raises:
            FailedTransaction: It has.
        """
        self._transaction.check()

    # --- Rows from the outside ------------------------------------------------------------------

    def insert(self, table: Name, columns: Sequence[str], rows: pa.Table) -> int:
        """Insert rows, by place, into these columns of a table; how many they were.

        Raises:
            VestoError: They do not fit, or the table is not there.
        """
        self._connection.register(COPIED, rows)
        self._text.copying = True
        try:
            into = ", ".join(quoted(name) for name in columns)
            values = ", ".join(quoted(name) for name in rows.column_names)
            text = f"INSERT INTO {table.sql()} ({into}) SELECT {values} FROM {COPIED}"  # noqa: S608 - names are quoted
            return self.execute(text).rowcount
        finally:
            self._text.copying = False
            self._hold_open_result()
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
        Set(name, value).run(self._context())

    def describe(self, sql: str) -> list[Column]:
        """The columns of a query of the engine's dialect; it is not run."""
        self._hold_open_result()
        if not self._guard.unlimited:
            sql = self._text.translated(sql).sql
        return self._connection.describe(sql)

    def model(self, name: str) -> Model:
        """What the catalog holds of a model.

        Raises:
            UndefinedModel: There is none of that name.
        """
        return self._context().model(_read_name(name))

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
        self._interrupted = True
        self._connection.interrupt()
        if self._stop is not None:
            self._stop()

    def _watch(self, stop: Callable[[], None] | None) -> None:
        """Remember how to end a process that a statement waits for."""
        self._stop = stop

    def close(self) -> None:
        """Close the session, and the warehouse where ``connect`` opened it."""
        self._open = None
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


def _placed(
    reader: pa.RecordBatchReader, place: Span | None, *, shielded: bool
) -> Iterator[pa.RecordBatch]:
    try:
        yield from reader
    except VestoError as error:
        if isinstance(error, UndefinedFunction):
            error.at(place)
        raise (without_values(error) if shielded else error) from None


def _kept(parameters: Sequence[Any], sql: str) -> Values:
    """The parameters that a translation kept: some stand where only a layout is chosen."""
    if not parameters or "?" in sql:
        return parameters
    numbers = set(_PARAMETER.findall(sql))
    if len(numbers) >= len(parameters):
        return parameters
    return {n: parameters[int(n) - 1] for n in numbers if int(n) <= len(parameters)}


def _read_name(text: str) -> Name:
    cursor = Cursor(text)
    name = cursor.name("a model's name")
    cursor.end()
    return name


def _define_tag(text: str) -> str:
    cursor = Cursor(text)
    words = [token.upper() for token in text.split()[:2]]
    return " ".join(words) if cursor.peek("CREATE") or cursor.peek("DROP") else words[0]


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

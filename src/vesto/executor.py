"""What runs the statements of one session: text to command, command to rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from vesto.access.check import without_values
from vesto.access.facts import sweep
from vesto.access.guard import Guard
from vesto.access.recording import record_uses
from vesto.commands import Context, Statement, find_command
from vesto.dialect.cursor import Cursor
from vesto.dialect.front import is_plain
from vesto.dialect.invented import refuse_invented_statement
from vesto.dialect.returning import returned
from vesto.dialect.scanner import located
from vesto.dialect.show_queries import show_query
from vesto.dialect.translate import Translated
from vesto.engines import Column, Connection, Values
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
from vesto.session_translator import SessionTranslator
from vesto.transactions import WORDS, Transaction
from vesto.warehouse import Warehouse

_PREPARED: Final = frozenset({"PREPARE", "EXECUTE", "DEALLOCATE"})
_REMOVES: Final = frozenset({"DROP", "ALTER", "IMPORT", "DETACH"})
_PARAMETER: Final = re.compile(r"\$(\d+)")
# Statements that are kept as they were read: of how many characters, and how many.
_LONGEST_KNOWN: Final = 100
_MOST_KNOWN: Final = 64


@dataclass(frozen=True, slots=True)
class Preparation:
    """What a statement returns: ``columns``, or the ``result`` of one that only looks, or nothing."""

    columns: tuple[Column, ...] | None = None
    result: Result | None = None


class Executor:
    """Runs one session's statements, one at a time, by the rights of ``guard``'s user.

    With ``wait`` a CREATE MODEL or REFRESH MODEL returns when the model is READY.
    """

    def __init__(
        self, warehouse: Warehouse, connection: Connection, guard: Guard, parameters: Parameters,
        *, wait: bool,
    ) -> None:  # fmt: skip
        self._warehouse, self._connection = warehouse, connection
        self._guard, self._parameters, self.wait = guard, parameters, wait
        self.transaction = Transaction(connection, self._ended)
        self.text = SessionTranslator(warehouse, connection, guard, parameters)
        self._prepared = PreparedStatements()
        self._open: Result | None = None
        self._known: dict[str, Statement] = {}
        self._interrupted = False
        self._stop: Callable[[], None] | None = None

    def run(self, text: str, parameters: Sequence[Any]) -> Result:
        """Run one statement.

        Raises:
            VestoError: With SQLSTATE, and the position within the text.
        """
        try:
            return self._run(text, parameters)
        except VestoError as error:
            self._fail(error, text)
            raise

    def knows(self, text: str) -> bool:
        """Whether the text is one statement that has been read before."""
        return text in self._known

    def _fail(self, error: VestoError, text: str) -> None:
        """A statement has failed: an open transaction with it, and nobody hears what he may not."""
        self.transaction.fail()
        if error.near:
            error.at(located(text, error.near))
        self.text.hide(error)

    def _run(self, text: str, parameters: Sequence[Any]) -> Result:
        self.hold_open_result()
        self.text.begin_statement()
        if is_plain(text):
            self.transaction.check()
            return self._run_plain(text, parameters)
        known = self._known.get(text)
        if known is not None:
            self.transaction.check()
            return self._run_known(known)
        cursor = Cursor(text)
        word = cursor.here.text.upper() if cursor.here.kind == "word" else ""
        if word in WORDS:
            return self.transaction.run(word, cursor)
        self.transaction.check()
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
                    self.transaction.begin()
                context = self.context()
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
            self.transaction.wrote()
            if not getattr(command, "keeps_schema", False):
                self.text.forget()

    def _keep(self, text: str, statement: Statement) -> None:
        """Keep a statement that needs no engine: clients send the same ones again and again."""
        if getattr(statement, "needs_no_engine", False) and len(text) <= _LONGEST_KNOWN:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[text] = statement

    def _run_known(self, statement: Statement) -> Result:
        try:
            context = self.context()
            return statement.bind(context).run(context)
        finally:
            self.transaction.wrote()

    def hold_open_result(self) -> None:
        """An unread result blocks the engine's connection: take it in first."""
        if self._open is not None:
            self._open.hold()
            self._open = None

    def context(self) -> Context:
        """What a statement of our own works with now."""
        inside = self.transaction.state != "idle"
        return Context(
            self._warehouse, self._connection, self._guard.user.name, self._guard, inside, self.wait,
            self.text.translated, self.text.around(), self._parameters, self._watch, self.text.translated_view,
            self._authorize, self._prepared,
        )  # fmt: skip

    def _authorize(self, name: str) -> None:
        """Go on with the rights of another user; with an empty name, of whoever opened the session."""
        self._guard.become(name)
        self.text.forget_session()

    def _run_plain(self, text: str, parameters: Sequence[Any]) -> Result:
        known = None if parameters else self._warehouse.constants.find(text)
        if known is not None:
            self._guard.check_exists()
            return known
        self.transaction.begin()
        translated = self.text.translated(text)
        native = translated.kind == "native"
        if translated.kind != "query":
            self.transaction.wrote()
        if translated.kind == "define":
            return self._define(translated, text, parameters)
        if native:
            self.text.forget(natively=True)
        result = self._result(translated, text, parameters)
        if native:
            self.text.forget(natively=True)
            if translated.word in _REMOVES:
                sweep(self._connection)
        if translated.is_constant:
            return self._warehouse.constants.keep(text, result)
        self._open = result
        return result

    def _define(self, translated: Translated, text: str, parameters: Sequence[Any]) -> Result:
        """Make, change or remove something, and record whose it is, in one step."""
        context = self.context()
        before = self._guard.rights.facts
        try:
            with context.atomic() as connection:
                result = self._result(translated, text, parameters)
                path = self._parameters.search_path
                record_uses(connection, translated.uses, self._guard.owner_id, path, before)
        finally:
            self.text.forget()
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
            self.text.check_hidden(translated)
            raise
        except StatementSyntaxError:
            # Of a statement that went through untouched, only the translation knows the place.
            self._warehouse.translator.translate_all(text, self.text.around())
            raise
        rows = _placed(reader, place, shielded=self.text.shielded)
        return pa.RecordBatchReader.from_batches(reader.schema, rows)

    def prepare(self, text: str) -> Preparation:
        """What a statement will return; it is bound, and not run unless it only looks.

        Raises:
            VestoError: What running it would raise before it begins.
        """
        self.hold_open_result()
        self.text.begin_statement()
        cursor = Cursor(text)
        word = cursor.here.text.upper() if cursor.here.kind == "word" else ""
        if word in WORDS:
            return Preparation()
        try:
            self.transaction.check()
            return self._prepare(cursor, text)
        except VestoError as error:
            self._fail(error, text)
            raise

    def _prepare(self, cursor: Cursor, text: str) -> Preparation:
        self.transaction.begin()
        if cursor.here.kind == "word" and cursor.here.text.upper() in _PREPARED:
            return self._prepare_prepared(cursor, text)
        shown = show_query(cursor)
        command = None if shown or is_plain(text) else find_command(cursor)
        text = shown or text
        if command is not None and getattr(command, "only_looks", False):
            return Preparation(result=self._run(text, ()))
        if command is not None:
            self._check_readable(command, cursor)
            return Preparation()
        translated = self.text.translated(text)
        if translated.word == "EXPLAIN":
            return Preparation(result=self._run(text, ()))
        if translated.kind == "query":
            return Preparation(tuple(self._connection.describe(translated.sql)))
        if translated.kind == "write":
            self._connection.check(translated.sql)
            query = returned(text)
            if query is not None:
                return Preparation(
                    tuple(self._connection.describe(self.text.translated(query).sql))
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
                self.text.translated(cursor.sql)
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
        if self.text.translated(found.text).kind != "query":
            return Preparation()
        return Preparation(result=self._run(text, ()))

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
            if self.text.translated(text).kind not in {"query", "write"}:
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
        self.hold_open_result()
        return row or ()

    def _ended(self, wrote: bool) -> None:
        """Only now do others see what a transaction changed; this session sees what others did."""
        if wrote:
            self.text.forget()
        else:
            self.text.forget_session()

    def interrupt(self) -> None:
        """Stop what is running; may be called from another thread."""
        self._interrupted = True
        self._connection.interrupt()
        if self._stop is not None:
            self._stop()

    def close(self) -> None:
        """Nothing more is read."""
        self._open = None

    def _watch(self, stop: Callable[[], None] | None) -> None:
        """Remember how to end a process that a statement waits for."""
        self._stop = stop


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


def _define_tag(text: str) -> str:
    cursor = Cursor(text)
    words = [token.upper() for token in text.split()[:2]]
    return " ".join(words) if cursor.peek("CREATE") or cursor.peek("DROP") else words[0]

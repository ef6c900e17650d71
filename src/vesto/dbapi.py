"""DB-API 2.0 (PEP 249) over a session.

A transaction begins by itself before the first statement, unless ``autocommit`` is set. CREATE
MODEL, DROP MODEL and WAIT FOR MODEL commit what is open and stand outside of transactions, as a
script would write ``commit;`` before them. Parameters are question marks.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import pyarrow as pa

from vesto.dialect.cursor import Cursor as Words
from vesto.errors import VestoError
from vesto.result import Result
from vesto.session import Session
from vesto.session import connect as open_session

apilevel: Final = "2.0"
threadsafety: Final = 1
paramstyle: Final = "qmark"

Date = dt.date
Time = dt.time
Timestamp = dt.datetime
Binary = bytes


def DateFromTicks(ticks: float) -> dt.date:  # noqa: N802 - PEP 249's names
    """The local date of seconds since 1970."""
    return dt.date(*time.localtime(ticks)[:3])


def TimeFromTicks(ticks: float) -> dt.time:  # noqa: N802
    """The local time of day of seconds since 1970."""
    return dt.time(*time.localtime(ticks)[3:6])


def TimestampFromTicks(ticks: float) -> dt.datetime:  # noqa: N802
    """The local date and time of seconds since 1970."""
    return dt.datetime(*time.localtime(ticks)[:6])  # noqa: DTZ001 - PEP 249 says local


class TypeGroup:
    """A type code equals the group that its Arrow type belongs to."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, str) and other.startswith(self._names))

    def __hash__(self) -> int:
        return hash(self._names)


STRING: Final = TypeGroup("string", "large_string", "string_view")
BINARY: Final = TypeGroup("binary", "large_binary", "fixed_size_binary")
NUMBER: Final = TypeGroup("int", "uint", "float", "half", "double", "decimal", "bool")
DATETIME: Final = TypeGroup("date", "time", "timestamp", "duration")
ROWID: Final = TypeGroup("rowid")


class Warning(Exception):  # noqa: A001 - PEP 249's name
    """Something a user should know."""


class Error(Exception):
    """Base of all errors; ``sqlstate`` tells which."""

    def __init__(self, message: str, sqlstate: str = "XX000") -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


class InterfaceError(Error):
    """The interface was used wrongly."""


class DatabaseError(Error):
    """The database refused."""


class DataError(DatabaseError):
    """A value does not fit."""


class OperationalError(DatabaseError):
    """Something outside of the statement is in the way."""


class IntegrityError(DatabaseError):
    """A constraint forbids it."""


class InternalError(DatabaseError):
    """A mistake of ours, or damaged files."""


class ProgrammingError(DatabaseError):
    """The statement is wrong."""


class NotSupportedError(DatabaseError):
    """The statement is known and not carried out."""


_BY_CLASS: Final[dict[str, type[DatabaseError]]] = {
    "0A": NotSupportedError, "22": DataError, "23": IntegrityError, "25": InternalError,
    "28": OperationalError, "3F": ProgrammingError, "40": OperationalError,
    "42": ProgrammingError, "53": OperationalError, "55": OperationalError,
    "57": OperationalError, "58": OperationalError, "XX": InternalError,
}  # fmt: skip


def translated(error: VestoError) -> DatabaseError:
    """PEP 249's error for one of ours."""
    kind = _BY_CLASS.get(error.sqlstate[:2], DatabaseError)
    return kind(str(error), error.sqlstate)


def connect(path: str | Path, *, autocommit: bool = False, **options: Any) -> Connection:
    """Open the warehouse at ``path``; ``options`` are those of ``vesto.connect``."""
    try:
        return Connection(open_session(path, **options), autocommit=autocommit)
    except VestoError as error:
        raise translated(error) from error


class Connection:
    """A PEP 249 connection; closing it closes the warehouse and undoes what is not committed."""

    Warning, Error, InterfaceError, DatabaseError = Warning, Error, InterfaceError, DatabaseError
    DataError, OperationalError, IntegrityError = DataError, OperationalError, IntegrityError
    InternalError, ProgrammingError = InternalError, ProgrammingError
    NotSupportedError = NotSupportedError

    def __init__(self, session: Session, *, autocommit: bool = False) -> None:
        self._session: Session | None = session
        self._active = False
        self.autocommit = autocommit

    @property
    def session(self) -> Session:
        """The session under the connection.

        Raises:
            InterfaceError: The connection is closed.
        """
        if self._session is None:
            raise InterfaceError("the connection is closed")
        return self._session

    def cursor(self) -> Cursor:
        """A new cursor."""
        _ = self.session
        return Cursor(self)

    def run(self, sql: str, parameters: Sequence[Any]) -> Result:
        """Run a statement inside the transaction that PEP 249 asks for."""
        if _stands_alone(sql):
            self.commit()
        elif not (self.autocommit or self._active):
            self.session.execute("BEGIN")
            self._active = True
        return self.session.execute(sql, parameters)

    def commit(self) -> None:
        """Keep what was done."""
        self._end("COMMIT")

    def rollback(self) -> None:
        """Undo what was done."""
        self._end("ROLLBACK")

    def _end(self, word: str) -> None:
        session = self.session
        if self._active:
            self._active = False
            try:
                session.execute(word)
            except VestoError as error:
                raise translated(error) from error

    def close(self) -> None:
        """Close it; it can be closed more than once."""
        if self._session is not None:
            self.rollback()
            self._session.close()
            self._session = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if kind is None:
            self.commit()
        self.close()


def _stands_alone(sql: str) -> bool:
    try:
        words = Words(sql)
    except VestoError:
        return False
    models = (("CREATE", "MODEL"), ("DROP", "MODEL"), ("WAIT", "FOR", "MODEL"))
    return any(words.peek(*start) for start in models)


Description = tuple[str, str, None, None, None, None, None]


class Cursor:
    """A PEP 249 cursor."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.arraysize = 1
        self._result: Result | None = None
        self._closed = False

    @property
    def description(self) -> list[Description] | None:
        """Name and type code of each column, or None where there are no rows."""
        if self._result is None or not self._result.has_rows:
            return None
        return [(f.name, _code(f.type), None, None, None, None, None) for f in self._result.schema]

    @property
    def rowcount(self) -> int:
        """Rows that the last write touched, or -1."""
        return -1 if self._result is None else self._result.rowcount

    def execute(self, operation: str, parameters: Sequence[Any] = ()) -> Self:
        """Run a statement."""
        if self._closed:
            raise InterfaceError("the cursor is closed")
        try:
            self._result = self.connection.run(operation, parameters)
        except VestoError as error:
            raise translated(error) from error
        return self

    def executemany(self, operation: str, rows: Sequence[Sequence[Any]]) -> Self:
        """Run a statement once for each row of parameters."""
        count = 0
        for parameters in rows:
            count += max(self.execute(operation, parameters).rowcount, 0)
        self._result = Result(rowcount=count)
        return self

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row, or None."""
        try:
            return next(self._rows(), None)
        except VestoError as error:
            raise translated(error) from error

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        """The next rows, ``arraysize`` of them where ``size`` is not given."""
        wanted = self.arraysize if size is None else size
        rows = (self.fetchone() for _ in range(wanted))
        return [row for row in rows if row is not None]

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows that are left."""
        return list(self)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        while (row := self.fetchone()) is not None:
            yield row

    def _rows(self) -> Result:
        if self._closed or self._result is None or not self._result.has_rows:
            raise InterfaceError("there are no rows to fetch")
        return self._result

    def setinputsizes(self, sizes: Sequence[Any]) -> None:
        """PEP 249 asks for it; nothing needs it."""

    def setoutputsize(self, size: int, column: int | None = None) -> None:
        """PEP 249 asks for it; nothing needs it."""

    def close(self) -> None:
        """Close it; rows that were not fetched are gone."""
        self._closed = True
        self._result = None


def _code(kind: pa.DataType) -> str:
    return str(kind)

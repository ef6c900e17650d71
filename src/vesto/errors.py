"""Every error a client can see: SQLSTATE, message, detail, hint and position.

Words follow PostgreSQL's Error Message Style Guide: the message starts lower-case and has no full
stop; detail and hint are sentences. SQLSTATEs are PostgreSQL's, and Redshift's where it has its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import ClassVar, Self


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of the statement's text: characters from ``start`` (0-based) up to ``end``."""

    start: int
    end: int


class VestoError(Exception):
    """Base of all errors a client can see; raised only for what should never happen.

    ``near`` is the name at which an engine met the mistake, in the text that it was given.
    """

    sqlstate: ClassVar[str] = "XX000"

    def __init__(
        self, message: str, *, detail: str = "", hint: str = "", span: Span | None = None
    ) -> None:
        super().__init__(message)
        self.message, self.detail, self.hint, self.span = message, detail, hint, span
        self.near = ""

    @property
    def position(self) -> int | None:
        """Where in the statement the mistake is, counted in characters from 1."""
        return None if self.span is None else self.span.start + 1

    def at(self, span: Span | None) -> Self:
        """This error with a position, unless it has one already."""
        self.span = self.span or span
        return self

    def __str__(self) -> str:
        lines = [self.message]
        lines += [f"DETAIL: {self.detail}"] if self.detail else []
        lines += [f"HINT: {self.hint}"] if self.hint else []
        return "\n".join(lines)

    def to_json(self) -> str:
        """The error as text that ``from_json`` reads back, to cross a process or an engine.

        The position stays behind: on the other side it would point into another text.
        """
        fields = {"sqlstate": self.sqlstate, "message": self.message}
        return json.dumps(fields | {"detail": self.detail, "hint": self.hint})


class StatementSyntaxError(VestoError):
    """The text does not follow the grammar."""

    sqlstate = "42601"


class FeatureNotSupported(VestoError):
    """The statement is known, and this version does not carry it out."""

    sqlstate = "0A000"


class UndefinedModel(VestoError):
    """A statement names a model, version or training job the catalog does not hold."""

    sqlstate = "42704"

    @classmethod
    def named(cls, name: str, *, known: Iterable[str], span: Span | None = None) -> Self:
        """The error for ``name``; ``known`` are the models the user may see."""
        close = get_close_matches(name, list(known), n=1)
        hint = f'Perhaps you meant "{close[0]}".' if close else "SHOW MODEL ALL lists the models."
        return cls(f'model "{name}" does not exist', hint=hint, span=span)


class DuplicateModel(VestoError):
    """The schema already holds a model of that name."""

    sqlstate = "42710"


class UndefinedObject(VestoError):
    """A statement names a user, group or role that is not there."""

    sqlstate = "42704"


class DuplicateObject(VestoError):
    """There is a user, group or role of that name."""

    sqlstate = "42710"


class UndefinedFunction(VestoError):
    """No function has that name and those arguments."""

    sqlstate = "42883"


class DuplicateFunction(VestoError):
    """The schema already holds a function of that name and argument count."""

    sqlstate = "42723"


class UndefinedColumn(VestoError):
    """A statement names a column that is not there."""

    sqlstate = "42703"


class DuplicateColumn(VestoError):
    """Two columns have the same name where names must be different."""

    sqlstate = "42701"


class AmbiguousColumn(VestoError):
    """A column name fits more than one table."""

    sqlstate = "42702"


class UndefinedTable(VestoError):
    """A statement names a table or view that is not there."""

    sqlstate = "42P01"


class DuplicateTable(VestoError):
    """The schema already holds a table or view of that name."""

    sqlstate = "42P07"


class UndefinedSchema(VestoError):
    """A statement names a schema that is not there."""

    sqlstate = "3F000"


class DuplicateSchema(VestoError):
    """The database already holds a schema of that name."""

    sqlstate = "42P06"


class DependentObjects(VestoError):
    """Something else still needs the object."""

    sqlstate = "2BP01"


class GroupingMistake(VestoError):
    """A column is neither grouped nor aggregated."""

    sqlstate = "42803"


class DatatypeMismatch(VestoError):
    """A value has a type that cannot stand in that place."""

    sqlstate = "42804"


class InvalidName(VestoError):
    """A name is empty, too long or reserved."""

    sqlstate = "42602"


class ReservedName(VestoError):
    """The name belongs to the system."""

    sqlstate = "42939"


class InvalidParameterValue(VestoError):
    """A clause, setting or hyperparameter has a value it cannot have."""

    sqlstate = "22023"


class InvalidTrainingData(VestoError):
    """The rows of the training query cannot train the model that was asked for."""

    sqlstate = "22000"


class InvalidText(VestoError):
    """A text does not have the form of the type it is cast to."""

    sqlstate = "22P02"


class InvalidDatetime(VestoError):
    """Text that is no date or time."""

    sqlstate = "22007"


class DatetimeOverflow(VestoError):
    """A date or time with a part out of its range, as the 30th of February."""

    sqlstate = "22008"


class StringTooLong(VestoError):
    """Text longer than its column."""

    sqlstate = "22001"


class LoadFailed(VestoError):
    """Files whose rows do not fit the table."""

    sqlstate = "22P04"


class DuplicateFile(VestoError):
    """A file that would be overwritten."""

    sqlstate = "58P02"


class WrongObjectType(VestoError):
    """A statement for another kind of object."""

    sqlstate = "42809"


class GeneratedAlways(VestoError):
    """A value for a column that gives its values itself."""

    sqlstate = "428C9"


class UndefinedParameter(VestoError):
    """A configuration parameter of that name does not exist."""

    sqlstate = "42704"


class NumericValueOutOfRange(VestoError):
    """A number does not fit its type."""

    sqlstate = "22003"


class DivisionByZero(VestoError):
    """A division by zero."""

    sqlstate = "22012"


class NotNullViolation(VestoError):
    """A NULL in a column that forbids it."""

    sqlstate = "23502"


class UniqueViolation(VestoError):
    """A value that is there already, in a column that is unique."""

    sqlstate = "23505"


class ForeignKeyViolation(VestoError):
    """A value that its foreign key does not find."""

    sqlstate = "23503"


class CheckViolation(VestoError):
    """A value that a CHECK constraint refuses."""

    sqlstate = "23514"


class ActiveTransaction(VestoError):
    """The statement cannot run inside a transaction block."""

    sqlstate = "25001"


class NoActiveTransaction(VestoError):
    """There is no transaction block to end."""

    sqlstate = "25P01"


class UnchangeableParameter(VestoError):
    """A configuration parameter that no session can change."""

    sqlstate = "55P02"


class InvalidSavepoint(VestoError):
    """There is no savepoint of that name."""

    sqlstate = "3B001"


class FailedTransaction(VestoError):
    """The transaction block has failed and only ROLLBACK can follow."""

    sqlstate = "25P02"


class SerializationFailure(VestoError):
    """Another transaction changed the same rows."""

    sqlstate = "40001"


class ModelNotReady(VestoError):
    """A prediction function was called before its model was trained."""

    sqlstate = "28008"


class PermissionDenied(VestoError):
    """This session may not do that."""

    sqlstate = "42501"


class WrongState(VestoError):
    """A version of a model is not in the state that the statement needs."""

    sqlstate = "55000"

    @classmethod
    def training(cls, name: str, version: int) -> Self:
        """The error for a model of that name; ``version`` is the one in training."""
        message = f'version {version} of model "{name}" is being trained'
        hint = "WAIT FOR MODEL waits for it"
        hint += "; ALTER MODEL ... CANCEL REFRESH ends it." if version > 1 else "."
        return cls(message, hint=hint)


class OutOfMemory(VestoError):
    """The memory limit was reached."""

    sqlstate = "53200"


class DiskFull(VestoError):
    """The disk has no room left."""

    sqlstate = "53100"


class WarehouseInUse(VestoError):
    """Another process has the warehouse open."""

    sqlstate = "55006"


class QueryCanceled(VestoError):
    """The statement was cancelled."""

    sqlstate = "57014"


class InputOutputError(VestoError):
    """A file could not be read or written."""

    sqlstate = "58030"


class UndefinedFile(VestoError):
    """A file is not there."""

    sqlstate = "58P01"


class TrainingFailed(VestoError):
    """A training job ended without a model."""

    sqlstate = "58000"


class DataCorrupted(VestoError):
    """A file of the warehouse or a model's program is damaged."""

    sqlstate = "XX001"


class ProtocolViolation(VestoError):
    """A client's message does not have the form of the wire protocol; the connection ends."""

    sqlstate = "08P01"


class BindMismatch(VestoError):
    """A client binds other parameters or formats than a prepared statement has."""

    sqlstate = "08P01"


class InvalidAuthorization(VestoError):
    """The connection may not be made: no user name, or none that may log in."""

    sqlstate = "28000"


class InvalidPassword(VestoError):
    """User name and password do not belong together."""

    sqlstate = "28P01"


class InvalidEncoding(VestoError):
    """Bytes that are no UTF-8."""

    sqlstate = "22021"


class InvalidBinary(VestoError):
    """A value in binary form that its type does not have."""

    sqlstate = "22P03"


class UndefinedStatement(VestoError):
    """There is no prepared statement of that name."""

    sqlstate = "26000"


class DuplicateStatement(VestoError):
    """There is a prepared statement of that name already."""

    sqlstate = "42P05"


class UndefinedCursor(VestoError):
    """There is no cursor or portal of that name."""

    sqlstate = "34000"


class DuplicateCursor(VestoError):
    """There is a cursor or portal of that name already."""

    sqlstate = "42P03"


class TooManyConnections(VestoError):
    """The server has as many connections as it may."""

    sqlstate = "53300"


class ServerShutdown(VestoError):
    """The server is being stopped; the connection ends."""

    sqlstate = "57P01"


class IdleTimeout(VestoError):
    """The connection did nothing for longer than it may."""

    sqlstate = "57P05"


class EngineFailure(VestoError):
    """The SQL engine refused the statement for a reason that has no SQLSTATE of its own."""

    sqlstate = "42000"


def subclasses(of: type[VestoError] = VestoError) -> list[type[VestoError]]:
    """Every error class, parents first."""
    found = list(of.__subclasses__())
    return found + [deeper for kind in found for deeper in subclasses(kind)]


def from_json(text: str) -> VestoError:
    """The error that ``to_json`` wrote.

    Raises:
        ValueError: The text is not one that ``to_json`` wrote.
    """
    fields = json.loads(text)
    wanted = {"sqlstate", "message", "detail", "hint"}
    if not (isinstance(fields, dict) and fields.keys() == wanted):
        raise ValueError("no error that to_json wrote")
    kinds = {kind.sqlstate: kind for kind in reversed(subclasses())}
    kind = kinds.get(fields.pop("sqlstate"), VestoError)
    return kind(fields.pop("message"), **fields)

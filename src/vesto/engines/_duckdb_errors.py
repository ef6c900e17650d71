"""DuckDB's errors as ours: the one place where its words become SQLSTATEs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import duckdb

from vesto import errors
from vesto.errors import VestoError

_PATTERNS: Final[tuple[tuple[str, type[VestoError]], ...]] = (
    (r"division by zero", errors.DivisionByZero),
    (r"Interrupted|INTERRUPT", errors.QueryCanceled),
    (r"No space left|disk full|Disk quota", errors.DiskFull),
    (r"(Table|View) with name .* does not exist|not suitable for replacement scans",
     errors.UndefinedTable),
    (r"Schema with name .* does not exist", errors.UndefinedSchema),
    (r"(Table|View) with name .* already exists", errors.DuplicateTable),
    (r"Schema with name .* already exists", errors.DuplicateSchema),
    (r"(Function|function|Macro) with name .* does not exist", errors.UndefinedFunction),
    (r"No function matches|does not support the supplied arguments", errors.UndefinedFunction),
    (r"must appear in the GROUP BY clause", errors.GroupingMistake),
    (r"[Aa]mbiguous reference", errors.AmbiguousColumn),
    (r"Referenced (update column|column|table) .* not found|does not have a column", errors.UndefinedColumn),
    (r"duplicate column name|Column with name .* already exists", errors.DuplicateColumn),
    (r"because .* depends? on it|Cannot drop entry", errors.DependentObjects),
    (r"(date|time) ?(field value)? out of range|out of range: \"?\d{4}-", errors.DatetimeOverflow),
    (r"invalid (date|time|timestamp) field format|[Cc]ould not parse string .* format specifier",
     errors.InvalidDatetime),
    (r"Could not convert string|invalid .* field format|Invalid Input Error: Malformed JSON",
     errors.InvalidText),
    (r"out of range|Overflow|overflow", errors.NumericValueOutOfRange),
    (r"NOT NULL constraint failed", errors.NotNullViolation),
    (r"Duplicate key|violates (unique|primary key) constraint", errors.UniqueViolation),
    (r"foreign key constraint", errors.ForeignKeyViolation),
    (r"CHECK constraint failed", errors.CheckViolation),
    (r"Conflict on|Transaction conflict|write-write conflict", errors.SerializationFailure),
    (r"No files found|No such file", errors.UndefinedFile),
    (r"configuration has been locked|disabled (by|through) configuration", errors.PermissionDenied),
    (r"Cannot compare|Cannot mix|type mismatch|Type mismatch", errors.DatatypeMismatch),
)  # fmt: skip

_CLASSES: Final[tuple[tuple[type[Exception], type[VestoError]], ...]] = (
    (duckdb.ParserException, errors.StatementSyntaxError),
    (duckdb.NotImplementedException, errors.FeatureNotSupported),
    (duckdb.OutOfMemoryException, errors.OutOfMemory),
    (duckdb.PermissionException, errors.PermissionDenied),
    (duckdb.ConversionException, errors.InvalidText),
    (duckdb.OutOfRangeException, errors.NumericValueOutOfRange),
    (duckdb.InterruptException, errors.QueryCanceled),
    (duckdb.IOException, errors.InputOutputError),
)

# DuckDB's words for what is common, and PostgreSQL's, which clients and their users know.
_NAMED: Final = r'with name "?(.+?)"?'
_WORDS: Final = (
    (r'Referenced column "(.+?)" not found.*', 'column "{}" does not exist'),
    (r"Referenced update column (.+?) not found.*", 'column "{}" does not exist'),
    (r'Referenced table "(.+?)" not found.*', 'missing FROM-clause entry for table "{}"'),
    (r'Table "(.+?)" does not have a column (?:named|with name) "(.+?)"',
     'column "{1}" of relation "{0}" does not exist'),
    (r'Ambiguous reference to column name "(.+?)".*', 'column reference "{}" is ambiguous'),
    (rf"(?:\w+ Function|Macro) {_NAMED} does not exist.*", 'function "{}" does not exist'),
    (rf"Type {_NAMED} does not exist.*", 'type "{}" does not exist'),
    (rf"(?:Table|View) {_NAMED} does not exist.*", 'relation "{}" does not exist'),
    (rf"(?:Table|View) {_NAMED} already exists.*", 'relation "{}" already exists'),
    (rf"Schema {_NAMED} does not exist.*", 'schema "{}" does not exist'),
    (rf"Schema {_NAMED} already exists.*", 'schema "{}" already exists'),
)  # fmt: skip
# The check that CREATE TABLE makes of VARCHAR(n).
_TOO_LONG: Final = re.compile(r"CHECK constraint failed .*CHECK\(\(strlen\((.+?)\) <= (\d+)\)\)")
_NAME: Final = re.compile(r'(?:\w+|"(?:[^"]|"")*")(?:\.(?:\w+|"(?:[^"]|"")*"))*')
_OURS: Final = re.compile(r"vesto:(?=\{)")


@contextmanager
def sqlstates() -> Iterator[None]:
    """DuckDB's errors as ours; Ctrl-C, which DuckDB turns into an error, as Ctrl-C."""
    try:
        yield
    except duckdb.Error as error:
        raise translated(error) from error
    except RuntimeError as error:
        if str(error) == "Query interrupted":
            raise KeyboardInterrupt from None
        raise


def translated(error: BaseException) -> VestoError:
    """The error that a client sees for one that DuckDB raised."""
    text = str(error)
    if ours := _ours(text):
        return ours
    if long := _TOO_LONG.search(text):
        column, size = long.group(1).strip('"'), long.group(2)
        message = f'value too long for column "{column}": it takes at most {size} bytes'
        hint = f"Cast it with ::VARCHAR({size}), which cuts it, or make the column longer."
        return errors.StringTooLong(message, hint=hint)
    if "Cannot copy BoundSubqueryExpression" in text:
        # DuckDB's C API hands no such argument to a function that looks at its arguments' types.
        message = "a subquery cannot be an argument of a model's function"
        hint = "Name its result first: SELECT f(s.x) FROM (SELECT (SELECT ...) AS x) AS s."
        return errors.FeatureNotSupported(message, hint=hint)
    text, _, context = text.partition("\n\nLINE ")
    message = re.sub(r"^(?:[A-Z][\w-]*[ _]?)+ ?Error: ", "", text).strip()
    lines = message.splitlines() or ["the engine gave no reason"]
    words, name = _worded(lines[0])
    found = _kind(error)(words, hint=" ".join(lines[1:]).strip())
    found.near = _near(context) or name
    return found


def _near(context: str) -> str:
    """The name under the caret of DuckDB's excerpt ``1: SELECT x`` of what it was given."""
    excerpt, _, caret = context.partition("\n")
    name = _NAME.match(excerpt, max(0, caret.find("^") - len("LINE ")))
    return name.group() if name else ""


def _ours(text: str) -> VestoError | None:
    """The error that our own functions wrote into the text; DuckDB's words may stand around it."""
    for place in _OURS.finditer(text):
        try:
            _, end = json.JSONDecoder().raw_decode(text, place.end())
            return errors.from_json(text[place.end() : end])
        except (ValueError, LookupError, TypeError):
            continue
    return None


def _kind(error: BaseException) -> type[VestoError]:
    text = str(error)
    for pattern, kind in _PATTERNS:
        if re.search(pattern, text):
            return kind
    for raised, kind in _CLASSES:
        if isinstance(error, raised):
            return kind
    return errors.EngineFailure


def _worded(message: str) -> tuple[str, str]:
    """The message as PostgreSQL has it, and what it is about."""
    for pattern, words in _WORDS:
        if match := re.fullmatch(pattern, message):
            return words.format(*match.groups()), match.groups()[-1]
    return _lower_first(message), ""


def _lower_first(message: str) -> str:
    """PostgreSQL's style: a message starts lower-case, unless with a name or an abbreviation."""
    second = message[1:2]
    return message[:1].lower() + message[1:] if second.islower() or second == " " else message

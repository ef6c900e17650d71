"""COPY: files into a table, all rows that it says or none."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Final
from uuid import uuid4

from vesto.commands import Context
from vesto.commands._files import (
    check_letters,
    check_outside,
    print_option,
    read_option,
    read_role,
    store_of,
)
from vesto.commands._objects import (
    Place,
    check_not_kept,
    check_open,
    check_use,
    engine_name,
    rows,
    run,
)
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name, quoted, written
from vesto.dialect.tables import MAXIMUM_BYTES
from vesto.errors import (
    FeatureNotSupported,
    InputOutputError,
    InvalidParameterValue,
    LoadFailed,
    Span,
    UndefinedColumn,
    VestoError,
)
from vesto.loader.process import Answer, loading
from vesto.loader.request import COMPRESSIONS, LoadRequest, RowError, TargetColumn
from vesto.result import Result

OPTIONS: Final = {
    "ACCEPTANYDATE": "flag", "ACCEPTINVCHARS": "optional", "ACCESS_KEY_ID": "text",
    "BLANKSASNULL": "flag", "COMPROWS": "whole", "COMPUPDATE": "switch", "CREDENTIALS": "text",
    "DATEFORMAT": "text", "DELIMITER": "letter", "EMPTYASNULL": "flag", "ENCODING": "text", "ESCAPE": "flag",
    "EXPLICIT_IDS": "flag", "FILLRECORD": "flag", "IGNOREBLANKLINES": "flag",
    "IGNOREHEADER": "whole", "MAXERROR": "whole", "NOLOAD": "flag", "NULL": "text",
    "QUOTE": "letter", "READRATIO": "whole", "REGION": "text", "REMOVEQUOTES": "flag",
    "ROUNDEC": "flag", "SECRET_ACCESS_KEY": "text", "SESSION_TOKEN": "text",
    "STATUPDATE": "switch", "TIMEFORMAT": "text", "TRIMBLANKS": "flag",
    "TRUNCATECOLUMNS": "flag",
}  # fmt: skip
NO_EFFECT: Final = frozenset(
    {"COMPROWS", "COMPUPDATE", "ENCODING", "IGNOREBLANKLINES", "READRATIO", "ROUNDEC", "STATUPDATE"}
)
FORMATS: Final = ("CSV", "PARQUET", "JSON")
REFUSED: Final = frozenset(
    {"AVRO", "ORC", "FIXEDWIDTH", "SHAPEFILE", "SSH", "ENCRYPTED", "LZOP", "RCFILE",
     "SEQUENCEFILE", "TEXTFILE"}
)  # fmt: skip
MAXIMUM_ERRORS: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """Loads files. ``options`` are by name, a flag's value empty.

    Grammar: Amazon Redshift Database Developer Guide, "COPY".
    """

    starts: ClassVar[tuple[str, ...]] = ("COPY",)
    keeps_schema: ClassVar[bool] = True
    engine_has_it: ClassVar[bool] = True

    table: Name
    columns: tuple[str, ...] = ()
    source: str
    format: str = "DELIMITED"
    compression: str = ""
    manifest: bool = False
    iam_role: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    source_span: Span | None = field(default=None, compare=False)
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> Copy:
        """Read it; what follows the source may stand in any order."""
        cursor.expect("COPY")
        span = cursor.span
        table = cursor.name("a table's name")
        columns = cursor.names() if cursor.peek("(") else ()
        cursor.expect("FROM")
        source_span = cursor.span
        found: dict[str, Any] = {"source": cursor.string("the files' place")}
        options: dict[str, str] = {}
        while cursor.here.kind != "end" and not cursor.peek(";"):
            _part(cursor, found, options)
        cursor.end()
        check_letters(options, span)
        return cls(
            table=table, columns=columns, options=tuple(options.items()),
            source_span=source_span, span=span, **found,
        )  # fmt: skip

    def sql(self) -> str:
        """The statement as text; keys are not shown."""
        columns = f" ({', '.join(map(quoted, self.columns))})" if self.columns else ""
        parts = [f"COPY {self.table.sql()}{columns} FROM {written(self.source)}"]
        parts += [f"IAM_ROLE {written(self.iam_role)}"] if self.iam_role is not None else []
        options = dict(self.options)
        if self.format == "JSON":
            parts.append(f"JSON {written(options.pop('JSON', 'auto'))}")
        elif self.format != "DELIMITED":
            parts.append(self.format)
        parts += ["MANIFEST"] if self.manifest else []
        parts += [self.compression] if self.compression else []
        return " ".join([*parts, *(print_option(k, v, OPTIONS) for k, v in options.items())])

    def bind(self, context: Context) -> BoundCopy:
        """Find the table and its columns.

        Raises:
            UndefinedTable: It does not exist.
            UndefinedColumn: A column of the list does not.
        """
        place = context.place(self.table)
        check_open(place, self.span)
        check_not_kept(context, self.table, self.span)
        check_use(context, "INSERT", self.table, self.span)
        check_outside(context, self.iam_role, self.source, "COPY", self.source_span)
        options = dict(self.options)
        if options.get("ENCODING", "UTF8").upper() not in {"UTF8", "UTF-8"}:
            raise FeatureNotSupported("files must be UTF8", span=self.span)
        request = LoadRequest(
            source=self.source, columns=self._targets(context, place), format=self.format,
            compression=self.compression, manifest=self.manifest,
            options=options | _invalid_characters(options),
            maximum_errors=_maximum_errors(options, self.span), store=store_of(context, options),
        )  # fmt: skip
        return BoundCopy(self, request)

    def _targets(self, context: Context, place: Place) -> tuple[TargetColumn, ...]:
        try:
            described = rows(context.connection, f"DESCRIBE {engine_name(self.table)}")
        except VestoError as error:
            raise error.at(self.span) from None
        known = {str(name).lower(): (str(name), str(kind)) for name, kind, *_ in described}
        declared = _declared(context, place)
        generated = context.surroundings.generated.get(place, frozenset())
        if "EXPLICIT_IDS" in dict(self.options):
            generated = frozenset()
        names = self.columns or tuple(name for name in known if name not in generated)
        found = []
        for name in names:
            if name.lower() not in known:
                message = f'column "{name}" of table "{self.table.object}" does not exist'
                raise UndefinedColumn(message, span=self.span)
            exact, kind = known[name.lower()]
            found.append(_target(exact, kind, *declared.get(name.lower(), ("", None))))
        return tuple(found)


def _declared(context: Context, place: Place) -> dict[str, tuple[str, int | None]]:
    sql = (
        "SELECT lower(column_name), type, length FROM dev.vesto.columns "
        "WHERE schema_name = ? AND table_name = ?"
    )
    return {name: (kind, length) for name, kind, length in rows(context.connection, sql, place)}


_KINDS: Final = {"DOUBLE": "DOUBLE PRECISION", "FLOAT": "REAL", "JSON": "SUPER", "BLOB": "VARBYTE"}


def _target(name: str, engine_type: str, declared: str, length: int | None) -> TargetColumn:
    bare = engine_type.partition("(")[0]
    kind = {"TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ"}.get(bare, _KINDS.get(bare, bare))
    if kind == "VARCHAR":
        kind = "CHAR" if declared.startswith("character(") else "VARCHAR"
        length = length or MAXIMUM_BYTES["VARCHAR"]
    return TargetColumn(name, kind, engine_type, length)


def _invalid_characters(options: dict[str, str]) -> dict[str, str]:
    return (
        {"ACCEPTINVCHARS": options["ACCEPTINVCHARS"] or "?"} if "ACCEPTINVCHARS" in options else {}
    )


def _maximum_errors(options: dict[str, str], span: Span | None) -> int:
    number = int(options.get("MAXERROR", "0"))
    if number > MAXIMUM_ERRORS:
        raise InvalidParameterValue(f"MAXERROR is at most {MAXIMUM_ERRORS}", span=span)
    return number


def _part(cursor: Cursor, found: dict[str, Any], options: dict[str, str]) -> None:
    """Read one thing that may follow the source."""
    if cursor.accept("FORMAT"):
        cursor.accept("AS")
    if cursor.accept("WITH"):
        return
    span = cursor.span
    word = cursor.here.text.upper() if cursor.here.kind == "word" else ""
    if word in REFUSED:
        hint = f"The formats are {', '.join(FORMATS)}, and text with a DELIMITER."
        raise FeatureNotSupported(f"COPY with {word} is not available", hint=hint, span=span)
    if word in FORMATS:
        cursor.advance()
        found["format"] = word
        if word == "JSON":
            cursor.accept("AS")
            options["JSON"] = cursor.string() if cursor.here.kind == "string" else "auto"
    elif word in COMPRESSIONS:
        cursor.advance()
        found["compression"] = word
    elif word == "MANIFEST":
        cursor.advance()
        found["manifest"] = True
    elif word == "IAM_ROLE":
        cursor.advance()
        found["iam_role"] = read_role(cursor)
    else:
        name, value = read_option(cursor, OPTIONS, "COPY")
        options[name] = value


@dataclass(frozen=True, slots=True)
class BoundCopy:
    """Files to load."""

    statement: Copy
    request: LoadRequest

    def run(self, context: Context) -> Result:
        """Load them in one step.

        Raises:
            LoadFailed: More rows are bad than MAXERROR allows; ``stl_load_errors`` lists them.
            UndefinedFile: There are none.
        """
        statement = self.statement
        scratch = context.warehouse.path / "scratch"
        with loading(self.request, scratch, context.watch) as (answer, reader):
            self._keep_errors(context, answer)
            if answer.error is not None:
                raise self._failure(answer.error)
            if "NOLOAD" in dict(statement.options):
                return Result(tag="COPY", notices=(f"{answer.rows} rows would be loaded",))
            self._insert(context, reader, answer.rows)
        skipped = len(answer.errors)
        loaded = f"{answer.rows} record(s) loaded successfully."
        notices = [f"Load into table '{statement.table.object}' completed, {loaded}"]
        if skipped:
            notices.append(f"{skipped} record(s) could not be loaded. Check 'stl_load_errors'.")
        return Result(tag=f"COPY {answer.rows}", rowcount=answer.rows, notices=tuple(notices))

    def _insert(self, context: Context, reader: Any, expected: int) -> None:
        """Insert all rows; a stream that breaks off looks like one that ends, so they are counted."""
        columns = self.request.columns
        given = f"vesto load {uuid4().hex}"
        names = ", ".join(quoted(column.name) for column in columns)
        values = ", ".join(
            f"CAST({quoted(column.name)} AS JSON)" if column.engine_type == "JSON"
            else quoted(column.name)
            for column in columns
        )  # fmt: skip
        target = engine_name(self.statement.table)
        with context.atomic() as connection:
            connection.register(given, reader)
            try:
                sql = f"INSERT INTO {target} ({names}) SELECT {values} FROM {quoted(given)}"
                count = rows(connection, sql)[0][0]
            finally:
                connection.unregister(given)
            if count != expected:
                message = "the process that reads files has ended before its last row"
                raise InputOutputError(message, hint="Nothing was loaded: try again.")

    def _failure(self, error: VestoError) -> VestoError:
        if isinstance(error, LoadFailed):
            error.message = (
                f'load into table "{self.statement.table.object}" failed: {error.message}'
            )
            error.hint = error.hint or "SELECT * FROM stl_load_errors lists what was wrong."
        return error.at(self.statement.source_span)

    def _keep_errors(self, context: Context, answer: Answer) -> None:
        """Keep what was wrong, whatever becomes of the user's transaction."""
        if not answer.errors:
            return
        line = context.warehouse.engine.connect()
        try:
            now = datetime.now(UTC).replace(tzinfo=None)
            for error in answer.errors:
                run(line, _RECORD, _record(context.user, now, error))
        finally:
            line.close()


_RECORD: Final = "INSERT INTO dev.vesto.load_errors VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def _record(user: str, now: datetime, error: RowError) -> list[Any]:
    return [
        user, now, error.file, error.line, error.column, error.kind, 0, error.raw, error.value,
        error.code, error.reason,
    ]  # fmt: skip


COMMAND: Final = Copy

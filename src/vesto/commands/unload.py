"""UNLOAD: a query's rows into files, all of them or none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from vesto.commands import Context
from vesto.commands._files import (
    check_letters,
    check_outside,
    print_option,
    read_option,
    read_role,
    store_of,
)
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import quoted, written
from vesto.dialect.translate import Translated
from vesto.errors import FeatureNotSupported, Span, UndefinedColumn, VestoError
from vesto.loader.process import unload
from vesto.loader.request import COMPRESSIONS, UnloadRequest
from vesto.result import Result

OPTIONS: Final = {
    "ACCESS_KEY_ID": "text", "ADDQUOTES": "flag", "ALLOWOVERWRITE": "flag", "CREDENTIALS": "text",
    "DELIMITER": "letter", "ESCAPE": "flag", "EXTENSION": "text", "HEADER": "flag",
    "KMS_KEY_ID": "text", "MAXFILESIZE": "size", "ROWGROUPSIZE": "size", "NULL": "text", "PARALLEL": "switch", "REGION": "text", "SECRET_ACCESS_KEY": "text",
    "SESSION_TOKEN": "text",
}  # fmt: skip
NO_EFFECT: Final = frozenset({"KMS_KEY_ID", "MAXFILESIZE", "ROWGROUPSIZE"})
FORMATS: Final = ("CSV", "PARQUET", "JSON")
REFUSED: Final = frozenset({"ENCRYPTED", "FIXEDWIDTH", "CLEANPATH", "BZIP2"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Unload:
    """Writes files. Grammar: Amazon Redshift Database Developer Guide, "UNLOAD"."""

    starts: ClassVar[tuple[str, ...]] = ("UNLOAD",)
    keeps_schema: ClassVar[bool] = True

    query: str
    target: str
    format: str = "DELIMITED"
    compression: str = ""
    manifest: bool = False
    iam_role: str | None = None
    partitions: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    query_span: Span | None = field(default=None, compare=False)
    target_span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> Unload:
        """Read it; what follows the target may stand in any order."""
        cursor.expect("UNLOAD", "(")
        query_span = cursor.span
        query = cursor.string("the query")
        cursor.expect(")")
        cursor.expect("TO")
        target_span = cursor.span
        found: dict[str, Any] = {"query": query, "target": cursor.string("the files' place")}
        options: dict[str, str] = {}
        while cursor.here.kind != "end" and not cursor.peek(";"):
            _part(cursor, found, options)
        cursor.end()
        check_letters(options, target_span)
        if {"ESCAPE", "ADDQUOTES"} <= set(options):
            message = "UNLOAD with ESCAPE and ADDQUOTES together is not available"
            raise FeatureNotSupported(message, hint="Use FORMAT CSV.", span=target_span)
        return cls(
            options=tuple(options.items()), query_span=query_span, target_span=target_span, **found
        )

    def sql(self) -> str:
        """The statement as text; keys are not shown."""
        parts = [f"UNLOAD ({written(self.query)}) TO {written(self.target)}"]
        parts += [f"IAM_ROLE {written(self.iam_role)}"] if self.iam_role is not None else []
        parts += [f"FORMAT {self.format}"] if self.format != "DELIMITED" else []
        if self.partitions:
            include = " INCLUDE" if "INCLUDE" in dict(self.options) else ""
            parts.append(f"PARTITION BY ({', '.join(map(quoted, self.partitions))}){include}")
        parts += ["MANIFEST"] if self.manifest else []
        parts += [self.compression] if self.compression else []
        options = [(k, v) for k, v in self.options if k != "INCLUDE"]
        return " ".join([*parts, *(print_option(k, v, OPTIONS) for k, v in options)])

    def bind(self, context: Context) -> BoundUnload:
        """Translate the query.

        Raises:
            VestoError: It has a mistake.
            UndefinedColumn: A column of PARTITION BY is none of its.
        """
        try:
            query = context.translated(self.query, kinds=("query",))
        except VestoError as error:
            error.span = self.query_span
            raise
        check_outside(context, self.iam_role, self.target, "UNLOAD", self.target_span)
        columns = {column.name.lower() for column in context.connection.describe(query.sql)}
        for name in self.partitions:
            if name.lower() not in columns:
                message = f'column "{name}" of PARTITION BY is no column of the query'
                raise UndefinedColumn(message, span=self.target_span)
        options = dict(self.options)
        request = UnloadRequest(
            target=self.target, format=self.format, compression=self.compression,
            manifest=self.manifest, overwrite="ALLOWOVERWRITE" in options, options=options,
            partitions=self.partitions, store=store_of(context, options),
        )  # fmt: skip
        return BoundUnload(self, request, query)


def _part(cursor: Cursor, found: dict[str, Any], options: dict[str, str]) -> None:
    """Read one thing that may follow the target."""
    if cursor.accept("FORMAT"):
        cursor.accept("AS")
    if cursor.accept("WITH"):
        return
    span = cursor.span
    word = cursor.here.text.upper() if cursor.here.kind == "word" else ""
    if word in REFUSED:
        message = f"UNLOAD with {word} is not available"
        raise FeatureNotSupported(message, hint="Leave it out.", span=span)
    if word in FORMATS:
        cursor.advance()
        found["format"] = word
    elif word in COMPRESSIONS:
        cursor.advance()
        found["compression"] = word
    elif word == "MANIFEST":
        cursor.advance()
        cursor.accept("VERBOSE")
        found["manifest"] = True
    elif word == "IAM_ROLE":
        cursor.advance()
        found["iam_role"] = read_role(cursor)
    elif word == "PARTITION":
        _partitions(cursor, found, options)
    else:
        name, value = read_option(cursor, OPTIONS, "UNLOAD")
        options[name] = value


def _partitions(cursor: Cursor, found: dict[str, Any], options: dict[str, str]) -> None:
    cursor.expect("PARTITION", "BY")
    found["partitions"] = cursor.names()
    if cursor.accept("INCLUDE"):
        options["INCLUDE"] = ""


@dataclass(frozen=True, slots=True)
class BoundUnload:
    """Rows to write."""

    statement: Unload
    request: UnloadRequest
    query: Translated

    def run(self, context: Context) -> Result:
        """Write them.

        Raises:
            DuplicateFile: A file is there, and no ALLOWOVERWRITE.
        """
        reader = context.connection.execute(self.query.sql)
        scratch = context.warehouse.path / "scratch"
        answer = unload(self.request, reader, scratch, context.watch)
        if answer.error is not None:
            raise answer.error.at(self.statement.target_span)
        notice = f"UNLOAD completed, {answer.rows} record(s) unloaded successfully."
        return Result(tag=f"UNLOAD {answer.rows}", rowcount=answer.rows, notices=(notice,))


COMMAND: Final = Unload

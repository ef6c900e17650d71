"""``vesto shell``: history, completion, statements over several lines, backslash commands."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vesto.cli.output import Format, show_error
from vesto.cli.run import run_text
from vesto.dialect.names import literal
from vesto.dialect.scanner import scan
from vesto.errors import StatementSyntaxError, VestoError
from vesto.session import Session

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

HELP: Final = """\
\\d         list tables, views and models     \\d NAME    columns of a table or view
\\timing    show how long statements take     \\q         leave
\\?         this help
A statement ends with a semicolon. Ctrl-C leaves a statement, Ctrl-D the shell.
"""
KEYWORDS: Final = [
    "ALTER",
    "AND",
    "AS",
    "AUTO",
    "BEGIN",
    "BETWEEN",
    "BY",
    "CASE",
    "COMMIT",
    "CREATE",
    "DEFAULT",
    "DELETE",
    "DESC",
    "DISTINCT",
    "DROP",
    "ELSE",
    "END",
    "EXCEPT",
    "EXISTS",
    "FROM",
    "FUNCTION",
    "GROUP",
    "HAVING",
    "HYPERPARAMETERS",
    "IN",
    "INSERT",
    "INTO",
    "IS",
    "JOIN",
    "LEFT",
    "LIKE",
    "LIMIT",
    "MAX_CELLS",
    "MAX_RUNTIME",
    "MODEL",
    "MODEL_TYPE",
    "NOT",
    "NULL",
    "OBJECTIVE",
    "OFF",
    "ON",
    "OR",
    "ORDER",
    "PREPROCESSORS",
    "PROBLEM_TYPE",
    "REFRESH",
    "ROLLBACK",
    "SELECT",
    "SET",
    "SETTINGS",
    "SHOW",
    "TABLE",
    "TARGET",
    "THEN",
    "UNION",
    "UPDATE",
    "VALUES",
    "VERSION",
    "VERSIONS",
    "VIEW",
    "WAIT",
    "WHEN",
    "WHERE",
    "WITH",
    "XGBOOST",
]
_TABLES: Final = """
SELECT table_schema AS schema, table_name AS name,
       CASE table_type WHEN 'VIEW' THEN 'view' ELSE 'table' END AS kind
FROM information_schema.tables
WHERE table_catalog = 'dev' AND table_schema <> 'vesto'
UNION ALL SELECT schema_name, model_name, 'model (' || life_cycle || ')' FROM stv_ml_model_info
ORDER BY 1, 2
"""
_COLUMNS: Final = """
SELECT column_name AS column, data_type AS type, is_nullable AS nullable
FROM information_schema.columns
WHERE table_catalog = 'dev' AND lower(table_name) = lower({name}) ORDER BY ordinal_position
"""


class Shell:
    """Reads statements and runs them until the input ends."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.timing = False
        self.failed = False

    def run(self) -> int:
        """Read and run; the exit code is 1 where a statement of a script failed."""
        interactive = sys.stdin.isatty()
        read = _prompt(self.session) if interactive else None
        text = ""
        while True:
            try:
                line = read.prompt("... " if text else "vesto> ") if read else _line()
            except KeyboardInterrupt:
                text = ""
                continue
            except EOFError:
                break
            if not text and line.strip().startswith("\\"):
                if not self.command(line.strip()):
                    break
                continue
            text = f"{text}\n{line}" if text else line
            if is_complete(text):
                self.execute(text)
                text = ""
        if text.strip():
            self.execute(text)
        return int(self.failed and not interactive)

    def execute(self, sql: str) -> None:
        """Run the statements of a text and show what they return or why they fail."""
        began = time.perf_counter()
        try:
            run_text(self.session, sql, Format.TABLE)
        except VestoError as error:
            self.failed = True
            show_error(error, sql)
        except KeyboardInterrupt:
            self.session.interrupt()
        if self.timing:
            sys.stdout.write(f"Time: {(time.perf_counter() - began) * 1000:.1f} ms\n")

    def command(self, line: str) -> bool:
        """Run a backslash command; False for the one that leaves."""
        word, _, rest = line.partition(" ")
        if word == "\\q":
            return False
        if word == "\\timing":
            self.timing = not self.timing
            sys.stdout.write(f"Timing is {'on' if self.timing else 'off'}.\n")
        elif word == "\\d":
            name = rest.strip().strip('"').rpartition(".")[2]
            self.execute(_COLUMNS.format(name=literal(name)) if name else _TABLES)
        else:
            sys.stdout.write(HELP)
        sys.stdout.flush()
        return True


def is_complete(text: str) -> bool:
    """Whether the text ends with the semicolon of a statement, outside strings and comments."""
    try:
        tokens = scan(text)
    except StatementSyntaxError:
        return False
    return len(tokens) == 1 or (tokens[-2].kind == "symbol" and tokens[-2].text == ";")


def _line() -> str:
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.rstrip("\n")


def words(session: Session) -> Iterable[str]:
    """What completion offers: keywords, tables, columns, models and functions."""
    found = session.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_catalog = 'dev' "
        "UNION SELECT column_name FROM information_schema.columns WHERE table_catalog = 'dev'"
    ).rows()
    models = session.warehouse.catalog.models()
    functions = [model.definition.function for model in models if model.functions]
    return [*KEYWORDS, *(name for (name,) in found), *(m.name for m in models), *functions]


def _prompt(session: Session) -> PromptSession[str]:
    from prompt_toolkit import PromptSession  # noqa: PLC0415 - scripts do without it
    from prompt_toolkit.completion import CompleteEvent, Completer, Completion  # noqa: PLC0415
    from prompt_toolkit.document import Document  # noqa: PLC0415
    from prompt_toolkit.history import FileHistory  # noqa: PLC0415

    class Words(Completer):
        def get_completions(self, document: Document, _: CompleteEvent) -> Iterable[Completion]:
            start = document.get_word_before_cursor()
            for word in sorted(set(words(session))) if start else []:
                if word.lower().startswith(start.lower()):
                    yield Completion(word, -len(start))

    class Discreet(FileHistory):
        """A history without the statements that set passwords."""

        def store_string(self, string: str) -> None:
            if "PASSWORD" not in string.upper():
                super().store_string(string)

    return PromptSession(
        history=Discreet(str(history_file())), completer=Words(), complete_while_typing=False
    )


def history_file() -> Path:
    """Where the shell remembers statements: the user's state folder."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    folder = state / "vesto"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "history"

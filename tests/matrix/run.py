"""One binary of the DuckDB extension in every DuckDB that Vesto supports.

Each ``requirements/matrix-*.txt`` pins a version of the package ``duckdb``, in which
``tests/native/test_extension*.py`` runs, or of ``duckdb-cli``, the command line, which exports no
functions: there the extension goes through the table of functions that it is handed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
TARGETS: Final = ROOT / ".venv" / "matrix"
TESTS: Final = sorted((ROOT / "tests" / "native").glob("test_extension*.py"))
LIMIT_S: Final = 600
sys.path.insert(0, str(ROOT / "tests" / "support"))

from extension_support import Saved, churn, extension, save  # noqa: E402 - the path comes first


class Failed(Exception):
    """What went wrong in one version."""


@dataclass(frozen=True, slots=True)
class Version:
    """One pinned package."""

    requirements: Path

    @property
    def pin(self) -> str:
        return self.requirements.read_text(encoding="utf-8").split(maxsplit=1)[0]

    @property
    def target(self) -> Path:
        return TARGETS / self.requirements.stem.removeprefix("matrix-")

    def install(self) -> None:
        """Put the package into a folder of its own, unless it is there."""
        ready, wanted = self.target / ".ready", self.requirements.read_text(encoding="utf-8")
        if ready.is_file() and ready.read_text(encoding="utf-8") == wanted:
            return
        uv = Path(sys.executable).with_name("uv")
        options = ["--quiet", "--python", sys.executable, "--require-hashes", "--no-deps"]
        where = ["--target", str(self.target), "-r", str(self.requirements)]
        run([str(uv), "pip", "install", *options, *where])
        ready.write_text(wanted, encoding="utf-8")

    def check(self) -> str:
        """What passed.

        Raises:
            Failed: Something did not.
        """
        self.install()
        return check_command_line(self) if self.pin.startswith("duckdb-cli=") else run_tests(self)


def run(
    command: list[str], given: str | None = None, *, environment: dict[str, str] | None = None
) -> str:
    """A command's output; an exit code other than 0 is a failure."""
    done = subprocess.run(
        command,
        input=given,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        cwd=ROOT,
        env=os.environ | (environment or {}),
    )
    if done.returncode:
        raise Failed(f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def run_tests(version: Version) -> str:
    """The extension's own tests with this version of DuckDB."""
    environment = {"PYTHONPATH": str(version.target)}
    wanted = version.pin.partition("==")[2]
    found = "import duckdb; print(duckdb.__version__)"
    if (got := run([sys.executable, "-c", found], environment=environment).strip()) != wanted:
        raise Failed(f"DuckDB {got} was imported")
    options = ["-n0", "-q", "--no-header", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options, *map(str, TESTS)]
    last = run(command, environment=environment).strip().splitlines()[-1]
    if "skipped" in last or "passed" not in last:
        raise Failed(last)
    return last


# --- The command line -------------------------------------------------------------------------


def check_command_line(version: Version) -> str:
    """A few statements in DuckDB's own shell, each with what it must answer."""
    program = next(
        (
            f
            for f in (version.target / "duckdb_cli" / "duckdb", version.target / "bin" / "duckdb")
            if f.is_file()
        ),
        None,
    )
    if not program:
        raise Failed("the package has no program named duckdb")
    with TemporaryDirectory() as folder:
        saved = save(churn(), Path(folder))
        cases = statements(saved, version.pin.partition("==")[2].partition(".post")[0])
        for sql, fits in cases:
            answer = ask_shell(program, saved, sql)
            if not fits(answer):
                raise Failed(f"{sql}\nanswers {answer}")
    return f"{len(cases)} passed"


def ask_shell(program: Path, saved: Saved, sql: str) -> Any:
    """The rows of the last statement, or its error as text."""
    lines = [
        f"LOAD '{extension()}';",
        ".mode list",
        saved.register + ";",
        (
            "CREATE TABLE t AS SELECT i AS id, (i % 100) / 4.0 AS charge, "
            "CASE i % 3 WHEN 0 THEN 'NY' WHEN 1 THEN 'CA' END AS state FROM range(20000) t(i);"
        ),
        f"CREATE MACRO f(s, c) AS {saved.call('s', 'c')};",
        f"CREATE VIEW v AS SELECT id, {saved.call('state', 'charge')} AS y FROM t;",
        ".mode json",
    ]
    given = "\n".join([*lines, sql + ";"]) + "\n"
    done = subprocess.run(
        [str(program), "-unsigned"], input=given, capture_output=True, text=True, timeout=LIMIT_S
    )
    if done.stderr:
        return done.stderr
    if saved.name not in done.stdout:
        raise Failed(f"the program was not registered\n{done.stdout}")
    return json.loads(done.stdout[done.stdout.index("[{") :])


def statements(saved: Saved, version: str) -> list[tuple[str, Callable[[Any], bool]]]:
    """SQL and whether an answer to it is right."""
    yes, call = {"y": "True."}, saved.call
    probable = '{"probabilities":[0.5,0.5],"labels":["False.","True."]}'
    half = call("'CA'", "4.0", function="vesto_probabilities")
    return [
        ("SELECT version() AS y", lambda rows: rows == [{"y": f"v{version}"}]),
        ("SELECT vesto_kernel() AS y", lambda rows: rows[0]["y"] in {"portable", "avx2", "avx512"}),
        (f"SELECT {call(chr(39) + 'NY' + chr(39), '9.5')} AS y", lambda rows: rows == [yes]),
        (
            f"SELECT {half} AS y, typeof({half}) AS kind",
            lambda rows: (
                rows[0]["kind"] == "JSON" and rows[0]["y"] in (probable, json.loads(probable))
            ),
        ),
        (
            "SELECT count(*) AS n, count(*) FILTER (y = 'True.') AS yes FROM v WHERE id % 2 = 0",
            lambda rows: rows == [{"n": 10000, "yes": expected_yes(saved)}],
        ),
        (
            (
                "WITH c AS MATERIALIZED (SELECT f(state, charge) AS y FROM t GROUP BY ALL) "
                "SELECT count(*) AS n FROM c"
            ),
            lambda rows: rows == [{"n": 2}],
        ),
        (
            f"PREPARE p AS SELECT {call('$1', '$2')} AS y; EXECUTE p('NY', 9.5)",
            lambda rows: rows == [yes],
        ),
        (
            f"SELECT {call('NULL')}",
            lambda text: "the function takes 2 arguments, not 1" in text and '"42883"' in text,
        ),
        (
            "SELECT vesto_predict_varchar('unknown', 1)",
            lambda text: "program unknown is not loaded" in text and '"XX001"' in text,
        ),
        (
            f"SELECT vesto_forget_program({saved.name!r}) AS a, vesto_forget_program({saved.name!r}) AS b",
            lambda rows: rows in ([{"a": True, "b": False}], [{"a": "true", "b": "false"}]),
        ),
    ]


def expected_yes(saved: Saved) -> int:
    """How many of the even rows of ``t`` the reference scorer takes for ``True.``."""
    import pyarrow as pa  # noqa: PLC0415 - needed here alone

    from vesto.programs import reference  # noqa: PLC0415 - the same

    places = range(0, 20000, 2)
    states = pa.array([("NY", "CA", None)[place % 3] for place in places])
    charges = pa.array([(place % 100) / 4.0 for place in places])
    return int(reference.score(saved.program, [states, charges]).to_pylist().count("True."))


def main() -> int:
    """One line a version; 1 where one failed."""
    failures = []
    for requirements in sorted((ROOT / "requirements").glob("matrix-*.txt")):
        version, started = Version(requirements), time.monotonic()
        try:
            outcome = version.check()
        except (Failed, OSError, ValueError, subprocess.TimeoutExpired) as error:
            failures.append(f"--- {version.pin}\n{error}")
            outcome = "FAILED"
        taken = time.monotonic() - started
        sys.stdout.write(f"{version.pin:24} {outcome} ({taken:.0f} s)\n")
        sys.stdout.flush()
    sys.stdout.write("\n".join([*failures, ""]))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

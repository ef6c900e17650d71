"""DuckDB with the extension vesto in a process that does not know Vesto, and programs for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vesto.engines._duckdb_errors import translated
from vesto.errors import VestoError
from vesto.programs.bodies import Linear
from vesto.programs.image import image
from vesto.programs.program import Input, Program, label_output, value_output
from vesto.programs.steps import Category, DateParts, Impute, Number, Step
from vesto.programs.storage import content_hash, dump

NULL_VALUE = 9999.0

_CHILD = """
import json, sys
import duckdb

asked = json.load(sys.stdin)
answers = []
with duckdb.connect(asked["path"], config={"allow_unsigned_extensions": "true"}) as database:
    database.execute(f"LOAD '{asked['extension']}'")
    for sql, parameters in asked["steps"]:
        try:
            answers.append(database.execute(sql, parameters).fetchall())
        except duckdb.Error as error:
            answers.append({"error": str(error)})
if "vesto" in sys.modules:
    sys.exit("something imported vesto")
print(json.dumps(answers, default=str))
"""


def extension() -> Path:
    """The extension as it is installed, or the one that VESTO_EXTENSION names.

    Raises:
        FileNotFoundError: There is none.
    """
    if named := os.environ.get("VESTO_EXTENSION"):
        found = Path(named)
    else:
        from vesto import _native  # noqa: PLC0415 - another build of the extension needs none

        found = Path(str(_native.__file__)).parent / "vesto.duckdb_extension"
    if not found.is_file():
        raise FileNotFoundError(f"the DuckDB extension was not built: {found} is not there")
    return found


def ask(*steps: str | tuple[str, list[Any]], path: Path | str = ":memory:") -> list[Any]:
    """Each statement's rows, or ``{"error": text}``, from a process without Vesto."""
    asked = {
        "path": str(path),
        "extension": str(extension()),
        "steps": [(step, None) if isinstance(step, str) else step for step in steps],
    }
    answer = run(_CHILD, json.dumps(asked))
    answers: list[Any] = json.loads(answer)
    return answers


def run(code: str, given: str = "", *arguments: str) -> str:
    """What Python code prints in a process of its own."""
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{done.returncode}: {done.stderr}"
    return done.stdout


def mistake(answer: Any) -> VestoError:
    """The error that a client of Vesto sees for an answer that is one."""
    assert isinstance(answer, dict), answer
    return translated(RuntimeError(answer["error"]))


@dataclass(frozen=True, slots=True)
class Saved:
    """A program's image in a file."""

    program: Program
    name: str
    path: Path

    @property
    def register(self) -> str:
        """The statement that registers it."""
        return f"SELECT vesto_register_program(content) FROM read_blob('{self.path}')"

    def call(self, *arguments: str, function: str = "") -> str:
        """A call of its function."""
        of_type = self.program.output.type.replace("bpchar", "varchar")
        return (
            f"{function or f'vesto_predict_{of_type}'}({', '.join((repr(self.name), *arguments))})"
        )


def save(program: Program, folder: Path) -> Saved:
    """Write the program's image."""
    name = content_hash(dump(program))
    path = folder / f"{name[:12]}.image"
    path.write_bytes(image(program, name))
    return Saved(program, name, path)


def churn(labels: tuple[str, str] = ("False.", "True."), bias: float = -1.0) -> Program:
    """A state and a charge to one of two labels."""
    steps: tuple[Step, ...] = (
        Category(0, ("CA", "NY"), np.array([0.5, 1.5]), -0.25, -2.0, ()),
        Number(1),
        Impute(3, 4.0),
    )
    body = Linear(np.array([[1.0, 0.125]]), np.array([bias]))
    inputs = (Input("state", "varchar"), Input("charge", "float8"))
    return Program(inputs, steps, (2, 4), body, label_output("varchar", labels, link="sigmoid"))


def regression(name: str = "x", kind: str = "float8", *, add: float = 0.0) -> Program:
    """One number, boolean, text or moment as a number, plus ``add``; NULL is ``NULL_VALUE``."""
    step: Step
    if kind in {"varchar", "bpchar"}:
        step = Category(0, ("a", "blue", "green"), np.array([1.0, 2.0, 3.0]), -1.0, NULL_VALUE, ())
    elif kind in {"date", "time", "timetz", "timestamp", "timestamptz"}:
        step = DateParts(0, ("epoch",))
    else:
        step = Number(0)
    body = Linear(np.array([[1.0]]), np.array([add]))
    steps = (step, Impute(1, NULL_VALUE))
    return Program((Input(name, kind),), steps, (2,), body, value_output("float8"))


def constant(value: float, kind: str = "float8") -> Program:
    """The same prediction whatever ``x`` is."""
    body = Linear(np.array([[0.0]]), np.array([value]))
    return Program((Input("x", "float8"),), (Number(0),), (1,), body, value_output(kind))


def many_labels(count: int) -> Program:
    """``x`` to the label that has its number, as SUPER through soft-max."""
    labels = tuple(f'label {place:06d} é "{{}}"' for place in range(count))
    weights, bias = (
        np.arange(count)[:, None].astype(float),
        -0.5 * np.arange(count, dtype=float) ** 2,
    )
    body = Linear(weights, bias)
    return Program((Input("x", "int4"),), (Number(0),), (1,), body, label_output("varchar", labels))

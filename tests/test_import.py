"""``import vesto`` is quick because it imports nothing heavy."""

from __future__ import annotations

import subprocess
import sys

HEAVY = "duckdb numpy optuna pandas pyarrow rich sklearn sqlalchemy sqlglot typer xgboost"


def test_importing_vesto_imports_nothing_heavy() -> None:
    code = f"import sys, vesto; print(sorted(set('{HEAVY}'.split()) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_is_public_can_be_imported() -> None:
    code = "from vesto import *; print(connect.__name__, Session.__name__, Result.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["connect", "Session", "Result"]

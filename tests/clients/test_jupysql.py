"""JupySQL's magics in an IPython session: statements, predictions, data frames."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from clients_support import driver

driver("IPython")
driver("psycopg")
pytestmark = pytest.mark.slow_client


def test_a_notebook_queries_and_predicts(server: Any, model: str, tmp_path: Path) -> None:
    url = (
        f"postgresql+psycopg://{server.user}:{server.password}@{server.host}:{server.port}"
        f"/{server.database}"
    )
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("jupyter_session.py")], cwd=tmp_path,
        env=os.environ | {"VESTO_URL": url, "VESTO_FUNCTION": model, "PLOOMBER_STATS_ENABLED": "false",
                          "HOME": str(tmp_path)},
        capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert "passed" in done.stdout.splitlines(), done.stdout + done.stderr

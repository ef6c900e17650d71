from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

# Debian's libpostgresql-jdbc-java.
DRIVER = Path("/usr/share/java/postgresql.jar")
PROGRAM = Path(__file__).with_name("Jdbc.java")


@pytest.mark.skipif(shutil.which("javac") is None, reason="javac is not installed")
@pytest.mark.skipif(not DRIVER.exists(), reason="pgjdbc is not installed")
def test_pgjdbc(server: Any, tmp_path: Path) -> None:
    subprocess.run(["javac", "-d", tmp_path, PROGRAM], check=True, timeout=120)
    url = f"jdbc:postgresql://{server.host}:{server.port}/{server.database}?sslmode=disable"
    done = subprocess.run(
        ["java", "-cp", f"{DRIVER}:{tmp_path}", "Jdbc", url, server.user, server.password],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.stdout == "passed\n", done.stderr

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from clients_support import tool

# Debian's libpostgresql-jdbc-java, and a compiler.
DRIVER = tool("postgresql.jar", "/usr/share/java")
JAVA, COMPILER = tool("java"), tool("javac")
PROGRAMS = [Path(__file__).with_name(f"{name}.java") for name in ("Jdbc", "JdbcCatalogue")]


def test_pgjdbc(server: Any, tmp_path: Path) -> None:
    """Statements, COPY, predictions, cancelling and DatabaseMetaData; the programs say what of them."""
    subprocess.run([COMPILER, "-cp", DRIVER, "-d", tmp_path, *PROGRAMS], check=True, timeout=120)
    url = f"jdbc:postgresql://{server.host}:{server.port}/{server.database}?sslmode=disable"
    done = subprocess.run(
        [JAVA, "-cp", f"{DRIVER}:{tmp_path}", "Jdbc", url, server.user, server.password,
         server.predict],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.stdout == "passed\n", done.stderr

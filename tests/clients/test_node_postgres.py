from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from clients_support import ENVIRONMENTS, tool

NODE = tool("node")
MODULES = ENVIRONMENTS / "clients-node" / "node_modules"
tool("package.json", MODULES / "pg")
PROGRAM = Path(__file__).with_name("node") / "clients.js"


def test_node_postgres(server: Any) -> None:
    """Client, prepared statements, cursor, stream and pool; clients.js says what of them."""
    known = {
        "PGHOST": server.host, "PGPORT": str(server.port), "PGUSER": server.user,
        "PGPASSWORD": server.password, "PGDATABASE": server.database, "NODE_PATH": str(MODULES),
    }  # fmt: skip
    done = subprocess.run(
        [NODE, "--test-timeout=60000", PROGRAM], env=os.environ | known,
        capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# fail 0" in done.stdout
    assert "# pass 12" in done.stdout

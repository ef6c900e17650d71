from __future__ import annotations

import os
import subprocess
from typing import Any

from clients_support import tool

PSQL = tool("psql")


def psql(server: Any, *commands: str, standard_input: str = "") -> subprocess.CompletedProcess[str]:
    arguments = [part for command in commands for part in ("-c", command)]
    return subprocess.run(
        [PSQL, "-X", "-A", "-t", "-h", server.host, "-p", str(server.port), "-U", server.user,
         "-d", server.database, *arguments],
        env=os.environ | {"PGPASSWORD": server.password, "PGCLIENTENCODING": "UTF8"},
        capture_output=True, text=True, input=standard_input, timeout=120,
    )  # fmt: skip


def test_statements_errors_and_several_at_once(server: Any) -> None:
    done = psql(server, "SELECT 1, 'hé', NULL; SELECT 2", "SELECT nope", "SELECT 3")
    assert done.stdout.split() == ["1|hé|", "2", "3"]
    assert 'ERROR:  referenced column "nope"' in done.stderr


def test_copy_in_and_out(server: Any) -> None:
    done = psql(
        server, "DROP TABLE IF EXISTS lines", "CREATE TABLE lines (i int, v varchar(20))",
        r"\copy lines from stdin csv", r"\copy (select * from lines order by 1) to stdout",
        standard_input='1,"a, b"\n2,\n',
    )  # fmt: skip
    assert done.stdout.splitlines()[-3:] == ["COPY 2", "1\ta, b", "2\t\\N"], done.stderr


def test_a_transaction_that_fails_says_so(server: Any) -> None:
    done = psql(server, "BEGIN; SELECT nope; SELECT 1; COMMIT", "SELECT 5")
    assert "current transaction is aborted" in done.stderr
    assert "5" not in done.stdout

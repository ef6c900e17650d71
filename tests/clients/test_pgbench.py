from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from clients_support import driver, missing, tool

PGBENCH = tool("pgbench")
if subprocess.run([PGBENCH, "--version"], capture_output=True).returncode:
    # Debian's wrapper is there without it.
    missing("pgbench is not installed")

# Redshift's TRUNCATE takes one table, so that pgbench cannot fill its tables itself.
FILL = """
INSERT INTO pgbench_branches (bid, bbalance) VALUES (1, 0);
INSERT INTO pgbench_tellers (tid, bid, tbalance) SELECT i, 1, 0 FROM generate_series(1, 10) t(i);
INSERT INTO pgbench_accounts (aid, bid, abalance, filler)
SELECT i, 1, 0, '' FROM generate_series(1, 100000) t(i);
"""
PREDICT = r"""
\set id random(0, 599)
SELECT {predict}(a, b, c) FROM points WHERE id = :id;
"""


def pgbench(server: Any, *arguments: str | Path) -> str:
    done = subprocess.run(
        [PGBENCH, "-h", server.host, "-p", str(server.port), "-U", server.user, *arguments, "dev"],
        env=os.environ | {"PGPASSWORD": server.password}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def processed(told: str) -> tuple[int, int]:
    """How many transactions ended, and how many failed."""
    ended = re.search(r"actually processed: (\d+)", told)
    failed = re.search(r"failed transactions: (\d+)", told)
    assert ended
    assert failed
    return int(ended[1]), int(failed[1])


@pytest.fixture(scope="module")
def bank(server: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The server with pgbench's tables."""
    script = tmp_path_factory.mktemp("pgbench") / "fill.sql"
    script.write_text(FILL)
    pgbench(server, "--initialize", "--init-steps=dtp")
    pgbench(server, "--no-vacuum", "--transactions=1", f"--file={script}")
    return server


@pytest.mark.parametrize("mode", ["simple", "extended", "prepared"])
def test_transactions_of_a_bank(bank: Any, mode: str) -> None:
    """The script like TPC-B: three updates, a query and an insert in a transaction."""
    told = pgbench(bank, "--no-vacuum", f"--protocol={mode}", "--transactions=5")
    assert processed(told) == (5, 0)


@pytest.mark.parametrize("mode", ["simple", "extended", "prepared"])
def test_predictions_of_several_clients(server: Any, tmp_path: Path, mode: str) -> None:
    script = tmp_path / "predict.sql"
    script.write_text(PREDICT.format(predict=server.predict))
    told = pgbench(
        server, "--no-vacuum", f"--protocol={mode}", "--client=4", "--jobs=2",
        "--transactions=10", f"--file={script}",
    )  # fmt: skip
    assert processed(told) == (40, 0)


def test_accounts_add_up(bank: Any) -> None:
    """Tellers, accounts and the history hold the same sum, which is not that of nothing."""
    psycopg = driver("psycopg")
    pgbench(bank, "--no-vacuum", "--protocol=prepared", "--transactions=3")
    asked = (
        "SELECT (SELECT count(*) FROM pgbench_history), (SELECT sum(delta) FROM pgbench_history), "
        "(SELECT sum(abalance) FROM pgbench_accounts), (SELECT sum(tbalance) FROM pgbench_tellers)"
    )
    with psycopg.connect(
        host=bank.host, port=bank.port, user=bank.user, password=bank.password, dbname="dev"
    ) as connection:
        count, *sums = connection.execute(asked).fetchone()
    assert count >= 3
    assert len(set(sums)) == 1

"""Apache Superset: a chart of predictions, by its REST API and in a browser (``make test-superset``).

It needs an environment of its own and minutes, so that its name keeps it out of ``make test``.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from served import Server, served

ROOT = Path(__file__).parents[2]
BIN = ROOT / ".venv" / "superset" / "bin"
SCREENSHOTS = ROOT / "build" / "superset"
PASSWORD = "Secret1pass"
CONFIG = """
SECRET_KEY = "not-a-secret-0123456789abcdef0123456789"
SQLALCHEMY_DATABASE_URI = "sqlite:///{home}/superset.db"
WTF_CSRF_ENABLED = False
TALISMAN_ENABLED = False
"""
START_S = 120


@dataclass
class Superset:
    """A client of Superset's REST API."""

    address: str
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})

    def call(self, path: str, body: Any = None) -> Any:
        """GET, or POST with a body."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.address}/api/v1/{path}", data, self.headers)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)

    def log_in(self) -> None:
        """Get a token."""
        account = {"username": "admin", "password": PASSWORD, "provider": "db", "refresh": False}
        token = self.call("security/login", account)["access_token"]
        self.headers["Authorization"] = f"Bearer {token}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(tmp_path_factory.mktemp("served") / "shop") as found:
        yield found


@pytest.fixture(scope="module")
def superset(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Superset]:
    """Superset in a home of its own, with one administrator."""
    home = tmp_path_factory.mktemp("superset")
    config = home / "superset_config.py"
    config.write_text(CONFIG.format(home=home))
    known = os.environ | {
        "SUPERSET_HOME": str(home), "SUPERSET_CONFIG_PATH": str(config), "FLASK_APP": "superset",
    }  # fmt: skip

    def run(*arguments: str) -> None:
        done = subprocess.run(
            [BIN / "superset", *arguments], env=known, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr

    run("db", "upgrade")
    run("fab", "create-admin", "--username", "admin", "--firstname", "Ann", "--lastname", "Admin",
        "--email", "ann@example.com", "--password", PASSWORD)  # fmt: skip
    run("init")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            [BIN / "superset", "run", "--port", str(port), "--with-threads"],
            env=known, stdout=log, stderr=log,
        )  # fmt: skip
    found = Superset(f"http://127.0.0.1:{port}")
    wait_for(found, process)
    yield found
    process.terminate()
    process.wait(30)


def wait_for(superset: Superset, process: subprocess.Popen[bytes]) -> None:
    """Log in as soon as it answers."""
    deadline = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            superset.log_in()
        except OSError:
            time.sleep(1)
        else:
            return
    pytest.fail("Superset does not answer")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("dialect", ["postgresql+psycopg2", "redshift+psycopg2"])
def test_a_chart_of_predictions(server: Server, superset: Superset, dialect: str) -> None:
    uri = (
        f"{dialect}://{server.user}:{server.password}@{server.host}:{server.port}/dev"
        "?sslmode=disable"
    )
    named = {"database_name": dialect, "sqlalchemy_uri": uri}
    assert superset.call("database/test_connection/", named)["message"] == "OK"
    database = superset.call("database/", named | {"expose_in_sqllab": True})["id"]
    tables = superset.call(f"database/{database}/tables/?q=(force:!t,schema_name:public)")
    assert "points" in {table["value"] for table in tables["result"]}
    assert column_types(superset, database) == [
        "BIGINT",
        "BIGINT",
        "DOUBLE_PRECISION",
        "BOOLEAN",
        "INTEGER",
    ]
    dataset = superset.call("dataset/", {
        "database": database, "schema": "public", "table_name": f"scored by {dialect}",
        "sql": f"SELECT a, {server.predict}(a, b, c) AS predicted FROM points",
    })["id"]  # fmt: skip
    wanted = expected(server)
    assert charted(superset, dataset) == wanted
    screenshot = SCREENSHOTS / f"{dialect.partition('+')[0]}.png"
    bars = look(superset, chart(superset, dataset), screenshot)
    assert len(bars) == len(wanted)
    pixels = bars[-1] / wanted[-1][1]
    assert bars == pytest.approx([count * pixels for _, count in wanted], abs=3)
    assert screenshot.stat().st_size > 5_000


METRIC = {"expressionType": "SQL", "sqlExpression": "SUM(predicted)", "label": "buyers"}


def expected(server: Server) -> list[tuple[int, int]]:
    """What the chart shows, asked for without Superset."""
    with psycopg.connect(
        host=server.host, port=server.port, user=server.user, password=server.password, dbname="dev"
    ) as connection:
        asked = f"SELECT a, SUM({server.predict}(a, b, c)) FROM points GROUP BY a ORDER BY a"
        return [(a, int(count)) for a, count in connection.execute(asked)]


def column_types(superset: Superset, database: int) -> list[str]:
    """The types of the table's columns as Superset reads them."""
    found = superset.call(f"database/{database}/table_metadata/?name=points&schema=public")
    return [column["type"] for column in found["columns"]]


def charted(superset: Superset, dataset: int) -> list[tuple[int, int]]:
    """The data of a chart."""
    query = {"columns": ["a"], "metrics": [METRIC], "orderby": [["a", True]], "row_limit": 100}
    found = superset.call("chart/data", {
        "datasource": {"id": dataset, "type": "table"}, "force": True, "queries": [query],
        "result_format": "json", "result_type": "full",
    })  # fmt: skip
    return [(row["a"], row["buyers"]) for row in found["result"][0]["data"]]


def chart(superset: Superset, dataset: int) -> int:
    """A chart with a bar for each value of ``a``."""
    kind = "echarts_timeseries_bar"
    shown = {
        "viz_type": kind, "datasource": f"{dataset}__table", "x_axis": "a", "metrics": [METRIC],
        "groupby": [], "adhoc_filters": [], "row_limit": 100, "x_axis_sort_asc": True,
    }  # fmt: skip
    found = superset.call("chart/", {
        "slice_name": "buyers", "viz_type": kind, "datasource_id": dataset,
        "datasource_type": "table", "params": json.dumps(shown),
    })  # fmt: skip
    return int(found["id"])


def look(superset: Superset, number: int, screenshot: Path) -> list[int]:
    """The heights of the bars that a browser shows."""
    screenshot.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [BIN / "python", Path(__file__).with_name("look.py"), superset.address, "admin", PASSWORD,
         str(number), screenshot],
        capture_output=True, text=True, timeout=400,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))

"""dbt through both of its adapters, in an environment of its own: everything a project does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from clients_support import driver, tool

psycopg = driver("psycopg")
DBT = tool("dbt", "clients-dbt/bin")
PROJECT = Path(__file__).with_name("dbt_project")
pytestmark = [pytest.mark.slow_client, pytest.mark.timeout(600)]


@dataclass(frozen=True)
class Project:
    """A copy of the project, and the schema that its target builds in."""

    folder: Path
    target: str
    server: Any

    @property
    def schema(self) -> str:
        return f"by_{self.target}"

    def dbt(self, *arguments: str, **variables: Any) -> dict[str, str]:
        """Run a command that has to succeed; the status of each node."""
        server = self.server
        done = subprocess.run(
            [DBT, "--no-version-check", *arguments, "--target", self.target, "--vars", json.dumps(variables)],
            cwd=self.folder, capture_output=True, text=True, timeout=280,
            env=os.environ | {
                "DBT_PROFILES_DIR": str(self.folder), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
                "VESTO_HOST": server.host, "VESTO_PORT": str(server.port),
                "VESTO_USER": server.user, "VESTO_PASSWORD": server.password,
            },
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        results = json.loads((self.folder / "target" / "run_results.json").read_text())["results"]
        return {each["unique_id"].split(".")[2]: each["status"] for each in results}

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        server = self.server
        with psycopg.connect(
            host=server.host, port=server.port, user=server.user, password=server.password,
            dbname=server.database, autocommit=True,
        ) as connection:  # fmt: skip
            return connection.execute(query).fetchall()


@pytest.fixture(name="project", params=["postgres", "redshift"])
def _project(request: pytest.FixtureRequest, server: Any, tmp_path: Path) -> Project:
    shutil.copytree(PROJECT, tmp_path / "project")
    return Project(tmp_path / "project", request.param, server)


def test_a_project_is_built_twice_tested_and_documented(project: Project, model: str) -> None:
    assert set(project.dbt("build", predict=model).values()) == {"success", "pass"}
    schema = project.schema
    kinds = project.rows(
        "SELECT table_name, table_type FROM information_schema.tables "
        f"WHERE table_schema = '{schema}' ORDER BY 1"
    )
    assert kinds == [
        ("customers", "BASE TABLE"), ("days", "BASE TABLE"), ("history", "BASE TABLE"),
        ("known", "VIEW"), ("predicted", "BASE TABLE"),
    ]  # fmt: skip
    assert project.rows(f"SELECT id, label FROM {schema}.predicted ORDER BY id") == [
        (1, 0), (2, 1), (3, 1),
    ]  # fmt: skip

    project.rows(f"UPDATE {schema}.customers SET name = 'zoe' WHERE id = 1 RETURNING id")
    ran = project.dbt("run", "--exclude", "customers", predict=model, round=2)
    assert ran == {"known": "success", "predicted": "success", "days": "success"}
    assert project.rows(f"SELECT id, round FROM {schema}.days ORDER BY id") == [
        (1, 1), (2, 1), (3, 2), (4, 2),
    ]  # fmt: skip
    assert project.dbt("snapshot", predict=model) == {"history": "success"}
    assert project.rows(
        f"SELECT name, dbt_valid_to IS NULL FROM {schema}.history WHERE id = 1 ORDER BY 2"
    ) == [("ann", False), ("zoe", True)]

    project.dbt("docs", "generate", predict=model)
    documents = json.loads((project.folder / "target" / "catalog.json").read_text())
    assert documents["errors"] is None
    columns = documents["nodes"]["model.shop.predicted"]["columns"]
    assert [(name.lower(), each["index"]) for name, each in columns.items()] == [
        ("id", 1),
        ("label", 2),
    ]
    assert documents["nodes"]["model.shop.known"]["metadata"]["type"].upper() == "VIEW"

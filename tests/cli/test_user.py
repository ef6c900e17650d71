"""``vesto user``."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import vesto
from vesto.access.passwords import matches
from vesto.cli.main import app
from vesto.errors import InvalidParameterValue


def run(*words: str, given: str = "") -> str:
    done = CliRunner().invoke(app, ["user", *words], input=given, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_user_is_added_with_a_password_that_is_shown_once(path: Path) -> None:
    shown = run("add", str(path), "ann", "--superuser")
    password = shown.split("password: ")[1].strip()
    assert "ann" in run("list", str(path))
    assert password not in run("list", str(path))
    with vesto.connect(path, user="ann") as session:
        known = session.warehouse.verifiers("ann")
        assert known is not None
        assert matches(password, known, "ann")
        assert session.execute("SELECT current_user").rows() == [("ann",)]
    run("drop", str(path), "ann")
    assert "ann" not in run("list", str(path))


def test_a_password_is_read_from_standard_input(path: Path) -> None:
    run("add", str(path), "o'b", "--no-password")
    assert "Secret12" not in run(
        "password", str(path), "o'b", "--password-stdin", given="Secret12\n"
    )
    with vesto.connect(path) as session:
        known = session.warehouse.verifiers("o'b")
        assert known is not None
        assert matches("Secret12", known, "o'b")
    with pytest.raises(InvalidParameterValue, match="uppercase"):
        run("password", str(path), "o'b", "--password-stdin", given="secret12\n")
    empty = CliRunner().invoke(app, ["user", "add", str(path), "x", "--password-stdin"], input="")
    assert empty.exit_code != 0

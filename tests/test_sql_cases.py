"""Runs ``tests/sql/*.test``: text cases that anyone can write.

A case is a line ``ok``, ``error SQLSTATE``, ``rows``, ``set`` (rows in any order) or ``some`` (at least
one row), the statement, and after ``----`` the expected rows, columns separated by a bar. ``NULL`` is a
NULL. Cases of a file share a warehouse.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from sql_cases import cases, check

import vesto

FOLDER = Path(__file__).parent / "sql"


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.test")), ids=lambda file: file.stem)
@pytest.mark.parametrize("locked", [False, True], ids=["home", "locked"])
def test_every_case_of_the_file_holds(file: Path, path: Path, locked: bool) -> None:
    with vesto.connect(path, locked=locked) as session:
        for case in cases(file):
            check(session, case)

"""Runs ``tests/sql/*.test``: text cases that anyone can write.

A case is a line ``ok``, ``error SQLSTATE`` or ``rows``, the statement, and after ``----`` the
expected rows, columns separated by a bar. ``NULL`` is a NULL. Cases of a file share a warehouse.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import vesto
from vesto.cli.output import shown

FOLDER = Path(__file__).parent / "sql"


@dataclass(frozen=True)
class Case:
    kind: str
    sql: str
    expected: tuple[str, ...]
    place: str


def cases(file: Path) -> Iterator[Case]:
    blocks = file.read_text().split("\n\n")
    line = 1
    for block in blocks:
        lines = [text for text in block.splitlines() if not text.startswith("#")]
        if lines:
            kind, *rest = lines
            cut = rest.index("----") if "----" in rest else len(rest)
            yield Case(kind, "\n".join(rest[:cut]), tuple(rest[cut + 1 :]), f"{file.name}:{line}")
        line += block.count("\n") + 2


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.test")), ids=lambda file: file.stem)
@pytest.mark.parametrize("locked", [False, True], ids=["home", "locked"])
def test_every_case_of_the_file_holds(file: Path, path: Path, locked: bool) -> None:
    with vesto.connect(path, locked=locked) as session:
        for case in cases(file):
            check(session, case)


def check(session: vesto.Session, case: Case) -> None:
    if case.kind.startswith("error"):
        with pytest.raises(vesto.VestoError) as caught:
            session.execute(case.sql).rows()
        assert caught.value.sqlstate == case.kind.split()[1], case.place
        return
    result = session.execute(case.sql)
    if case.kind == "rows":
        found = ["|".join("NULL" if v is None else shown(v) for v in row) for row in result]
        assert tuple(found) == case.expected, case.place
    else:
        assert case.kind == "ok", f"{case.place}: unknown kind {case.kind}"

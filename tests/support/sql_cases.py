"""Cases of text files: a line that says what is expected, a statement, and after ``----`` its rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import vesto
from vesto.cli.output import shown


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


def check(session: vesto.Session, case: Case) -> None:
    if case.kind.startswith("error"):
        with pytest.raises(vesto.VestoError) as caught:
            session.execute(case.sql).rows()
        assert caught.value.sqlstate == case.kind.split()[1], case.place
        return
    result = session.execute(case.sql)
    if case.kind == "ok":
        return
    found = ["|".join("NULL" if v is None else shown(v) for v in row) for row in result]
    if case.kind == "rows":
        assert tuple(found) == case.expected, case.place
    elif case.kind == "set":
        assert sorted(found) == sorted(case.expected), case.place
    else:
        assert case.kind == "some", f"{case.place}: unknown kind {case.kind}"
        assert found, case.place

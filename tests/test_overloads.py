"""Models of one schema whose functions share a name and differ in the number of arguments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests_support import POINTS, SMALL_MODEL

import vesto
from vesto.errors import DuplicateFunction, VestoError

SHORT_MODEL = SMALL_MODEL.format(name="short", function="f").replace(
    "SELECT a, b, c,", "SELECT a, b,"
)
SCORES = "SELECT avg(f(a, b, c)::float8), avg(f(a, b)::float8) FROM points"


@pytest.fixture
def session(tmp_path: Path) -> Iterator[vesto.Session]:
    with vesto.connect(tmp_path / "shop") as session:
        session.execute(POINTS)
        session.execute(SMALL_MODEL.format(name="long", function="f"))
        session.execute(SHORT_MODEL)
        yield session


def test_the_number_of_arguments_says_which_is_called(session: vesto.Session) -> None:
    session.execute("CREATE VIEW both AS SELECT f(a, b, c) AS l, f(a, b) AS s FROM points")
    (before,) = session.execute(SCORES).rows()
    assert session.execute("SELECT avg(l::float8), avg(s::float8) FROM both").rows() == [before]
    sizes = "SELECT count(*) FROM (SELECT f_explain(a, b) FROM points LIMIT 3)"
    assert session.execute(sizes).rows() == [(3,)]
    with pytest.raises(VestoError) as caught:
        session.execute("SELECT f(a) FROM points")
    assert caught.value.sqlstate == "42883"
    assert "takes" in caught.value.message and "3" in caught.value.message
    path = session.warehouse.path
    session.close()
    with vesto.connect(path) as again:
        assert again.execute(SCORES).rows() == [before]
        again.execute("DROP MODEL short")
        with pytest.raises(VestoError, match="takes 3 arguments, not 2"):
            again.execute("SELECT f(a, b) FROM points")
        assert again.execute("SELECT avg(f(a, b, c)::float8) FROM points").rows() == [before[:1]]


def test_as_many_arguments_are_a_duplicate(session: vesto.Session) -> None:
    with pytest.raises(DuplicateFunction, match='belongs to model "short"'):
        session.execute(SHORT_MODEL.replace("MODEL short", "MODEL other"))


def test_one_is_refreshed_beside_the_other(session: vesto.Session) -> None:
    session.execute("REFRESH MODEL short")
    assert len(session.execute(SCORES).rows()) == 1
    session.execute("DROP MODEL long")
    assert len(session.execute("SELECT f(a, b) FROM points").rows()) > 1

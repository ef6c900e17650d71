"""DB-API 2.0."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests_support import POINTS, SMALL_MODEL

from vesto import dbapi


@pytest.fixture
def connection(path: Path) -> Iterator[dbapi.Connection]:
    opened = dbapi.connect(path)
    opened.cursor().execute(POINTS)
    opened.commit()
    yield opened
    opened.close()


def count(connection: dbapi.Connection) -> int:
    row = connection.cursor().execute("SELECT count(*) FROM points").fetchone()
    assert row is not None
    return int(row[0])


def test_the_module_says_what_pep_249_asks_for() -> None:
    assert (dbapi.apilevel, dbapi.threadsafety, dbapi.paramstyle) == ("2.0", 1, "qmark")
    assert issubclass(dbapi.IntegrityError, dbapi.DatabaseError)
    assert issubclass(dbapi.DatabaseError, dbapi.Error)
    assert dbapi.DateFromTicks(0).year in {1969, 1970}
    assert dbapi.TimestampFromTicks(0).minute == dbapi.TimeFromTicks(0).minute


def test_rows_are_fetched_one_many_and_all(connection: dbapi.Connection) -> None:
    cursor = connection.cursor().execute("SELECT id FROM points WHERE id < ? ORDER BY id", [6])
    assert cursor.fetchone() == (0,)
    assert cursor.fetchmany(2) == [(1,), (2,)]
    assert cursor.fetchmany() == [(3,)]
    assert cursor.fetchall() == [(4,), (5,)]
    assert cursor.fetchone() is None


def test_the_description_has_names_and_type_codes(connection: dbapi.Connection) -> None:
    sql = "SELECT 1 AS n, 'x' AS s, date '2024-01-01' AS d, true AS b, 1.5 AS f"
    description = connection.cursor().execute(sql).description
    assert description is not None
    assert [column[0] for column in description] == ["n", "s", "d", "b", "f"]
    groups = [dbapi.NUMBER, dbapi.STRING, dbapi.DATETIME, dbapi.NUMBER, dbapi.NUMBER]
    assert [column[1] for column in description] == groups
    assert description[0][1] != dbapi.STRING


def test_a_transaction_begins_by_itself(connection: dbapi.Connection) -> None:
    connection.cursor().execute("DELETE FROM points WHERE id >= 100")
    assert count(connection) == 100
    connection.rollback()
    assert count(connection) == 600
    assert connection.cursor().execute("DELETE FROM points WHERE id >= 100").rowcount == 500
    connection.commit()
    connection.rollback()
    assert count(connection) == 100


def test_autocommit_keeps_each_statement(connection: dbapi.Connection) -> None:
    connection.autocommit = True
    connection.rollback()
    connection.cursor().execute("DELETE FROM points")
    connection.rollback()
    assert count(connection) == 0


def test_many_rows_of_parameters_are_written(connection: dbapi.Connection) -> None:
    rows = [[i, 0, 0.5, True, None] for i in (1000, 1001)]
    cursor = connection.cursor().executemany("INSERT INTO points VALUES (?, ?, ?, ?, ?)", rows)
    assert cursor.rowcount == 2
    assert count(connection) == 602


def test_a_model_is_made_and_called(connection: dbapi.Connection) -> None:
    cursor = connection.cursor()
    cursor.execute("UPDATE points SET label = 1 WHERE id = 0")
    cursor.execute(SMALL_MODEL.format(name="m", function="f"))
    cursor.execute("SELECT count(f(a, b, c)) FROM points")
    assert cursor.fetchall() == [(600,)]
    cursor.execute("DROP MODEL m")


@pytest.mark.parametrize(
    ("sql", "kind", "sqlstate"),
    [
        ("SELEC 1", dbapi.ProgrammingError, "42601"),
        ("SELECT 1/0", dbapi.DataError, "22012"),
        ("SELECT * FROM missing", dbapi.ProgrammingError, "42P01"),
        ("SELECT EXPLAIN_MODEL('m')", dbapi.ProgrammingError, "42704"),
        ("GRANT EXECUTE ON MODEL m TO u", dbapi.ProgrammingError, "42704"),
    ],
)
def test_errors_have_their_kind_and_sqlstate(
    connection: dbapi.Connection, sql: str, kind: type[dbapi.Error], sqlstate: str
) -> None:
    with pytest.raises(kind) as caught:
        connection.cursor().execute(sql).fetchall()
    assert caught.value.sqlstate == sqlstate


def test_what_is_closed_says_so(connection: dbapi.Connection) -> None:
    cursor = connection.cursor()
    with pytest.raises(dbapi.InterfaceError):
        cursor.fetchone()
    cursor.close()
    with pytest.raises(dbapi.InterfaceError):
        cursor.execute("SELECT 1")
    connection.close()
    with pytest.raises(dbapi.InterfaceError):
        connection.cursor()


def test_a_with_block_commits(path: Path) -> None:
    with dbapi.connect(path) as opened:
        opened.cursor().execute("CREATE TABLE t AS SELECT 1 AS a")
    with dbapi.connect(path) as opened:
        assert opened.cursor().execute("SELECT a FROM t").fetchall() == [(1,)]
    with dbapi.connect(path), pytest.raises(dbapi.OperationalError):
        dbapi.connect(path)

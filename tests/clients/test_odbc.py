from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from clients_support import driver, tool

pyodbc = driver("pyodbc")
# Debian's odbc-postgresql; a driver that is named by its path needs no odbcinst.ini.
LIBRARY = tool("psqlodbcw.so", "/usr/lib/x86_64-linux-gnu/odbc")
pyodbc.pooling = False

ROW = (
    1, "hé", dt.date(2020, 2, 3), Decimal("1.50"), dt.datetime(2020, 2, 3, 4, 5, 6, 500000),  # noqa: DTZ001
    1.5, 2**40, 3, True,
)  # fmt: skip


@pytest.fixture
def opened(server: Any) -> Iterator[Callable[..., Any]]:
    """Connections by the driver's options; they are closed at the end."""
    connections = []

    def connect(options: str = "", *, autocommit: bool = True, **given: str) -> Any:
        known = {"UID": server.user, "PWD": server.password} | given
        text = ";".join(f"{name}={value}" for name, value in known.items())
        connections.append(
            pyodbc.connect(
                f"DRIVER={LIBRARY};SERVER={server.host};PORT={server.port};DATABASE=dev;"
                f"SSLmode=disable;BoolsAsChar=0;{text};{options}",
                autocommit=autocommit,
            )
        )
        return connections[-1]

    with_table = connect().cursor()
    with_table.execute("DROP TABLE IF EXISTS parts")
    with_table.execute(
        "CREATE TABLE parts (i int PRIMARY KEY, v varchar(10) NOT NULL DEFAULT 'x', d date, "
        "n numeric(10,2), t timestamp, f float8, g bigint, s smallint, b boolean)"
    )
    yield connect
    for connection in connections:
        connection.close()


def filled(cursor: Any) -> None:
    cursor.execute(f"INSERT INTO parts VALUES ({', '.join('?' * len(ROW))})", ROW)


def test_values_come_back_as_they_went(opened: Callable[..., Any]) -> None:
    cursor = opened().cursor()
    filled(cursor)
    assert cursor.rowcount == 1
    cursor.execute("INSERT INTO parts (i, v, d) VALUES (?, ?, ?)", 2, "", None)
    found = cursor.execute("SELECT * FROM parts ORDER BY i").fetchall()
    assert tuple(found[0]) == ROW
    assert tuple(found[1]) == (2, "", *[None] * 7)
    types = [column[1] for column in cursor.description]
    assert types == [int, str, dt.date, Decimal, dt.datetime, float, int, int, bool]
    asked = "SELECT i FROM parts WHERE v = ? AND d = ? AND n > ? AND i IN (?, ?)"
    assert cursor.execute(asked, ROW[1], ROW[2], Decimal("1.25"), 1, 2).fetchval() == 1
    cursor.executemany("INSERT INTO parts (i) VALUES (?)", [(k,) for k in range(10, 30)])
    assert cursor.execute("SELECT count(*) FROM parts WHERE v = 'x'").fetchval() == 20


def test_a_prediction_is_a_column(server: Any, opened: Callable[..., Any]) -> None:
    cursor = opened().cursor()
    found = cursor.execute(f"SELECT a, {server.predict}(a, b, c) FROM points WHERE a = ?", 6)
    assert {tuple(row) for row in found} == {(6, 1)}


def test_the_catalogue(opened: Callable[..., Any]) -> None:
    cursor = opened().cursor()
    assert [tuple(row)[:4] for row in cursor.tables(table="parts")] == [
        ("dev", "public", "parts", "TABLE")
    ]
    assert ("public", "points") in {(r[1], r[2]) for r in cursor.tables(tableType="TABLE")}
    columns = [(row.column_name, row.type_name, row.nullable) for row in cursor.columns("parts")]
    assert columns[:4] == [
        ("i", "int4", 0), ("v", "varchar", 0), ("d", "date", 1), ("n", "numeric", 1),
    ]  # fmt: skip
    (declared,) = cursor.columns("parts", column="v").fetchall()
    assert (declared.column_size, declared.column_def) == (10, "'x'")
    keys = [(row.column_name, row.key_seq, row.pk_name) for row in cursor.primaryKeys("parts")]
    assert keys == [("i", 1, "parts_pkey")]
    unique = cursor.statistics("parts", unique=True).fetchall()
    assert [(row.index_name, row.column_name) for row in unique] == [("parts_pkey", "i")]
    assert cursor.foreignKeys(foreignTable="parts").fetchall() == []
    assert "public" in {row[1] for row in cursor.tables(catalog="", schema="%", table="")}
    assert "int4" in {row.type_name for row in cursor.getTypeInfo()}


def test_rows_come_in_parts_where_declare_and_fetch_are_asked_for(
    opened: Callable[..., Any],
) -> None:
    connection = opened("UseDeclareFetch=1;Fetch=1000", autocommit=False)
    cursor = connection.cursor()
    rows = cursor.execute("SELECT i, i * 2 FROM generate_series(1, 100000) t(i)")
    count = 0
    for first, second in rows:
        count += 1
        assert (first, second) == (count, count * 2)
    assert count == 100_000
    few = cursor.execute("SELECT i FROM generate_series(1, 100000) t(i) WHERE i > ?", 5)
    assert [row[0] for row in few.fetchmany(3)] == [6, 7, 8]
    connection.commit()
    assert cursor.execute("SELECT count(*) FROM points").fetchval() == 600


def test_transactions_are_kept_or_undone(opened: Callable[..., Any]) -> None:
    connection = opened(autocommit=False)
    cursor = connection.cursor()
    filled(cursor)
    connection.rollback()
    assert cursor.execute("SELECT count(*) FROM parts").fetchval() == 0
    filled(cursor)
    connection.commit()
    assert opened().execute("SELECT count(*) FROM parts").fetchval() == 1


# The driver's default undoes a failed statement alone, by savepoints, which Redshift does not have.
@pytest.mark.parametrize("options", ["", "Protocol=7.4-1;UseDeclareFetch=1"])
def test_errors_have_their_state_and_leave_the_connection_usable(
    opened: Callable[..., Any], options: str
) -> None:
    connection = opened(options, autocommit=not options)
    cursor = connection.cursor()
    failing = {
        "SELECT nope FROM parts": "42703", "SELECT * FROM nothing": "42P01",
        "SELECT FROM WHERE": "42601", "SELECT 'one'::int": "22P02",
    }  # fmt: skip
    for text, state in failing.items():
        with pytest.raises(pyodbc.Error) as caught:
            cursor.execute(text).fetchall()
        assert caught.value.args[0] == state
        connection.rollback()
        assert cursor.execute("SELECT 1").fetchval() == 1


def test_a_wrong_password_is_refused(opened: Callable[..., Any]) -> None:
    with pytest.raises(pyodbc.Error, match="password authentication failed"):
        opened(PWD="wrong")

from __future__ import annotations

import datetime as dt
import io
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from clients_support import driver

psycopg2 = driver("psycopg2")

COLUMNS = (
    "i int, b bigint, n numeric(10,2), v varchar(20), d date, ts timestamp, tz timestamptz, "
    "f float8, bo boolean"
)
MOMENT = dt.datetime(2020, 1, 1, 10, 0, 0, 250000)  # noqa: DTZ001 - it has none
ROW = (
    1, 2**40, Decimal("1.23"), "hé\t\\'", dt.date(2020, 2, 3), MOMENT,
    MOMENT.replace(tzinfo=dt.UTC), 1.5, True,
)  # fmt: skip


@pytest.fixture
def connection(server: Any) -> Iterator[Any]:
    opened = psycopg2.connect(
        host=server.host, port=server.port, user=server.user, password=server.password,
        dbname=server.database, sslmode="disable",
    )  # fmt: skip
    opened.autocommit = True
    with opened.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS wares; CREATE TABLE wares ({COLUMNS})")
    yield opened
    opened.close()


def test_values_come_back_as_they_went(connection: Any) -> None:
    values = ", ".join(["%s"] * len(ROW))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO wares VALUES ({values})", ROW)
        cursor.execute(f"INSERT INTO wares VALUES ({values})", (None,) * len(ROW))
        assert cursor.rowcount == 1
        cursor.execute("SELECT * FROM wares ORDER BY i NULLS LAST")
        assert [column.name for column in cursor.description[:3]] == ["i", "b", "n"]
        assert cursor.fetchall() == [ROW, (None,) * len(ROW)]


def test_values_cannot_leave_their_place(connection: Any) -> None:
    hostile = "it's \\' or 1=1 -- \\"
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s, %s", (hostile, 1))
        assert cursor.fetchone() == (hostile, 1)


def test_many_rows_at_once(connection: Any) -> None:
    extras = driver("psycopg2.extras")
    with connection.cursor(cursor_factory=extras.RealDictCursor) as cursor:
        extras.execute_values(
            cursor, "INSERT INTO wares (i, v) VALUES %s", [(k, "m") for k in range(250)]
        )
        extras.execute_batch(
            cursor, "INSERT INTO wares (i) VALUES (%s)", [(k,) for k in range(250, 300)]
        )
        cursor.execute("SELECT count(*) AS found, max(i) AS most FROM wares")
        assert dict(cursor.fetchone()) == {"found": 300, "most": 299}


def test_a_server_side_cursor_takes_rows_in_parts(connection: Any) -> None:
    connection.autocommit = False
    with connection.cursor("numbers") as cursor:
        cursor.itersize = 7
        cursor.execute("SELECT i FROM generate_series(1, 20) t(i)")
        assert [row[0] for row in cursor] == list(range(1, 21))
    connection.rollback()


def test_errors_and_transactions(connection: Any) -> None:
    connection.autocommit = False
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO wares (i) VALUES (7)")
        with pytest.raises(psycopg2.errors.UndefinedColumn) as caught:
            cursor.execute("SELECT nope FROM wares")
        assert caught.value.diag.severity == "ERROR"
        with pytest.raises(psycopg2.errors.InFailedSqlTransaction):
            cursor.execute("SELECT 1")
        connection.rollback()
        cursor.execute("SELECT count(*) FROM wares")
        assert cursor.fetchone() == (0,)
    with connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO wares (i) VALUES (8)")
    connection.set_session(readonly=True, autocommit=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT i FROM wares")
        assert cursor.fetchall() == [(8,)]


def test_copy_takes_rows_in_and_out(connection: Any) -> None:
    with connection.cursor() as cursor:
        cursor.copy_expert("COPY wares (i, v) FROM STDIN WITH CSV", io.StringIO('1,"a, b"\n2,\n'))
        assert cursor.rowcount == 2
        cursor.copy_from(io.StringIO("3\tc\n4\t\\N\n"), "wares", columns=("i", "v"))
        out = io.StringIO()
        cursor.copy_expert("COPY (SELECT i, v FROM wares ORDER BY i) TO STDOUT", out)
        assert out.getvalue() == "1\ta, b\n2\t\\N\n3\tc\n4\t\\N\n"


def test_cancel_ends_a_long_query(connection: Any) -> None:
    timer = threading.Timer(0.3, connection.cancel)
    timer.start()
    with connection.cursor() as cursor, pytest.raises(psycopg2.errors.QueryCanceled):
        cursor.execute(
            "SELECT count(*) FROM generate_series(1, 10000000) a(i), "
            "generate_series(1, 1000000) b(j) WHERE (i + j) % 7 = 3"
        )
    timer.join()


def test_what_the_server_says_of_itself(connection: Any) -> None:
    assert connection.server_version == 80002
    assert connection.get_parameter_status("client_encoding") == "UTF8"
    with connection.cursor() as cursor:
        cursor.execute("SHOW search_path")
        assert cursor.fetchone() == ('"$user", public',)

from __future__ import annotations

import datetime as dt
import gc
import warnings
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from clients_support import driver

redshift_connector = driver("redshift_connector")


@pytest.fixture
def connection(server: Any) -> Iterator[Any]:
    opened = redshift_connector.connect(
        host=server.host, port=server.port, user=server.user, password=server.password,
        database=server.database, ssl=False,
    )  # fmt: skip
    opened.autocommit = True
    cursor = opened.cursor()
    cursor.execute("DROP TABLE IF EXISTS goods")
    cursor.execute(
        "CREATE TABLE goods (i int, v varchar(10), d date, n numeric(10,2), ts timestamp, "
        "tz timestamptz, b boolean, f float8)"
    )
    yield opened
    opened.close()


def test_values_come_back_as_they_went(connection: Any) -> None:
    moment = dt.datetime(2020, 1, 1, 12, 30)  # noqa: DTZ001 - it has none
    row = [1, "a", dt.date(2020, 1, 1), Decimal("1.50"), moment,
           moment.replace(tzinfo=dt.UTC), True, 1.5]  # fmt: skip
    cursor = connection.cursor()
    insert = "INSERT INTO goods VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
    cursor.execute(insert, row)
    cursor.execute(insert, [None] * 8)
    cursor.execute("SELECT * FROM goods ORDER BY i NULLS LAST")
    assert list(cursor.fetchall()) == [row, [None] * 8]
    cursor.execute("SELECT i FROM goods WHERE v = %s AND i = %s", ("a", 1))
    assert list(cursor.fetchall()) == [[1]]


def test_types_that_redshift_has_alone(connection: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(
        "SELECT interval '1 day 2 hours', interval '3 months', json_parse('{\"a\":1}'), "
        "'ab'::varbyte, time '10:00'"
    )
    day, months, document, raw, time = cursor.fetchone()
    assert day == dt.timedelta(days=1, hours=2)
    assert (months.months, months.days) == (3, 0)
    assert document == '{"a":1}'
    assert raw == "ab"
    assert time == dt.time(10)


def test_errors_and_transactions(connection: Any) -> None:
    cursor = connection.cursor()
    with pytest.raises(redshift_connector.ProgrammingError) as caught:
        cursor.execute("SELECT nope FROM goods")
    assert caught.value.args[0]["C"] == "42703"
    connection.autocommit = False
    cursor.execute("INSERT INTO goods (i) VALUES (7)")
    connection.rollback()
    cursor.execute("SELECT count(*) FROM goods")
    assert list(cursor.fetchall()) == [[0]]
    cursor.executemany("INSERT INTO goods (i, v) VALUES (%s, %s)", [(k, "m") for k in range(5)])
    connection.commit()
    cursor.execute("SELECT count(*) FROM goods")
    assert list(cursor.fetchall()) == [[5]]


def test_a_wrong_password_is_refused(server: Any) -> None:
    with pytest.raises(redshift_connector.ProgrammingError, match="password authentication failed"):
        redshift_connector.connect(
            host=server.host, port=server.port, user=server.user, password="wrong", ssl=False,
            database="dev",
        )  # fmt: skip
    # The driver leaves the socket of a failed attempt to be collected.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()

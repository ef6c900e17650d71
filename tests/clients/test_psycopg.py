from __future__ import annotations

import datetime as dt
import struct
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from clients_support import driver

psycopg = driver("psycopg")

ROW = (
    1, 2**40, Decimal("1.23"), "hé\t\\", dt.date(2020, 2, 3),
    dt.datetime(2020, 1, 1, 10, 0, 0, 250000), 1.5, True,  # noqa: DTZ001 - it has none
)  # fmt: skip


@pytest.fixture
def connection(server: Any) -> Iterator[Any]:
    with psycopg.connect(
        host=server.host, port=server.port, user=server.user, password=server.password,
        dbname=server.database, autocommit=True,
    ) as opened:  # fmt: skip
        opened.execute("DROP TABLE IF EXISTS things")
        opened.execute(
            "CREATE TABLE things (i int, b bigint, n numeric(10,2), v varchar(20), d date, "
            "ts timestamp, f float8, bo boolean)"
        )
        yield opened


def filled(connection: Any) -> None:
    connection.execute("INSERT INTO things VALUES (%s, %s, %s, %s, %s, %s, %s, %s)", ROW)


@pytest.mark.parametrize("form", ["%s", "%b", "%t"])
@pytest.mark.parametrize("binary", [False, True])
def test_values_come_back_as_they_went(connection: Any, form: str, binary: bool) -> None:
    values = ", ".join([form] * len(ROW))
    connection.execute(f"INSERT INTO things VALUES ({values})", ROW)
    connection.execute(f"INSERT INTO things VALUES ({values})", (None,) * len(ROW))
    cursor = connection.cursor(binary=binary)
    found = cursor.execute("SELECT * FROM things ORDER BY i NULLS LAST").fetchall()
    assert found == [ROW, (None,) * len(ROW)]


def test_parameters_take_their_types_from_what_stands_around_them(connection: Any) -> None:
    filled(connection)
    found = connection.execute(
        "SELECT i FROM things WHERE d = %s AND v LIKE %s AND i IN (%s, %s) LIMIT %s",
        ("2020-02-03", "h%", 1, 2, 1),
    )
    assert found.fetchall() == [(1,)]
    assert connection.execute("SELECT %s, %s, %s", (1, "a", Decimal("1.230"))).fetchone() == (
        1, "a", Decimal("1.230"),
    )  # fmt: skip


@pytest.mark.parametrize("binary", [False, True])
def test_lists_are_arrays(connection: Any, binary: bool) -> None:
    filled(connection)
    cursor = connection.cursor(binary=binary)
    form = "%b" if binary else "%s"
    assert cursor.execute(f"SELECT i FROM things WHERE i = ANY({form})", ([1, 2],)).fetchall() == [
        (1,)
    ]
    assert cursor.execute(f"SELECT {form}::int[], {form}", ([1, None], [2, 3])).fetchone() == (
        [1, None], [2, 3],
    )  # fmt: skip
    names = "SELECT conkey, current_schemas(false) FROM pg_constraint WHERE conrelid = 'keyed'::regclass"
    connection.execute("CREATE TABLE IF NOT EXISTS keyed (a INT, PRIMARY KEY (a))")
    assert cursor.execute(names).fetchone() == ([1], ["public"])
    assert cursor.execute("SELECT array(1, 2)").fetchone() == ("[1,2]",)


def test_what_is_written_comes_back_described(connection: Any) -> None:
    with connection.cursor() as cursor:
        insert = "INSERT INTO things (i, v) VALUES (%s, %s) RETURNING i, v AS name"
        cursor.executemany(insert, [(1, "a"), (2, "b")], returning=True)
        assert [column.name for column in cursor.description] == ["i", "name"]
        assert cursor.fetchone() == (1, "a")
        update = "UPDATE things SET v = %s WHERE i = %s RETURNING things.v"
        assert cursor.execute(update, ("c", 1), prepare=True).fetchall() == [("c",)]
        assert cursor.execute("DELETE FROM things RETURNING *").rowcount == 2


def test_a_prepared_statement_runs_again(connection: Any) -> None:
    filled(connection)
    found = [
        connection.execute("SELECT i + %s FROM things", (k,), prepare=True).fetchone()[0]
        for k in range(8)
    ]
    assert found == list(range(1, 9))


def test_an_error_has_sqlstate_and_leaves_the_connection_usable(connection: Any) -> None:
    with pytest.raises(psycopg.errors.UndefinedColumn):
        connection.execute("SELECT nope FROM things")
    with pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute("SELECT %s FROM nothing", (1,))
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        connection.execute("SELECT * FROM things WHERE i = %s", ("one",))
    with pytest.raises(psycopg.errors.SyntaxError) as caught:
        connection.execute("SELECT FROM WHERE")
    assert caught.value.diag.severity == "ERROR"
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_failed_transaction_stays_failed_until_rollback(connection: Any) -> None:
    connection.autocommit = False
    with pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute("SELECT * FROM nothing")
    assert connection.info.transaction_status == psycopg.pq.TransactionStatus.INERROR
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        connection.execute("SELECT 1")
    connection.rollback()
    assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def test_a_transaction_is_undone(connection: Any) -> None:
    with connection.transaction(force_rollback=True):
        connection.execute("INSERT INTO things (i) VALUES (5)")
        assert connection.execute("SELECT count(*) FROM things").fetchone() == (1,)
    assert connection.execute("SELECT count(*) FROM things").fetchone() == (0,)


def test_many_rows_and_pipelines(connection: Any) -> None:
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO things (i) VALUES (%s)", [(k,) for k in range(20)])
        assert cursor.rowcount == 20
    with connection.pipeline():
        first, second = connection.execute("SELECT 1"), connection.execute("SELECT 2")
        assert (first.fetchone(), second.fetchone()) == ((1,), (2,))


def test_several_statements_in_one_text(connection: Any) -> None:
    cursor = connection.execute("SELECT 1; SELECT 'two'")
    assert cursor.fetchall() == [(1,)]
    assert cursor.nextset()
    assert cursor.fetchall() == [("two",)]


def test_a_server_side_cursor_takes_rows_in_parts(connection: Any) -> None:
    with connection.transaction(), connection.cursor("numbers") as cursor:
        cursor.execute("SELECT i FROM generate_series(1, 100000) t(i) WHERE i > %s", (10,))
        assert cursor.fetchmany(3) == [(11,), (12,), (13,)]
        cursor.scroll(10)
        assert cursor.fetchone() == (24,)
        assert len(cursor.fetchall()) == 100_000 - 24
    with pytest.raises(psycopg.errors.NoActiveSqlTransaction):
        connection.execute("DECLARE c CURSOR FOR SELECT 1")


@pytest.mark.parametrize("binary", [False, True])
def test_copy_takes_rows_in_and_out(connection: Any, binary: bool) -> None:
    form = "(FORMAT BINARY)" if binary else ""
    rows = [ROW, (None,) * len(ROW), (2, 3, Decimal(0), "", dt.date(1, 1, 1), None, 0.0, False)]
    with connection.cursor().copy(f"COPY things FROM STDIN {form}") as copy:
        if binary:
            copy.set_types(
                ["int4", "int8", "numeric", "varchar", "date", "timestamp", "float8", "bool"]
            )
        for row in rows:
            copy.write_row(row)
    assert connection.execute("SELECT * FROM things ORDER BY i NULLS LAST").fetchall() == [
        rows[0], rows[2], rows[1],
    ]  # fmt: skip
    with connection.cursor().copy(f"COPY (SELECT i, v FROM things) TO STDOUT {form}") as copy:
        copy.set_types(["int4", "varchar"])
        assert sorted(copy.rows(), key=str) == sorted([(r[0], r[3]) for r in rows], key=str)


def test_copy_as_csv(connection: Any) -> None:
    text = 'i,v\n1,"a ""b"", c"\n2,\n3,""\n4,"two\nlines"\n'
    with connection.cursor().copy("COPY things (i, v) FROM STDIN WITH CSV HEADER") as copy:
        copy.write(text)
    query = "COPY (SELECT i, v FROM things ORDER BY i) TO STDOUT WITH (FORMAT csv, HEADER)"
    with connection.cursor().copy(query) as copy:
        assert b"".join(bytes(piece) for piece in copy).decode() == text


def test_a_copy_that_fails_leaves_nothing(connection: Any) -> None:
    with (
        pytest.raises(psycopg.errors.DataError),
        connection.cursor().copy("COPY things (i) FROM STDIN") as copy,
    ):
        copy.write("1\ntwo\n")
    assert connection.execute("SELECT count(*) FROM things").fetchone() == (0,)


def test_cancel_ends_a_long_query(connection: Any) -> None:
    timer = threading.Timer(0.3, connection.cancel_safe)
    timer.start()
    with pytest.raises(psycopg.errors.QueryCanceled):
        connection.execute(
            "SELECT count(*) FROM generate_series(1, 10000000) a(i), "
            "generate_series(1, 1000000) b(j) WHERE (i + j) % 7 = 3"
        )
    timer.join()
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_wrong_password_is_refused(server: Any) -> None:
    for user, password in (("vesto", "wrong"), ("nobody", server.password)):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(
                host=server.host, port=server.port, user=user, password=password, dbname="dev"
            )


@pytest.mark.parametrize("binary", [False, True])
def test_the_catalogue_has_numbers_and_letters_of_its_own_types(
    connection: Any, binary: bool
) -> None:
    connection.execute("CREATE TABLE IF NOT EXISTS seen (a INT)")
    asked = "SELECT oid, relkind, relname FROM pg_class WHERE relname = %s"
    with connection.cursor(binary=binary) as cursor:
        cursor.execute(asked, ["seen"])
        assert [column.type_code for column in cursor.description[:2]] == [26, 18]
        number, letter, name = cursor.fetchone()
        assert number > 0
        assert letter in {"r", b"r"}
        assert name == "seen"


@pytest.mark.parametrize("binary", [False, True])
def test_the_catalogue_has_arrays_and_vectors(connection: Any, binary: bool) -> None:
    connection.execute("DROP TABLE IF EXISTS keyed_by_two")
    connection.execute("CREATE TABLE keyed_by_two (a INT, b INT, c INT, PRIMARY KEY (c, a))")
    asked = "SELECT conkey, conkey[1] FROM pg_constraint WHERE conrelid = 'keyed_by_two'::regclass"
    assert connection.cursor(binary=binary).execute(asked).fetchall() == [([3, 1], 3)]
    asked = "SELECT indkey, indkey[2 - 1] FROM pg_index WHERE indrelid = 'keyed_by_two'::regclass"
    ((vector, last),) = connection.cursor(binary=binary).execute(asked).fetchall()
    numbers = b"".join(struct.pack("!ih", 2, number) for number in (3, 1))
    assert vector == (struct.pack("!5i", 1, 0, 21, 2, 0) + numbers if binary else "3 1")
    assert last == 1


def test_statements_and_savepoints_of_sql(connection: Any) -> None:
    connection.execute("PREPARE twice (int) AS SELECT $1 * 2")
    assert connection.execute("EXECUTE twice (21)").fetchone() == (42,)
    connection.execute("DEALLOCATE twice")
    with connection.transaction(), connection.transaction():
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(psycopg.errors.InvalidSqlStatementName):
        connection.execute("EXECUTE twice (21)")

from __future__ import annotations

import asyncio
import datetime as dt
import io
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest
from clients_support import driver

asyncpg = driver("asyncpg")

Work = Callable[[Any], Awaitable[None]]


@pytest.fixture
def running(server: Any) -> Callable[[Work], None]:
    """Run a coroutine with a connection."""

    async def connected(work: Work) -> None:
        connection = await asyncpg.connect(
            host=server.host, port=server.port, user=server.user, password=server.password,
            database=server.database,
        )  # fmt: skip
        try:
            await connection.execute("DROP TABLE IF EXISTS parts")
            await connection.execute(
                "CREATE TABLE parts (i int, v varchar(10), d date, n numeric(10,2), "
                "ts timestamptz, b boolean, f float8)"
            )
            await work(connection)
        finally:
            await connection.close()

    return lambda work: asyncio.run(connected(work))


def test_rows_by_parameters_whose_types_the_server_tells(running: Callable[[Work], None]) -> None:
    moment = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    row = (1, "a", dt.date(2020, 1, 1), Decimal("1.50"), moment, True, 1.5)

    async def work(connection: Any) -> None:
        await connection.execute("INSERT INTO parts VALUES ($1, $2, $3, $4, $5, $6, $7)", *row)
        found = await connection.fetch("SELECT * FROM parts WHERE i = $1", 1)
        assert [tuple(each) for each in found] == [row]
        between = "SELECT i FROM parts WHERE d BETWEEN $1 AND $2 LIMIT $3"
        dates = (dt.date(2019, 1, 1), dt.date(2021, 1, 1))
        assert await connection.fetchval(between, *dates, 5) == 1
        assert (
            await connection.execute("UPDATE parts SET v = $1 WHERE i = $2", "b", 1) == "UPDATE 1"
        )

    running(work)


def test_transactions_cursors_and_many_rows(running: Callable[[Work], None]) -> None:
    async def work(connection: Any) -> None:
        await connection.executemany(
            "INSERT INTO parts (i, v) VALUES ($1, $2)", [(k, "m") for k in range(20)]
        )
        async with connection.transaction():
            found = [row["i"] async for row in connection.cursor("SELECT i FROM parts ORDER BY i")]
        assert found == list(range(20))
        with pytest.raises(asyncpg.UndefinedColumnError):
            await connection.fetch("SELECT nope FROM parts")
        assert await connection.fetchval("SELECT 2") == 2

    running(work)


def test_copy_in_binary_and_out_as_csv(running: Callable[[Work], None]) -> None:
    async def work(connection: Any) -> None:
        rows = [(1, "a"), (2, None), (3, "x,y")]
        await connection.copy_records_to_table("parts", records=rows, columns=["i", "v"])
        out = io.BytesIO()
        query = "SELECT i, v FROM parts ORDER BY i"
        await connection.copy_from_query(query, output=out, format="csv")
        assert out.getvalue() == b'1,a\n2,\n3,"x,y"\n'

    running(work)


def test_a_timeout_cancels_the_query(running: Callable[[Work], None]) -> None:
    async def work(connection: Any) -> None:
        long = (
            "SELECT count(*) FROM generate_series(1, 10000000) a(i), "
            "generate_series(1, 1000000) b(j) WHERE (i + j) % 7 = 3"
        )
        with pytest.raises(TimeoutError):
            await connection.fetch(long, timeout=0.3)
        assert await connection.fetchval("SELECT 2") == 2

    running(work)


def test_lists_documents_and_what_is_written_come_back(running: Callable[[Work], None]) -> None:
    async def work(connection: Any) -> None:
        insert = "INSERT INTO parts (i, v) VALUES ($1, $2) RETURNING i, v"
        assert tuple(await connection.fetchrow(insert, 1, "a")) == (1, "a")
        assert await connection.fetchval("SELECT v FROM parts WHERE i = ANY($1)", [1, 2]) == "a"
        assert await connection.fetchval("SELECT $1::int[]", [1, None]) == [1, None]
        inner = "SELECT t.i FROM (SELECT i, v FROM parts) t WHERE t.i = $1"
        assert await connection.fetchval(inner, 1) == 1
        assert await connection.fetchval("SELECT array(1, 2)") == "[1,2]"
        await connection.execute("CREATE TABLE IF NOT EXISTS indexed (a int PRIMARY KEY)")
        vector = "SELECT indkey FROM pg_index WHERE indrelid = 'indexed'::regclass"
        assert await connection.fetchval(vector) == [1]

    running(work)

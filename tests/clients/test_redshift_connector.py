from __future__ import annotations

import datetime as dt
import gc
import warnings
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pandas as pd
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


# --- Metadata -------------------------------------------------------------------------------------


DESCRIBED = """
DROP SCHEMA IF EXISTS described CASCADE;
CREATE SCHEMA described;
CREATE TABLE described.owner (id int PRIMARY KEY, name varchar(20) NOT NULL);
CREATE TABLE described.pet (id int, owner_id int REFERENCES described.owner (id),
  born date DEFAULT '2020-01-01', weight numeric(8,2));
CREATE VIEW described.light AS SELECT id FROM described.pet WHERE weight < 5;
CREATE FUNCTION described.twice (int) RETURNS int STABLE AS $$ SELECT $1 * 2 $$ LANGUAGE sql
"""


@pytest.fixture
def described(connection: Any) -> Any:
    """A cursor, and tables with keys in a schema of their own."""
    cursor = connection.cursor()
    for statement in DESCRIBED.split(";"):
        cursor.execute(statement)
    return cursor


def named(cursor: Any, rows: Any) -> list[dict[str, Any]]:
    """The rows of a metadata method, by the names that its cursor tells."""
    names = [column[0].lower() for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in rows]


def test_schemas_catalogs_and_types_of_tables(described: Any) -> None:
    assert ["described"] in [row[:1] for row in described.get_schemas()]
    assert list(described.get_catalogs()) == [["dev"]]
    assert {row[0] for row in described.get_table_types()} >= {"TABLE", "VIEW"}


def test_tables_and_columns(described: Any) -> None:
    rows = named(
        described, described.get_tables(schema_pattern="described", types=["TABLE", "VIEW"])
    )
    tables = {(row["table_name"], row["table_type"]) for row in rows}
    assert tables == {("owner", "TABLE"), ("pet", "TABLE"), ("light", "VIEW")}
    rows = described.get_columns(schema_pattern="described", tablename_pattern="pet")
    columns = [
        (row["column_name"], row["data_type"], row["column_size"], row["ordinal_position"])
        for row in named(described, rows)
    ]
    assert [(name, place) for name, _, _, place in columns] == [
        ("id", 1), ("owner_id", 2), ("born", 3), ("weight", 4),
    ]  # fmt: skip
    assert columns[3][2] == 8


@pytest.mark.slow_client
def test_keys(described: Any) -> None:
    rows = named(described, described.get_primary_keys(schema="described", table="owner"))
    assert [(row["table_name"], row["column_name"], row["key_seq"]) for row in rows] == [
        ("owner", "id", 1),
    ]  # fmt: skip
    imported = named(described, described.get_imported_keys(schema="described", table="pet"))
    exported = named(described, described.get_exported_keys(schema="described", table="owner"))
    for rows in (imported, exported):
        assert [(row["pktable_name"], row["pkcolumn_name"], row["fktable_name"], row["fkcolumn_name"])
                for row in rows] == [("owner", "id", "pet", "owner_id")]  # fmt: skip
    best = named(
        described, described.get_best_row_identifier(None, "described", "owner", 1, nullable=False)
    )
    assert [row["column_name"] for row in best] == ["id"]


@pytest.mark.slow_client
def test_functions_and_procedures(described: Any) -> None:
    rows = named(described, described.get_functions(schema_pattern="described"))
    assert [row["function_name"] for row in rows] == ["twice"]
    rows = named(described, described.get_function_columns(schema_pattern="described"))
    assert {row["function_name"] for row in rows} == {"twice"}
    assert list(described.get_procedures(schema_pattern="described")) == []
    assert list(described.get_procedure_columns(schema_pattern="described")) == []


@pytest.mark.slow_client
def test_privileges(described: Any) -> None:
    described.execute("DROP USER IF EXISTS pat")
    described.execute("CREATE USER pat PASSWORD DISABLE")
    described.execute("GRANT SELECT ON described.pet TO pat")
    described.execute("GRANT SELECT (name) ON described.owner TO pat")
    rows = named(described, described.get_table_privileges(None, "described", "pet"))
    granted = [(row["grantee"], row["privilege"], row["is_grantable"]) for row in rows]
    assert granted == [("pat", "SELECT", "NO")]
    rows = named(described, described.get_column_privileges(None, "described", "owner", "%"))
    assert [(row["column_name"], row["grantee"], row["privilege"]) for row in rows] == [
        ("name", "pat", "SELECT"),
    ]  # fmt: skip


# --- Data frames ----------------------------------------------------------------------------------


def test_data_frames_go_in_and_come_back(connection: Any) -> None:
    frame = pd.DataFrame(
        {"i": [1, 2, 3], "v": ["a", "b'", None], "f": [0.5, 1.5, 2.5]}, dtype=object
    )
    cursor = connection.cursor()
    cursor.execute("DROP TABLE IF EXISTS framed")
    cursor.execute("CREATE TABLE framed (i int, v varchar(10), f float8)")
    cursor.write_dataframe(frame, "framed")
    cursor.execute("SELECT * FROM framed ORDER BY i")
    found = cursor.fetch_dataframe()
    assert found["i"].tolist() == [1, 2, 3]
    assert found["v"].tolist()[:2] == ["a", "b'"]
    assert found["v"].isna().tolist() == [False, False, True]
    assert found["f"].tolist() == [0.5, 1.5, 2.5]
    cursor.execute("SELECT i FROM framed ORDER BY i")
    assert cursor.fetch_numpy_array().ravel().tolist() == [1, 2, 3]


def test_a_query_predicts(connection: Any, model: str) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SELECT {model}(a, b, c), label FROM points WHERE id < %s", (100,))
    rows = cursor.fetchall()
    assert len(rows) == 100
    assert sum(predicted == label for predicted, label in rows) > 80

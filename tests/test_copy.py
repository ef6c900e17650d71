"""COPY and UNLOAD: real files, a real store that speaks S3, and what goes wrong.

Expected behaviour: Amazon Redshift Database Developer Guide, "COPY", "UNLOAD", "STL_LOAD_ERRORS".
"""

from __future__ import annotations

import bz2
import gzip
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from moto.server import ThreadedMotoServer

import vesto
from vesto.loader.process import Answer

ROWS = [(1, "ann"), (2, None), (3, "eve")]


@pytest.fixture
def shop(path: Path) -> Iterator[vesto.Session]:
    with vesto.connect(path) as session:
        session.execute("CREATE TABLE t (id INT, name VARCHAR(8))")
        yield session


def failing(session: vesto.Session, sql: str) -> vesto.VestoError:
    with pytest.raises(vesto.VestoError) as caught:
        session.execute(sql)
    return caught.value


def rows(
    session: vesto.Session, sql: str = "SELECT * FROM t ORDER BY 1, 2"
) -> list[tuple[object, ...]]:
    return session.execute(sql).rows()


TEXTS = {
    "bars and no options": ("1|ann\n2|\\N\n3|eve\n", ""),
    "a delimiter": ("1;ann\n2;\\N\n3;eve\n", "DELIMITER ';'"),
    "a delimiter by its code": ("1\tann\n2\t\\N\n3\teve\n", "DELIMITER AS '\\\\011'"),
    "a header": ("id|name\n1|ann\n2|\\N\n3|eve\n", "IGNOREHEADER 1"),
    "CSV with quotes": ('1,"ann"\n2,\\N\n"3",eve\n', "CSV"),
    "CSV with another quote": ("1,%ann%\n2,\\N\n3,eve\n", "CSV QUOTE AS '%'"),
    "another NULL": ("1|ann\n2|nil\n3|eve\n", "NULL AS 'nil'"),
    "empty as NULL": ("1|ann\n2|\n3|eve\n", "EMPTYASNULL"),
    "blanks as NULL": ("1|ann\n2|   \n3|eve\n", "BLANKSASNULL"),
    "trailing blanks": ("1|ann  \n2|\\N\n3|eve \n", "TRIMBLANKS"),
    "lines of Windows": ("1|ann\r\n2|\\N\r\n3|eve\r\n", ""),
    "a last line without an end": ("1|ann\n2|\\N\n3|eve", ""),
    "blank lines": ("1|ann\n\n2|\\N\n3|eve\n\n", "IGNOREBLANKLINES"),
    "too few fields": ("1|ann\n2\n3|eve\n", "FILLRECORD"),
    "JSON": ('{"id": 1, "name": "ann"}\n{"id": 2}\n{"id": "3", "name": "eve", "x": [1]}', "JSON 'auto'"),
    "JSON whatever the case of its keys": (
        '{"ID": 1, "Name": "ann"}\n{"Id": 2}\n{"id": 3, "name": "eve"}',
        "JSON AS 'auto ignorecase'",
    ),
    "JSON in FORMAT": ('{"id": 1, "name": "ann"} {"id": 2, "name": null} {"id": 3, "name": "eve"}',
                       "FORMAT AS JSON 'auto'"),
    "everything accepted without effect": (
        "1|ann\n2|\\N\n3|eve\n",
        "IAM_ROLE 'arn:aws:iam::1:role/r' REGION 'eu-west-1' COMPUPDATE OFF STATUPDATE ON",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "options"), TEXTS.values(), ids=TEXTS.keys())
def test_text_is_read_as_the_options_say(
    shop: vesto.Session, tmp_path: Path, text: str, options: str
) -> None:
    file = tmp_path / "rows.txt"
    file.write_bytes(text.encode())
    result = shop.execute(f"COPY t FROM '{file}' {options}")
    assert result.tag == "COPY 3"
    assert rows(shop) == ROWS


def zstd(content: bytes) -> bytes:
    return pa.compress(content, codec="zstd", asbytes=True)


@pytest.mark.parametrize(
    ("pack", "word"), [(gzip.compress, "GZIP"), (zstd, "ZSTD"), (bz2.compress, "BZIP2")]
)
def test_packed_files_are_unpacked(
    shop: vesto.Session, tmp_path: Path, pack: Callable[[bytes], bytes], word: str
) -> None:
    file = tmp_path / "rows"
    file.write_bytes(pack(b"1|ann\n2|\\N\n3|eve\n"))
    shop.execute(f"COPY t FROM '{file}' {word}")
    assert rows(shop) == ROWS


def test_parquet_fits_by_position(shop: vesto.Session, tmp_path: Path) -> None:
    table = pa.table({"number": pa.array([1, 2, 3], pa.int64()), "who": ["ann", None, "eve"]})
    pq.write_table(table, tmp_path / "rows.parquet")
    shop.execute(f"COPY t FROM '{tmp_path}/rows.parquet' FORMAT AS PARQUET")
    assert rows(shop) == ROWS


def test_a_parquet_value_that_does_not_fit_is_named(shop: vesto.Session, tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1, 2**40], "b": ["x", "y"]}), tmp_path / "rows.parquet")
    error = failing(shop, f"COPY t FROM '{tmp_path}/rows.parquet' PARQUET")
    assert error.sqlstate == "22P04"
    assert 'line 2, column "id"' in error.message
    pq.write_table(pa.table({"a": [1]}), tmp_path / "narrow.parquet")
    assert (
        "has 1 columns, not 2"
        in failing(shop, f"COPY t FROM '{tmp_path}/narrow.parquet' PARQUET").message
    )
    assert rows(shop) == []


def test_jsonpaths_say_where_the_columns_are(shop: vesto.Session, tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_text('{"a": {"n": 1}, "b": ["x", "ann"]}\n{"a": {"n": 2}}')
    (tmp_path / "paths.json").write_text(json.dumps({"jsonpaths": ["$['a']['n']", "$.b[1]"]}))
    shop.execute(f"COPY t FROM '{tmp_path}/rows.json' JSON '{tmp_path}/paths.json'")
    assert rows(shop) == [(1, "ann"), (2, None)]
    (tmp_path / "paths.json").write_text("[]")
    error = failing(shop, f"COPY t FROM '{tmp_path}/rows.json' JSON '{tmp_path}/paths.json'")
    assert error.sqlstate == "22023"


def test_a_column_list_leaves_the_others_to_their_defaults(
    shop: vesto.Session, tmp_path: Path
) -> None:
    shop.execute(
        "CREATE TABLE d (id INT IDENTITY(5, 5), name VARCHAR(9), state CHAR(2) DEFAULT 'NY')"
    )
    (tmp_path / "names").write_text("ann\neve\n")
    shop.execute(f"COPY d (name) FROM '{tmp_path}/names'")
    assert rows(shop, "SELECT * FROM d ORDER BY 1") == [(5, "ann", "NY"), (10, "eve", "NY")]
    (tmp_path / "all").write_text("bob|CA\n")
    shop.execute(f"COPY d FROM '{tmp_path}/all'")
    (tmp_path / "ids").write_text("77|zoe|TX\n")
    shop.execute(f"COPY d FROM '{tmp_path}/ids' EXPLICIT_IDS")
    assert rows(shop, "SELECT * FROM d WHERE id > 10 ORDER BY 1") == [
        (15, "bob", "CA"),
        (77, "zoe", "TX"),
    ]


def test_every_type_is_read(shop: vesto.Session, tmp_path: Path) -> None:
    shop.execute(
        "CREATE TABLE k (a SMALLINT, b BIGINT, c DECIMAL(6,2), d REAL, e FLOAT, f BOOLEAN, g DATE, "
        "h TIMESTAMP, i TIMESTAMPTZ, j SUPER, k VARBYTE, l CHAR(3), m TIME)"
    )
    (tmp_path / "one").write_text(
        "1|9223372036854775807|1.005|1.5|1e300|t|2024-02-29|2024-01-01 10:11:12.5|"
        '2024-01-01 10:00:00+02|{"a": [1]}|c0ffee|xyz|10:11:12\n' + "|".join(["\\N"] * 13) + "\n"
    )
    shop.execute(f"COPY k FROM '{tmp_path}/one'")
    assert rows(
        shop, "SELECT a, b, c::varchar, d, e, f, g::varchar, h::varchar FROM k WHERE a = 1"
    ) == [(1, 9223372036854775807, "1.01", 1.5, 1e300, True, "2024-02-29", "2024-01-01 10:11:12.5")]
    assert rows(shop, "SELECT i::varchar, j.a[0]::int, k, l, m::varchar FROM k WHERE a = 1") == [
        ("2024-01-01 08:00:00+00", 1, b"\xc0\xff\xee", "xyz", "10:11:12")
    ]
    assert rows(shop, "SELECT * FROM k WHERE a IS NULL") == [(None,) * 13]


FORMATS = {
    "DATEFORMAT 'DD/MM/YYYY'": ("d", "29/02/2024", "2024-02-29"),
    "DATEFORMAT AS 'auto'": ("d", "Feb 29, 2024", "2024-02-29"),
    "TIMEFORMAT 'MM.DD.YYYY HH24:MI:SS'": ("ts", "02.29.2024 01:02:03", "2024-02-29 01:02:03"),
    "TIMEFORMAT 'auto'": ("ts", "20240229 01:02", "2024-02-29 01:02:00"),
    "TIMEFORMAT 'epochsecs'": ("ts", "1709168523", "2024-02-29 01:02:03"),
    "TIMEFORMAT 'epochmillisecs'": ("ts", "1709168523500", "2024-02-29 01:02:03.5"),
}


@pytest.mark.parametrize(("options", "case"), FORMATS.items(), ids=FORMATS.keys())
def test_dates_and_times_have_their_formats(
    shop: vesto.Session, tmp_path: Path, options: str, case: tuple[str, str, str]
) -> None:
    column, text, expected = case
    shop.execute("CREATE TABLE m (d DATE, ts TIMESTAMP)")
    (tmp_path / "one").write_text(text + "\n\\N\n")
    shop.execute(f"COPY m ({column}) FROM '{tmp_path}/one' {options}")
    assert rows(shop, f"SELECT {column}::varchar FROM m ORDER BY 1") == [(expected,), (None,)]


WRONG = "1|ann\nx|bob\n3|a name too long\n4|eve|more\n5\n6|zoe\n"


def test_one_bad_row_loads_nothing_and_is_named(shop: vesto.Session, tmp_path: Path) -> None:
    (tmp_path / "rows").write_text(WRONG)
    sql = f"COPY t FROM '{tmp_path}/rows'"
    error = failing(shop, sql)
    assert error.sqlstate == "22P04"
    assert f'{tmp_path}/rows, line 2, column "id": invalid digit' in error.message
    assert error.position == sql.index("'") + 1
    assert "stl_load_errors" in error.hint
    assert rows(shop) == []
    kept = "SELECT line_number, colname, err_code, raw_field_value FROM stl_load_errors ORDER BY 1"
    assert rows(shop, kept) == [
        (2, "id", 1207, "x"), (3, "name", 1204, "a name too long"), (4, "", 1202, ""), (5, "name", 1213, ""),
    ]  # fmt: skip


def test_maxerror_loads_the_good_rows(shop: vesto.Session, tmp_path: Path) -> None:
    (tmp_path / "rows").write_text(WRONG)
    assert failing(shop, f"COPY t FROM '{tmp_path}/rows' MAXERROR 3").sqlstate == "22P04"
    result = shop.execute(f"COPY t FROM '{tmp_path}/rows' MAXERROR AS 4")
    assert rows(shop) == [(1, "ann"), (6, "zoe")]
    assert "4 record(s) could not be loaded" in result.notices[1]
    shop.execute(f"TRUNCATE t; COPY t FROM '{tmp_path}/rows' MAXERROR 3 TRUNCATECOLUMNS")
    assert (3, "a name t") in rows(shop)


def test_the_line_is_right_after_quoted_line_ends(shop: vesto.Session, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text('id,name\n1,"a\nb"\n2,ok\n\nx,bad\n3,a,b\n')
    failing(shop, f"COPY t FROM '{tmp_path}/rows.csv' CSV IGNOREHEADER 1")
    assert rows(shop, "SELECT line_number FROM stl_load_errors ORDER BY 1") == [(6,), (7,)]


def test_characters_that_are_none_are_refused_or_replaced(
    shop: vesto.Session, tmp_path: Path
) -> None:
    (tmp_path / "rows").write_bytes(b"1|a\xffb\n")
    assert failing(shop, f"COPY t FROM '{tmp_path}/rows'").sqlstate == "22P04"
    shop.execute(f"COPY t FROM '{tmp_path}/rows' ACCEPTINVCHARS AS '^'")
    shop.execute(f"COPY t FROM '{tmp_path}/rows' ACCEPTINVCHARS")
    assert rows(shop) == [(1, "a?b"), (1, "a^b")]


def test_a_load_is_part_of_the_transaction(shop: vesto.Session, tmp_path: Path) -> None:
    (tmp_path / "rows").write_text("1|ann\n")
    shop.execute(f"BEGIN; COPY t FROM '{tmp_path}/rows'")
    assert rows(shop) == [(1, "ann")]
    shop.execute("ROLLBACK")
    assert rows(shop) == []
    shop.execute(f"COPY t FROM '{tmp_path}/rows' NOLOAD")
    assert rows(shop) == []


def test_a_prefix_and_a_manifest_name_several_files(shop: vesto.Session, tmp_path: Path) -> None:
    for number, row in enumerate(["1|ann\n", "2|\\N\n", "3|eve\n"]):
        (tmp_path / f"part-{number}").write_text(row)
    shop.execute(f"COPY t FROM '{tmp_path}/part-'")
    assert rows(shop) == ROWS
    entries = [
        {"url": str(tmp_path / "part-0"), "mandatory": True},
        {"url": str(tmp_path / "gone")},
    ]
    (tmp_path / "manifest").write_text(json.dumps({"entries": entries}))
    shop.execute(f"TRUNCATE t; COPY t FROM '{tmp_path}/manifest' MANIFEST")
    assert rows(shop) == [(1, "ann")]
    entries[1]["mandatory"] = True
    (tmp_path / "manifest").write_text(json.dumps({"entries": entries}))
    assert failing(shop, f"COPY t FROM '{tmp_path}/manifest' MANIFEST").sqlstate == "58P01"
    (tmp_path / "manifest").write_text("{}")
    assert failing(shop, f"COPY t FROM '{tmp_path}/manifest' MANIFEST").sqlstate == "22023"


MISTAKES = {
    "COPY t FROM 'x' SPEED 5": "42601",
    "COPY t FROM": "42601",
    "COPY t FROM 'x' CSV QUOTE 'ab'": "22023",
    "COPY t FROM 'x' CSV DELIMITER '\"' QUOTE '\"'": "22023",
    "COPY t FROM 'x' IGNOREHEADER -1": "22023",
    "COPY t FROM 'x' MAXERROR 100001": "22023",
    "COPY t FROM 'x' AVRO 'auto'": "0A000",
    "COPY t FROM 'x' ENCODING AS UTF16": "42601",
    "COPY t FROM 'x' ENCODING 'UTF16'": "0A000",
    "COPY t (nothing) FROM 'x'": "42703",
    "COPY nowhere FROM 'x'": "42P01",
    "COPY vesto.columns FROM 'x'": "42939",
    "COPY t FROM '/nowhere/at/all'": "58P01",
    "COPY t FROM 's3://'": "22023",
    "UNLOAD (SELECT 1) TO 'x'": "42601",
    "UNLOAD ('SELECT nothing') TO 'x'": "42703",
    "UNLOAD ('DROP TABLE t') TO 'x'": "42601",
    "UNLOAD ('SELECT 1 AS a') TO 'x' PARTITION BY (b)": "42703",
    "UNLOAD ('SELECT 1 AS a') TO 'x' CLEANPATH": "0A000",
    "UNLOAD ('SELECT 1 AS a') TO 'x' ESCAPE ADDQUOTES": "0A000",
    "UNLOAD ('SELECT 1 AS a') TO 'x' MAXFILESIZE many": "42601",
}


@pytest.mark.parametrize(("sql", "sqlstate"), MISTAKES.items(), ids=MISTAKES.keys())
def test_mistakes_are_named(shop: vesto.Session, sql: str, sqlstate: str) -> None:
    assert failing(shop, sql).sqlstate == sqlstate


# --- UNLOAD ---------------------------------------------------------------------------------------

UNLOADED = {
    "": ("0000_part_00", b"1|ann\n2|\n3|eve\n"),
    "CSV HEADER": ("0000_part_00", b"id,name\n1,ann\n2,\n3,eve\n"),
    "DELIMITER '~' NULL AS 'nil' PARALLEL OFF": ("000", b"1~ann\n2~nil\n3~eve\n"),
    "ADDQUOTES EXTENSION 'txt'": ("0000_part_00.txt", b'"1"|"ann"\n"2"|\n"3"|"eve"\n'),
    "FORMAT JSON": (
        "0000_part_00",
        b'{"id":1,"name":"ann"}\n{"id":2,"name":null}\n{"id":3,"name":"eve"}\n',
    ),
}


@pytest.mark.parametrize(("options", "expected"), UNLOADED.items(), ids=UNLOADED.keys())
def test_rows_are_written_as_the_options_say(
    shop: vesto.Session, tmp_path: Path, options: str, expected: tuple[str, bytes]
) -> None:
    shop.execute("INSERT INTO t VALUES (1, 'ann'), (2, NULL), (3, 'eve')")
    result = shop.execute(f"UNLOAD ('SELECT * FROM t ORDER BY id') TO '{tmp_path}/out/' {options}")
    assert result.tag == "UNLOAD 3"
    name, content = expected
    assert [file.name for file in (tmp_path / "out").iterdir()] == [name]
    assert (tmp_path / "out" / name).read_bytes() == content


ROUND = ["PARQUET", "CSV", "CSV GZIP", "CSV ZSTD", "FORMAT JSON", "DELIMITER '~' NULL AS 'x'"]


@pytest.mark.parametrize("options", ROUND)
def test_what_is_unloaded_can_be_loaded(shop: vesto.Session, tmp_path: Path, options: str) -> None:
    shop.execute("CREATE TABLE k (a INT, d DECIMAL(8,3), v VARCHAR(40), ts TIMESTAMP, s SUPER)")
    shop.execute(
        "INSERT INTO k VALUES (1, 1.125, 'it''s \"q\", é', '2024-02-29 01:02:03.5', JSON_PARSE('{\"a\":[1]}')), "
        "(NULL, NULL, NULL, NULL, NULL)"
    )
    if "GZIP" not in options and "ZSTD" not in options:
        options += " MANIFEST"
    before = rows(shop, "SELECT * FROM k ORDER BY a")
    shop.execute(f"UNLOAD ('SELECT * FROM k') TO '{tmp_path}/k_' {options}")
    source = "k_manifest" if "MANIFEST" in options else "k_"
    loading = options + (" EMPTYASNULL" if "CSV" in options else "")
    shop.execute(f"TRUNCATE k; COPY k FROM '{tmp_path}/{source}' {loading}")
    assert rows(shop, "SELECT * FROM k ORDER BY a") == before


def test_nothing_is_overwritten_unless_asked(shop: vesto.Session, tmp_path: Path) -> None:
    sql = f"UNLOAD ('SELECT 1 AS a') TO '{tmp_path}/x_' CSV"
    shop.execute(sql)
    error = failing(shop, sql.replace("1 AS", "2 AS"))
    assert (error.sqlstate, (tmp_path / "x_0000_part_00").read_text()) == ("58P02", "1\n")
    shop.execute(sql.replace("1 AS", "2 AS") + " ALLOWOVERWRITE")
    assert (tmp_path / "x_0000_part_00").read_text() == "2\n"


def test_partitions_are_folders(shop: vesto.Session, tmp_path: Path) -> None:
    shop.execute("INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, '../up'), (4, NULL)")
    shop.execute(f"UNLOAD ('SELECT * FROM t') TO '{tmp_path}/p/' CSV PARTITION BY (name)")
    found = sorted(str(f.relative_to(tmp_path)) for f in (tmp_path / "p").rglob("*") if f.is_file())
    assert found == [
        f"p/name={name}/0000_part_00"
        for name in ("%2E%2E%2Fup", "__HIVE_DEFAULT_PARTITION__", "a", "b")
    ]


# --- Locked, and a store --------------------------------------------------------------------------


def test_a_locked_session_reads_and_writes_only_named_buckets(path: Path, tmp_path: Path) -> None:
    (tmp_path / "bucket").mkdir()
    (tmp_path / "bucket" / "rows").write_text("1|ann\n")
    (tmp_path / "secret").write_text("2|bob\n")
    settings = {"staging": {"mine": str(tmp_path / "bucket")}}
    with vesto.connect(path, locked=True, settings=settings) as session:
        session.execute("CREATE TABLE t (id INT, name VARCHAR(8))")
        session.execute("COPY t FROM 's3://mine/rows'")
        assert rows(session) == [(1, "ann")]
        session.execute("UNLOAD ('SELECT * FROM t') TO 's3://mine/out/' CSV")
        assert (tmp_path / "bucket" / "out" / "0000_part_00").read_text() == "1,ann\n"
        for sql in (
            f"COPY t FROM '{tmp_path}/secret'",
            f"COPY t FROM 'file://{tmp_path}/secret'",
            "COPY t FROM 's3://mine/../secret'",
            f"UNLOAD ('SELECT 1 AS a') TO '{tmp_path}/out'",
            "UNLOAD ('SELECT 1 AS a') TO 's3://mine/../out'",
            f"COPY t TO '{tmp_path}/out.csv'",
        ):
            assert failing(session, sql).sqlstate in {"42501", "42601"}, sql
        entries = {"entries": [{"url": str(tmp_path / "secret")}]}
        (tmp_path / "bucket" / "manifest").write_text(json.dumps(entries))
        assert failing(session, "COPY t FROM 's3://mine/manifest' MANIFEST").sqlstate == "42501"
        assert rows(session) == [(1, "ann")]


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def test_a_store_that_speaks_s3_is_read_and_written(
    path: Path, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    client = boto3.client("s3", endpoint_url=store, region_name="us-east-1")
    client.create_bucket(Bucket="lake")
    client.put_object(Bucket="lake", Key="in/a.csv.gz", Body=gzip.compress(b"id,name\n1,ann\n"))
    client.put_object(Bucket="lake", Key="in/b.csv.gz", Body=gzip.compress(b"id,name\n2,\n3,eve\n"))
    entries = [{"url": "s3://lake/in/a.csv.gz", "mandatory": True}]
    client.put_object(Bucket="lake", Key="list", Body=json.dumps({"entries": entries}))
    with vesto.connect(path, locked=True, settings={"s3_endpoint": store}) as session:
        session.execute("CREATE TABLE t (id INT, name VARCHAR(8))")
        options = "IAM_ROLE default CSV GZIP IGNOREHEADER 1 REGION 'us-east-1'"
        session.execute(f"COPY t FROM 's3://lake/in/' {options} EMPTYASNULL")
        assert rows(session) == ROWS
        session.execute(f"TRUNCATE t; COPY t FROM 's3://lake/list' MANIFEST {options}")
        assert rows(session) == [(1, "ann")]
        session.execute("UNLOAD ('SELECT * FROM t') TO 's3://lake/out/t_' PARQUET IAM_ROLE default")
        session.execute("COPY t FROM 's3://lake/out/t_' PARQUET")
        assert rows(session) == [(1, "ann")] * 2
        again = "UNLOAD ('SELECT * FROM t') TO 's3://lake/out/t_' PARQUET"
        assert failing(session, again).sqlstate == "58P02"
        assert failing(session, "COPY t FROM 's3://lake/none'").sqlstate == "58P01"
        assert failing(session, "COPY t FROM 's3://nobucket/x'").sqlstate == "58P01"
        client.put_object(Bucket="lake", Key="bad.csv", Body=b"1,ann\nx,bob\n")
        error = failing(session, "COPY t FROM 's3://lake/bad.csv' CSV")
        assert 's3://lake/bad.csv, line 2, column "id"' in error.message


def test_keys_are_never_shown(path: Path, store: str) -> None:
    with vesto.connect(path, settings={"s3_endpoint": "http://127.0.0.1:9"}) as session:
        session.execute("CREATE TABLE t (id INT)")
        error = failing(
            session,
            "COPY t FROM 's3://b/x' ACCESS_KEY_ID 'AKIATOP' SECRET_ACCESS_KEY 'topsecret' "
            "REGION 'us-east-1'",
        )
        assert "AKIATOP" not in str(error)
        assert "topsecret" not in str(error)


def test_rows_that_break_off_are_not_loaded(
    shop: vesto.Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rows").write_text("1|ann\n")

    @contextmanager
    def early(*_: object) -> Iterator[tuple[Answer, pa.RecordBatchReader]]:
        given = pa.table({"id": pa.array([1], pa.int32()), "name": ["ann"]})
        yield Answer(2, (), None), given.to_reader()

    monkeypatch.setattr("vesto.commands.copy.loading", early)
    assert failing(shop, f"COPY t FROM '{tmp_path}/rows'").sqlstate == "58030"
    assert rows(shop) == []


@pytest.mark.parametrize(
    "query",
    [
        "SELECT a, 1 / (a - 2999999) AS b FROM (SELECT range AS a FROM range(3000000))",
        "SELECT 1 AS a, CAST('x' || range AS INT) FROM range(10)",
    ],
)
def test_a_query_that_fails_on_its_way_leaves_no_file(
    shop: vesto.Session, tmp_path: Path, query: str
) -> None:
    error = failing(shop, f"UNLOAD ($$ {query} $$) TO '{tmp_path}/out/' CSV")
    assert error.sqlstate in {"22012", "22P02"}
    assert not (tmp_path / "out").exists()


def test_a_killed_owner_loads_all_or_nothing(path: Path, tmp_path: Path) -> None:
    with vesto.connect(path) as session:
        session.execute("CREATE TABLE t (id INT, name VARCHAR(8))")
    with (tmp_path / "rows").open("w") as file:
        file.writelines(f"{number}|name\n" for number in range(1_000_000))
    script = f"""
import vesto
with vesto.connect({str(path)!r}) as session:
    print("open", flush=True)
    session.execute("COPY t FROM '{tmp_path}/rows'")
"""
    for pause_s in (0.3, 0.8, 1.3, 1.8):
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(pause_s)
        process.kill()
        process.wait()
        process.stdout.close()
        with vesto.connect(path) as session:
            assert session.execute("SELECT COUNT(*) % 1000000 FROM t").rows() == [(0,)]
            assert list((path / "scratch").glob("load-*")) == []


# --- The process ----------------------------------------------------------------------------------


def children() -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes()
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        if parent == os.getpid() and b"vesto.loader" in command:
            found.append(int(entry.name))
    return found


@pytest.mark.parametrize(("how", "expected"), [("killed", "58030"), ("interrupted", "57014")])
def test_a_load_that_is_cut_off_loads_nothing(
    shop: vesto.Session, tmp_path: Path, how: str, expected: str
) -> None:
    with (tmp_path / "rows").open("w") as file:
        file.writelines(f"{number}|name\n" for number in range(3_000_000))
    caught: list[BaseException] = []

    def load() -> None:
        try:
            shop.execute(f"COPY t FROM '{tmp_path}/rows'")
        except vesto.VestoError as error:
            caught.append(error)

    thread = threading.Thread(target=load)
    thread.start()
    until = time.monotonic() + 30
    while not (found := children()) and time.monotonic() < until:
        time.sleep(0.01)
    for pid in found:
        if how == "killed":
            os.kill(pid, signal.SIGKILL)
        else:
            shop.interrupt()
    thread.join(60)
    assert [error.sqlstate for error in caught] == [expected]
    assert rows(shop) == []
    shop.execute("INSERT INTO t VALUES (1, 'after')")
    assert list((shop.warehouse.path / "scratch").glob("load-*")) == []


def test_escapes_keep_delimiters_and_line_ends(shop: vesto.Session, tmp_path: Path) -> None:
    (tmp_path / "rows").write_text("1|a\\|b\\\nc\n2|\\\\N\n3|\\N\nx|bad\n")
    failing(shop, f"COPY t FROM '{tmp_path}/rows' ESCAPE")
    assert rows(shop, "SELECT line_number FROM stl_load_errors") == [(5,)]
    shop.execute(f"COPY t FROM '{tmp_path}/rows' ESCAPE MAXERROR 1")
    before = [(1, "a|b\nc"), (2, "\\N"), (3, None)]
    assert rows(shop) == before
    options = "ESCAPE DELIMITER ';' NULL AS '@' GZIP MAXFILESIZE 5 MB"
    shop.execute(f"UNLOAD ('SELECT * FROM t') TO '{tmp_path}/out/' {options}")
    shop.execute(f"TRUNCATE t; COPY t FROM '{tmp_path}/out/' ESCAPE DELIMITER ';' NULL AS '@' GZIP")
    assert rows(shop) == before


def test_a_document_is_loaded_whole(shop: vesto.Session, tmp_path: Path) -> None:
    shop.execute("CREATE TABLE d (doc SUPER, n INT)")
    (tmp_path / "rows").write_text('{"a": {"b": [1, null]}}\n{"a": null}\n')
    shop.execute(f"COPY d (doc) FROM '{tmp_path}/rows' FORMAT JSON 'noshred'")
    assert rows(shop, "SELECT doc.a.b[0]::int FROM d ORDER BY 1") == [(1,), (None,)]
    assert failing(shop, f"COPY d FROM '{tmp_path}/rows' JSON 'noshred'").sqlstate == "22023"

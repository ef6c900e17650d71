"""Users who know their password and mean ill, over the wire: they see and do what they were granted."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from server_support import PASSWORD, serving
from tests_support import POINTS, SMALL_MODEL
from wire import Wire, fields, message

from vesto.server.listener import Listener

SECRET = "s3cretPay"
EVE = "md5" + hashlib.md5(f"{PASSWORD}eve".encode(), usedforsecurity=False).hexdigest()
SHOP = f"""
CREATE TABLE staff (id INT, pay VARCHAR(20)); INSERT INTO staff VALUES (1, '{SECRET}'), (2, '7');
CREATE TABLE orders AS SELECT 1 AS id, 10 AS total;
CREATE VIEW ids AS SELECT id FROM staff;
CREATE USER eve PASSWORD '{EVE}'; GRANT SELECT ON orders TO eve; GRANT SELECT ON ids TO eve;
"""


@pytest.fixture(scope="module")
def listener(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listener]:
    with serving(tmp_path_factory.mktemp("served") / "shop") as up:
        with Wire(up.address[1], timeout=120) as owner:
            owner.login()
            for text in (SHOP, POINTS, SMALL_MODEL.format(name="m", function="f")):
                assert not said(owner, text)[1]
            assert not said(owner, "WAIT FOR MODEL m")[1]
        yield up


@pytest.fixture
def eve(listener: Listener) -> Iterator[Wire]:
    with Wire(listener.address[1]) as wire:
        wire.login(user="eve")
        yield wire


@pytest.fixture
def ann(listener: Listener) -> Iterator[Wire]:
    with Wire(listener.address[1]) as wire:
        wire.login()
        yield wire


def said(wire: Wire, text: str) -> tuple[bytes, list[dict[str, str]]]:
    """All that the server sends for a statement, and the errors in it."""
    answers = wire.query(text)
    return b"".join(body for _, body in answers), [fields(b) for code, b in answers if code == "E"]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM staff",
        "SELECT ids.pay FROM ids",
        "SELECT * FROM ids WHERE EXISTS (SELECT 1 FROM staff s WHERE s.pay > '')",
        "EXPLAIN SELECT * FROM staff",
        "EXPLAIN ANALYZE SELECT CAST(pay AS INT) FROM staff",
        "DECLARE c CURSOR WITH HOLD FOR SELECT * FROM staff",
        "PREPARE p AS SELECT * FROM staff",
        "COPY staff TO STDOUT",
        "COPY (SELECT pay FROM staff) TO STDOUT",
        "UNLOAD ('SELECT * FROM staff') TO 's3://anywhere/x'",
        "CREATE VIEW mine AS SELECT * FROM staff",
        "CREATE TABLE mine AS SELECT * FROM staff",
        "CREATE MODEL mine FROM staff TARGET pay FUNCTION mine",
        "CREATE MODEL mine FROM (SELECT id, pay FROM staff) TARGET pay FUNCTION mine",
        "EXPLAIN CREATE MODEL mine FROM staff TARGET pay FUNCTION mine",
        "INSERT INTO orders SELECT id, length(pay) FROM staff",
        "DELETE FROM orders WHERE id IN (SELECT id FROM staff)",
        "SELECT f(1, 2.0, true)",
        "SELECT f_explain(1, 2.0, true)",
        "SHOW MODEL m",
        "DROP MODEL m",
        "SET SESSION AUTHORIZATION ann",
        "ALTER USER ann PASSWORD DISABLE",
        "ALTER USER eve CREATEUSER",
        "GRANT SELECT ON staff TO eve",
        "GRANT EXECUTE ON MODEL m TO eve",
        "DROP USER ann",
        "SELECT * FROM query('SELECT * FROM staff')",
        "SELECT * FROM query_table('staff')",
        "SELECT * FROM vesto.grants",
        "SELECT * FROM duckdb_tables()",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "COPY orders FROM '/etc/passwd'",
        "COPY orders FROM 's3://bucket/../../etc/passwd' IAM_ROLE default",
        "ATTACH '/tmp/x.db'",
        "INSTALL httpfs",
        "PRAGMA database_list",
    ],
)
def test_what_was_not_granted_is_refused_and_shows_nothing(eve: Wire, text: str) -> None:
    told, errors = said(eve, text)
    assert len(errors) == 1, told
    assert errors[0]["C"] != "XX000"
    assert SECRET.encode() not in told
    assert b"root:" not in told
    # Neither does Describe tell more.
    eve.send(message("P", b"\0" + text.encode() + b"\0\0\0"), message("D", b"S\0"), message("S"))
    answers = eve.until()
    assert any(code == "E" for code, _ in answers) or not any(code == "T" for code, _ in answers)
    assert SECRET.encode() not in b"".join(body for _, body in answers)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT CAST(pay AS INT) FROM staff",
        "SELECT nope FROM staff",
        "SELECT p FROM staff",
        "SELECT * FROM staf",
        "SELECT total FROM orders WHERE total = (SELECT CAST(pay AS INT) FROM staff LIMIT 1)",
    ],
)
def test_no_error_or_hint_tells_of_what_one_may_not_see(eve: Wire, text: str) -> None:
    told, errors = said(eve, text)
    assert len(errors) == 1
    assert SECRET.encode() not in told
    assert "pay" not in errors[0].get("H", "") + errors[0].get("D", "")
    assert "staff" not in errors[0].get("H", "")


CATALOGUE = [
    "SELECT * FROM pg_table_def", "SELECT * FROM svv_columns", "SELECT * FROM information_schema.columns",
    "SELECT * FROM svv_ml_model_info", "SELECT * FROM stv_ml_model_info", "SELECT * FROM pg_ml_model",
    "SELECT * FROM svv_ml_model_privileges", "SELECT * FROM pg_user", "SELECT * FROM pg_shadow",
]  # fmt: skip


@pytest.mark.parametrize("text", CATALOGUE)
def test_the_catalogue_tells_no_secret(eve: Wire, text: str) -> None:
    told, _ = said(eve, text)
    assert SECRET.encode() not in told
    for verifier in (EVE, "SCRAM-SHA-256", "sha256|"):
        assert verifier.encode() not in told


def test_a_revoke_reaches_what_was_prepared_and_declared_before(eve: Wire, ann: Wire) -> None:
    assert not said(ann, "GRANT SELECT ON staff TO eve")[1]
    text = b"SELECT pay FROM staff"
    eve.send(message("P", b"kept\0" + text + b"\0\0\0"), message("D", b"Skept\0"), message("S"))
    assert eve.codes() == "1tTZ"
    assert not said(eve, "PREPARE plan AS SELECT pay FROM staff")[1]
    assert not said(eve, "CREATE TEMP VIEW peep AS SELECT pay FROM staff")[1]
    assert SECRET.encode() in said(eve, "EXECUTE plan")[0]
    assert not said(ann, "REVOKE SELECT ON staff FROM eve")[1]
    bind = message("B", b"\0kept\0\0\0\0\0\0\0")
    eve.send(bind, message("E", b"\0" + struct.pack("!i", 0)), message("S"))
    answers = eve.until()
    assert [fields(body)["C"] for code, body in answers if code == "E"] == ["42501"]
    for text in (
        b"EXECUTE plan",
        b"SELECT * FROM peep",
        b"DECLARE c CURSOR WITH HOLD FOR EXECUTE plan",
    ):
        told, errors = said(eve, text.decode())
        assert len(errors) == 1
        assert SECRET.encode() not in told


NAMES = [
    'x"; DROP TABLE staff; --',
    "x'; DROP TABLE staff; --",
    "x$$; DROP TABLE staff; $$",
    "x\\'; DROP",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_users_and_settings_are_never_sql(
    listener: Listener, ann: Wire, name: str
) -> None:
    with Wire(listener.address[1]) as stranger:
        stranger.send(startup_of(name))
        code, body = stranger.read()
        assert code in "RE", body
    with Wire(listener.address[1]) as wire:
        wire.login(application_name=name, search_path=name, TimeZone=name, database=name)
        assert not said(wire, "SELECT 1")[1]
    quoted = '"' + name.replace('"', '""') + '"'
    said(ann, f"CREATE USER {quoted} PASSWORD DISABLE")
    said(ann, f"GRANT SELECT ON staff TO {quoted}; REVOKE SELECT ON staff FROM {quoted}")
    said(ann, f"DROP USER {quoted}")
    assert said(ann, "SELECT count(*) FROM staff")[0].count(b"2") >= 1


def startup_of(name: str) -> bytes:
    body = struct.pack("!HH", 3, 0) + b"user\0" + name.encode() + b"\0\0"
    return struct.pack("!I", len(body) + 4) + body


@pytest.mark.parametrize(
    "place",
    [
        "../../../etc",
        "s3://bucket/../../../etc",
        "bucket'; DROP TABLE staff; --",
    ],
)
def test_no_place_leads_out_of_the_warehouse(ann: Wire, place: str) -> None:
    """Not even for a superuser: the server's files are not SQL's."""
    place = place.replace("'", "''")
    for text in (
        f"COPY orders FROM '{place}/passwd' IAM_ROLE default",
        f"UNLOAD ('SELECT 1') TO '{place}/out_' IAM_ROLE default",
    ):
        told, errors = said(ann, text)
        assert b"root:" not in told
        assert len(errors) == 1, text
    assert not list(Path("/etc").glob("out_*"))
    assert said(ann, "SELECT count(*) FROM staff")[1] == []


def test_a_bucket_for_training_leads_nowhere_else(ann: Wire) -> None:
    model = SMALL_MODEL.format(name="away", function="away")
    assert not said(ann, f"{model} SETTINGS (S3_BUCKET '../../../../etc')")[1]
    assert not said(ann, "WAIT FOR MODEL away")[1]
    assert not [path for path in Path("/etc").rglob("*snapshot*") if "parquet" in path.name]
    assert not said(ann, "DROP MODEL away")[1]

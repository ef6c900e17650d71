"""The catalogue as clients ask for it: the statements that they send, in ``tests/catalogue``.

They were taken from the wire between each client and PostgreSQL 15 that called itself 8.0.2, with
numbers of relations replaced by ours, which are the same in every warehouse.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from sql_cases import cases, check

import vesto
from vesto.dialect.catalogue import INFORMATION_SCHEMA, PG_CATALOG

FOLDER = Path(__file__).parent / "catalogue"
SETUP = (FOLDER / "setup.sql").read_text()


@pytest.fixture(name="client", scope="module")
def _client(tmp_path_factory: pytest.TempPathFactory) -> vesto.Session:
    session = vesto.connect(tmp_path_factory.mktemp("catalogue") / "warehouse", locked=True)
    session.execute(SETUP)
    return session


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.test")), ids=lambda file: file.stem)
def test_what_a_client_asks_is_answered(file: Path, client: vesto.Session) -> None:
    for case in cases(file):
        check(client, case)


@pytest.mark.parametrize("name", sorted(PG_CATALOG))
def test_every_relation_of_the_catalogue_can_be_read(name: str, client: vesto.Session) -> None:
    found = client.execute(f"SELECT * FROM pg_catalog.{name}")
    assert found.columns
    found.rows()


def test_every_relation_of_the_information_schema_can_be_read(client: vesto.Session) -> None:
    for name in INFORMATION_SCHEMA:
        client.execute(f"SELECT * FROM information_schema.{name}").rows()


@pytest.mark.parametrize(
    "name",
    ["pg_class", "pg_attribute", "pg_constraint", "pg_index", "pg_table_def", "svv_columns",
     "svv_table_info", "information_schema.columns", "information_schema.tables"],
)  # fmt: skip
def test_no_row_of_a_large_catalogue_is_compared_with_every_other(
    name: str, client: vesto.Session
) -> None:
    plan = str(client.execute(f"EXPLAIN SELECT * FROM {name}").rows())
    # DuckDB 1 writes HASH_JOIN, 2 Hash Join.
    assert re.search("hash.join", plan, re.IGNORECASE)
    assert not re.search("blockwise.nl|nested.loop", plan, re.IGNORECASE)


def test_the_catalogue_lists_its_own_relations(client: vesto.Session) -> None:
    listed = client.execute(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname IN ('pg_catalog', 'information_schema')"
    ).rows()
    ours = {("pg_catalog", name) for name in PG_CATALOG}
    ours |= {("information_schema", name) for name in INFORMATION_SCHEMA}
    assert ours <= set(listed)


def test_numbers_have_the_type_oid_and_letters_the_type_char(client: vesto.Session) -> None:
    kinds = client.execute("SELECT oid, relname, relkind, relnatts FROM pg_class").schema.types
    assert kinds[0] == pa.uint32()
    assert pa.types.is_dictionary(kinds[2])
    assert kinds[3] == pa.int16()
    types = client.execute(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
        "WHERE attrelid = 'pg_class'::regclass AND attname IN ('oid', 'relname', 'relkind', 'relacl')"
    ).rows()
    assert dict(types) == {
        "oid": "oid", "relname": "name", "relkind": '"char"', "relacl": "text[]",
    }  # fmt: skip


NUMBERS = (
    "SELECT 'r', relname, oid FROM pg_class WHERE relnamespace >= 16384 OR relnamespace = 2200 "
    "UNION ALL SELECT 'f', proname, oid FROM pg_proc UNION ALL SELECT 'n', nspname, oid FROM pg_namespace "
    "UNION ALL SELECT 'k', conname, oid FROM pg_constraint UNION ALL SELECT 't', typname, oid FROM pg_type"
)
DIES = """
import os, sys, vesto
session = vesto.connect(sys.argv[1])
session.execute(sys.argv[2])
print(sorted(session.execute(sys.argv[3]).rows()), flush=True)
os._exit(9)
"""


def test_numbers_outlive_a_server_that_is_killed(path: Path) -> None:
    setup = SETUP.replace("CREATE TEMP TABLE tmp (z INT);", "")
    done = subprocess.run(
        [sys.executable, "-c", DIES, str(path), setup, NUMBERS], capture_output=True, text=True,
        env=os.environ,
    )  # fmt: skip
    assert done.returncode == 9, done.stderr
    with vesto.connect(path) as session:
        found = sorted(session.execute(NUMBERS).rows())
    assert str(found) == done.stdout.strip()
    assert len({number for kind, _, number in found if kind == "r"}) >= 8


@pytest.mark.parametrize(
    "name",
    ["duckdb_tables", "main.duckdb_settings", "sqlite_master", "pragma_database_list", "system.main.duckdb_views"],
)  # fmt: skip
def test_the_engines_own_relations_are_closed(name: str, client: vesto.Session) -> None:
    with pytest.raises(vesto.VestoError) as caught:
        client.execute(f"SELECT * FROM {name}")
    assert caught.value.sqlstate == "42501"


@pytest.mark.parametrize(
    "name", ["pg_catalog.pg_nothing", "information_schema.nothing", "dev.pg_catalog.nothing"]
)
def test_an_unknown_relation_is_not_looked_for_in_the_engine(
    name: str, client: vesto.Session
) -> None:
    with pytest.raises(vesto.VestoError) as caught:
        client.execute(f"SELECT * FROM {name}")
    assert caught.value.sqlstate == "42P01"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'t'::regclass::text", "t"),
        ("'other.u'::regclass::text", "other.u"),
        ("'\"public\".\"t\"'::regclass::oid = 't'::regclass", True),
        ("to_regclass('nowhere')", None),
        ("'int4'::regtype", "integer"),
        ("1043::regtype::text", "character varying"),
        ("'text[]'::regtype::oid", 1009),
        ("to_regtype('nothing')", None),
        ("'double precision'::regtype::oid", 701),
        ("format_type(1700, 655366)", "numeric(10,2)"),
        ("format_type(1043, 34)", "character varying(30)"),
        ("pg_size_pretty(10239)", "10239 bytes"),
        ("pg_size_pretty(123456789)", "118 MB"),
        ("current_database()", "dev"),
        ("(current_schemas(true))[1]", "pg_catalog"),
        ("array_upper(current_schemas(false), 1)", 1),
        ("has_table_privilege(current_user, 't', 'SELECT')", True),
        ("current_setting('search_path')", '"$user", public'),
        ("pg_encoding_to_char(6)", "UTF8"),
        ("pg_get_userbyid(100)", "vesto"),
        ("obj_description('t'::regclass, 'pg_class')", "a table"),
        ("col_description('t'::regclass, 2)", "an amount"),
        ("2 = ANY (ARRAY[1, 2])", True),
        ("'abc' OPERATOR(pg_catalog.~) '^a' COLLATE pg_catalog.default", True),
    ],
)
def test_functions_and_types_of_the_catalogue(
    expression: str, value: object, client: vesto.Session
) -> None:
    assert client.execute(f"SELECT {expression}").row() == (value,)


@pytest.mark.parametrize(
    ("sql", "sqlstate"),
    [
        ("SELECT 'nowhere'::regclass", "42P01"),
        ("SELECT 'nothing'::regtype", "42704"),
        ("SELECT current_setting('nothing')", "42704"),
        ("SELECT set_config('search_path', 'a', false)", "0A000"),
    ],
)
def test_what_is_not_there_has_its_sqlstate(sql: str, sqlstate: str, client: vesto.Session) -> None:
    with pytest.raises(vesto.VestoError) as caught:
        client.execute(sql).rows()
    assert caught.value.sqlstate == sqlstate


def test_the_names_are_those_of_the_views() -> None:
    folder = Path(vesto.__file__).parent / "engines"
    text = "".join(file.read_text() for file in sorted(folder.glob("duckdb_*.sql")))
    views = set(re.findall(r"CREATE OR REPLACE VIEW vesto\.(\w+) AS", text))
    assert {name for name in views if not name.startswith("catalog_")} == PG_CATALOG
    information = re.findall(r'CREATE OR REPLACE VIEW vesto\."information_schema\.(\w+)" AS', text)
    assert set(information) == INFORMATION_SCHEMA


def test_a_models_functions_are_functions_of_the_catalogue(
    session: vesto.Session, train: Callable[..., None], path: Path
) -> None:
    train("m", "predict_m")
    asked = (
        "SELECT proname, pg_get_function_arguments(oid), pg_get_function_result(oid), oid "
        "FROM pg_proc WHERE proname = 'predict_m'"
    )
    first = session.execute(asked).rows()
    assert [row[:3] for row in first] == [
        ("predict_m", "a bigint, b double precision, c boolean", "integer")
    ]
    session.close()
    with vesto.connect(path) as again:
        assert again.execute(asked).rows() == first


def test_privileges_are_told_as_items_of_access(session: vesto.Session) -> None:
    session.execute(
        'CREATE USER "Bob" PASSWORD \'Secret1pass\'; CREATE GROUP sellers WITH USER "Bob";'
        'GRANT INSERT, SELECT ON points TO "Bob" WITH GRANT OPTION;'
        "GRANT SELECT ON points TO GROUP sellers, PUBLIC; GRANT SELECT (a) ON points TO GROUP sellers;"
        "CREATE FUNCTION f(int) RETURNS int STABLE AS $$ SELECT $1 $$ LANGUAGE sql;"
        "REVOKE EXECUTE ON FUNCTION f(int) FROM PUBLIC"
    )
    points = "= 'points'::regclass"
    assert session.execute(f"SELECT relacl FROM pg_class WHERE oid {points}").rows() == [
        (["vesto=arwdxDPA/vesto", "=r/vesto", '"Bob"=a*r*/vesto', "group sellers=r/vesto"],)
    ]
    columns = session.execute(f"SELECT attname, attacl FROM pg_attribute WHERE attrelid {points}")
    assert [row for row in columns.rows() if row[1]] == [("a", ["group sellers=r/vesto"])]
    made = "SELECT proacl, provolatile, prosrc FROM pg_proc WHERE proname = 'f'"
    assert session.execute(made).rows() == [(["vesto=X/vesto"], "s", " SELECT $1 ")]
    group = "SELECT groname, len(grolist) FROM pg_group"
    assert session.execute(group).rows() == [("sellers", 1)]

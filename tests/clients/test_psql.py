from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from clients_support import tool
from server_support import PASSWORD, USER, serving

PSQL = tool("psql")
# One command of each kind that psql 15 has for what is there.
DESCRIBING = """
d d+ dt dt+ dv dv+ dm dm+ di di+ ds ds+ df df+ dfn dfa dn dn+ du du+ dg dg+ dp ddp dT dT+ dTS db db+ dD dD+ dE
des des+ det det+ dew dew+ deu deu+ dF dF+ dFd dFp dFt do do+ dO dO+ dx dx+ dAc dAc+ dAf dAo dAp dC dC+ dL dL+
dc dc+ dconfig dconfig+ drds dl dl+ dd da l l+ z dtS dvS dfS dnS
"""
# What psql itself does not ask a server of Redshift's version.
OF_LATER_SERVERS = ["dRp", "dRs", "dX", "dy", "dA", "dP"]
SHOP = """
DROP SCHEMA IF EXISTS shop CASCADE; DROP USER IF EXISTS ann;
CREATE SCHEMA shop;
CREATE TABLE shop.customers (id int IDENTITY(1,1) PRIMARY KEY, name varchar(30) NOT NULL DEFAULT 'x',
  born date, amount numeric(10,2), extra super);
CREATE TABLE shop.orders (id int UNIQUE, customer int REFERENCES shop.customers (id));
COMMENT ON TABLE shop.orders IS 'what was bought';
COMMENT ON COLUMN shop.orders.id IS 'its number';
CREATE VIEW shop.big AS SELECT id, amount FROM shop.customers WHERE amount > 10;
CREATE FUNCTION shop.twice(int) RETURNS int IMMUTABLE AS $$ SELECT $1 * 2 $$ LANGUAGE sql;
CREATE USER ann PASSWORD 'Secret1pass';
CREATE GROUP sellers WITH USER ann;
CREATE ROLE reader;
GRANT USAGE ON SCHEMA shop TO ann;
GRANT SELECT, INSERT ON shop.orders TO ann WITH GRANT OPTION;
GRANT SELECT ON shop.orders TO GROUP sellers;
GRANT SELECT ON shop.big TO ROLE reader;
GRANT SELECT (id, name) ON shop.customers TO ann;
ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO ann;
"""
AFTER = "DROP SCHEMA shop CASCADE; DROP USER ann; DROP GROUP sellers; DROP ROLE reader;"


def run(server: Any, text: str, *options: str, **known: str) -> subprocess.CompletedProcess[str]:
    """What psql does with a script."""
    return subprocess.run(
        [PSQL, "-X", "-h", server.host, "-p", str(server.port), "-U", server.user,
         "-d", server.database, *options],
        env=os.environ | {"PGPASSWORD": server.password, "PGCLIENTENCODING": "UTF8"} | known,
        capture_output=True, text=True, input=text, timeout=120,
    )  # fmt: skip


def psql(server: Any, *commands: str, standard_input: str = "") -> subprocess.CompletedProcess[str]:
    arguments = [part for command in commands for part in ("-c", command)]
    return run(server, standard_input, "-A", "-t", *arguments)


def told(server: Any, text: str) -> str:
    """What psql prints for a script in which nothing fails, but for notices."""
    done = run(server, f"SET client_min_messages TO warning;\n{text}", "-q", "-A")
    assert not done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def shop(server: Any) -> Any:
    """The server with tables, views, functions, users and privileges."""
    assert "ERROR" not in run(server, SHOP, "-q").stderr
    yield server
    assert not run(server, AFTER, "-q").stderr


def test_statements_errors_and_several_at_once(server: Any) -> None:
    done = psql(server, "SELECT 1, 'hé', NULL; SELECT 2", "SELECT nope", "SELECT 3")
    assert done.stdout.split() == ["1|hé|", "2", "3"]
    assert 'ERROR:  referenced column "nope"' in done.stderr


def test_a_transaction_that_fails_says_so(server: Any) -> None:
    done = psql(server, "BEGIN; SELECT nope; SELECT 1; COMMIT", "SELECT 5")
    assert "current transaction is aborted" in done.stderr
    assert "5" not in done.stdout


@pytest.mark.slow_client
def test_every_command_that_describes(shop: Any) -> None:
    patterns = {"d", "d+", "dt", "dt+", "dv+", "di", "di+", "df", "df+", "dp", "z"}
    commands = [f"\\{command}" for command in DESCRIBING.split()]
    commands += [f"\\{command} shop.*" for command in patterns]
    commands += ["\\dS pg_class", "\\sf shop.twice", "\\sv shop.big", "\\conninfo", "\\encoding"]
    done = run(shop, "\n".join(commands))
    complaints = [line for line in done.stderr.splitlines() if "Did not find any" not in line]
    assert complaints == []
    late = run(shop, "\n".join(f"\\{command}" for command in OF_LATER_SERVERS)).stderr.splitlines()
    assert len(late) == len(OF_LATER_SERVERS)
    assert all("The server (version 8.0) does not support" in line for line in late)


def test_tables_and_views_are_described(shop: Any) -> None:
    customers = told(shop, r"\d shop.customers")
    assert "name|character varying(30)||not null|'x'" in customers
    assert "amount|numeric(10,2)|||" in customers
    assert "extra|super|||" in customers
    assert '"customers_pkey" PRIMARY KEY, btree (id)' in customers
    orders = told(shop, r"\d+ shop.orders")
    assert "id|integer||||plain||its number" in orders
    assert '"orders_id_key" UNIQUE CONSTRAINT, btree (id)' in orders
    assert "FOREIGN KEY (customer) REFERENCES shop.customers(id)" in orders
    assert 'TABLE "shop.orders" CONSTRAINT' in customers
    assert "WHERE (amount > 10)" in told(shop, r"\d+ shop.big")
    listed = told(shop, "\\dt+ shop.*\n\\dv shop.*")
    assert "shop|orders|table|vesto|permanent||what was bought" in listed
    assert "shop|big|view|vesto" in listed


def test_functions_are_described(shop: Any) -> None:
    assert "twice|integer|integer|func|immutable|vesto" in told(shop, r"\df+ shop.twice")
    source = told(shop, r"\sf shop.twice")
    assert source.startswith("CREATE OR REPLACE FUNCTION shop.twice(integer)\n RETURNS integer\n")
    assert source.endswith("AS $function$ SELECT $1 * 2 $function$\n")
    found = told(shop, rf"\df {shop.predict}")
    assert f"{shop.predict}|integer|a bigint, b double precision, c boolean|func" in found


def test_privileges_are_told(shop: Any) -> None:
    found = told(shop, r"\dp shop.*")
    assert "shop|orders|table|vesto=arwdxDPA/vesto\nann=a*r*/vesto\ngroup sellers=r/vesto|" in found
    assert "shop|big|view|vesto=arwdxDPA/vesto\nrole reader=r/vesto|" in found
    assert "id:\n  ann=r/vesto" in found
    assert "shop|vesto|vesto=UCDA/vesto\nann=U/vesto|" in told(shop, r"\dn+ shop")
    assert "vesto|shop|table|ann=r/vesto" in told(shop, r"\ddp")
    assert "vesto|Superuser, Create role, Create DB" in told(shop, r"\du")
    group = "SELECT groname, grolist = ARRAY[usesysid] FROM pg_group, pg_user WHERE usename = 'ann'"
    assert "sellers|t" in told(shop, group + ";")


@pytest.mark.parametrize(
    ("form", "text"),
    [("text", "1\ta, b\n2\t\\N\n"), ("csv", '1,"a, b"\n2,\n')],
)
def test_copy_in_and_out(server: Any, form: str, text: str) -> None:
    done = psql(
        server, "DROP TABLE IF EXISTS lines", "CREATE TABLE lines (i int, v varchar(20))",
        rf"\copy lines from stdin with (format {form})",
        rf"\copy (select * from lines order by 1) to stdout with (format {form})",
        standard_input=text,
    )  # fmt: skip
    assert done.stdout.partition("COPY 2\n")[2] == text, done.stderr


def test_copy_in_binary_through_a_file(server: Any, tmp_path: Path) -> None:
    told(server, f"""
        DROP TABLE IF EXISTS lines; DROP TABLE IF EXISTS others;
        CREATE TABLE lines (i int, v varchar(20), n numeric(10,2), d date);
        INSERT INTO lines VALUES (1, 'hé', -1.50, '2020-02-03'), (NULL, NULL, NULL, NULL);
        CREATE TABLE others (LIKE lines);
        \\copy lines to '{tmp_path}/rows' binary
        \\copy others from '{tmp_path}/rows' binary
    """)  # fmt: skip
    assert (tmp_path / "rows").read_bytes().startswith(b"PGCOPY\n\xff\r\n\0")
    asked = "SELECT * FROM others ORDER BY i;"
    assert told(server, asked) == "i|v|n|d\n1|hé|-1.50|2020-02-03\n|||\n(2 rows)\n"


def test_what_psql_does_with_results(server: Any) -> None:
    assert "a|integer\nn|numeric(5,2)" in told(
        server, r"SELECT 1 AS a, 1.5::numeric(5,2) AS n \gdesc"
    )
    across = "SELECT i % 2, i, i * 10 FROM generate_series(1, 3) t(i) ORDER BY 2 \\crosstabview"
    assert "|1|2|3\n1|10||30\n0||20|\n" in told(server, across)
    assert "x|7\n" in told(server, "SELECT 7 AS x \\gx")
    script = "\\set name 'o''clock'\nSELECT 6 AS six \\gset\nSELECT :'name', :six + 1;\n"
    assert "o'clock|7" in told(server, script)
    assert "a = 1" in told(server, "SELECT 'SELECT 1 AS \"a = 1\"' \\gexec")
    prepared = "PREPARE twice (int) AS SELECT $1 * 2;\nEXECUTE twice (21);\nDEALLOCATE twice;"
    assert "42" in told(server, prepared)


def test_rows_come_in_parts(server: Any) -> None:
    script = "\\set FETCH_COUNT 1000\nSELECT i FROM generate_series(1, 5000) t(i) ORDER BY i;"
    lines = told(server, script).splitlines()
    assert [int(line) for line in lines[1:5001]] == list(range(1, 5001))


def test_errors_show_where(server: Any) -> None:
    done = run(server, "SELECT 1\nFROM points WHERE WHERE;\n\\errverbose\n")
    assert "LINE 2: FROM points WHERE WHERE" in done.stderr
    assert "ERROR:  42601:" in done.stderr


def test_tls_with_a_certificate_that_is_checked(tmp_path: Path) -> None:
    key, made = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", made,
         "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    with serving(tmp_path / "shop", certificate=made, key=key, requires_tls=True) as listener:

        def asked(**known: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [PSQL, "-X", "-A", "-t", "-c", r"\conninfo", "-c", "SELECT 7"],
                env=os.environ | {
                    "PGHOST": "127.0.0.1", "PGHOSTADDR": "127.0.0.1", "PGPORT": str(listener.address[1]), "PGUSER": USER,
                    "PGPASSWORD": PASSWORD, "PGDATABASE": "dev",
                } | known,
                capture_output=True, text=True, timeout=60,
            )  # fmt: skip

        secured = asked(PGSSLMODE="verify-full", PGSSLROOTCERT=str(made))
        assert "SSL connection (protocol: TLSv1.3" in secured.stdout
        assert secured.stdout.endswith("7\n")
        assert asked(PGSSLMODE="disable").returncode
        elsewhere = asked(PGSSLMODE="verify-full", PGSSLROOTCERT=str(made), PGHOST="elsewhere")
        assert 'does not match host name "elsewhere"' in elsewhere.stderr


@pytest.mark.parametrize("quiet", [False, True])
def test_notices_are_kept_back_from_who_asks_for_that(server: Any, quiet: bool) -> None:
    level = "warning" if quiet else "notice"
    sql = f"SET client_min_messages TO {level}; DROP TABLE IF EXISTS nowhere_at_all"
    done = run(server, sql, "-q")
    notice = 'NOTICE:  table "nowhere_at_all" does not exist, skipping'
    assert (done.returncode, notice in done.stderr) == (0, not quiet)

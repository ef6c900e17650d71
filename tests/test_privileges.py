"""Who may read, write, make and remove: tables, columns, views, schemas and functions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import vesto

SHOP = """
CREATE SCHEMA hr;
CREATE TABLE hr.staff AS SELECT 1 AS id, 'Ann' AS name, 'secret pay' AS pay;
CREATE TABLE orders AS SELECT 1 AS id, 10 AS total;
CREATE TABLE notes (id INT, body VARCHAR(40));
CREATE VIEW names AS SELECT id, name FROM hr.staff;
CREATE VIEW late_names AS SELECT name FROM hr.staff WITH NO SCHEMA BINDING;
CREATE MATERIALIZED VIEW kept AS SELECT name FROM hr.staff;
CREATE FUNCTION twice (INT) RETURNS INT IMMUTABLE AS $$ SELECT $1 * 2 $$ LANGUAGE sql;
CREATE GROUP clerks; CREATE ROLE reader;
CREATE USER ann PASSWORD DISABLE; CREATE USER bob PASSWORD DISABLE IN GROUP clerks;
CREATE USER eve PASSWORD DISABLE;
"""


class Shop:
    """A warehouse with sessions of its owner and of users."""

    def __init__(self, owner: vesto.Session) -> None:
        self.owner = owner
        self.users: dict[str, vesto.Session] = {}

    def run(self, user: str, sql: str) -> list[tuple[object, ...]]:
        return self.session(user).execute(sql).rows()

    def session(self, user: str) -> vesto.Session:
        if user == "owner":
            return self.owner
        if user not in self.users:
            self.users[user] = vesto.Session(self.owner.warehouse, user=user)
        return self.users[user]

    def refused(self, user: str, sql: str, sqlstate: str = "42501") -> vesto.VestoError:
        with pytest.raises(vesto.VestoError) as caught:
            self.run(user, sql)
        assert caught.value.sqlstate == sqlstate, caught.value
        return caught.value


@pytest.fixture
def shop(path: Path) -> Iterator[Shop]:
    with vesto.connect(path, locked=True) as owner:
        owner.execute(SHOP)
        opened = Shop(owner)
        yield opened
        for session in opened.users.values():
            session.close()


@pytest.mark.parametrize("locked", [False, True], ids=["home", "locked"])
def test_a_stranger_reads_and_changes_nothing(path: Path, locked: bool) -> None:
    with vesto.connect(path, locked=locked) as owner:
        owner.execute(SHOP)
        shop = Shop(owner)
        for sql, message in STRANGER.items():
            assert message in shop.refused("eve", sql).message, sql
        assert shop.run("owner", "SELECT * FROM orders") == [(1, 10)]
        shop.session("eve").close()


STRANGER = {
    "SELECT * FROM orders": "permission denied for relation orders",
    "SELECT 1 FROM dev.public.orders": "permission denied for relation orders",
    "SELECT * FROM dev.orders": "permission denied for relation orders",
    "SELECT (SELECT max(total) FROM orders)": "permission denied for relation orders",
    "WITH x AS (SELECT * FROM orders) SELECT * FROM x": "permission denied for relation orders",
    "SELECT * FROM (WITH orders AS (SELECT 1) SELECT * FROM orders) a, orders": "relation orders",
    "TABLE orders": "permission denied for relation orders",
    "EXPLAIN SELECT * FROM orders": "permission denied for relation orders",
    "SELECT * FROM names": "permission denied for relation names",
    "SELECT * FROM late_names": "permission denied for relation late_names",
    "SELECT * FROM kept": "permission denied for relation kept",
    "SELECT * FROM hr.staff": "permission denied for schema hr",
    "INSERT INTO orders VALUES (2, 2)": "permission denied for relation orders",
    "UPDATE orders SET total = 0": "permission denied for relation orders",
    "DELETE FROM orders": "permission denied for relation orders",
    "MERGE INTO orders USING orders o ON orders.id = o.id WHEN MATCHED THEN DELETE": "orders",
    "MERGE INTO orders USING notes ON orders.id = notes.id REMOVE DUPLICATES": "orders",
    "TRUNCATE TABLE orders": "permission denied for relation orders",
    "DROP TABLE orders": "must be owner of relation orders",
    "DROP VIEW names": "must be owner of relation names",
    "DROP VIEW late_names": "must be owner of relation late_names",
    "DROP MATERIALIZED VIEW kept": "must be owner of relation kept",
    "REFRESH MATERIALIZED VIEW kept": "must be owner of relation kept",
    "ALTER TABLE orders ADD COLUMN x INT": "must be owner of relation orders",
    "ALTER TABLE orders RENAME TO mine": "must be owner of relation orders",
    "ALTER TABLE orders OWNER TO eve": "must be owner of relation orders",
    "ALTER TABLE notes APPEND FROM orders": "must be owner of relation notes",
    "ALTER SCHEMA hr OWNER TO eve": "must be owner of schema hr",
    "COMMENT ON TABLE orders IS 'mine'": "must be owner of relation orders",
    "COMMENT ON COLUMN orders.id IS 'mine'": "must be owner of relation orders",
    "COMMENT ON SCHEMA hr IS 'mine'": "must be owner of schema hr",
    "VACUUM orders": "must be owner of relation orders",
    "ANALYZE orders": "must be owner of relation orders",
    "LOCK orders": "permission denied for relation orders",
    "COPY orders FROM 's3://b/x'": "permission denied for relation orders",
    "UNLOAD ('SELECT * FROM orders') TO 's3://b/x'": "permission denied for relation orders",
    "UNLOAD ('SELECT 1 AS a') TO 's3://b/x'": "does not have ASSUMEROLE permission",
    "CREATE TABLE mine AS SELECT * FROM orders": "permission denied for relation orders",
    "CREATE TABLE mine (LIKE orders)": "permission denied for relation orders",
    "CREATE VIEW mine AS SELECT * FROM orders": "permission denied for relation orders",
    "CREATE OR REPLACE VIEW names AS SELECT 1 AS a": "must be owner of relation names",
    "CREATE MATERIALIZED VIEW mine AS SELECT * FROM orders": "permission denied for relation",
    "SELECT * INTO mine FROM orders": "permission denied for relation orders",
    "CREATE TABLE hr.mine (a INT)": "permission denied for schema hr",
    "CREATE SCHEMA mine": "permission denied for database dev",
    "DROP SCHEMA hr CASCADE": "must be owner of schema hr",
    "DROP FUNCTION twice (INT)": "must be owner of function twice",
    "CREATE OR REPLACE FUNCTION twice (INT) RETURNS INT IMMUTABLE AS $$ SELECT $1 $$ LANGUAGE sql":
        "must be owner of function twice",
    "SELECT * FROM vesto.grants": "permission denied",
    "SELECT * FROM vesto.late_views": "permission denied",
    "SELECT * FROM duckdb_views()": "not allowed",
    "SELECT nextval('x')": "not allowed",
    "SELECT * FROM read_csv('/etc/passwd')": "not allowed",
    "SELECT * FROM '/etc/passwd'": "not allowed",
    "CREATE MACRO mine() AS 1": "not allowed",
    "SET SESSION AUTHORIZATION vesto": "permission denied to set session authorization",
    "GRANT SELECT ON orders TO eve": "permission denied for relation orders",
    "GRANT USAGE ON SCHEMA hr TO eve": "permission denied for schema hr",
    "GRANT ROLE reader TO eve": "permission denied for role reader",
    "GRANT CREATE MODEL TO eve": "permission denied to grant CREATE MODEL",
    "GRANT ASSUMEROLE ON ALL TO eve FOR ALL": "must be superuser",
    "REVOKE USAGE ON SCHEMA public FROM PUBLIC": "permission denied for schema public",
    "ALTER DEFAULT PRIVILEGES FOR USER vesto GRANT ALL ON TABLES TO eve": "permission denied",
    "CREATE USER x PASSWORD DISABLE": "permission denied to create user",
    "ALTER USER vesto PASSWORD 'Secret12'": "permission denied to alter user",
    "ALTER USER eve CREATEUSER": "permission denied to alter user",
    "ALTER USER eve RENAME TO vesto": "permission denied to alter user",
    "DROP USER ann": "permission denied to drop user",
    "CREATE GROUP x": "must be superuser",
    "ALTER GROUP clerks ADD USER eve": "must be superuser",
    "DROP GROUP clerks": "must be superuser",
    "CREATE ROLE x": "permission denied to create role",
    "ALTER ROLE reader OWNER TO eve": "must be owner of role reader",
    "DROP ROLE reader": "permission denied to drop role",
}  # fmt: skip


def test_privileges_come_from_users_groups_roles_and_everybody(shop: Shop) -> None:
    for grantee, user in (("ann", "ann"), ("GROUP clerks", "bob"), ("ROLE reader", "ann"),
                          ("PUBLIC", "eve")):  # fmt: skip
        shop.run("owner", "GRANT ROLE reader TO ann")
        shop.refused(user, "SELECT * FROM orders")
        shop.run("owner", f"GRANT SELECT ON orders TO {grantee}")
        assert shop.run(user, "SELECT * FROM orders") == [(1, 10)]
        shop.run("owner", f"REVOKE SELECT ON orders FROM {grantee}")
        shop.refused(user, "SELECT * FROM orders")


def test_each_write_needs_its_own_privilege(shop: Shop) -> None:
    statements = {
        "INSERT": "INSERT INTO orders VALUES (2, 20)",
        "UPDATE": "UPDATE orders SET total = 1",
        "DELETE": "DELETE FROM orders",
        "TRUNCATE": "TRUNCATE TABLE orders",
        "ALTER": "ALTER TABLE orders ADD COLUMN more INT",
        "DROP": "DROP TABLE orders",
    }
    for privilege, sql in statements.items():
        shop.refused("ann", sql)
        shop.run("owner", f"GRANT {privilege} ON orders TO ann")
        shop.run("ann", sql)
    shop.refused("ann", "SELECT * FROM orders", "42P01")


def test_a_write_that_reads_needs_select_too(shop: Shop) -> None:
    shop.run("owner", "GRANT UPDATE, DELETE, INSERT ON orders TO ann")
    for sql in ("UPDATE orders SET total = total + 1", "DELETE FROM orders WHERE total > 5",
                "INSERT INTO orders VALUES (5, 5) RETURNING total"):  # fmt: skip
        shop.refused("ann", sql)


def test_columns_are_granted_one_by_one(shop: Shop) -> None:
    shop.run("owner", "GRANT USAGE ON SCHEMA hr TO ann; GRANT SELECT (id, name) ON hr.staff TO ann")
    assert shop.run("ann", "SELECT name FROM hr.staff s WHERE s.id = 1") == [("Ann",)]
    assert shop.run("ann", "SELECT count(*) FROM hr.staff") == [(1,)]
    assert shop.run("ann", "SELECT x.b FROM hr.staff AS x(a, b)") == [("Ann",)]
    for sql in (
        "SELECT * FROM hr.staff", "SELECT s.* FROM hr.staff s", "SELECT pay FROM hr.staff",
        "SELECT name FROM hr.staff WHERE pay LIKE 's%'", "SELECT name FROM hr.staff ORDER BY pay",
        "SELECT max(s.pay) FROM hr.staff s", "UPDATE hr.staff SET name = 'x'",
        "SELECT 1 FROM hr.staff a JOIN hr.staff b USING (pay)", "TABLE hr.staff",
        "CREATE VIEW mine AS SELECT pay FROM hr.staff", "EXPLAIN SELECT pay FROM hr.staff",
    ):  # fmt: skip
        shop.refused("ann", sql)
    with pytest.raises(vesto.VestoError) as caught:
        shop.session("ann").prepare("SELECT pay FROM hr.staff")
    assert caught.value.sqlstate == "42501"
    assert "secret" not in str(shop.run("ann", "SELECT staff FROM hr.staff"))
    shop.run("ann", "CREATE VIEW mine AS SELECT name FROM hr.staff")
    shop.run("owner", "REVOKE SELECT (name) ON hr.staff FROM ann")
    shop.refused("ann", "SELECT * FROM mine")
    assert shop.run("ann", "SELECT id FROM hr.staff") == [(1,)]


def test_columns_are_updated_by_those_who_may(shop: Shop) -> None:
    shop.run("owner", "GRANT UPDATE (total) ON orders TO ann")
    shop.run("ann", "UPDATE orders SET total = 7")
    shop.refused("ann", "UPDATE orders SET id = 7")
    assert shop.run("owner", "SELECT * FROM orders") == [(1, 7)]


@pytest.mark.parametrize("view", ["names", "late_names"])
def test_a_view_reads_by_its_owners_rights(shop: Shop, view: str) -> None:
    shop.run("owner", f"GRANT SELECT ON {view} TO ann")
    assert shop.run("ann", f"SELECT name FROM {view}") == [("Ann",)]
    shop.refused("ann", "SELECT name FROM hr.staff")
    shop.run("owner", f"ALTER TABLE {view} OWNER TO bob")
    shop.refused("ann", f"SELECT name FROM {view}")
    shop.run("owner", "GRANT USAGE ON SCHEMA hr TO bob; GRANT SELECT ON hr.staff TO bob")
    assert shop.run("ann", f"SELECT name FROM {view}") == [("Ann",)]


def test_views_over_views_check_every_owner(shop: Shop) -> None:
    shop.run("owner", "GRANT SELECT ON names TO bob")
    shop.run("bob", "CREATE VIEW over AS SELECT name FROM names; GRANT SELECT ON over TO eve")
    assert shop.run("eve", "SELECT * FROM over") == [("Ann",)]
    shop.run("owner", "REVOKE SELECT ON names FROM bob")
    shop.refused("eve", "SELECT * FROM over")
    shop.refused("bob", "SELECT * FROM over")


def test_a_search_path_does_not_turn_a_view_to_another_table(shop: Shop) -> None:
    shop.run("owner", "CREATE TABLE hr.orders AS SELECT 99 AS id, 99 AS total")
    shop.run("owner", "CREATE VIEW plain AS SELECT * FROM orders; GRANT SELECT ON plain TO ann")
    shop.run("owner", "CREATE VIEW loose AS SELECT * FROM orders WITH NO SCHEMA BINDING")
    shop.run("owner", "GRANT SELECT ON loose TO ann; GRANT USAGE ON SCHEMA hr TO ann")
    shop.run("ann", "SET search_path TO hr, public")
    assert shop.run("ann", "SELECT * FROM public.plain") == [(1, 10)]
    shop.refused("ann", "SELECT * FROM public.loose")
    shop.refused("ann", "SELECT * FROM orders")


def test_functions_are_everybodys_until_revoked(shop: Shop) -> None:
    assert shop.run("ann", "SELECT twice(4)") == [(8,)]
    shop.run("owner", "REVOKE EXECUTE ON FUNCTION twice (INT) FROM PUBLIC")
    for sql in ("SELECT twice(4)", "SELECT public.twice(4)", "SELECT (4).twice()"):
        assert "permission denied for function" in shop.refused("ann", sql).message
    shop.run("owner", "GRANT EXECUTE ON FUNCTION twice (INT) TO ann")
    assert shop.run("ann", "SELECT twice(4)") == [(8,)]
    shop.run(
        "ann",
        "CREATE FUNCTION four (INT) RETURNS INT IMMUTABLE AS $$ SELECT twice(twice($1)) $$ LANGUAGE sql",
    )
    assert "twice" in shop.refused("eve", "SELECT four(1)").message


def test_what_a_user_makes_is_its_own(shop: Shop) -> None:
    shop.run("ann", "CREATE TABLE mine AS SELECT 1 AS a; CREATE VIEW seen AS SELECT a FROM mine")
    assert shop.run("ann", "SELECT * FROM seen") == [(1,)]
    shop.refused("bob", "SELECT * FROM mine")
    shop.run("ann", "GRANT SELECT ON mine TO bob WITH GRANT OPTION")
    shop.run("bob", "GRANT SELECT ON mine TO eve")
    assert shop.run("eve", "SELECT * FROM mine") == [(1,)]
    shop.run("ann", "ALTER TABLE mine RENAME TO ours")
    assert shop.run("eve", "SELECT * FROM ours") == [(1,)]
    shop.run("ann", "DROP TABLE ours CASCADE")
    shop.run("owner", "CREATE TABLE ours AS SELECT 'new' AS a; CREATE TABLE mine AS SELECT 2 AS a")
    for user in ("ann", "bob", "eve"):
        shop.refused(user, "SELECT * FROM ours")
        shop.refused(user, "SELECT * FROM mine")


def test_what_is_rolled_back_was_never_granted(shop: Shop) -> None:
    shop.run("owner", "BEGIN; GRANT SELECT ON orders TO ann")
    shop.refused("ann", "SELECT * FROM orders")
    shop.run("owner", "ROLLBACK")
    shop.refused("ann", "SELECT * FROM orders")
    shop.run("owner", "BEGIN; GRANT SELECT ON orders TO ann; COMMIT")
    assert shop.run("ann", "SELECT * FROM orders") == [(1, 10)]


def test_default_privileges_are_of_what_is_made_later(shop: Shop) -> None:
    shop.run("ann", "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO eve")
    shop.run("ann", "CREATE TABLE hers AS SELECT 1 AS a")
    assert shop.run("eve", "SELECT * FROM hers") == [(1,)]
    shop.run("ann", "ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM eve")
    shop.run("ann", "CREATE TABLE later AS SELECT 1 AS a")
    shop.refused("eve", "SELECT * FROM later")


def test_privileges_outlive_the_process(path: Path) -> None:
    with vesto.connect(path) as owner:
        owner.execute(SHOP + "GRANT SELECT ON orders TO ann")
        vesto.Session(owner.warehouse, user="ann").execute("CREATE TABLE hers (a INT)").rows()
    with vesto.connect(path, user="ann", locked=True) as ann:
        assert ann.execute("SELECT * FROM orders").rows() == [(1, 10)]
        assert ann.execute("SELECT * FROM hers").rows() == []
        with pytest.raises(vesto.VestoError, match="permission denied for relation notes"):
            ann.execute("SELECT * FROM notes")
    with pytest.raises(vesto.VestoError) as caught:
        vesto.connect(path, user="nobody")
    assert caught.value.sqlstate == "28000"
    vesto.connect(path).close()


def test_a_user_renamed_keeps_what_it_has(shop: Shop) -> None:
    shop.run("owner", "GRANT SELECT ON orders TO ann")
    shop.run("ann", "CREATE TABLE hers AS SELECT 1 AS a")
    notices = shop.owner.execute("ALTER USER ann RENAME TO anna").notices
    assert notices == ()
    assert shop.run("ann", "SELECT current_user, a FROM hers, orders") == [("anna", 1)]


def test_a_user_that_is_gone_can_do_nothing(shop: Shop) -> None:
    assert shop.run("eve", "SELECT 1") == [(1,)]
    shop.run("owner", "DROP USER eve")
    shop.refused("eve", "SELECT 1", "28000")
    shop.run("owner", "CREATE USER eve PASSWORD DISABLE")
    shop.refused("eve", "SELECT 1", "28000")


def test_a_user_of_another_ones_old_name_has_nothing_of_it(shop: Shop) -> None:
    shop.run("owner", "ALTER USER ann RENAME TO anna; CREATE USER ann PASSWORD DISABLE")
    shop.run("owner", "GRANT SELECT ON orders TO anna")
    fresh = vesto.Session(shop.owner.warehouse, user="ann")
    with pytest.raises(vesto.VestoError, match="permission denied"):
        fresh.execute("SELECT * FROM orders")
    fresh.close()


# --- Attacks ------------------------------------------------------------------------------------

AWKWARD = ["o'b", 'a"b', "x; DROP TABLE orders", "$$", "SELECT", "ö ü", "-- no"]


@pytest.mark.parametrize("name", AWKWARD)
def test_a_name_is_never_sql(shop: Shop, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    shop.run("owner", f"CREATE USER {quoted} PASSWORD DISABLE; CREATE ROLE {quoted}")
    shop.run("owner", f"CREATE TABLE {quoted} ({quoted} INT); CREATE GROUP {quoted} USER {quoted}")
    shop.refused(name, f"SELECT * FROM {quoted}")
    shop.run("owner", f"GRANT SELECT ({quoted}) ON {quoted} TO {quoted}")
    assert shop.run(name, f"SELECT {quoted} FROM {quoted}") == []
    assert shop.run(name, "SELECT current_user") == [(name,)]
    assert shop.run(name, f"SELECT has_column_privilege('{quoted.replace(chr(39), chr(39) * 2)}', "
                          f"'{name.replace(chr(39), chr(39) * 2)}', 'select')") == [(True,)]  # fmt: skip
    shop.run("owner", f"REVOKE ALL ON {quoted} FROM {quoted}; DROP GROUP {quoted}")
    shop.run("owner", f"DROP USER {quoted}; DROP ROLE {quoted}; DROP TABLE {quoted}")
    assert shop.run("owner", "SELECT * FROM orders") == [(1, 10)]


def test_no_hint_names_what_one_may_not_see(shop: Shop) -> None:
    for sql in ("SELECT * FROM order_", "SELECT * FROM hr.staf", "SELECT * FROM publik.order_",
                "SELECT twise(1)", "SELECT nam FROM names", "DROP TABLE order_",
                "COPY order_ FROM 's3://b/x'", "INSERT INTO order_ VALUES (1)"):  # fmt: skip
        with pytest.raises(vesto.VestoError) as caught:
            shop.run("eve", sql)
        for word in ("orders", "staff", "Did you mean", "secret", "pay"):
            assert word not in str(caught.value).replace(sql, ""), (sql, caught.value)
    shop.run("owner", "GRANT SELECT ON orders TO eve")
    assert 'meant "orders"' in shop.refused("eve", "SELECT * FROM order_", "42P01").hint


def test_an_error_shows_no_value_of_a_row_that_a_view_hides(shop: Shop) -> None:
    shop.run("owner", "INSERT INTO hr.staff VALUES (2, 'Zoe', 'hidden pay')")
    shop.run("owner", "CREATE VIEW mild AS SELECT * FROM hr.staff; GRANT SELECT ON mild TO eve")
    for sql in ("SELECT pay::INT FROM mild", "CREATE TABLE x AS SELECT pay::INT AS p FROM mild",
                "SELECT * FROM mild WHERE pay::DATE > '2020-01-01'"):  # fmt: skip
        with pytest.raises(vesto.VestoError) as caught:
            shop.run("eve", sql)
        assert caught.value.sqlstate.startswith("22")
        assert "pay" not in str(caught.value).replace(sql, ""), sql
    with pytest.raises(vesto.VestoError, match="secret pay"):
        shop.run("owner", "SELECT pay::INT FROM hr.staff WHERE id = 1")


def test_a_plan_is_only_for_those_who_may_read_what_is_below(shop: Shop) -> None:
    shop.run("owner", "GRANT SELECT ON names TO eve; GRANT SELECT ON late_names TO eve")
    for view in ("names", "late_names"):
        assert shop.run("eve", f"SELECT count(*) FROM {view}") == [(1,)]
        shop.refused("eve", f"EXPLAIN SELECT * FROM {view}")


def test_a_revoke_reaches_what_was_run_before(shop: Shop) -> None:
    shop.run("owner", "GRANT SELECT ON orders TO ann")
    for _ in range(3):
        assert shop.run("ann", "SELECT total FROM orders WHERE id = 1") == [(10,)]
    shop.run("ann", "CREATE TEMP VIEW peep AS SELECT * FROM orders")
    shop.run("ann", "CREATE VIEW stays AS SELECT * FROM orders")
    shop.run("owner", "REVOKE SELECT ON orders FROM ann")
    for sql in ("SELECT total FROM orders WHERE id = 1", "SELECT total FROM orders WHERE id = 2",
                "SELECT * FROM peep", "SELECT * FROM stays"):  # fmt: skip
        shop.refused("ann", sql)


def test_functions_of_the_engines_own_are_not_a_way_around(path: Path) -> None:
    with vesto.connect(path) as owner:
        owner.execute(SHOP + "CREATE MACRO peek() AS (SELECT max(pay) FROM hr.staff)")
        eve = vesto.Session(owner.warehouse, user="eve")
        for sql in ("SELECT peek()", "SELECT public.peek()", "SELECT dev.public.peek()"):
            with pytest.raises(vesto.VestoError, match="permission denied for function"):
                eve.execute(sql)
        owner.execute("GRANT EXECUTE ON FUNCTION peek() TO eve")
        assert eve.execute("SELECT peek()").rows() == [("secret pay",)]
        eve.close()


def test_system_views_show_what_the_user_may_see(shop: Shop) -> None:
    shop.run("owner", "GRANT SELECT ON orders TO ann; GRANT ROLE reader TO bob")
    rows = "SELECT relation_name, identity_name FROM svv_relation_privileges"
    assert shop.run("owner", rows) == [("orders", "ann")]
    assert shop.run("ann", rows) == [("orders", "ann")]
    assert shop.run("eve", rows) == []
    assert shop.run("bob", "SELECT role_name FROM svv_user_grants") == [("reader",)]
    assert shop.run("eve", "SELECT role_name FROM svv_user_grants") == []


def test_a_place_outside_is_granted_by_its_name_or_its_role(shop: Shop) -> None:
    shop.run("owner", "GRANT INSERT ON notes TO ann")
    copy = "COPY notes FROM 's3://bucket/in/x.csv' IAM_ROLE 'arn:aws:iam::1:role/r' CSV"
    message = shop.refused("ann", copy).message
    assert message == (
        'User ann does not have ASSUMEROLE permission on IAM role "arn:aws:iam::1:role/r" for COPY'
    )
    shop.run("owner", "GRANT ASSUMEROLE ON 's3://bucket/other' TO ann FOR COPY")
    shop.refused("ann", copy)
    shop.refused("ann", "COPY notes FROM 's3://bucket/other/../in/x.csv' CSV")
    shop.run("owner", "GRANT ASSUMEROLE ON 's3://bucket/in' TO ann FOR UNLOAD")
    shop.refused("ann", copy)
    shop.run("owner", "GRANT ASSUMEROLE ON 's3://bucket/in' TO ann FOR COPY")
    with pytest.raises(vesto.VestoError) as caught:
        shop.run("ann", copy)
    assert caught.value.sqlstate != "42501"


def test_passwords_are_in_no_file_error_or_view(shop: Shop, path: Path) -> None:
    secret = "Very5ecretWord"
    shop.run("owner", f"CREATE USER liz PASSWORD '{secret}'; ALTER USER liz PASSWORD '{secret}'")
    for sql in (f"CREATE USER liz PASSWORD '{secret}'", f"ALTER USER no PASSWORD '{secret}'",
                f"CREATE USER x PASSWORD '{secret}' VALID UNTIL 'never'",
                f"CREATE USER x PASSWORD '{secret} '"):  # fmt: skip
        with pytest.raises(vesto.VestoError) as caught:
            shop.run("owner", sql)
        assert secret not in str(caught.value)
    for file in path.rglob("*"):
        if file.is_file():
            assert secret.encode() not in file.read_bytes()

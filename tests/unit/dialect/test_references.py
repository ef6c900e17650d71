"""What a statement needs to be allowed, as its tree shows it."""

from __future__ import annotations

import pytest
import sqlglot

from vesto.dialect.references import stored_uses, uses_of


def uses(sql: str) -> set[tuple[str, str, str]]:
    tree = sqlglot.parse_one(sql, read="redshift")
    return {(use.action, use.schema, use.name) for use in uses_of(tree)}


QUERIES = {
    "SELECT a FROM t": {("SELECT", "", "t")},
    "SELECT a FROM S.T, u JOIN v ON true": {
        ("SELECT", "s", "t"), ("SELECT", "", "u"), ("SELECT", "", "v")},
    "SELECT (SELECT max(x) FROM u) FROM t": {("SELECT", "", "t"), ("SELECT", "", "u")},
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM t)": {("SELECT", "", "t")},
    "SELECT 1 UNION SELECT a FROM t": {("SELECT", "", "t")},
    "SELECT * FROM a, LATERAL (SELECT * FROM b) c": {("SELECT", "", "a"), ("SELECT", "", "b")},
    "TABLE t": {("SELECT", "", "t")},
    # A name of WITH is a table's where WITH does not reach.
    "WITH t AS (SELECT 1) SELECT * FROM t": set(),
    "WITH t AS (SELECT * FROM t) SELECT * FROM t": {("SELECT", "", "t")},
    "WITH RECURSIVE t AS (SELECT 1 n UNION ALL SELECT n FROM t) SELECT * FROM t": set(),
    "WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a": {("SELECT", "", "b")},
    "WITH a AS (SELECT 1), b AS (SELECT * FROM a) SELECT * FROM b": set(),
    "WITH t AS (SELECT 1) SELECT * FROM s.t": {("SELECT", "s", "t")},
    "SELECT * FROM t WHERE EXISTS (WITH t AS (SELECT 1) SELECT * FROM t)": {("SELECT", "", "t")},
    "SELECT * FROM (WITH t AS (SELECT 1) SELECT * FROM t) x, t": {("SELECT", "", "t")},
    "INSERT INTO t SELECT * FROM u": {("INSERT", "", "t"), ("SELECT", "", "u")},
    "INSERT INTO t VALUES (1) RETURNING a": {("INSERT", "", "t"), ("SELECT", "", "t")},
    "UPDATE t SET a = 1": {("UPDATE", "", "t")},
    "UPDATE t SET a = b": {("UPDATE", "", "t"), ("SELECT", "", "t")},
    "UPDATE t SET a = 1 FROM u WHERE t.x = u.x": {
        ("UPDATE", "", "t"), ("SELECT", "", "t"), ("SELECT", "", "u")},
    "DELETE FROM t": {("DELETE", "", "t")},
    "DELETE FROM t WHERE a = 1": {("DELETE", "", "t"), ("SELECT", "", "t")},
    "DELETE FROM t USING u WHERE t.a = u.a": {
        ("DELETE", "", "t"), ("SELECT", "", "t"), ("SELECT", "", "u")},
    "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE": {
        ("DELETE", "", "t"), ("SELECT", "", "t"), ("SELECT", "", "u")},
    "TRUNCATE TABLE t": {("TRUNCATE", "", "t")},
    "CREATE TABLE t AS SELECT * FROM u": {("CREATE", "", "t"), ("SELECT", "", "u")},
    "CREATE OR REPLACE VIEW v AS SELECT * FROM u": {("REPLACE", "", "v"), ("SELECT", "", "u")},
    "CREATE TEMP TABLE t AS SELECT 1": {("TEMPORARY", "", "t")},
    "DROP TABLE a.t, u": {("DROP", "a", "t"), ("DROP", "", "u")},
    "SELECT f(1), s.g(2), dev.s.h(3)": {("CALL", "", "f"), ("CALL", "s", "g"), ("CALL", "s", "h")},
    "SELECT (1).f(2)": {("CALL", "*", "f")},
}  # fmt: skip


@pytest.mark.parametrize("sql", QUERIES)
def test_every_use_is_found(sql: str) -> None:
    assert uses(sql) == QUERIES[sql]


def test_columns_are_known_where_they_are_plain_to_see() -> None:
    def columns(sql: str) -> frozenset[str] | None:
        return next(u.columns for u in uses_of(sqlglot.parse_one(sql, read="redshift")))

    assert columns("SELECT a, t.B FROM t") == {"a", "b"}
    for sql in ("SELECT * FROM t", "SELECT a + 1 FROM t", "SELECT a FROM t WHERE b = 1",
                "SELECT a FROM t AS x(b, a)", "SELECT t FROM t, u"):  # fmt: skip
        assert columns(sql) is None
    assert columns("UPDATE t SET a = 1, b = 2") == {"a", "b"}


def test_what_the_engine_keeps_is_read_or_refused() -> None:
    found = stored_uses("CREATE VIEW s.v AS SELECT f(a) FROM s.t;") or ()
    assert {(u.action, u.schema, u.name) for u in found} == {
        ("SELECT", "s", "t"),
        ("CALL", "", "f"),
    }
    assert stored_uses("SELECT 1 +") is None
    assert stored_uses("SELECT 1; SELECT 2") is None
    assert stored_uses("ATTACH 'x' AS y") is None

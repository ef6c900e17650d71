"""Redshift SQL for DuckDB, without a database."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vesto.dialect.surroundings import Surroundings
from vesto.dialect.translate import Signature, Translated, is_known_function, translate
from vesto.errors import StatementSyntaxError, VestoError

F = Signature("public", "f", (("a", "int4"), ("b", "varchar")), ready=True)


def read(sql: str, *, home: bool = True) -> Translated:
    def find(schema: str, name: str) -> list[Signature]:
        return [F] if name.lower() == "f" and schema in {"", "public"} else []

    return translate(
        sql, find, Surroundings(frozenset({"stv_ml_model_info"})), engine_dialect_too=home
    )


fragments = st.lists(
    st.sampled_from(
        [
            "SELECT",
            "FROM",
            "WHERE",
            "t",
            "a.b",
            "f(",
            ")",
            ",",
            ";",
            "1",
            "'x'",
            '"',
            "$$",
            "--",
            "/*",
            "*/",
            "(",
            "[",
            "]",
            "{",
            "}",
            "::",
            ":=",
            "=>",
            "*",
            "/",
            "%",
            "CASE",
            "WHEN",
            "END",
            "WITH",
            "AS",
            "UNION",
            "CREATE",
            "TABLE",
            "VIEW",
            "INSERT",
            "INTO",
            "VALUES",
            "SET",
            "GRANT",
            "DROP",
            "AND",
            "OR",
            "NOT",
            "NULL",
            ".",
            "?",
            "@",
            "#",
            "\\",
        ]
    ),
    max_size=14,
).map(" ".join)


@given(st.one_of(fragments, st.text(max_size=40)))
@example("SELECT " + "(" * 500 + "1" + ")" * 500)
@example("SELECT f(" * 300)
@example("CASE WHEN")
@example("")
def test_no_text_raises_anything_but_our_errors(sql: str) -> None:
    for home in (True, False):
        try:
            assert read(sql, home=home).kind in {"query", "write", "define", "native"}
        except VestoError:
            continue


@pytest.mark.parametrize(
    ("sql", "word", "position"),
    [("SELECT 1 +", None, 10), ("SELECT a FROM t WHERE", None, None), ("SELECT )", ")", 8)],
)
def test_a_syntax_error_has_a_place(sql: str, word: str | None, position: int | None) -> None:
    with pytest.raises(StatementSyntaxError) as caught:
        read(sql)
    assert position is None or caught.value.position == position
    assert word is None or word in caught.value.message


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SELECT 1", "query"),
        ("EXPLAIN SELECT 1", "query"),
        ("EXPLAIN ANALYZE SELECT 1", "native"),
        ("WITH x AS (SELECT 1) SELECT * FROM x", "query"),
        ("SELECT 1 UNION SELECT 2", "query"),
        ("INSERT INTO t VALUES (1)", "write"),
        ("UPDATE t SET a = 1", "write"),
        ("DELETE FROM t", "write"),
        ("CREATE TABLE t (a int)", "define"),
        ("CREATE VIEW v AS SELECT 1", "define"),
        ("DROP SCHEMA s", "define"),
        ("CREATE MACRO m(a) AS a", "native"),
        ("ATTACH 'x' AS y", "native"),
        ("LOAD json", "native"),
        ("PRAGMA version", "native"),
        ("COPY t TO 'x.csv'", "native"),
        ("SET threads = 1", "native"),
    ],
)
def test_the_kind_of_a_statement_is_known(sql: str, kind: str) -> None:
    assert read(sql).kind == kind


def test_a_call_takes_its_arguments_in_order_and_typed() -> None:
    found = read("SELECT f(b => 5, a => '7') FROM t")
    assert found.sql == 'SELECT "f"(CAST(\'7\' AS INT), CAST(5 AS TEXT)) AS "f" FROM t'
    assert [(span.start, span.end) for span in found.calls] == [(7, 8)]


def test_system_views_are_found_in_their_schema() -> None:
    assert read("SELECT * FROM STV_ML_MODEL_INFO").sql == (
        "SELECT * FROM vesto.stv_ml_model_info AS stv_ml_model_info"
    )
    assert "vesto.stv_ml" in read("SELECT 1 FROM pg_catalog.stv_ml_model_info i").sql
    assert "mine.stv_ml" in read("SELECT 1 FROM mine.stv_ml_model_info").sql


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("SELECT a / b / c", "SELECT a / vesto.divisor(b) / vesto.divisor(c)"),
        ("SELECT a / (b + 1)", "SELECT a / vesto.divisor(b + 1)"),
        ("SELECT a / -b", "SELECT a / vesto.divisor(-b)"),
        ("SELECT a / 2", "SELECT a / 2"),
        ("SELECT a % b", "SELECT a % vesto.divisor(b)"),
        ("SELECT a / 0", "SELECT a / vesto.divisor(0)"),
    ],
)
def test_divisors_are_guarded_once(sql: str, text: str) -> None:
    assert read(sql).sql == f'{text} AS "?column?"'


def test_names_of_sql_functions_are_known() -> None:
    assert is_known_function("nvl")
    assert not is_known_function("predict_churn")
    assert not is_known_function("no identifier")

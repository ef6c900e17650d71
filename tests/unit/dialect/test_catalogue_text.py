"""What is taken out of a statement before it is parsed leaves everything else where it was."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vesto.dialect.catalogue import plain_text
from vesto.dialect.scanner import scan
from vesto.errors import VestoError


@pytest.mark.parametrize(
    ("sql", "plain"),
    [
        ("SELECT pg_catalog.version()", "SELECT version()"),
        ('SELECT * FROM "dev".pg_catalog.pg_class', "SELECT * FROM pg_class"),
        ("SELECT a OPERATOR(pg_catalog.!~) 'b'", "SELECT a !~ 'b'"),
        ('SELECT a COLLATE pg_catalog.default, b COLLATE "C"', "SELECT a , b"),
        ("SELECT a COLLATE case_insensitive", "SELECT a COLLATE case_insensitive"),
        ("SELECT a COLLATE", "SELECT a COLLATE"),
        ("SELECT 'pg_catalog.x'", "SELECT 'pg_catalog.x'"),
        ("SELECT '{}'::oid[], x::name[]", "SELECT '{}'::int[], x::text[]"),
        ("SELECT ''::\"char\"", "SELECT ''::char"),
        ('SELECT "char" FROM t', 'SELECT "char" FROM t'),
        ("SELECT information_schema._pg_expandarray(a)", "SELECT _pg_expandarray(a)"),
        (
            "SELECT * FROM pg_get_late_binding_view_cols() cols(a name, b varchar, c int)",
            "SELECT * FROM pg_get_late_binding_view_cols() cols(a , b , c )",
        ),
    ],
)  # fmt: skip
def test_only_what_says_what_is_so_anyway_goes(sql: str, plain: str) -> None:
    found = plain_text(sql)
    assert len(found) == len(sql)
    assert [t.text for t in scan(found)] == [t.text for t in scan(plain)]


WORDS = st.sampled_from(
    ["pg_catalog", ".", "OPERATOR", "(", ")", "~", "COLLATE", '"C"', "default", "x", ",", "::", "oid",
     "[", "]", '"char"', "pg_get_late_binding_view_cols", "information_schema", "_pg_expandarray", "AS", "'a'"]
)  # fmt: skip


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(WORDS, max_size=20))
def test_any_text_keeps_its_length(words: list[str]) -> None:
    sql = " ".join(words)
    try:
        scan(sql)
    except VestoError:
        return
    assert len(plain_text(sql)) == len(sql)

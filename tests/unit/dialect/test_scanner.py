"""Tokens, statements and names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name, checked, quoted, written
from vesto.dialect.scanner import located, scan, split
from vesto.errors import InvalidName, StatementSyntaxError, VestoError


def kinds(sql: str) -> list[tuple[str, str]]:
    return [(token.kind, token.text) for token in scan(sql)[:-1]]


def test_words_names_strings_numbers_and_symbols_are_told_apart() -> None:
    assert kinds('select "A ""b""" , \'it\'\'s\' x1$ 1.5e-3 <=a::int') == [
        ("word", "select"),
        ("quoted", 'A "b"'),
        ("symbol", ","),
        ("string", "it's"),
        ("word", "x1$"),
        ("number", "1.5e-3"),
        ("symbol", "<="),
        ("word", "a"),
        ("symbol", "::"),
        ("word", "int"),
    ]


def test_comments_of_both_kinds_are_left_out() -> None:
    assert kinds("a -- b\nc /* d /* e */ f */ g") == [("word", "a"), ("word", "c"), ("word", "g")]


@pytest.mark.parametrize("tag", ["$$", "$body$"])
def test_dollar_quotes_hold_anything(tag: str) -> None:
    assert kinds(f"{tag}it's; -- $ x{tag}") == [("string", "it's; -- $ x")]


@pytest.mark.parametrize("sql", ["'a", '"a', "/* a /* b */", "$$a", "$x$ a $$", "E'"])
def test_what_has_no_end_is_an_error_at_its_beginning(sql: str) -> None:
    with pytest.raises(StatementSyntaxError) as caught:
        scan("  " + sql)
    assert caught.value.message.startswith("unterminated")
    assert caught.value.position in {3, 4}


def test_statements_are_split_at_semicolons_outside_strings() -> None:
    sql = " select ';' ; ; -- x;\n select $$;$$;"
    assert [sql[s.start : s.end] for s in split(sql)] == ["select ';'", "select $$;$$"]


@given(st.text(max_size=80))
def test_any_text_gives_tokens_that_cover_it_in_order_or_an_error(text: str) -> None:
    try:
        tokens = scan(text)
    except StatementSyntaxError:
        return
    ends = [token.span.end for token in tokens]
    starts = [token.span.start for token in tokens]
    assert all(end <= start for end, start in zip(ends, starts[1:], strict=False))
    assert tokens[-1].kind == "end"


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=30))
def test_quoting_is_undone_by_reading(text: str) -> None:
    assert kinds(quoted(text)) == [("quoted", text)]
    assert kinds(written(text)) == [("string", text)]


def test_a_name_of_three_parts_folds_what_is_bare() -> None:
    name = Cursor('Dev."Sche ma".Model').name()
    assert name == Name("model", "Sche ma", "dev")
    assert name.sql() == '"dev"."Sche ma"."model"'
    assert str(name) == "dev.Sche ma.model"


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 128, "ü" * 64])
def test_names_that_cannot_be_are_refused(name: str) -> None:
    with pytest.raises(InvalidName):
        checked(name)


def test_the_longest_name_is_taken() -> None:
    assert checked("x" * 127) == "x" * 127


def test_a_reserved_word_is_no_name_but_its_quoted_form_is() -> None:
    with pytest.raises(StatementSyntaxError, match="reserved") as caught:
        Cursor("table").name()
    assert "double quotes" in caught.value.hint
    assert Cursor('"table"').name() == Name("table")


@pytest.mark.parametrize(("text", "value"), [("5", 5), ("- 5", -5), ("'12'", 12)])
def test_whole_numbers_are_read_with_sign_and_quotes(text: str, value: int) -> None:
    assert Cursor(text).integer("x") == value


def test_a_keyword_in_quotes_is_no_keyword() -> None:
    assert not Cursor("'from'").peek("FROM")
    assert not Cursor('"from"').peek("FROM")


@given(st.text(max_size=40))
def test_parentheses_are_balanced_or_refused(text: str) -> None:
    try:
        inside, span = Cursor(f"({text})").parenthesised("x")
    except VestoError:
        return
    assert f"({text})"[span.start : span.end].rstrip() == inside


@pytest.mark.parametrize(
    ("sql", "name", "found"),
    [
        ("SELECT zzz FROM t", "zzz", "zzz"),
        ("SELECT ZZZ FROM t", '"zzz"', "ZZZ"),
        ("SELECT t . zzz, zzz FROM t", "t.zzz", "t . zzz"),
        ("SELECT a FROM t", "public.t", "t"),
        ("SELECT zzz, 'zzz' FROM t -- zzz", "zzz", "zzz"),
        ("SELECT zzz FROM t WHERE zzz = 1", "zzz", None),
        ("SELECT a FROM t", "zzz", None),
        ("SELECT a FROM t", "", None),
    ],
)
def test_a_name_is_located_where_it_stands_once(sql: str, name: str, found: str | None) -> None:
    span = located(sql, name)
    assert (span and sql[span.start : span.end]) == found

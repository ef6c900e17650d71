"""The PREPROCESSORS clause: what is read, what is refused, and where the mistake is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vesto.errors import InvalidParameterValue, VestoError
from vesto.features.preprocessors import Entry, parse, refuse_others, resolved, written
from vesto.features.transformers import TRANSFORMERS

NAMES = tuple(transformer.name for transformer in TRANSFORMERS.all())
TEN = {
    "OneHotEncoder", "OrdinalEncoder", "NumericPassthrough", "Imputer", "ImputerWithIndicator",
    "Normalizer", "DateTimeVectorizer", "PCA", "StandardScaler", "MinMax",
}  # fmt: skip
FAMILIES = {
    "a": "integer", "b": "fraction", "c": "boolean", "word": "text", "Day": "date", "at": "timestamp",
}  # fmt: skip

columns = st.lists(
    st.sampled_from([*FAMILIES, "*", "A", "y"]) | st.text(min_size=1), min_size=1, max_size=4
).map(tuple)
entries = st.builds(
    Entry, columns, st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map(tuple)
)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["ColumnSet", "Transformers", "*", "a", "MinMax"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["ColumnSet", "Transformers", "x"]) | st.text(max_size=3), inner, max_size=3
    ),
    max_leaves=12,
)  # fmt: skip


def test_all_ten_transformers_are_there_under_their_names() -> None:
    assert set(NAMES) == TEN
    assert TRANSFORMERS.names() == sorted(name.lower() for name in NAMES)


@given(st.lists(entries, max_size=4).map(tuple))
def test_what_is_written_is_read_again(given: tuple[Entry, ...]) -> None:
    assert parse(written(given) or "none") == given


def outcome(work: Callable[[], tuple[Entry, ...]]) -> tuple[tuple[Entry, ...], VestoError | None]:
    try:
        return work(), None
    except VestoError as error:
        return (), error


@given(st.text() | documents.map(json.dumps))
def test_any_text_is_read_or_refused_with_a_hint(text: str) -> None:
    found, error = outcome(lambda: parse(text))
    if error is None:
        assert parse(written(found) or "none") == found
        return
    assert isinstance(error, InvalidParameterValue)
    assert error.message.startswith("PREPROCESSORS ")
    assert error.hint
    assert error.span is None or 0 <= error.span.start <= len(text)


@given(st.lists(entries, max_size=4).map(tuple))
def test_any_entries_are_resolved_or_refused_with_their_number(given: tuple[Entry, ...]) -> None:
    found, error = outcome(lambda: resolved(given, FAMILIES, "y"))
    if error is not None:
        number = re.match(r"PREPROCESSORS entry (\d+): ", error.message)
        assert number
        assert 1 <= int(number.group(1)) <= len(given)
        assert error.hint
    named = [name for entry in found for name in entry.columns]
    assert len(named) == len(set(named))
    assert set(named) <= set(FAMILIES)


def entry(columns: Any = ("a",), transformers: Any = ("MinMax",)) -> dict[str, Any]:
    return {"ColumnSet": columns, "Transformers": transformers}


def test_names_of_transformers_and_columns_have_any_case() -> None:
    read = parse(json.dumps([entry(["A", "day"], ["minmax"]), entry(["WORD"], ["OnehotEncoder"])]))
    assert [e.transformers for e in read] == [("MinMax",), ("OneHotEncoder",)]
    found = resolved(
        (Entry(("A",), ("MinMax",)), Entry(("day",), ("DateTimeVectorizer",))), FAMILIES, "y"
    )
    assert [e.columns for e in found] == [("a",), ("Day",)]


def test_a_star_is_every_column_that_no_entry_names() -> None:
    given = (
        Entry(("*",), ("Imputer",)),
        Entry(("word",), ("Imputer", "OrdinalEncoder")),
        Entry(("Day", "at"), ("DateTimeVectorizer", "PCA")),
    )
    assert resolved(given, FAMILIES, "y")[0].columns == ("a", "b", "c")


def test_columns_of_one_letter_in_two_cases_are_two() -> None:
    found = resolved((Entry(("x",), ("MinMax",)),), {"X": "text", "x": "integer"}, "")
    assert found[0].columns == ("x",)


UNREADABLE = {
    "neither 'none' nor JSON: expecting value at character 1": "some",
    "neither 'none' nor JSON: expecting value at character 2": "[,]",
    "neither 'none' nor JSON": "[NaN]",
    "no list of column sets": '{"ColumnSet": ["a"]}',
    "entry 2: expected an object": json.dumps([entry(), 5]),
    'entry 1: there is no key "Columns"': json.dumps([{"Columns": ["a"]}]),
    'entry 1: "ColumnSet" must be a list of texts': json.dumps([entry("a")]),
    'entry 2: "Transformers" must be a list of texts': json.dumps(
        [entry(), entry(transformers=[])]
    ),
    'entry 1: "Transformers" must be': json.dumps([{"ColumnSet": ["a"]}]),
    "entry 1: a column has an empty name": json.dumps([entry([""])]),
    'entry 3: there is no transformer "MinMx"': json.dumps(
        [entry(), entry(), entry(transformers=["MinMx"])]
    ),
    'the key "ColumnSet" twice': '[{"ColumnSet": ["a"], "ColumnSet": ["b"], "Transformers": ["PCA"]}]',
    "PREPROCESSORS is neither": "[" * 100_000,
}


@pytest.mark.parametrize(("words", "text"), UNREADABLE.items(), ids=range(len(UNREADABLE)))
def test_a_text_that_cannot_be_read_says_why(words: str, text: str) -> None:
    with pytest.raises(InvalidParameterValue, match=re.escape(words)) as caught:
        parse(text)
    assert caught.value.hint
    if "at character" in words:
        assert caught.value.position == int(words.rsplit(" ", 1)[1])


ONE = Entry(("a",), ("MinMax",))
UNFIT = {
    ("42703", 'entry 2: column "bb" is not in FROM'): (ONE, Entry(("bb",), ("MinMax",))),
    ("22023", 'entry 2: column "a" is in entry 1 too'): (ONE, Entry(("b", "A"), ("MinMax",))),
    ("22023", 'entry 1: column "a" is there twice'): (Entry(("a", "a"), ("MinMax",)),),
    ("22023", 'entry 1: column "Y" is the target'): (Entry(("Y",), ("MinMax",)),),
    ("22023", 'entry 2: "*" is in entry 1 too'): (Entry(("*",), ("PCA",)), Entry(("*",), ("PCA",))),
    ("22023", 'entry 2: "*" stands for no column'): (
        Entry(tuple(FAMILIES), ("Imputer",)),
        Entry(("*",), ("PCA",)),
    ),
    ("22023", 'StandardScaler does not fit column "word"'): (
        Entry(("word",), ("StandardScaler",)),
    ),
    ("22023", 'OneHotEncoder does not fit column "b"'): (Entry(("b",), ("OneHotEncoder",)),),
    ("22023", 'DateTimeVectorizer does not fit column "a"'): (
        Entry(("a",), ("DateTimeVectorizer",)),
    ),
    ("22023", 'Imputer does not fit column "Day"'): (Entry(("Day",), ("Imputer",)),),
    ("22023", 'OneHotEncoder does not fit column "a" after Imputer'): (
        Entry(("a",), ("Imputer", "OneHotEncoder")),
    ),
    ("22023", 'column "word" is still no number'): (Entry(("word",), ("Imputer",)),),
}


@pytest.mark.parametrize(("said", "given"), UNFIT.items(), ids=[words for _, words in UNFIT])
def test_entries_that_do_not_fit_the_columns_say_which(
    said: tuple[str, str], given: tuple[Entry, ...]
) -> None:
    sqlstate, words = said
    with pytest.raises(VestoError, match=re.escape(words)) as caught:
        resolved(given, FAMILIES, "y")
    assert caught.value.sqlstate == sqlstate
    assert caught.value.message.startswith("PREPROCESSORS entry ")
    assert caught.value.hint


def test_a_form_may_take_only_some() -> None:
    refuse_others((ONE,), ("MinMax",), "MODEL_TYPE X")
    with pytest.raises(InvalidParameterValue, match="entry 2: PCA does not go with MODEL_TYPE X"):
        refuse_others((ONE, Entry(("b",), ("PCA",))), ("MinMax",), "MODEL_TYPE X")

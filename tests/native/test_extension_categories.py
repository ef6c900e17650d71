"""``vesto_category``: words looked up before the prediction, which must change no prediction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from extension_support import NULL_VALUE, Saved, ask, mistake, save

from vesto.programs.bodies import Linear
from vesto.programs.program import Input, Program, value_output
from vesto.programs.steps import Category, Impute, Number, OneHot, TextNumber

WORDS = ("", "a", "exactly twelve", "more than sixteen characters", "sixteen letters!", "é")
ROWS = 20_000
# Words of every length, unknown ones and NULL; stored with a dictionary by some versions of DuckDB.
TEXTS = f"""
CREATE TABLE texts AS SELECT i AS id, CASE i % 10 WHEN 0 THEN '' WHEN 1 THEN 'a' WHEN 2 THEN 'a  '
WHEN 3 THEN 'exactly twelve' WHEN 4 THEN 'more than sixteen characters' WHEN 5 THEN 'é'
WHEN 6 THEN 'sixteen letters!' WHEN 7 THEN 'gone' WHEN 8 THEN 'unknown' END AS word,
(i % 97)::DOUBLE AS number FROM range({ROWS}) t(i)
"""


def program(*, one_hot: bool = False) -> Program:
    """A word and a number; the word's weight is joined with the dictionary where it is one-hot."""
    values = np.arange(float(len(WORDS)))
    category = Category(0, WORDS, values, -1.0, NULL_VALUE, ("gone",))
    inputs = (Input("Word's", "varchar"), Input("number", "float8"))
    if one_hot:
        steps = (category, Number(1), OneHot(2, len(WORDS)))
        features = (*range(4, 4 + len(WORDS)), 3)
        weights = [*(0.5 + values), 0.25]
    else:
        steps, features, weights = (category, Number(1)), (2, 3), [1.0, 0.25]
    body = Linear(np.array([weights]), np.array([0.125]))
    return Program(inputs, steps, features, body, value_output("float8"))


def looked_up(saved: Saved, text: str, number: str = "1") -> str:
    return f"vesto_category({saved.name!r}, {number}, {text})"


@pytest.mark.parametrize("one_hot", [False, True])
@pytest.mark.parametrize("text", ["word", "word::VARCHAR || ''", "'a'", "NULL", "(id % 20)"])
def test_predictions_are_the_same(tmp_path: Path, text: str, one_hot: bool) -> None:
    saved = save(program(one_hot=one_hot), tmp_path)
    before, after = saved.call(text, "number"), saved.call(looked_up(saved, text), "number")
    *_, different, predictions, some = ask(
        saved.register,
        TEXTS,
        "CHECKPOINT",
        f"SELECT count(*) FROM texts WHERE {before} IS DISTINCT FROM {after}",
        f"SELECT count(DISTINCT {after}) > 90 FROM texts",
        f"SELECT count(*) FROM texts WHERE id % 7 = 3 AND {before} IS DISTINCT FROM {after}",
        path=tmp_path / "texts.duckdb",
    )
    assert (different, predictions, some) == ([[0]], [[True]], [[0]])


@pytest.mark.parametrize("kind", ["ENUM('a', 'é', 'other')", "UUID"])
def test_enums_and_uuids_are_texts(tmp_path: Path, kind: str) -> None:
    saved = save(program(), tmp_path)
    value = "'é'" if "ENUM" in kind else "'00000000-0000-0000-0000-000000000000'"
    call = saved.call(looked_up(saved, f"{value}::{kind}"), "0.0")
    _, found = ask(saved.register, f"SELECT {call} - {saved.call(value, '0.0')}")
    assert found == [[0.0]]


def test_what_is_missing_or_unknown_is_as_the_program_says(tmp_path: Path) -> None:
    saved = save(program(), tmp_path)
    words = "(VALUES ('a '), ('gone'), ('b'), (NULL)) t(word)"
    _, kind, found = ask(
        saved.register,
        f"SELECT typeof({looked_up(saved, 'NULL')})",
        f"SELECT {looked_up(saved, 'word')} FROM {words}",
    )
    assert kind == [["VESTO_CATEGORY"]]
    assert found == [[1.0], [NULL_VALUE], [-1.0], [NULL_VALUE]]


def test_mistakes_are_found_by_the_binder(tmp_path: Path) -> None:
    saved = save(program(), tmp_path)
    answers = ask(
        saved.register,
        *[
            f"SELECT {looked_up(saved, repr('a'), number)}"
            for number in ("2", "0", "-1", "3", "NULL", "1::BIGINT", "'1'", "999999999999")
        ],
        f"SELECT {looked_up(saved, repr('a'), 'i::INTEGER')} FROM range(2) t(i)",
        f"SELECT vesto_category({saved.name!r}, 1)",
        "SELECT vesto_category('0123', 1, 'a')",
        f"SELECT {looked_up(saved, '1.5')}",
        f"SELECT {saved.call('1.5::DOUBLE', '1.5')}",
        f"SELECT {saved.call(repr('a'), looked_up(saved, repr('a')))} ",
    )
    found = [error.message for error in map(mistake, answers[1:-1])]
    no_input = "the second argument must be the number of an input that is a category"
    assert found == [
        *[f"{no_input} and nothing else"] * 9,
        "the function takes a program's name, an input's number and its texts",
        "program 0123 is not loaded",
        'argument 1 "Word\'s" has the type numeric, not varchar',
        'argument 1 "Word\'s" has the type float8, not varchar',
    ]
    # A looked-up word is a number where the program wants one.
    assert answers[-1] == [[1.0 + 0.25 + 0.125]]


def test_a_text_that_two_steps_read_is_no_category(tmp_path: Path) -> None:
    steps = (Category(0, ("a",), np.array([1.0]), 0.0, 0.0, ()), TextNumber(0, ()), Impute(2, 0.0))
    body = Linear(np.array([[1.0, 1.0]]), np.array([0.0]))
    two = Program((Input("Word's", "varchar"),), steps, (1, 3), body, value_output("float8"))
    saved = save(two, tmp_path)
    _, refused, found = ask(
        saved.register, f"SELECT {looked_up(saved, repr('a'))}", f"SELECT {saved.call(repr('7'))}"
    )
    assert "must be the number of an input that is a category" in mistake(refused).message
    assert found == [[7.0]]

"""What is kept of translations is what translating again would give."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
import sqlglot

from vesto.dialect.front import Front, is_plain, lift
from vesto.dialect.scanner import split
from vesto.dialect.surroundings import Surroundings
from vesto.dialect.translate import Signature, Translated, translate
from vesto.dialect.untouched import untouched
from vesto.errors import UndefinedFunction, VestoError

FOLDER = Path(__file__).parents[2] / "sql"
AROUND = Surroundings(super_columns=frozenset({"s", "o", "m", "t"}))


def corpus() -> list[str]:
    """Every plain statement of the text cases."""
    found = set()
    for file in FOLDER.glob("*.test"):
        for block in file.read_text().split("\n\n"):
            lines = [line for line in block.splitlines() if not line.startswith("#")]
            text = "\n".join(lines[1 : lines.index("----") if "----" in lines else None])
            found |= {text[span.start : span.end] for span in split(text)}
    return sorted(text for text in found if is_plain(text))


CORPUS = corpus()


def find(schema: str, name: str) -> list[Signature]:
    parameters = (("a", "int4"), ("b", "varchar"))
    return [Signature("public", name, parameters, ready=True)] if name.startswith("predict") else []


def direct(sql: str) -> Translated:
    return translate(sql, find, AROUND, engine_dialect_too=False)


def outcome(sql: str, run: object) -> object:
    try:
        return run(sql)  # type: ignore[operator]
    except VestoError as error:
        return (error.sqlstate, error.message, error.span)


def others(sql: str, seed: int) -> str:
    """The statement with other literals where literals are lifted."""
    chosen = random.Random(seed)
    lifted = lift(sql)
    text = lifted.probe
    for number, value in enumerate(lifted.values):
        mark = f"'\x02{number}\x02'" if f"'\x02{number}\x02'" in text else f"73050010{number:04d}"
        changed = re.sub(r"\d", lambda _: str(chosen.randint(1, 9)), value)
        text = text.replace(mark, changed.replace("a", chosen.choice("axyz")))
    return text


def test_the_corpus_is_there() -> None:
    assert len(CORPUS) > 350
    assert sum(bool(lift(sql).values) for sql in CORPUS) > 80


@pytest.mark.parametrize("seed", [1, 2])
def test_a_kept_translation_is_what_translating_gives(seed: int) -> None:
    front = Front()
    for sql in CORPUS:
        for text in (sql, others(sql, seed), sql, others(sql, seed + 10)):
            kept = outcome(text, lambda t: front.translated(t, 0, direct))
            assert kept == outcome(text, direct), text


def test_what_is_left_untouched_means_the_same() -> None:
    plain = Surroundings()
    compared = 0
    for sql in CORPUS:
        found = untouched(sql, find, plain)
        if found is None:
            continue
        again = outcome(sql, lambda t: translate(t, find, plain, engine_dialect_too=False))
        if not isinstance(again, Translated):
            continue
        one, two = (sqlglot.parse_one(text, read="duckdb") for text in (found.sql, again.sql))
        assert one == two, sql
        assert (found.kind, found.word) == (again.kind, again.word)
        assert set(found.tables) == set(again.tables), sql
        compared += 1
    assert compared > 40


TOUCHED = [
    "SELECT a / b FROM t",
    "SELECT a % 2 FROM t",
    "SELECT a::int FROM t",
    "SELECT avg(a) FROM t",
    "SELECT a FROM t ORDER BY a DESC",
    "SELECT TOP 1 a FROM t",
    "SELECT a FROM stv_ml_model_info",
    "SELECT vesto.divisor(1)",
    "SELECT a FROM #t",
    "SELECT 'a\\\\b'",
    "SELECT $$a$$",
    "SELECT current_user",
    "SELECT 1 -- a\r, secret()",
    "SELECT 1 /* a */",
    "SELECT \u00e9 FROM t",
    "SELECT 1\x00",
    'SELECT "a.csv".b FROM "a.csv"',
    "SELECT a FROM t WHERE a LIKE 'x'",
    "SELECT predict_a(1, 'x')",
    "WITH x AS (SELECT 1) SELECT * FROM x",
]


@pytest.mark.parametrize("sql", TOUCHED)
def test_anything_else_is_translated(sql: str) -> None:
    around = Surroundings(system_views=frozenset({"stv_ml_model_info"}))
    assert untouched(sql, find, around) is None
    assert untouched("SELECT a FROM t", find, AROUND) is None


def test_other_surroundings_are_other_translations() -> None:
    front = Front()
    made = [front.translated("SELECT 1", key, direct) for key in (1, 1, 2)]
    assert made[0] is made[1]
    assert made[0] is not made[2]


def test_old_translations_are_given_up() -> None:
    front = Front(maximum_kept=5)
    for number in range(50):
        front.translated(f"SELECT {number}", 0, direct)
    assert len(front._kept) == 5


def test_a_call_keeps_its_place_behind_lifted_literals() -> None:
    front = Front()
    for text in (
        "SELECT 1 WHERE 1 = 2 AND predict_a(1, 'x') = 3",
        "SELECT 1 WHERE 1 = 2222222 AND predict_a(1, 'x') = 3",
    ):
        found = front.translated(text, 0, direct)
        span = found.calls[0]
        assert text[span.start : span.end].startswith("predict_a")


def test_a_mistake_is_told_at_its_own_place() -> None:
    front = Front()
    for text in (
        "SELECT 1 WHERE 'a' = 'b' AND predict_a(1) = 3",
        "SELECT 1 WHERE 'a' = 'bbbbbbbbbb' AND predict_a(1) = 3",
    ):
        with pytest.raises(UndefinedFunction) as caught:
            front.translated(text, 0, direct)
        span = caught.value.span
        assert span is not None
        assert text[span.start : span.end].startswith("predict_a")


NOT_LIFTED = {
    "SELECT predict_a(a => 5, b => 'x')": 0,
    "SELECT DATEADD(day, 5, d) FROM t": 0,
    "SELECT a FROM t WHERE a LIKE 'x%' LIMIT 5": 0,
    "SELECT 'a = 5', \"b = 7\" -- c = 9": 0,
    "SELECT a FROM t WHERE a = 'x\\\\y'": 0,
    "SELECT a FROM t WHERE a = 5 AND b BETWEEN 1 AND 2": 3,
    "SELECT a FROM t WHERE a IN ('x', 'it''s') AND b <> -1.5": 2,
    "INSERT INTO t VALUES (1, NULL), (2, 'x')": 1,
    "SELECT a FROM t WHERE a = 73050010": 0,
    "SELECT /* /* */ ' */ a = ' || secret() || ' b'": 0,
    "SELECT a = 'x' /* ' */": 0,
    "SELECT $$ a = ' || secret() || ' $$": 0,
}  # fmt: skip


@pytest.mark.parametrize(("sql", "count"), NOT_LIFTED.items(), ids=NOT_LIFTED.keys())
def test_only_what_no_rule_looks_at_is_lifted(sql: str, count: int) -> None:
    assert len(lift(sql).values) == count

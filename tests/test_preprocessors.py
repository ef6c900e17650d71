"""PREPROCESSORS from the statement to the prediction."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

import vesto

ROWS = """
CREATE TABLE visits AS
SELECT i AS id, CASE WHEN i % 11 = 0 THEN NULL ELSE i % 97 END AS age,
       CASE WHEN i % 13 = 0 THEN NULL WHEN i % 3 = 0 THEN 'red' ELSE 'blue' END AS colour,
       DATE '2020-01-01' + (i % 400)::int AS day, i % 2 = 0 AS member, (i % 7)::float8 AS a, (i % 5)::float8 AS b,
       CASE WHEN i % 3 = 0 THEN 'yes' ELSE 'no' END AS bought
FROM range(600) t(i)
"""
ENTRIES = [
    {"ColumnSet": ["COLOUR"], "Transformers": ["Imputer", "OneHotEncoder"]},
    {"ColumnSet": ["age"], "Transformers": ["ImputerWithIndicator", "MinMax"]},
    {"ColumnSet": ["day"], "Transformers": ["datetimevectorizer"]},
    {"ColumnSet": ["member"], "Transformers": ["OrdinalEncoder"]},
    {"ColumnSet": ["a", "b"], "Transformers": ["NumericPassthrough", "StandardScaler", "Normalizer", "PCA"]},
]  # fmt: skip


def create(entries: object, name: str = "x") -> str:
    text = entries if isinstance(entries, str) else json.dumps(entries)
    return (
        f"CREATE MODEL {name} FROM (SELECT age, colour, day, member, a, b, bought FROM visits) "
        f"TARGET bought FUNCTION {name}_of MODEL_TYPE XGBOOST PREPROCESSORS '{text}' "
        "SETTINGS (MAX_RUNTIME 20)"
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[vesto.Session]:
    with vesto.connect(tmp_path_factory.mktemp("w") / "shop") as session:
        session.execute(ROWS)
        session.execute(create(ENTRIES, "trained"))
        yield session


def test_all_ten_transformers_serve_a_trained_model(shop: vesto.Session) -> None:
    right = (
        "SELECT AVG(CASE WHEN trained_of(age, colour, day, member, a, b) = bought THEN 1.0 ELSE 0 END) "
        "FROM visits"
    )
    ((share,),) = shop.execute(right).rows()
    assert share > 0.9


def test_null_and_words_never_seen_have_a_prediction(shop: vesto.Session) -> None:
    calls = ", ".join(
        f"trained_of({arguments})"
        for arguments in (
            "NULL, NULL, NULL, NULL, NULL, NULL",
            "5, 'purple', DATE '1066-10-14', true, 1e300, -1e300",
            "5, '', DATE '2020-01-01', NULL, 'infinity'::float8, 0",
        )
    )
    (row,) = shop.execute(f"SELECT {calls}").rows()
    assert set(row) <= {"yes", "no"}


def test_a_missing_text_is_the_most_frequent_word(shop: vesto.Session) -> None:
    sql = "SELECT trained_of(age, {}, day, member, a, b) FROM visits ORDER BY id"
    as_null, as_word = (shop.execute(sql.format(word)).rows() for word in ("NULL", "'blue'"))
    assert as_null == as_word


def test_the_report_says_which_columns_were_prepared(shop: vesto.Session) -> None:
    (model,) = [m for m in shop.warehouse.catalog.models() if m.name == "trained"]
    uses = {
        column["name"]: column["use"] for column in shop.warehouse.files.report(model)["columns"]
    }
    assert set(uses.values()) == {"prepared"}
    names = [e["ColumnSet"] for e in json.loads(model.definition.preprocessors)]
    assert names == [["colour"], ["age"], ["day"], ["member"], ["a", "b"]]


def one(columns: list[str], *names: str) -> dict[str, object]:
    return {"ColumnSet": columns, "Transformers": list(names)}


WRONG: dict[str, tuple[str, object]] = {
    'entry 2: column "agee" is not in FROM': ("42703", [one(["a"], "PCA"), one(["agee"], "PCA")]),
    'entry 1: column "bought" is the target': ("22023", [one(["bought"], "OneHotEncoder")]),
    'entry 2: column "age" is in entry 1 too': (
        "22023",
        [one(["AGE"], "PCA"), one(["age"], "PCA")],
    ),
    'entry 1: StandardScaler does not fit column "colour"': (
        "22023",
        [one(["*"], "StandardScaler")],
    ),
    'entry 1: column "colour" is still no number': ("22023", [one(["colour"], "Imputer")]),
    'entry 1: there is no transformer "OneHot"': ("22023", [one(["colour"], "OneHot")]),
    "nor JSON: expecting": ("22023", '[{"ColumnSet": ["age"]'),
}


@pytest.mark.parametrize(("words", "case"), WRONG.items(), ids=WRONG.keys())
def test_a_mistake_names_the_entry_and_stands_where_it_is(
    shop: vesto.Session, words: str, case: tuple[str, object]
) -> None:
    sqlstate, entries = case
    sql = create(entries)
    with pytest.raises(vesto.VestoError, match=re.escape(words)) as caught:
        shop.execute(sql)
    assert caught.value.sqlstate == sqlstate
    assert caught.value.hint
    assert caught.value.position is not None
    assert caught.value.position > sql.index("PREPROCESSORS")
    assert not [m for m in shop.warehouse.catalog.models() if m.name == "x"]


def test_too_many_words_for_registers_are_refused_at_once(shop: vesto.Session) -> None:
    sql = (
        "CREATE MODEL x FROM (SELECT i::varchar AS word, i % 2 AS y FROM range(1500) t(i)) TARGET y "
        """FUNCTION f PREPROCESSORS '[{"ColumnSet": ["word"], "Transformers": ["OneHotEncoder"]}]'"""
    )
    with pytest.raises(vesto.VestoError, match='column "word" has 1500 different values') as caught:
        shop.execute(sql)
    assert caught.value.sqlstate == "22000"
    assert not [m for m in shop.warehouse.catalog.models() if m.name == "x"]


def test_none_is_none(shop: vesto.Session) -> None:
    with pytest.raises(vesto.VestoError, match="has only one value"):
        shop.execute(create("None").replace("bought FROM", "'yes' AS bought FROM"))

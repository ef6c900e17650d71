"""EXPLAIN CREATE MODEL: told before anything is spent, mistakes as CREATE MODEL's, nothing kept."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

import pytest

import vesto
from vesto.errors import VestoError
from vesto.training.families import EXTRAS

AUTO_OFF = (
    "AUTO OFF MODEL_TYPE XGBOOST OBJECTIVE 'binary:logistic' PREPROCESSORS 'none' "
    "HYPERPARAMETERS DEFAULT EXCEPT (NUM_ROUND '7')"
)
ROWS = """
CREATE TABLE sold AS
SELECT i AS number, 'key' || i AS word_key, 'same' AS constant, NULL::varchar AS nothing,
       (i * 7919 % 1009) / 10.0 AS price, CASE i % 3 WHEN 0 THEN 'red' WHEN 1 THEN 'green' ELSE 'blue' END AS colour,
       CASE WHEN i % 5 > 0 THEN i % 11 END AS gaps, CASE WHEN i % 50 > 0 THEN i % 7 END AS few_gaps,
       date '2024-01-01' + (i % 300)::int AS day, i * 37 % 1013 < 30 AS rare,
       CASE WHEN i * 37 % 1013 < 30 THEN 5 + i % 3 ELSE i % 3 END AS after_the_fact,
       CASE WHEN i % 10 = 0 THEN NULL ELSE (i * 7919 % 1009) * 0.3 + i * 31 % 97 END AS amount,
       CASE WHEN i % 10 = 0 THEN NULL ELSE ((i * 7919 % 1009) * 0.3 + i * 31 % 97) * 1.2 END AS amount_with_tax
FROM range(2000) t(i)
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[vesto.Session]:
    with vesto.connect(tmp_path_factory.mktemp("w") / "shop") as session:
        session.execute(ROWS)
        yield session


def explained(session: vesto.Session, sql: str) -> list[tuple[str, str, str, str]]:
    result = session.execute(f"EXPLAIN CREATE MODEL m FROM {sql}")
    assert result.columns == ["section", "item", "value", "detail"]
    return [tuple(row) for row in result]


def section(rows: list[tuple[str, str, str, str]], name: str) -> dict[str, tuple[str, str]]:
    return {item: (value, detail) for part, item, value, detail in rows if part == name}


def warned(rows: list[tuple[str, str, str, str]]) -> set[tuple[str, str]]:
    return {(item, value) for part, item, value, _ in rows if part == "warning"}


def test_rows_cells_and_what_max_cells_keeps(shop: vesto.Session) -> None:
    query = "(SELECT price, colour, rare FROM sold) TARGET rare FUNCTION f"
    data = section(explained(shop, query), "data")
    assert data["rows"][0] == data["rows kept"][0] == "2000"
    assert (data["columns"][0], data["cells"][0]) == ("3", "6000")
    data = section(explained(shop, f"{query} SETTINGS (MAX_CELLS 3000)"), "data")
    assert (data["rows"][0], data["rows kept"][0]) == ("2000", "1000")
    assert "50.0%" in data["rows kept"][1]


def test_types_problem_and_what_is_dropped_and_why(shop: vesto.Session) -> None:
    rows = explained(shop, "sold TARGET rare FUNCTION f")
    used = {name: value for name, (value, _) in section(rows, "column").items()}
    assert used == {
        "number": "number", "word_key": "dropped", "constant": "dropped", "nothing": "dropped",
        "price": "number", "colour": "category", "gaps": "number", "few_gaps": "number",
        "day": "date", "after_the_fact": "number", "amount": "number", "amount_with_tax": "number",
    }  # fmt: skip
    columns = section(rows, "column")
    assert "identifier" in columns["word_key"][1]
    assert "all values are NULL" in columns["nothing"][1]
    assert "400 NULL" in columns["gaps"][1]
    assert section(rows, "problem")["type"] == ("BINARY_CLASSIFICATION", "found from the target")
    tried = set(section(rows, "candidate"))
    extras = {name for name in EXTRAS if find_spec(name) is not None}
    assert tried == {"xgboost", "linear_learner", "mlp"} | extras
    rows = explained(shop, "sold TARGET rare FUNCTION f MODEL_TYPE MLP")
    assert set(section(rows, "candidate")) == {"mlp"}


def test_traps_are_told(shop: vesto.Session) -> None:
    rows = explained(shop, "sold TARGET rare FUNCTION f")
    assert warned(rows) >= {
        ("leak", "after_the_fact"), ("identifier", "number"), ("identifier", "word_key"),
        ("constant", "constant"), ("constant", "nothing"), ("imbalance", "rare"),
    }  # fmt: skip
    assert ("leak", "colour") not in warned(rows)
    rows = explained(
        shop,
        "(SELECT price, colour, amount_with_tax, amount::float8 AS amount FROM sold) TARGET amount FUNCTION f",
    )
    assert warned(rows) >= {("leak", "amount_with_tax"), ("missing target", "amount")}
    assert ("leak", "price") not in warned(rows)
    rows = explained(
        shop,
        "(SELECT colour, gaps, rare FROM sold UNION ALL SELECT colour, gaps, NOT rare FROM sold) TARGET rare FUNCTION f",
    )
    assert warned(rows) >= {("duplicates", ""), ("contradictions", "")}


def test_time_and_cost_have_an_upper_bound_and_the_rate_counts(shop: vesto.Session) -> None:
    query = (
        "(SELECT price, colour, rare FROM sold) TARGET rare FUNCTION f SETTINGS (MAX_RUNTIME 3600)"
    )
    rows = explained(shop, query)
    assert section(rows, "time")["seconds at most"][0] == "3600"
    cost = section(rows, "cost")
    settings = shop.warehouse.settings
    most = settings.training_threads * settings.cost_per_cpu_hour
    assert float(cost["dollars at most"][0]) == pytest.approx(most)
    assert 0 < float(cost["expected dollars"][0]) < most
    assert 0 < float(section(rows, "time")["expected seconds"][0]) < 3600


def test_a_training_that_would_be_refused_says_so_and_tells_the_rest(shop: vesto.Session) -> None:
    query = "(SELECT price, colour, rare FROM sold WHERE number < 60) TARGET rare FUNCTION f"
    rows = explained(shop, query)
    with pytest.raises(VestoError) as refused:
        shop.execute(f"CREATE MODEL m FROM {query}")
    error = refused.value
    assert section(rows, "error") == {error.sqlstate: (error.message, error.hint)}
    assert section(rows, "column")
    for empty in ("(SELECT price, nothing FROM sold) TARGET nothing FUNCTION f",
                  "(SELECT price, constant FROM sold) TARGET constant FUNCTION f",
                  "(SELECT price, rare FROM sold WHERE false) TARGET rare FUNCTION f",
                  "(SELECT constant, rare FROM sold) TARGET rare FUNCTION f"):  # fmt: skip
        assert section(explained(shop, empty), "error")


def test_auto_off_is_one_run(shop: vesto.Session) -> None:
    rows = explained(
        shop, f"(SELECT price, gaps, rare FROM sold) TARGET rare FUNCTION f {AUTO_OFF}"
    )
    value, detail = section(rows, "candidate")["xgboost"]
    assert value == "one run"
    assert "num_round 7" in detail
    assert section(rows, "problem")["type"] == ("BINARY_CLASSIFICATION", "as the statement says")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE MODEL m FROM sold TARGET nix FUNCTION f",
        "CREATE MODEL m FROM nix TARGET rare FUNCTION f",
        "CREATE MODEL m FROM (SELECT nix FROM sold) TARGET rare FUNCTION f",
        "CREATE MODEL m FROM sold TARGET rare FUNCTION abs",
        "CREATE MODEL m FROM sold TARGET rare FUNCTION f OBJECTIVE 'nix'",
        "CREATE MODEL m FROM sold TARGET day FUNCTION f",
        "CREATE MODEL m FROM sold TARGET rare",
        "CREATE MODEL m FROM sold TARGET rare FUNCTION f HYPERPARAMETERS DEFAULT",
        "CREATE MODEL m FROM sold TARGET rare FUNCTION f SETTINGS (MAX_CELS 5)",
        f"CREATE MODEL m FROM sold TARGET rare FUNCTION f {AUTO_OFF}",
    ],
)
def test_mistakes_are_those_of_create_model_at_their_own_place(
    shop: vesto.Session, statement: str
) -> None:
    with pytest.raises(VestoError) as alone:
        shop.execute(statement)
    with pytest.raises(VestoError) as caught:
        shop.execute(f"EXPLAIN {statement}")
    assert type(caught.value) is type(alone.value)
    assert caught.value.message == alone.value.message
    ours, theirs = caught.value.span, alone.value.span
    assert (ours is None) == (theirs is None)
    if ours is not None and theirs is not None:
        assert ours.start == theirs.start + len("EXPLAIN ")


def test_nothing_is_trained_or_kept(shop: vesto.Session) -> None:
    before = sorted(shop.warehouse.path.rglob("*"))
    explained(shop, "sold TARGET rare FUNCTION f")
    assert sorted(shop.warehouse.path.rglob("*")) == before
    assert shop.execute("SHOW MODEL ALL").rows() == []
    explained(shop, "sold TARGET rare FUNCTION f")


def test_explain_of_a_query_is_still_the_engines(shop: vesto.Session) -> None:
    assert "Scan" in str(shop.execute("EXPLAIN SELECT price FROM sold WHERE price > 5").rows())

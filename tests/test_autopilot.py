"""AUTO ON: every type of column, every problem, every objective, within the time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from tests_support import EXAMPLES

import vesto

TYPES = """
CREATE TABLE everything AS
SELECT (i % 50)::smallint AS tiny, i::int AS whole, (i * 7 % 1000)::bigint AS large,
       (i % 77 / 3.0)::decimal(10, 2) AS money, (i % 13)::real AS small_float,
       CASE WHEN i % 10 = 0 THEN NULL ELSE sin(i) END AS wave, i % 2 = 0 AS flag,
       CASE i % 3 WHEN 0 THEN 'red' WHEN 1 THEN 'green' END AS colour,
       'city ' || (i * 31 % 211) AS city, CASE WHEN i % 9 = 0 THEN 'NULL' ELSE ' ' || (i % 40) END AS number_text,
       'key' || i AS identifier, 'same' AS constant, NULL::varchar AS nothing,
       CASE WHEN i % 100 = 1 THEN 'inf'::float8 ELSE i % 30 END AS wild,
       date '2023-01-01' + (i % 400)::int AS day, time '00:00' + interval (i % 1440) minute AS clock,
       timestamp '2023-01-01' + interval (i) hour AS moment,
       timestamptz '2023-01-01 00:00:00+00' + interval (i) minute AS zoned,
       '10:00:00+02'::timetz AS clock_zoned,
       CASE WHEN i % 3 = 0 AND i % 50 > 20 OR i % 77 > 60 THEN 'yes' ELSE 'no' END AS answer,
       (i % 50) * 3.5 + CASE WHEN i % 3 = 0 THEN 40 ELSE 0 END + 1 AS amount,
       CASE WHEN i = 5 THEN 'lonely' WHEN i % 50 > 30 THEN 'high' WHEN i % 2 = 0 THEN 'even' ELSE 'odd' END AS kind
FROM range(1500) t(i)
"""
FEATURES = (
    "tiny, whole, large, money, small_float, wave, flag, colour, city, number_text, identifier, "
    "constant, nothing, wild, day, clock, moment, zoned, clock_zoned"
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[vesto.Session]:
    with vesto.connect(tmp_path_factory.mktemp("w") / "shop") as session:
        session.execute(TYPES)
        yield session


def make(
    session: vesto.Session, target: str, clauses: str = "", features: str = FEATURES
) -> vesto.Result:
    session.execute("DROP MODEL IF EXISTS m")
    return session.execute(
        f"CREATE MODEL m FROM (SELECT {features}, {target} FROM everything) TARGET {target} "
        f"FUNCTION f {clauses} SETTINGS (MAX_RUNTIME 10)"
    )


def test_a_binary_classification_of_every_type(shop: vesto.Session) -> None:
    result = make(shop, "answer")
    dropped = " ".join(result.notices)
    for column in ("identifier", "constant", "nothing", "clock_zoned"):
        assert f'"{column}"' in dropped
    right = f"SELECT avg((f({FEATURES}) = answer)::int) FROM everything"
    assert shop.execute(right).rows()[0][0] > 0.95
    values = dict(shop.execute("SHOW MODEL m").rows())
    assert values["Problem Type"] == "BinaryClassification"
    assert values["Objective"] == "F1"
    assert float(values["validation:f1_binary"]) > 0.9
    report = shop.report("m")
    assert report["rows"] == report["total_rows"] == 1500
    assert abs(sum(report["importance"].values()) - 1) < 1e-6


def test_a_regression_returns_fractions_and_is_good(shop: vesto.Session) -> None:
    shop.execute(
        f"CREATE OR REPLACE VIEW amounts AS SELECT {FEATURES}, amount::float8 AS amount FROM everything"
    )
    shop.execute("DROP MODEL IF EXISTS m")
    shop.execute("CREATE MODEL m FROM amounts TARGET amount FUNCTION f SETTINGS (MAX_RUNTIME 10)")
    values = dict(shop.execute("SHOW MODEL m").rows())
    assert (values["Problem Type"], values["Objective"]) == ("Regression", "MSE")
    variance = shop.execute("SELECT var_pop(amount) FROM amounts").rows()[0][0]
    assert float(values["validation:mse"]) < 0.1 * variance
    error = f"SELECT avg((f({FEATURES}) - amount) ** 2) FROM amounts"
    assert shop.execute(error).rows()[0][0] < 0.1 * variance
    check_explained(shop)


def check_explained(shop: vesto.Session) -> None:
    """Every row's explanation adds up, and the interval of most holds the truth."""
    sql = f"SELECT f_explain({FEATURES})::varchar, f_interval({FEATURES})::varchar, amount FROM amounts"
    inside = []
    for explanation, interval, amount in shop.execute(sql).rows():
        told, bounds = json.loads(explanation), json.loads(interval)
        assert set(told["contributions"]) == set(FEATURES.split(", "))
        total = told["base"] + sum(told["contributions"].values())
        assert total == pytest.approx(told["prediction"], rel=1e-5, abs=1e-4)
        inside.append(bounds["lower"] <= amount <= bounds["upper"])
    assert sum(inside) > 0.8 * len(inside)
    report = json.loads(shop.execute("SELECT EXPLAIN_MODEL('m')::varchar").rows()[0][0])
    values = report["explanations"]["kernel_shap"]["label0"]["global_shap_values"]
    assert max(values, key=values.get) == "tiny"
    assert values["nothing"] == 0


def test_a_class_of_one_row_is_left_out_with_a_notice(shop: vesto.Session) -> None:
    result = make(shop, "kind", "OBJECTIVE 'F1Macro'")
    assert "lonely" in " ".join(result.notices)
    values = dict(shop.execute("SHOW MODEL m").rows())
    assert values["Problem Type"] == "MulticlassClassification"
    assert float(values["validation:f1_macro"]) > 0.9
    labels = shop.execute(f"SELECT DISTINCT f({FEATURES}) FROM everything").rows()
    assert {label for (label,) in labels} == {"high", "even", "odd"}


@pytest.mark.parametrize(("objective", "metric"), [("auc", "auc"), ("Accuracy", "accuracy")])
def test_an_objective_is_what_show_model_reports(
    shop: vesto.Session, objective: str, metric: str
) -> None:
    make(shop, "answer", f"OBJECTIVE '{objective}'", features="tiny, colour, money")
    values = dict(shop.execute("SHOW MODEL m").rows())
    assert 0.8 < float(values[f"validation:{metric}"]) <= 1


def test_max_runtime_holds_on_many_rows_and_an_early_model_counts(shop: vesto.Session) -> None:
    shop.execute("DROP MODEL IF EXISTS m")
    began = time.time()
    shop.execute(
        f"CREATE MODEL m FROM (SELECT * FROM '{EXAMPLES}/bank_marketing.parquet') TARGET deposit "
        "FUNCTION f SETTINGS (MAX_RUNTIME 12)"
    )
    model = shop.model("m")
    assert model.state == "READY"
    # The promise: exceeded by at most 5 s (the test machine may be busy: twice that).
    assert time.time() - began < 12 + 10


def test_max_cells_samples_and_the_seed_is_recorded(shop: vesto.Session) -> None:
    shop.execute("DROP MODEL IF EXISTS m")
    shop.execute(
        "CREATE MODEL m FROM (SELECT tiny, colour, answer FROM everything) TARGET answer FUNCTION f "
        "SETTINGS (MAX_CELLS 3000, MAX_RUNTIME 8)"
    )
    report = shop.report("m")
    assert (report["rows"], report["total_rows"], report["seed"]) == (1000, 1500, 0)

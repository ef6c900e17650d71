"""EVALUATE MODEL: metrics as scikit-learn's, mistakes by name, groups, NULL and unknown labels."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics
from tests_support import POINTS

import vesto
from vesto.commands.evaluate_model import EvaluateModel
from vesto.dialect.cursor import Cursor
from vesto.errors import (
    DatatypeMismatch,
    DuplicateColumn,
    InvalidParameterValue,
    UndefinedColumn,
    UndefinedModel,
    UndefinedTable,
    VestoError,
)
from vesto.programs.scoring import scorer

NOISY = """
CREATE TABLE noisy AS
SELECT a, b, c, i % 3 AS region, CASE WHEN i % 11 = 0 THEN 1 - label ELSE label END AS label,
       CASE WHEN a > 3 THEN 'high' WHEN c THEN 'even' ELSE 'odd' END AS kind, a * 2.5 + b AS amount
FROM (SELECT *, id AS i FROM points)
"""
TRAINED = """
CREATE MODEL {name} FROM (SELECT a, b, c, {target} FROM noisy) TARGET {target} FUNCTION f_{name}
AUTO OFF MODEL_TYPE XGBOOST OBJECTIVE '{objective}' PREPROCESSORS 'none'
HYPERPARAMETERS DEFAULT EXCEPT (NUM_ROUND '5', MAX_DEPTH '3'{more})
"""
MODELS = (
    ("two", "label", "binary:logistic", ""), ("sides", "label", "binary:hinge", ""),
    ("three", "kind", "multi:softmax", ", NUM_CLASS '3'"), ("number", "amount", "reg:squarederror", ""),
)  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[vesto.Session]:
    with vesto.connect(tmp_path_factory.mktemp("w") / "shop") as session:
        session.execute(POINTS)
        session.execute(NOISY)
        for name, target, objective, more in MODELS:
            session.execute(
                TRAINED.format(name=name, target=target, objective=objective, more=more)
            )
        yield session


def evaluated(session: vesto.Session, sql: str) -> list[dict[str, object]]:
    return session.execute(sql).arrow().to_pylist()


def metrics_of(rows: list[dict[str, object]]) -> dict[object, object]:
    return {row["name"]: row["value"] for row in rows if row["section"] == "metric"}


def columns(session: vesto.Session, sql: str) -> list[np.ndarray]:
    return [column.to_numpy() for column in session.execute(sql).arrow().columns]


def test_a_binary_classification_scores_as_scikit_learn_scores_it(shop: vesto.Session) -> None:
    rows = evaluated(shop, "EVALUATE MODEL two ON noisy")
    found = metrics_of(rows)
    y, chosen = columns(shop, "SELECT label, f_two(a, b, c) FROM noisy")
    documents = shop.execute("SELECT f_two_prob(a, b, c) FROM noisy").rows()
    share = np.array([
        dict(zip(d["labels"], d["probabilities"], strict=True))["1"] for d in (json.loads(t) for (t,) in documents)
    ])  # fmt: skip
    expected = {
        "accuracy": sklearn_metrics.accuracy_score(y, chosen),
        "balanced_accuracy": sklearn_metrics.balanced_accuracy_score(y, chosen),
        "f1": sklearn_metrics.f1_score(y, chosen),
        "f1_macro": sklearn_metrics.f1_score(y, chosen, average="macro"),
        "precision": sklearn_metrics.precision_score(y, chosen),
        "recall": sklearn_metrics.recall_score(y, chosen),
        "log_loss": sklearn_metrics.log_loss(y, share),
        "auc": sklearn_metrics.roc_auc_score(y, share),
    }
    assert found == pytest.approx(expected, rel=1e-12)
    matrix = {(r["label"], r["predicted"]): r["rows"] for r in rows if r["section"] == "confusion"}
    truth = sklearn_metrics.confusion_matrix(y, chosen)
    assert matrix == {(str(a), str(p)): truth[a, p] for a in (0, 1) for p in (0, 1) if truth[a, p]}
    bins = [row for row in rows if row["section"] == "calibration"]
    assert sum(row["rows"] for row in bins) == 600
    assert sum(row["rows"] * row["value"] for row in bins) == pytest.approx(y.sum(), rel=1e-4)
    assert sum(row["rows"] * row["expected"] for row in bins) == pytest.approx(
        share.sum(), rel=1e-4
    )


def test_several_classes_score_as_scikit_learn_scores_them(shop: vesto.Session) -> None:
    rows = evaluated(shop, "EVALUATE MODEL three ON (SELECT * FROM noisy)")
    y, chosen = columns(shop, "SELECT kind, f_three(a, b, c) FROM noisy")
    found = metrics_of(rows)
    assert set(found) == {
        "accuracy", "balanced_accuracy", "f1_macro", "precision_macro", "recall_macro", "log_loss",
    }  # fmt: skip
    for name, score in (
        ("f1_macro", sklearn_metrics.f1_score), ("precision_macro", sklearn_metrics.precision_score),
        ("recall_macro", sklearn_metrics.recall_score),
    ):  # fmt: skip
        assert found[name] == pytest.approx(score(y, chosen, average="macro", zero_division=0))
    for row in rows:
        if row["section"] == "class" and row["name"] == "recall":
            mine = y == row["label"]
            assert row["rows"] == mine.sum()
            assert row["value"] == pytest.approx((chosen[mine] == row["label"]).mean())


def test_a_regression_scores_as_scikit_learn_scores_it(shop: vesto.Session) -> None:
    rows = evaluated(shop, "EVALUATE MODEL number ON noisy")
    y, predicted = columns(shop, "SELECT amount::float8, f_number(a, b, c)::float8 FROM noisy")
    mse = sklearn_metrics.mean_squared_error(y, predicted)
    assert metrics_of(rows) == pytest.approx({
        "mse": mse, "rmse": mse**0.5, "mae": sklearn_metrics.mean_absolute_error(y, predicted),
        "r2": sklearn_metrics.r2_score(y, predicted),
    })  # fmt: skip
    middle = next(row["value"] for row in rows if row["name"] == "quantile 0.5")
    assert middle == pytest.approx(np.median(y - predicted))


def test_the_reference_scorer_gives_the_same_numbers(shop: vesto.Session) -> None:
    program = shop.warehouse.files.program(shop.model("three"))
    batch = shop.execute("SELECT a, b, c FROM noisy").arrow().combine_chunks()
    columns = [column.combine_chunks() for column in batch.columns]
    compiled = scorer(program, "0" * 64)(columns)
    assert compiled.shape == (600, 3)
    np.testing.assert_allclose(
        compiled, scorer(program, "0" * 64, compiled=False)(columns), rtol=1e-12
    )


def test_hinge_knows_no_probabilities(shop: vesto.Session) -> None:
    rows = evaluated(shop, "EVALUATE MODEL sides ON noisy")
    assert not {"log_loss", "auc"} & set(metrics_of(rows))
    assert "calibration" not in {row["section"] for row in rows}


def test_groups_are_the_metrics_of_their_rows(shop: vesto.Session) -> None:
    result = shop.execute("EVALUATE MODEL two ON noisy BY region, C").arrow()
    assert result.column_names[:3] == ["region", "c", "section"]
    rows = result.to_pylist()
    assert list(dict.fromkeys((r["region"], r["c"]) for r in rows)) == [
        (region, c) for region in (0, 1, 2) for c in (False, True)
    ]
    alone = evaluated(shop, "EVALUATE MODEL two ON (SELECT * FROM noisy WHERE region = 1 AND c)")
    inside = [
        {key: row[key] for key in row if key not in {"region", "c"}}
        for row in rows
        if (row["region"], row["c"]) == (1, True)
    ]
    assert inside == alone


def test_null_is_a_group_and_types_of_groups_stay(shop: vesto.Session) -> None:
    result = shop.execute(
        "EVALUATE MODEL two ON (SELECT *, CASE WHEN region > 0 THEN (region / 4.0)::decimal(4, 2) END AS part, "
        "date '2024-01-01' + region::int AS day FROM noisy) BY part, day"
    ).arrow()
    assert str(result.schema.field("part").type) == "decimal128(4, 2)"
    assert str(result.schema.field("day").type) == "date32[day]"
    assert len({(row["part"], row["day"]) for row in result.to_pylist()}) == 3
    assert None in result["part"].to_pylist()


def test_rows_without_a_target_are_left_out_and_counted(shop: vesto.Session) -> None:
    rows = evaluated(
        shop,
        "EVALUATE MODEL two ON (SELECT a, b, c, CASE WHEN region > 0 THEN label END AS label FROM noisy)",
    )
    counts = {row["name"]: row["rows"] for row in rows if row["section"] == "rows"}
    assert counts == {"scored": 400, "without target": 200}
    rows = evaluated(
        shop,
        "EVALUATE MODEL number ON (SELECT a, b, c, CASE region WHEN 0 THEN 'nan' WHEN 1 THEN NULL ELSE amount END::float8 AS amount FROM noisy)",
    )
    counts = {row["name"]: row["rows"] for row in rows if row["section"] == "rows"}
    assert counts == {"scored": 200, "without target": 400}


def test_labels_that_the_model_does_not_know_count_as_wrong(shop: vesto.Session) -> None:
    changed = "SELECT a, b, c, CASE region WHEN 0 THEN 'new' ELSE kind END AS kind FROM noisy"
    rows = evaluated(shop, f"EVALUATE MODEL three ON ({changed})")
    y, chosen = columns(shop, f"SELECT kind, f_three(a, b, c) FROM ({changed})")
    found = metrics_of(rows)
    assert found["accuracy"] == pytest.approx((y == chosen).mean())
    assert found["f1_macro"] == pytest.approx(
        sklearn_metrics.f1_score(y, chosen, average="macro", zero_division=0)
    )
    assert found["balanced_accuracy"] == pytest.approx(
        sklearn_metrics.recall_score(y, chosen, average="macro", zero_division=0)
    )
    unknown = [row for row in rows if row["name"] == "unknown label"]
    assert [(row["label"], row["rows"]) for row in unknown] == [("new", 200)]
    loss = next(row for row in rows if row["name"] == "log_loss")
    assert loss["rows"] == 400


def test_metrics_that_the_rows_do_not_define_are_null(shop: vesto.Session) -> None:
    found = metrics_of(
        evaluated(shop, "EVALUATE MODEL two ON (SELECT * FROM noisy WHERE label = 1)")
    )
    assert found["auc"] is None
    assert found["recall"] is not None
    nothing = evaluated(shop, "EVALUATE MODEL two ON (SELECT * FROM noisy WHERE false)")
    assert [row["rows"] for row in nothing] == [0, 0]
    grouped = shop.execute("EVALUATE MODEL two ON (SELECT * FROM noisy WHERE false) BY region")
    assert grouped.columns[:2] == ["region", "section"]
    assert grouped.rows() == []


@pytest.mark.parametrize(
    ("sql", "error", "named"),
    [
        ("EVALUATE MODEL nix ON noisy", UndefinedModel, "nix"),
        ("EVALUATE MODEL two ON nix", UndefinedTable, "nix"),
        ("EVALUATE MODEL two ON (SELECT a, b, c FROM noisy)", UndefinedColumn, '"label"'),
        ("EVALUATE MODEL two ON (SELECT a, label FROM noisy)", UndefinedColumn, '"b", "c"'),
        ("EVALUATE MODEL two ON noisy BY county", UndefinedColumn, '"county"'),
        ("EVALUATE MODEL two ON (SELECT 'x' AS a, b, c, label FROM noisy)", DatatypeMismatch, '"a"'),
        ("EVALUATE MODEL two ON (SELECT a, b, c, 'x' AS label FROM noisy)", DatatypeMismatch, '"label"'),
        ("EVALUATE MODEL two ON (SELECT *, 1 AS value FROM noisy) BY value", DuplicateColumn, '"value"'),
        ("EVALUATE MODEL two ON (SELECT noisy.*, row_number() OVER () AS many FROM noisy, points) BY many",
         InvalidParameterValue, "360000 groups"),
    ],
)  # fmt: skip
def test_mistakes_are_named_and_have_a_place(
    shop: vesto.Session, sql: str, error: type[VestoError], named: str
) -> None:
    with pytest.raises(error, match=named) as caught:
        shop.execute(sql)
    assert caught.value.span is not None or error is InvalidParameterValue


@pytest.mark.parametrize(
    "sql",
    ["EVALUATE MODEL two", "EVALUATE MODEL two ON ()", "EVALUATE MODEL two ON noisy BY",
     "EVALUATE MODEL two ON (DELETE FROM noisy)", "EVALUATE MODEL two ON noisy BY a b"],
)  # fmt: skip
def test_other_forms_are_syntax_errors(shop: vesto.Session, sql: str) -> None:
    with pytest.raises(VestoError) as caught:
        shop.execute(sql)
    assert caught.value.sqlstate == "42601"
    assert caught.value.span is not None


def test_a_model_in_training_cannot_be_evaluated_yet(shop: vesto.Session) -> None:
    shop.wait_for_models = False
    try:
        shop.execute("CREATE MODEL later FROM points TARGET label FUNCTION f_later")
        with pytest.raises(VestoError) as caught:
            shop.execute("EVALUATE MODEL later ON points")
        assert caught.value.sqlstate == "28008"
    finally:
        shop.wait_for_models = True
        shop.execute("DROP MODEL later")


def test_the_statement_survives_a_round_trip() -> None:
    statement = EvaluateModel.parse(Cursor('evaluate model s."M" on (select 1 from t) by "A b", c'))
    assert EvaluateModel.parse(Cursor(statement.sql())) == statement
    assert statement.by == ("A b", "c")

"""svv_ml_model_metrics, svv_ml_model_trials, svv_ml_feature_importance: reports that SQL can join."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests_support import POINTS, SMALL_MODEL

import vesto
from vesto.errors import PermissionDenied

VIEWS = ("svv_ml_model_metrics", "svv_ml_model_trials", "svv_ml_feature_importance")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[vesto.Session]:
    with vesto.connect(tmp_path_factory.mktemp("w") / "shop") as session:
        session.execute(POINTS)
        session.execute(SMALL_MODEL.format(name="small", function="f"))
        session.execute(
            "CREATE MODEL found FROM (SELECT a, b, c, label FROM points) TARGET label FUNCTION g "
            "SETTINGS (MAX_TRIALS 6)"
        )
        yield session


def test_metrics_of_a_search_are_of_unseen_rows_with_an_interval(shop: vesto.Session) -> None:
    rows = shop.execute(
        "SELECT metric, value, lower, upper, baseline, split, rows FROM svv_ml_model_metrics "
        "WHERE schema_name = 'public' AND model_name = 'found'"
    ).rows()
    assert {row[0] for row in rows} == {
        "accuracy", "balanced_accuracy", "f1", "f1_macro", "precision", "recall", "log_loss", "auc",
    }  # fmt: skip
    for metric, value, lower, upper, baseline, split, count in rows:
        assert lower <= value <= upper
        assert (split, count) == ("validation", 600)
        assert (baseline is None) == (metric in {"precision", "recall"})
    shown = dict(shop.execute("SHOW MODEL found").rows())
    headline = shop.execute(
        "SELECT metric, round(value, 6) FROM svv_ml_model_metrics "
        "WHERE model_name = 'found' AND is_headline"
    ).rows()
    assert headline == [("f1", float(shown["validation:f1_binary"]))]


def test_metrics_of_auto_off_say_that_they_are_of_training_rows(shop: vesto.Session) -> None:
    rows = shop.execute(
        "SELECT DISTINCT split FROM svv_ml_model_metrics WHERE model_name = 'small'"
    ).rows()
    assert rows == [("training",)]
    accuracy = "SELECT value FROM svv_ml_model_metrics WHERE model_name = 'small' AND is_headline"
    right = "SELECT avg((f(a, b, c) = label)::int::float8) FROM points"
    assert shop.execute(accuracy).rows()[0][0] == pytest.approx(shop.execute(right).rows()[0][0])


def test_trials_are_in_their_order_and_one_was_chosen(shop: vesto.Session) -> None:
    rows = shop.execute(
        "SELECT trial, algorithm, encoding, transform, t.configuration.max_depth::int, loss, rounds, "
        "folds, fit_s, elapsed_s, is_chosen FROM svv_ml_model_trials t ORDER BY trial"
    ).rows()
    assert rows
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    assert rows[0][1:4] == ("xgboost", "ordinal", "raw")
    assert sum(row[-1] for row in rows) >= 1
    losses: dict[int, list[float]] = {row[7]: [] for row in rows}
    for row in rows:
        losses[row[7]].append(row[5])
        assert row[8] > 0
        assert row[9] > 0
    chosen = next(row for row in rows if row[-1])
    assert chosen[5] == min(losses[chosen[7]])


def test_importance_is_ranked_and_sums_to_one(shop: vesto.Session) -> None:
    rows = shop.execute(
        "SELECT model_name, feature, importance, rank, method FROM svv_ml_feature_importance "
        "ORDER BY model_name, rank"
    ).rows()
    for model, method in (("found", "permutation"), ("small", "total_gain")):
        mine = [row for row in rows if row[0] == model]
        assert {row[1] for row in mine} == {"a", "b", "c"}
        assert sum(row[2] for row in mine) == pytest.approx(1)
        assert [row[3] for row in mine] == [1, 2, 3]
        assert [row[2] for row in mine] == sorted((row[2] for row in mine), reverse=True)
        assert {row[4] for row in mine} == {method}


def test_the_views_join_and_can_be_filtered_by_a_locked_session(tmp_path: Path) -> None:
    with vesto.connect(tmp_path / "w", locked=True) as session:
        for view in VIEWS:
            assert session.execute(f"SELECT count(*) FROM {view}").rows() == [(0,)]
        session.execute(
            "CREATE TABLE t (a INT, b INT); INSERT INTO t SELECT i % 9, (i % 9 > 4)::int FROM generate_series(1, 600) s(i)"
        )
        done = session.execute(
            SMALL_MODEL.format(name="m", function="f")
            .replace("b, c, label", "b AS label")
            .replace("points", "t")
        )
        assert 'column "a" alone predicts the target' in " ".join(done.notices)
        joined = session.execute(
            "SELECT i.feature, m.value FROM svv_ml_feature_importance i JOIN svv_ml_model_metrics m "
            "USING (schema_name, model_name) JOIN svv_ml_model_info s USING (model_name) "
            "WHERE m.metric = 'accuracy' AND s.life_cycle = 'READY'"
        ).rows()
        assert joined == [("a", 1.0)]
        file = "(SELECT * FROM 'rows.parquet')"
        for statement in (
            f"EVALUATE MODEL m ON {file}", f"EXPLAIN CREATE MODEL n FROM {file} TARGET b FUNCTION g",
        ):  # fmt: skip
            with pytest.raises(PermissionDenied):
                session.execute(statement)
        session.execute("DROP MODEL m")
        for view in VIEWS:
            assert session.execute(f"SELECT count(*) FROM {view}").rows() == [(0,)]


def test_a_damaged_report_takes_only_its_own_rows(path: Path) -> None:
    with vesto.connect(path) as session:
        session.execute(POINTS)
        for name in ("good", "bad"):
            session.execute(SMALL_MODEL.format(name=name, function=f"f_{name}"))
        folder = session.warehouse.files.program_file(session.model("bad")).parent
        for content in (b"", b"{", b"[1, 2]", b'{"metrics": [3], "trials": 5, "importance": "x"}'):
            (folder / "report.json").write_bytes(content)
            for view in ("svv_ml_model_metrics", "svv_ml_feature_importance"):
                found = session.execute(f"SELECT DISTINCT model_name FROM {view}").rows()
                assert found == [("good",)]

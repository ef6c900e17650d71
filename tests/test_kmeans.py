"""MODEL_TYPE KMEANS from the statement to the cluster of a row."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from sklearn.cluster import KMeans

import vesto

CREATE = (
    "CREATE MODEL {name} FROM ({query}) FUNCTION {name}_of AUTO OFF MODEL_TYPE KMEANS "
    "HYPERPARAMETERS DEFAULT EXCEPT (K '{k}'{more})"
)
ROWS = """
CREATE TABLE shoppers AS
SELECT i AS id, CASE WHEN i % 50 = 0 THEN NULL ELSE i % 3 * 10.0::float8 + i % 4 END AS visits,
       (i % 3 * 40 + i % 11)::decimal(10, 2) AS spent, i % 2 = 0 AS member, 7 AS shop
FROM range(600) t(i)
"""
QUERY = "SELECT visits, spent, member, shop FROM shoppers"


@pytest.fixture(scope="module")
def mall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[vesto.Session]:
    with vesto.connect(tmp_path_factory.mktemp("w") / "mall") as session:
        session.execute(ROWS)
        session.execute(create("segment", more=', EVAL_METRICS \'["msd", "ssd"]\''))
        yield session


def create(name: str, k: int = 3, query: str = QUERY, more: str = "") -> str:
    return CREATE.format(name=name, k=k, query=query, more=more)


def test_a_row_has_the_cluster_that_scikit_learn_finds(mall: vesto.Session) -> None:
    sql = (
        "SELECT visits, spent, member, shop, segment_of(visits, spent, member, shop) FROM shoppers"
    )
    table = mall.execute(sql).arrow()
    x = np.stack([c.cast("float64").to_numpy() for c in table.columns[1:2]], axis=1)
    visits = table["visits"].cast("float64").to_numpy()
    x = np.column_stack(
        [np.where(np.isnan(visits), np.nanmean(visits), visits), x, table["member"]]
    )
    theirs = KMeans(3, n_init=3, random_state=0).fit(x)
    ours = table.columns[4].to_numpy()
    assert len(set(zip(ours, theirs.labels_, strict=True))) == 3
    shown = dict(mall.execute("SHOW MODEL segment").rows())
    assert float(shown["train:ssd"]) == pytest.approx(theirs.inertia_)
    assert float(shown["train:msd"]) == pytest.approx(theirs.inertia_ / 600, abs=1e-6)


def test_show_model_has_the_rows_of_a_clustering(mall: vesto.Session) -> None:
    rows = mall.execute("SHOW MODEL segment").rows()
    values = dict(rows)
    assert [key for key, _ in rows] == [
        "Model Name", "Schema Name", "Owner", "Creation Time", "Model State", "train:msd",
        "train:ssd", "train:progress", "train:throughput", "Estimated Cost", "", "TRAINING DATA:",
        "Query", "", "", "PARAMETERS:", "Model Type", "Training Job Name", "Function Name",
        "Function Parameters", "Function Parameter Types", "Max Runtime", "", "HYPERPARAMETERS:",
        "eval_metrics", "feature_dim", "k",
    ]  # fmt: skip
    assert values["Model Type"] == "kmeans"
    assert values["train:progress"] == "100.000000"
    assert re.fullmatch(r"\d+\.\d{6}", values["train:throughput"])
    assert values["Training Job Name"].endswith("-kmeans")
    assert (values["feature_dim"], values["k"]) == ("4", "3")


def test_the_function_gives_an_integer_and_never_null(mall: vesto.Session) -> None:
    sql = "SELECT segment_of(NULL, NULL, NULL, NULL) AS c"
    result = mall.execute(sql).arrow()
    assert str(result.schema.field("c").type) == "int32"
    assert result["c"].null_count == 0


def test_a_missing_number_counts_as_the_columns_mean(mall: vesto.Session) -> None:
    sql = (
        "SELECT segment_of({}, spent, member, shop) FROM shoppers, "
        "(SELECT AVG(visits) AS mean FROM shoppers) AS visitors ORDER BY id"
    )
    as_null, as_mean = (mall.execute(sql.format(visits)).rows() for visits in ("NULL", "mean"))
    assert as_null == as_mean


def test_there_is_no_function_for_probabilities(mall: vesto.Session) -> None:
    with pytest.raises(vesto.VestoError) as caught:
        mall.execute("SELECT segment_of_prob(1, 2, true, 7)")
    assert caught.value.sqlstate == "42883"


def test_its_report_says_what_the_clusters_are(mall: vesto.Session) -> None:
    (model,) = [m for m in mall.warehouse.catalog.models() if m.name == "segment"]
    report = mall.warehouse.files.report(model)
    assert sum(cluster["rows"] for cluster in report["clusters"]) == 600
    assert report["clusters"][0]["means"]["shop"] == 7
    assert 0.9 < report["quality"]["explained"] < 1
    assert report["importance"]["shop"] == 0
    assert sum(report["importance"].values()) == pytest.approx(1)


def test_the_same_seed_gives_the_same_program_and_what_has_no_effect_is_told(
    mall: vesto.Session,
) -> None:
    result = mall.execute(create("again", more=", EPOCHS '3', MINI_BATCH_SIZE '100'"))
    assert [notice.split()[1] for notice in result.notices] == ["epochs", "mini_batch_size"]
    models = mall.warehouse.catalog.models()
    assert len({model.outcome.program for model in models if model.outcome}) == 1
    mall.execute("DROP MODEL again")


WRONG = {
    "K is 500, but FROM has only": ("22000", create("x", k=500)),
    'hyperparameter "epoch" is not known': ("22023", create("x", more=", EPOCH '3'")),
    "is given twice": ("22023", create("x", more=", \"k\" '3'")),
    "cannot be 'best'": ("22023", create("x", more=", INIT_METHOD 'best'")),
    'hyperparameter "eval_metrics" cannot be': ("22023", create("x", more=", EVAL_METRICS '[1]'")),
    '"local_lloyd_tol" cannot be': ("22023", create("x", more=", LOCAL_LLOYD_TOL '2'")),
    'hyperparameter "k" cannot be': ("22023", create("x", k=10_001)),
    "feature_dim is 3, and FROM has 4": ("22023", create("x", more=", FEATURE_DIM '3'")),
    "which AUTO OFF cannot use": ("42804", create("x", query="SELECT 'a' AS a, id FROM shoppers")),
    "fewer than 500": ("22000", create("x", query=QUERY + " WHERE id < 400")),
    "too great to square": ("22000", create("x", query="SELECT id * 1e200 AS a FROM shoppers")),
    "TARGET needs": ("22023", create("x").replace("FUNCTION", "TARGET shop FUNCTION")),
}


@pytest.mark.parametrize(("words", "case"), WRONG.items(), ids=WRONG.keys())
def test_a_mistake_is_named(mall: vesto.Session, words: str, case: tuple[str, str]) -> None:
    sqlstate, sql = case
    with pytest.raises(vesto.VestoError, match=re.escape(words)) as caught:
        mall.execute(sql)
    assert caught.value.sqlstate == sqlstate
    assert caught.value.hint
    assert not [m for m in mall.warehouse.catalog.models() if m.name == "x"]


def test_a_refreshable_model_has_its_columns_still(mall: vesto.Session) -> None:
    sql = "SELECT is_refreshable FROM svv_ml_model_info WHERE model_name = 'segment'"
    assert mall.execute(sql).rows() == [(1,)]

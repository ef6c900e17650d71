"""SHOW MODEL and the system views: their rows are what scripts read."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from tests_support import POINTS, SMALL_MODEL

import vesto


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[vesto.Session]:
    with vesto.connect(tmp_path_factory.mktemp("w") / "shop") as session:
        session.execute(POINTS)
        session.execute(SMALL_MODEL.format(name="m", function="f"))
        yield session


def shown(session: vesto.Session, name: str) -> list[tuple[str, str]]:
    result = session.execute(f"SHOW MODEL {name}")
    assert result.columns == ["Key", "Value"]
    return [(str(key), str(value)) for key, value in result]


def test_a_ready_model_of_auto_off(shop: vesto.Session) -> None:
    rows = shown(shop, "m")
    values = dict(rows)
    assert [key for key, _ in rows] == [
        "Model Name", "Schema Name", "Owner", "Creation Time", "Model State", "train:error",
        "Estimated Cost", "", "TRAINING DATA:", "Query", "", "Target Column", "", "PARAMETERS:",
        "Model Type", "Training Job Name", "Function Name", "Function Parameters",
        "Function Parameter Types", "Max Runtime", "", "HYPERPARAMETERS:", "max_depth", "num_round",
        "objective",
    ]  # fmt: skip
    assert values["Model Name"] == "m"
    assert values["Schema Name"] == "public"
    assert values["Model State"] == "READY"
    assert re.fullmatch(r"[A-Z][a-z]{2}, \d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d", values["Creation Time"])
    assert re.fullmatch(r"0\.\d{6}", values["train:error"])
    assert re.fullmatch(r"\d+\.\d{6}", values["Estimated Cost"])
    assert float(values["Estimated Cost"]) > 0
    assert rows[9:11] == [("Query", "SELECT A, B, C, LABEL"), ("", "FROM POINTS")]
    assert values["Target Column"] == "LABEL"
    assert values["Model Type"] == "xgboost"
    assert re.fullmatch(r"redshiftml-\d{20}-xgboost", values["Training Job Name"])
    assert values["Function Name"] == "f"
    assert values["Function Parameters"] == "a b c"
    assert values["Function Parameter Types"] == "int8 float8 bool"
    assert (values["num_round"], values["max_depth"]) == ("5", "3")
    assert values["objective"] == "binary:logistic"


def test_a_model_in_training_and_its_given_clauses(shop: vesto.Session) -> None:
    shop.wait_for_models = False
    try:
        shop.execute(
            "CREATE MODEL auto FROM points TARGET LABEL FUNCTION auto_f IAM_ROLE default "
            "PROBLEM_TYPE BINARY_CLASSIFICATION OBJECTIVE 'f1_macro' "
            "SETTINGS (S3_BUCKET 'bucket', KMS_KEY_ID 'key', MAX_RUNTIME 60)"
        )
        rows = shown(shop, "auto")
    finally:
        shop.wait_for_models = True
        shop.execute("DROP MODEL auto")
    assert rows[4] == ("Model State", "TRAINING")
    assert [key for key, _ in rows[5:]] == [
        "", "TRAINING DATA:", "Query", "", "Target Column", "", "PARAMETERS:", "Model Type",
        "Problem Type", "Objective", "AutoML Job Name", "Function Name", "Function Parameters",
        "Function Parameter Types", "IAM Role", "S3 Bucket", "KMS Key", "Max Runtime",
    ]  # fmt: skip
    values = dict(rows)
    assert rows[7:9] == [("Query", "SELECT *"), ("", 'FROM "POINTS"')]
    assert values["Model Type"] == "auto"
    assert values["Problem Type"] == "BinaryClassification"
    assert values["Objective"] == "F1Macro"
    assert values["IAM Role"] == "default-aws-iam-role"
    assert (values["S3 Bucket"], values["KMS Key"]) == ("bucket", "key")
    assert values["Max Runtime"] == "60"
    assert not values["AutoML Job Name"].endswith("xgboost")


def test_a_failed_model_says_why(shop: vesto.Session) -> None:
    sql = SMALL_MODEL.format(name="bad", function="bad_f").replace(
        "NUM_ROUND '5'", "EVAL_METRIC 'no such metric'"
    )
    with pytest.raises(vesto.VestoError):
        shop.execute(sql)
    values = dict(shown(shop, "bad"))
    assert values["Model State"] == "FAILED"
    assert "XGBoost refused" in values["Failure Reason"]
    assert "Estimated Cost" not in values
    with pytest.raises(vesto.VestoError) as caught:
        shop.execute("SELECT bad_f(1, 2, true)")
    assert caught.value.sqlstate == "28008"
    with pytest.raises(vesto.VestoError) as caught:
        shop.execute("WAIT FOR MODEL bad")
    assert caught.value.sqlstate == "58000"
    shop.execute("DROP MODEL bad")


def test_all_models_are_listed_by_schema_and_name(shop: vesto.Session) -> None:
    shop.execute("CREATE SCHEMA other")
    shop.execute(SMALL_MODEL.format(name="other.z", function="g"))
    result = shop.execute("SHOW MODEL ALL")
    assert result.columns == ["Schema Name", "Model Name"]
    assert result.rows() == [("other", "z"), ("public", "m")]
    assert shop.execute("SELECT other.g(1, 2, true) IN (0, 1)").rows() == [(True,)]
    shop.execute("DROP MODEL other.z")


def test_a_model_that_is_not_there_is_close_to_one_that_is(shop: vesto.Session) -> None:
    with pytest.raises(vesto.VestoError) as caught:
        shop.execute("SHOW MODEL mm")
    assert caught.value.sqlstate == "42704"
    assert '"m"' in caught.value.hint
    assert caught.value.position == 12
    assert shop.execute("DROP MODEL IF EXISTS mm").notices


def test_the_system_views_join(shop: vesto.Session) -> None:
    states = "SELECT * FROM STV_ML_MODEL_INFO WHERE model_name = 'm'"
    row = shop.execute(states).arrow().to_pylist()[0]
    assert row == {
        "schema_name": "public", "user_name": "vesto", "model_name": "m", "life_cycle": "READY",
        "is_refreshable": 1, "model_state": "Model is Ready",
    }  # fmt: skip
    joined = (
        "SELECT s.database_name, t.model_state FROM svv_ml_model_info s "
        "JOIN pg_catalog.stv_ml_model_info t USING (schema_name, model_name)"
    )
    assert shop.execute(joined).rows() == [("dev", "Model is Ready")]


def test_is_refreshable_says_whether_the_sources_are_still_there(shop: vesto.Session) -> None:
    shop.execute("CREATE TABLE short_lived AS SELECT * FROM points")
    shop.execute(
        SMALL_MODEL.format(name="short", function="short_f").replace(
            "FROM points", "FROM short_lived"
        )
    )
    refreshable = "SELECT is_refreshable FROM stv_ml_model_info WHERE model_name = 'short'"
    assert shop.execute(refreshable).rows() == [(1,)]
    shop.execute("DROP TABLE short_lived")
    assert shop.execute(refreshable).rows() == [(0,)]
    shop.execute("DROP MODEL short")

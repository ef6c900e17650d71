"""``f_explain`` and EXPLAIN_MODEL: what they return, for which models, and what stands in their place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests_support import POINTS, SMALL_MODEL

import vesto
from vesto.catalog.records import Outcome
from vesto.programs import storage
from vesto.programs.bodies import nearest_centroid
from vesto.programs.program import Input, Program, label_output
from vesto.programs.steps import Number
from vesto.training.columns import Feature
from vesto.training.encoding import Columns
from vesto.training.explanation import OUT_OF_TIME, whole_model
from vesto.training.explanation import explained as explained_in

SEVERAL = (
    "CREATE MODEL several FROM (SELECT a, b, CASE WHEN a > 4 THEN 'x' WHEN b > 5 THEN 'y' ELSE 'z' END AS t "
    "FROM points) TARGET t FUNCTION several AUTO OFF MODEL_TYPE XGBOOST OBJECTIVE 'multi:softmax' "
    "PREPROCESSORS 'none' HYPERPARAMETERS DEFAULT EXCEPT (NUM_ROUND '5', NUM_CLASS '3')"
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("explanations") / "shop"
    with vesto.connect(place) as session:
        session.execute(POINTS)
        session.execute(SMALL_MODEL.format(name="m", function="f"))
        session.execute(SEVERAL)
    return place


@pytest.fixture
def shop(place: Path) -> Iterator[vesto.Session]:
    with vesto.connect(place) as session:
        yield session


def refused(session: vesto.Session, sql: str) -> vesto.VestoError:
    with pytest.raises(vesto.VestoError) as caught:
        session.execute(sql).rows()
    return caught.value


def documents(session: vesto.Session, sql: str) -> list[dict[str, Any]]:
    return [json.loads(row[0]) for row in session.execute(sql).rows()]


def total(entry: dict[str, Any]) -> float:
    return float(entry["base"] + sum(entry["contributions"].values()))


# --- One prediction -------------------------------------------------------------------------------


def test_contributions_add_up_to_the_margin_that_decides(shop: vesto.Session) -> None:
    found = documents(shop, "SELECT f_explain(a, b, c)::varchar FROM points ORDER BY id")
    labels = shop.execute("SELECT f(a, b, c) FROM points ORDER BY id").rows()
    assert len(found) == 600
    for document, (label,) in zip(found, labels, strict=True):
        assert list(document) == ["label", "base", "prediction", "contributions"]
        assert list(document["contributions"]) == ["a", "b", "c"]
        assert document["label"] == "1"
        assert total(document) == pytest.approx(document["prediction"], abs=1e-5)
        assert (document["prediction"] > 0) == (label == 1)
    assert len({document["base"] for document in found}) == 1


def test_a_contribution_says_which_column_moved_the_row(shop: vesto.Session) -> None:
    """The label is 1 where a > 3 or b > 7; c says nothing."""
    sql = (
        "SELECT p.high.contributions.a::float8, p.low.contributions.a::float8, "
        "p.high.contributions.c::float8 FROM "
        "(SELECT f_explain(6, 1, true) AS high, f_explain(0, 1, true) AS low) p"
    )
    ((high, low, nothing),) = shop.execute(sql).rows()
    assert high > 1
    assert low < -0.5
    assert abs(nothing) < 0.2


def test_several_classes_have_an_entry_each_the_likeliest_first(shop: vesto.Session) -> None:
    sql = "SELECT several_explain(a, b)::varchar, several_prob(a, b)::varchar FROM points"
    for explanation, probabilities in shop.execute(sql).rows():
        found, likeliest = json.loads(explanation), json.loads(probabilities)
        assert list(found) == ["labels", "explanations"]
        assert found["labels"] == likeliest["labels"]
        margins = [entry["prediction"] for entry in found["explanations"]]
        assert margins == sorted(margins, reverse=True)
        for entry in found["explanations"]:
            assert list(entry) == ["base", "prediction", "contributions"]
            assert total(entry) == pytest.approx(entry["prediction"], abs=1e-5)


def test_arguments_go_by_name_and_views_follow(shop: vesto.Session) -> None:
    shop.execute(
        "CREATE VIEW told AS SELECT id, f_explain(c => c, a => a, b => b) AS e FROM points"
    )
    try:
        sql = "SELECT e.base::float8 = f_explain(a, b, c).base::float8 FROM told JOIN points USING (id)"
        assert set(shop.execute(sql).rows()) == {(True,)}
        assert refused(shop, "SELECT f_explain(1, 2)").sqlstate == "42883"
        assert refused(shop, "SELECT f_explain(b, 2, true) FROM points").sqlstate == "42883"
    finally:
        shop.execute("DROP VIEW told")


def test_without_the_extension_the_same_is_explained(place: Path, shop: vesto.Session) -> None:
    sql = "SELECT {}::varchar FROM points WHERE id < 30 ORDER BY id"
    calls = [sql.format(call) for call in ("f_explain(a, b, c)", "several_explain(a, b)")]
    compiled = [documents(shop, call) for call in calls]
    shop.warehouse.close()
    with vesto.connect(place, settings={"native": "off"}) as other:
        for call, wanted in zip(calls, compiled, strict=True):
            for one, two in zip(documents(other, call), wanted, strict=True):
                assert numbers(one) == pytest.approx(numbers(two), abs=1e-5)


def numbers(document: Any) -> list[float]:
    """All numbers in a document, in order."""
    if isinstance(document, dict):
        return [n for value in document.values() for n in numbers(value)]
    if isinstance(document, list):
        return [n for value in document for n in numbers(value)]
    return [] if isinstance(document, str) else [float(document)]


# --- Models and names -----------------------------------------------------------------------------


def test_a_model_that_knows_no_covers_predicts_and_says_why_it_explains_nothing(
    session: vesto.Session, path: Path
) -> None:
    """As one that an older version trained."""
    session.execute(SMALL_MODEL.format(name="m", function="f"))
    before = session.execute("SELECT f(a, b, c) FROM points").rows()
    warehouse, model = session.warehouse, session.model("m")
    program = warehouse.files.program(model)
    bare = replace(program, body=replace(program.body, cover=np.empty(0, np.float32)))
    content = storage.dump(bare)
    warehouse.files.program_file(model).write_bytes(content)
    outcome = replace(model.outcome or Outcome(), program=storage.content_hash(content))
    warehouse.catalog.replace(model, replace(model, outcome=outcome))
    session.close()
    with vesto.connect(path) as again:
        assert again.execute("SELECT f(a, b, c) FROM points").rows() == before
        error = refused(again, "SELECT f_explain(a, b, c) FROM points")
        assert error.sqlstate == "0A000"
        assert "predictions of f cannot" in error.message
        assert "EXPLAIN_MODEL" in error.hint
        again.execute("DROP MODEL m")


def test_the_names_are_the_models_and_go_with_it(session: vesto.Session) -> None:
    session.execute(
        "CREATE FUNCTION g_interval(int) RETURNS int STABLE AS $$ SELECT $1 $$ LANGUAGE sql"
    )
    error = refused(session, SMALL_MODEL.format(name="x", function="g"))
    assert (error.sqlstate, error.message) == ("42723", 'function "g_interval" already exists')
    session.execute(SMALL_MODEL.format(name="m", function="f"))
    error = refused(session, SMALL_MODEL.format(name="x", function="f_explain"))
    assert (error.sqlstate, error.message) == ("42723", 'function "f_explain" already exists')
    installed = session.warehouse.engine.functions()
    names = {"f", "f_prob", "f_probabilities", "f_explain", "f_interval"}
    assert installed == {("public", name) for name in names}
    session.execute("DROP MODEL m")
    assert session.warehouse.engine.functions() == set()


# --- The whole model ------------------------------------------------------------------------------


def explained(session: vesto.Session, name: str) -> dict[str, Any]:
    return documents(session, f"SELECT EXPLAIN_MODEL('{name}')::varchar")[0]


@pytest.fixture
def again(place: Path, shop: vesto.Session) -> Iterator[vesto.Session]:
    shop.warehouse.close()
    with vesto.connect(place) as session:
        yield session


def test_the_models_report_has_redshifts_shape(again: vesto.Session) -> None:
    found = explained(again, "m")
    assert found["version"] == "1.0"
    label = found["explanations"]["kernel_shap"]["label0"]
    assert list(label) == ["global_shap_values", "expected_value"]
    values = label["global_shap_values"]
    assert list(values) == ["a", "b", "c"]
    assert values["a"] > values["c"] >= 0
    assert values["b"] > values["c"]
    assert (found["method"], found["labels"]) == ("shapley", ["1"])
    base = documents(again, "SELECT f_explain(1, 1, true)::varchar")[0]["base"]
    assert label["expected_value"] == pytest.approx(base, rel=1e-6)


def test_its_values_are_the_mean_of_what_single_rows_have(again: vesto.Session) -> None:
    rows = documents(again, "SELECT f_explain(a, b, c)::varchar FROM points")
    values = explained(again, "public.m")["explanations"]["kernel_shap"]["label0"]
    for name, value in values["global_shap_values"].items():
        mean = np.mean([abs(row["contributions"][name]) for row in rows])
        assert value == pytest.approx(mean, rel=1e-5, abs=1e-9)


def test_several_classes_are_labels_and_paths_lead_in(again: vesto.Session) -> None:
    found = explained(again, "several")
    assert list(found["explanations"]["kernel_shap"]) == ["label0", "label1", "label2"]
    assert found["labels"] == ["x", "y", "z"]
    sql = (
        "SELECT j.report.explanations.kernel_shap.label1.global_shap_values.b::float8 FROM "
        "(SELECT EXPLAIN_MODEL('several') AS report) j"
    )
    wanted = found["explanations"]["kernel_shap"]["label1"]["global_shap_values"]["b"]
    assert again.execute(sql).rows() == [(wanted,)]


def test_it_takes_one_name_of_a_model_that_is_there(again: vesto.Session) -> None:
    assert refused(again, "SELECT EXPLAIN_MODEL('nothing')").sqlstate == "42704"
    assert refused(again, "SELECT EXPLAIN_MODEL('a b')").sqlstate == "42601"
    assert refused(again, "SELECT EXPLAIN_MODEL()").sqlstate == "42883"
    assert again.execute("SELECT EXPLAIN_MODEL(NULL)").rows() == [(None,)]


def test_until_there_is_a_report_a_text_says_what_is_waited_for(session: vesto.Session) -> None:
    session.wait_for_models = False
    session.execute(
        "CREATE MODEL slow FROM points TARGET label FUNCTION slow SETTINGS (MAX_RUNTIME 600)"
    )
    assert explained(session, "slow") == {"explanations": "waiting for training job to complete"}
    at_work = explained_in(session.model("slow"), {}, "explaining")
    assert at_work == {"explanations": "waiting for processing job to complete"}
    session.warehouse.versions.record_failure(session.model("slow"), Outcome(failure="no luck"))
    assert explained(session, "slow") == {"explanations": "processing job failed"}
    session.execute("DROP MODEL slow")


def test_a_locked_session_has_both(again: vesto.Session, place: Path) -> None:
    again.warehouse.close()
    with vesto.connect(place, locked=True) as locked:
        assert explained(locked, "m")["version"] == "1.0"
        assert len(locked.execute("SELECT f_explain(a, b, c) FROM points").rows()) == 600
        for call in ("vesto_explain('x', 1)", "vesto_explain_model('vesto', 'm')"):
            assert refused(locked, f"SELECT {call}").sqlstate == "42501"


# --- How it is found ------------------------------------------------------------------------------


def clusters() -> tuple[Program, Columns]:
    """Three centroids told apart by the first of two columns."""
    inputs = (Input("near", "float8"), Input("noise", "float8"))
    body = nearest_centroid(np.array([[0.0, 0.0], [10.0, 0.0], [20.0, 0.0]]))
    output = label_output("int4", ("0", "1", "2"), link="argmax")
    program = Program(inputs, (Number(0), Number(1)), (2, 3), body, output)
    random = np.random.default_rng(0)
    arrays = (pa.array(random.uniform(0, 20, 300)), pa.array(random.uniform(0, 20, 300)))
    features = tuple(
        Feature(place, item.name, "fraction", "number") for place, item in enumerate(inputs)
    )
    return program, Columns(inputs, arrays, features)


def test_models_without_shapley_values_are_explained_by_permutation() -> None:
    program, columns = clusters()
    found = whole_model(program, columns, 0, float("inf"))
    assert isinstance(found, dict)
    assert found["method"] == "permutation"
    labels = found["explanations"]["kernel_shap"]
    assert labels["label0"]["global_shap_values"] == {"near": 0.0, "noise": 0.0}
    assert labels["label2"]["global_shap_values"]["near"] > 10
    assert labels["label2"]["global_shap_values"]["noise"] == 0
    assert found == whole_model(program, columns, 0, float("inf"))


def test_when_the_time_is_over_redshifts_text_says_so() -> None:
    program, columns = clusters()
    assert whole_model(program, columns, 0, 0.0) == OUT_OF_TIME

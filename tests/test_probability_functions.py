"""``f_prob`` and ``f_probabilities``: which models have them, what they return, whose names they take."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from tests_support import POINTS, SMALL_MODEL

import vesto

TRAIN = (
    "CREATE MODEL {name} FROM (SELECT id AS x, a AS y, b AS z, {target} AS t FROM points) TARGET t "
    "FUNCTION {name} AUTO OFF MODEL_TYPE XGBOOST OBJECTIVE '{objective}' PREPROCESSORS 'none' "
    "HYPERPARAMETERS DEFAULT EXCEPT (NUM_ROUND '5'{more})"
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[vesto.Session]:
    with vesto.connect(tmp_path_factory.mktemp("w") / "shop") as session:
        session.execute(POINTS)
        session.execute(SMALL_MODEL.format(name="m", function="f"))
        yield session


def rows(session: vesto.Session, sql: str) -> list[tuple[object, ...]]:
    return session.execute(sql).rows()


def refused(session: vesto.Session, sql: str) -> vesto.VestoError:
    with pytest.raises(vesto.VestoError) as caught:
        session.execute(sql).rows()
    return caught.value


def documents(session: vesto.Session, sql: str) -> list[dict[str, list[object]]]:
    return [json.loads(str(row[0])) for row in rows(session, sql)]


def test_probabilities_add_up_and_the_greatest_is_first(shop: vesto.Session) -> None:
    found = documents(shop, "SELECT f_prob(a, b, c) FROM points")
    assert len(found) == 600
    for document in found:
        assert list(document) == ["probabilities", "labels"]
        assert document["probabilities"] == sorted(document["probabilities"], reverse=True)
        assert sum(document["probabilities"]) == pytest.approx(1)
        assert sorted(document["labels"]) == ["0", "1"]
    sql = "SELECT count(*) FROM points WHERE f_prob(a, b, c).labels[0]::int = f(a, b, c)"
    assert rows(shop, sql) == [(600,)]


def test_both_names_are_one_function(shop: vesto.Session) -> None:
    sql = "SELECT f_prob(a, b, c)::varchar AS p FROM points ORDER BY id"
    assert rows(shop, sql) == rows(shop, sql.replace("f_prob", "f_probabilities"))


PLACES = {
    "label": ("SELECT f_prob(a, b, c).labels[0] FROM points WHERE id = 4", '"1"'),
    "text": ("SELECT f_prob(a, b, c).labels[0]::varchar FROM points WHERE id = 4", "1"),
    "key in brackets": ("SELECT f_prob(a, b, c)['labels'][0] FROM points WHERE id = 4", '"1"'),
    "schema": ("SELECT public.f_prob(a, b, c).labels[1] FROM points WHERE id = 4", '"0"'),
    "database": ("SELECT dev.public.F_PROB(a, b, c).labels[1] FROM points WHERE id = 4", '"0"'),
    "parentheses": ("SELECT (f_prob(a, b, c)).labels[1] FROM points WHERE id = 4", '"0"'),
    "by name": ("SELECT f_prob(c => c, b => b, a => a).labels[0] FROM points WHERE id = 4", '"1"'),
    "where": ("SELECT max(1) FROM points WHERE f_prob(a, b, c).probabilities[0] > 0.5", 1),
    "compared": ("SELECT max(a) FROM points WHERE f_prob(a, b, c).labels[0] = '1'", 6),
    "alias": ("SELECT p.labels[0] FROM (SELECT f_prob(a, b, c) AS p FROM points WHERE id = 4) x", '"1"'),
    "qualified": ("SELECT x.p.labels[0] FROM (SELECT f_prob(a, b, c) AS p FROM points WHERE id = 4) x", '"1"'),
    "unnested": ("SELECT count(l) FROM (SELECT f_prob(a, b, c) AS p FROM points WHERE id = 4) x, x.p.labels AS l", 2),
    "aggregate": ("SELECT (min(f_prob(a, b, c).probabilities[0]::float8) >= 0.5)::int FROM points", 1),
    "kind": ("SELECT json_typeof(f_prob(a, b, c)) FROM points WHERE id = 4", "object"),
}  # fmt: skip


@pytest.mark.parametrize(("sql", "value"), PLACES.values(), ids=PLACES.keys())
def test_paths_lead_into_the_document(shop: vesto.Session, sql: str, value: object) -> None:
    assert rows(shop, sql)[0][0] == value


def test_tables_and_views_keep_it_as_super(shop: vesto.Session) -> None:
    shop.execute("CREATE TABLE kept AS SELECT id, f_prob(a, b, c) AS p FROM points")
    shop.execute("CREATE VIEW seen AS SELECT id, f_prob(a, b, c) AS p FROM points")
    for name in ("kept", "seen"):
        sql = f"SELECT count(*) FROM {name} WHERE {name}.p.labels[0]::int = 1 AND p.probabilities[1] < 0.5"
        assert rows(shop, sql) == rows(shop, "SELECT count(*) FROM points WHERE f(a, b, c) = 1")


def test_a_column_without_a_name_is_called_as_the_function(shop: vesto.Session) -> None:
    assert shop.execute("SELECT f_prob(a, b, c) FROM points").columns == ["f_prob"]


WRONG = {
    "too few": ("SELECT f_prob(a, b) FROM points", "function f_prob takes 3 arguments, not 2", 8),
    "unknown name": ("SELECT 1, f_prob(a, b, d => c) FROM points", 'no argument "d"', 11),
    "literal": ("SELECT f_probabilities(1.5, b, c) FROM points", 'argument 1 "a"', 8),
    "column": ("SELECT f_prob(a, b, a) FROM points", 'argument 3 "c"', 8),
}


@pytest.mark.parametrize(("sql", "words", "position"), WRONG.values(), ids=WRONG.keys())
def test_mistakes_are_told_as_of_the_prediction(
    shop: vesto.Session, sql: str, words: str, position: int
) -> None:
    error = refused(shop, sql)
    assert (error.sqlstate, error.position) == ("42883", position)
    assert words in error.message
    assert "a int8, b float8, c bool" in error.hint


OBJECTIVES = {
    "binary": ("label", "binary:logistic", "", True),
    "several": ("'class ' || a", "multi:softmax", ", NUM_CLASS '7'", True),
    "hinge": ("label", "binary:hinge", "", False),
    "probability": ("label", "reg:logistic", "", False),
    "number": ("b", "reg:squarederror", "", False),
}


@pytest.mark.parametrize(
    ("target", "objective", "more", "has"), OBJECTIVES.values(), ids=OBJECTIVES.keys()
)
def test_models_of_classes_have_probabilities(
    shop: vesto.Session, target: str, objective: str, more: str, *, has: bool
) -> None:
    shop.execute(TRAIN.format(name="o", target=target, objective=objective, more=more))
    try:
        if not has:
            assert refused(shop, "SELECT o_prob(id, a, b) FROM points").sqlstate == "42883"
            return
        found = documents(shop, "SELECT o_prob(id, a, b) FROM points")
        classes = {str(row[0]) for row in rows(shop, f"SELECT DISTINCT {target} FROM points")}
        assert all(set(document["labels"]) == classes for document in found)
    finally:
        shop.execute("DROP MODEL o")


def test_labels_of_a_boolean_target_are_t_and_f(shop: vesto.Session) -> None:
    """As Redshift prints them, and as scripts compare them."""
    target = TRAIN.format(name="b", target="label = 1", objective="binary:logistic", more="")
    shop.execute(target)
    sql = "SELECT DISTINCT b(id, a, b), b_prob(id, a, b).labels[0] = 't' FROM points ORDER BY 1"
    assert rows(shop, sql) == [(False, False), (True, True)]
    sql = "SELECT DISTINCT b_prob(id, a, b).labels[0]::varchar, b_explain(id, a, b).label::varchar FROM points ORDER BY 1"
    assert rows(shop, sql) == [("f", "t"), ("t", "t")]
    assert rows(shop, "SELECT count(*) FROM points WHERE b(id, a, b) = 'Y'")[0][0] > 0
    found = shop.execute(
        "EVALUATE MODEL b ON (SELECT id AS x, a AS y, b AS z, label = 1 AS t FROM points)"
    )
    assert {row[2] for row in found if row[0] == "confusion"} == {"f", "t"}
    shop.execute("DROP MODEL b")


def test_automatic_classification_has_them_and_regression_frees_the_names(
    shop: vesto.Session,
) -> None:
    auto = "CREATE MODEL {0} FROM (SELECT a, b, c, {1} AS t FROM points) TARGET t FUNCTION {0} SETTINGS (MAX_RUNTIME 8)"
    shop.execute(auto.format("classes", "CASE label WHEN 1 THEN 'True.' ELSE 'False.' END"))
    sql = "SELECT classes_prob(a, b, c).labels[0]::varchar FROM points GROUP BY 1 ORDER BY 1"
    assert rows(shop, sql) == [("False.",), ("True.",)]
    shop.execute(auto.format("amount", "b * 1.5"))
    assert refused(shop, "SELECT amount_prob(a, b, c) FROM points").sqlstate == "42883"
    shop.execute(SMALL_MODEL.format(name="free", function="amount_prob"))
    shop.execute("DROP MODEL free; DROP MODEL classes; DROP MODEL amount")


class TestNames:
    def test_a_name_that_is_taken_is_named_and_its_reason_told(self, shop: vesto.Session) -> None:
        shop.execute(SMALL_MODEL.format(name="other", function="g_prob"))
        shop.execute(
            "CREATE FUNCTION h_probabilities(int) RETURNS int STABLE AS $$ SELECT $1 $$ LANGUAGE sql"
        )
        try:
            error = refused(shop, SMALL_MODEL.format(name="x", function="g"))
            assert error.sqlstate == "42723"
            assert error.message == 'function "g_prob" already exists'
            assert 'model "other"' in error.hint
            assert (
                "FUNCTION g makes g_prob, g_probabilities, g_explain and g_interval too"
                in error.hint
            )
            error = refused(shop, SMALL_MODEL.format(name="x", function="h"))
            assert (error.sqlstate, error.message) == (
                "42723", 'function "h_probabilities" already exists',
            )  # fmt: skip
            for taken in ("f_prob", "F_Probabilities"):
                error = refused(shop, SMALL_MODEL.format(name="x", function=taken))
                assert error.sqlstate == "42723"
                assert 'model "m"' in error.hint
        finally:
            shop.execute("DROP MODEL other; DROP FUNCTION h_probabilities(int)")

    def test_a_regression_takes_no_more_than_its_own_name(self, shop: vesto.Session) -> None:
        shop.execute(
            "CREATE FUNCTION r_prob(int) RETURNS int STABLE AS $$ SELECT $1 $$ LANGUAGE sql"
        )
        shop.execute(TRAIN.format(name="r", target="b", objective="reg:squarederror", more=""))
        shop.execute("DROP MODEL r; DROP FUNCTION r_prob(int)")

    def test_no_function_of_sql_can_take_the_names(self, shop: vesto.Session) -> None:
        sql = "CREATE FUNCTION f_prob(int) RETURNS int STABLE AS $$ SELECT $1 $$ LANGUAGE sql"
        assert refused(shop, sql).sqlstate == "42723"
        assert refused(shop, "DROP FUNCTION f_prob(int)").sqlstate == "2BP01"


def test_before_the_model_is_ready_a_call_says_so(shop: vesto.Session) -> None:
    shop.wait_for_models = False
    try:
        shop.execute(SMALL_MODEL.format(name="slow", function="slow"))
    finally:
        shop.wait_for_models = True
    error = refused(shop, "SELECT slow_prob(a, b, c) FROM points")
    assert (error.sqlstate, error.position) == ("28008", 8)
    shop.execute("WAIT FOR MODEL slow")
    assert len(rows(shop, "SELECT slow_prob(a, b, c) FROM points")) == 600
    shop.execute("DROP MODEL slow")
    assert refused(shop, "SELECT slow_prob(a, b, c) FROM points").sqlstate == "42883"


def test_a_model_of_an_older_version_gets_its_functions_when_opened(
    session: vesto.Session, train: Callable[..., None]
) -> None:
    """Its outcome in the catalog says nothing of probabilities."""
    train("m", "f")
    warehouse = session.warehouse
    model = session.model("m")
    assert model.outcome is not None
    old = replace(model.outcome, gives_probabilities=False)
    warehouse.catalog.replace(model, replace(model, outcome=old))
    session.execute("SELECT 1")
    session.close()
    with vesto.connect(warehouse.path) as again:
        assert len(rows(again, "SELECT f_prob(a, b, c) FROM points")) == 600

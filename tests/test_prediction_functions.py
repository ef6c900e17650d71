"""Prediction functions: where they can stand, what they take, what they refuse."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests_support import POINTS, SMALL_MODEL

import vesto

WORDS = """
CREATE TABLE words AS
SELECT i AS id, CASE i % 3 WHEN 0 THEN 'red' WHEN 1 THEN 'green' ELSE NULL END AS colour,
       (i % 50) / 4.0::float8 AS size, date '2024-01-01' + (i % 90)::int AS "time",
       CASE WHEN i % 3 = 0 AND i % 50 > 20 THEN 'True.' ELSE 'False.' END AS "Größe"
FROM range(600) t(i)
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[vesto.Session]:
    with vesto.connect(tmp_path_factory.mktemp("w") / "shop") as session:
        session.execute(POINTS)
        session.execute(WORDS)
        session.execute(SMALL_MODEL.format(name="m", function="f"))
        session.execute(
            'CREATE MODEL "Das Modell" FROM (SELECT colour, size, "time", "Größe" FROM words) '
            'TARGET "Größe" FUNCTION "Färbe" SETTINGS (MAX_RUNTIME 10)'
        )
        yield session


def rows(session: vesto.Session, sql: str) -> list[tuple[object, ...]]:
    return session.execute(sql).rows()


PLACES = {
    "select": "SELECT f(a, b, c) FROM points WHERE id = 4",
    "where": "SELECT 1 FROM points WHERE f(a, b, c) = 1 AND id = 4",
    "group by": "SELECT f(a, b, c) FROM points WHERE id = 4 GROUP BY f(a, b, c)",
    "group by alias": "SELECT f(a, b, c) AS p FROM points WHERE id = 4 GROUP BY p",
    "having": "SELECT a / a FROM points WHERE id = 4 GROUP BY a HAVING max(f(a, b, c)) = 1",
    "order by": "SELECT 1 FROM points WHERE id = 4 ORDER BY f(a, b, c) DESC",
    "case": "SELECT CASE WHEN f(a, b, c) = 1 THEN 1 ELSE 0 END FROM points WHERE id = 4",
    "aggregate": "SELECT max(f(a, b, c)) FROM points",
    "stddev": "SELECT (stddev(f(a, b, c)) > 0)::int FROM points",
    "window": "SELECT max(f(a, b, c)) OVER (PARTITION BY a) FROM points WHERE id = 4",
    "join": "SELECT f(x.a, y.b, x.c) FROM points x JOIN points y ON x.id = y.id WHERE x.id = 4",
    "subquery": "SELECT (SELECT f(a, b, c) FROM points WHERE id = 4)",
    "common table": "WITH p AS (SELECT f(a, b, c) AS v FROM points WHERE id = 4) SELECT v FROM p",
    "derived table without alias": "SELECT v FROM (SELECT f(a, b, c) AS v FROM points WHERE id = 4)",
    "lateral alias": "SELECT f(a, b, c) AS v, v = 1 AS w FROM points WHERE id = 4 AND v = 1",
    "schema": "SELECT public.f(a, b, c) FROM points WHERE id = 4",
    "database": "SELECT dev.public.f(a, b, c) FROM points WHERE id = 4",
    "quoted": 'SELECT "f"(a, b, c) FROM points WHERE id = 4',
    "other case": "SELECT F(a, b, c) FROM points WHERE id = 4",
    "by name": "SELECT f(c => c, a => a, b => b) FROM points WHERE id = 4",
    "by name after place": "SELECT f(a, c := c, b := b) FROM points WHERE id = 4",
    "union": "SELECT f(a, b, c) FROM points WHERE id = 4 UNION SELECT f(a, b, c) FROM points WHERE id = 5",
}  # fmt: skip


@pytest.mark.parametrize("sql", PLACES.values(), ids=PLACES.keys())
def test_it_can_stand_wherever_a_function_can(shop: vesto.Session, sql: str) -> None:
    assert rows(shop, sql)[0][0] == 1


def test_tables_views_and_inserts_are_made_with_it(shop: vesto.Session) -> None:
    shop.execute("CREATE TABLE scored AS SELECT id, f(a, b, c) AS p FROM points")
    assert shop.execute("INSERT INTO scored SELECT id, f(a, b, c) FROM points").rowcount == 600
    shop.execute("CREATE VIEW seen AS SELECT id, f(a, b, c) AS p FROM points")
    assert rows(shop, "SELECT count(*) FROM seen JOIN scored USING (id, p)") == [(1200,)]
    assert shop.execute("UPDATE scored SET p = f(1, 2, false) WHERE p = 1").rowcount > 0
    assert shop.execute("DELETE FROM scored WHERE id >= 0 AND f(6, 1, true) = 1").rowcount == 1200


def test_labels_come_back_as_they_stand(shop: vesto.Session) -> None:
    found = rows(shop, 'SELECT DISTINCT "Färbe"(colour, size, "time") FROM words')
    assert sorted(found) == [("False.",), ("True.",)]


def test_quoted_and_unicode_names_work_with_arguments_by_name(shop: vesto.Session) -> None:
    sql = """SELECT "Färbe"("time" => '2024-01-05', colour => 'red', size => 12) """
    assert rows(shop, sql) == [("True.",)]


@pytest.mark.parametrize("missing", ["NULL, NULL, NULL", "NULL, 1, true", "3, NULL::float8, NULL"])
def test_a_prediction_is_never_null(shop: vesto.Session, missing: str) -> None:
    assert rows(shop, f"SELECT f({missing}) IS NULL") == [(False,)]


def test_a_word_never_seen_is_predicted_too(shop: vesto.Session) -> None:
    sql = """SELECT "Färbe"('ultraviolet', 1.5, '2030-12-31') IN ('True.', 'False.')"""
    assert rows(shop, sql) == [(True,)]


@pytest.mark.parametrize("call", ["f(4, 2.5, true)", "f('4', '2.5', 'true')", "f(4::int8, 2, 1 = 1)",
                                  "f(4::smallint, 2.5::decimal(5, 2), NULL)"])  # fmt: skip
def test_literals_and_implicit_conversions_are_taken(shop: vesto.Session, call: str) -> None:
    assert rows(shop, f"SELECT {call}") == rows(shop, "SELECT f(4, 2.5::float8, true)")


WRONG = {
    "too few": ("SELECT f(a, b) FROM points", "takes 3 arguments, not 2", 8),
    "too many": ("SELECT 1, f(a, b, c, 1) FROM points", "takes 3 arguments, not 4", 11),
    "unknown name": ("SELECT f(a, b, d => c) FROM points", 'no argument "d"', 8),
    "name twice": ("SELECT f(a, b, a => c) FROM points", '"a" of function f is given twice', 8),
    "fraction literal": ("SELECT f(1.5, b, c) FROM points", 'argument 1 "a"', 8),
    "fraction column": ("SELECT f(b, b, c) FROM points", 'argument 1 "a"', 8),
    "number for boolean": ("SELECT f(a, b, 1) FROM points", 'argument 3 "c"', 8),
    "text for number": ("SELECT f(a, 'x' || a, c) FROM points", 'argument 2 "b"', 8),
    "date for number": ("SELECT f(date '2024-01-01', b, c) FROM points", 'argument 1 "a"', 8),
}  # fmt: skip


@pytest.mark.parametrize(("sql", "words", "position"), WRONG.values(), ids=WRONG.keys())
def test_wrong_arguments_name_the_signature_and_the_position(
    shop: vesto.Session, sql: str, words: str, position: int
) -> None:
    with pytest.raises(vesto.VestoError) as caught:
        shop.execute(sql).rows()
    error = caught.value
    assert error.sqlstate == "42883"
    assert words in error.message
    assert "a int8, b float8, c bool" in error.hint
    assert error.position == position


def test_a_literal_that_is_no_number_is_refused_as_such(shop: vesto.Session) -> None:
    with pytest.raises(vesto.VestoError) as caught:
        shop.execute("SELECT f('many', 1, true)").rows()
    assert caught.value.sqlstate == "22P02"


def test_a_call_before_the_model_is_ready_says_so(shop: vesto.Session) -> None:
    shop.wait_for_models = False
    try:
        shop.execute(SMALL_MODEL.format(name="slow", function="slow"))
    finally:
        shop.wait_for_models = True
    with pytest.raises(vesto.VestoError) as caught:
        shop.execute("SELECT slow(a, b, c) FROM points").rows()
    assert caught.value.sqlstate == "28008"
    message = "The ML model is not ready, check STV_ML_MODEL_INFO for its status."
    assert caught.value.message == message
    shop.execute("WAIT FOR MODEL slow")
    assert len(rows(shop, "SELECT slow(a, b, c) FROM points")) == 600
    shop.execute("DROP MODEL slow")
    with pytest.raises(vesto.VestoError) as caught:
        shop.execute("SELECT slow(a, b, c) FROM points").rows()
    assert caught.value.sqlstate == "42883"


TARGETS = {
    "boolean": ("c", "bool", "binary:logistic"),
    "smallint": ("label::smallint", "int16", "binary:logistic"),
    "integer classes": ("a::int", "int32", "multi:softmax"),
    "integer regression": ("id::int", "int32", "reg:squarederror"),
    "real regression": ("b::real", "float", "reg:squarederror"),
    "double regression": ("b", "double", "reg:pseudohubererror"),
    "probability": ("label", "double", "reg:logistic"),
    "tweedie": ("b", "double", "reg:tweedie"),
    "logarithmic": ("b", "double", "reg:squaredlogerror"),
    "hinge": ("label", "int32", "binary:hinge"),
    "text classes": ("'class ' || label", "string", "multi:softmax"),
}


@pytest.mark.parametrize(("target", "arrow", "objective"), TARGETS.values(), ids=TARGETS.keys())
def test_it_returns_the_type_of_the_target(
    shop: vesto.Session, target: str, arrow: str, objective: str
) -> None:
    shop.execute(
        f"CREATE MODEL typed FROM (SELECT id AS x, a AS y, b AS z, {target} AS t FROM points) TARGET t "
        f"FUNCTION typed AUTO OFF MODEL_TYPE XGBOOST OBJECTIVE '{objective}' PREPROCESSORS 'none' "
        "HYPERPARAMETERS DEFAULT EXCEPT (NUM_ROUND '5'"
        + (", NUM_CLASS '7')" if objective == "multi:softmax" else ")")
    )
    try:
        found = shop.execute("SELECT typed(id, a, b) AS p FROM points").arrow()
        assert str(found.schema.field("p").type) == arrow
        assert found["p"].null_count == 0
    finally:
        shop.execute("DROP MODEL typed")

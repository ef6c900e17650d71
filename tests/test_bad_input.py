"""Bad input: the message names the column or clause, and nothing is left behind."""

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
        session.execute(SMALL_MODEL.format(name="taken", function="predict_taken"))
        session.execute(
            "CREATE TABLE odd AS SELECT i AS a, i % 3 AS b, 'same' AS one, NULL::int AS nothing, "
            "(i / 7.0)::decimal(10, 2) AS money, date '2024-01-01' + i::int AS day, "
            "i % 2 AS label, 'word' || i AS word, CASE WHEN i = 5 THEN 'inf'::float8 ELSE i END AS wild "
            "FROM range(600) t(i)"
        )
        yield session


def left_behind(session: vesto.Session) -> tuple[list[str], list[str], set[tuple[str, str]]]:
    warehouse = session.warehouse
    models = [model.name for model in warehouse.catalog.models()]
    jobs = [folder.name for folder in (warehouse.path / "jobs").iterdir()]
    return models, jobs, warehouse.engine.functions()


AUTO_OFF = "AUTO OFF MODEL_TYPE XGBOOST OBJECTIVE '{}' PREPROCESSORS 'none' HYPERPARAMETERS DEFAULT"

CASES = {
    "too few rows": (
        "CREATE MODEL m FROM (SELECT a, label FROM points LIMIT 499) TARGET label FUNCTION f",
        "22000", "499 rows",
    ),
    "too many features": (
        "CREATE MODEL m FROM (SELECT "
        + ", ".join(f"a AS a{i}" for i in range(257))
        + ", label FROM points) TARGET label FUNCTION f",
        "22023", "257 feature columns",
    ),
    "one class": (
        "CREATE MODEL m FROM (SELECT a, 'x' AS t FROM odd) TARGET t FUNCTION f",
        "22000", '"t" has only one value',
    ),
    "one number": (
        "CREATE MODEL m FROM (SELECT a, 1.5::float8 AS t FROM odd) TARGET t FUNCTION f PROBLEM_TYPE REGRESSION",
        "22000", '"t" has only one value',
    ),
    "a target of NULLs": (
        "CREATE MODEL m FROM (SELECT a, nothing FROM odd) TARGET nothing FUNCTION f",
        "22000", "0 rows with a target",
    ),
    "duplicate columns": (
        "CREATE MODEL m FROM (SELECT a, b AS A, label FROM odd) TARGET label FUNCTION f",
        "42701", '"A" more than once|"a" more than once',
    ),
    "a column without a name": (
        "CREATE MODEL m FROM (SELECT a + 1, label FROM odd) TARGET label FUNCTION f",
        "22023", "has no name",
    ),
    "an aggregate without a name": (
        "CREATE MODEL m FROM (SELECT count(*) + 1, a, label FROM odd GROUP BY a, label) TARGET label FUNCTION f",
        "22023", "has no name",
    ),
    "a decimal target": (
        "CREATE MODEL m FROM (SELECT a, money FROM odd) TARGET money FUNCTION f",
        "42804", '"money" has the type DECIMAL',
    ),
    "a date target": (
        "CREATE MODEL m FROM (SELECT a, day FROM odd) TARGET day FUNCTION f",
        "42804", '"day" has the type DATE',
    ),
    "a target that is not there": (
        "CREATE MODEL m FROM (SELECT a, label FROM odd) TARGET lable FUNCTION f",
        "42703", '"lable" is not in FROM',
    ),
    "text with AUTO OFF": (
        "CREATE MODEL m FROM (SELECT a, word, label FROM odd) TARGET label FUNCTION f "
        + AUTO_OFF.format("binary:logistic"),
        "42804", '"word" has the type VARCHAR',
    ),
    "num_class missing": (
        "CREATE MODEL m FROM (SELECT a, b FROM odd) TARGET b FUNCTION f "
        + AUTO_OFF.format("multi:softmax"),
        "22023", "num_class",
    ),
    "num_class too small": (
        "CREATE MODEL m FROM (SELECT a, b FROM odd) TARGET b FUNCTION f "
        + AUTO_OFF.format("multi:softmax") + " EXCEPT (NUM_CLASS '2')",
        "22023", "num_class is 2",
    ),
    "an unknown hyperparameter": (
        "CREATE MODEL m FROM (SELECT a, label FROM odd) TARGET label FUNCTION f "
        + AUTO_OFF.format("binary:logistic") + " EXCEPT (MAX_DEPHT '3')",
        "22023", '"max_depht" is not known.*max_depth',
    ),
    "a hyperparameter out of range": (
        "CREATE MODEL m FROM (SELECT a, label FROM odd) TARGET label FUNCTION f "
        + AUTO_OFF.format("binary:logistic") + " EXCEPT (SUBSAMPLE '1.5')",
        "22023", '"subsample" cannot be',
    ),
    "a hyperparameter that is no number": (
        "CREATE MODEL m FROM (SELECT a, label FROM odd) TARGET label FUNCTION f "
        + AUTO_OFF.format("binary:logistic") + " EXCEPT (NUM_ROUND 'many')",
        "22023", '"num_round" cannot be',
    ),
    "the objective as a hyperparameter": (
        "CREATE MODEL m FROM (SELECT a, label FROM odd) TARGET label FUNCTION f "
        + AUTO_OFF.format("binary:logistic") + " EXCEPT (OBJECTIVE 'reg:tweedie')",
        "22023", "cannot set the objective",
    ),
    "an unknown setting": (
        "CREATE MODEL m FROM odd TARGET label FUNCTION f SETTINGS (MAX_CELS 5)",
        "22023", "MAX_CELS",
    ),
    "a setting of zero": (
        "CREATE MODEL m FROM odd TARGET label FUNCTION f SETTINGS (MAX_RUNTIME 0)",
        "22023", "MAX_RUNTIME",
    ),
    "a model's name that is taken": (
        "CREATE MODEL taken FROM (SELECT a, label FROM odd) TARGET label FUNCTION f",
        "42710", '"taken" already exists',
    ),
    "a function's name that is taken": (
        "CREATE MODEL m FROM (SELECT a, b, wild, label FROM odd) TARGET label FUNCTION predict_taken",
        "42723", '"predict_taken" already exists',
    ),
    "a function of SQL": (
        "CREATE MODEL m FROM (SELECT a, label FROM odd) TARGET label FUNCTION lower",
        "42723", '"lower" is a function of SQL',
    ),
    "a reserved word": (
        "CREATE MODEL select FROM odd TARGET label FUNCTION f",
        "42601", "reserved word",
    ),
    "a name that is too long": (
        f'CREATE MODEL "{"x" * 128}" FROM (SELECT a, label FROM odd) TARGET label FUNCTION f',
        "42602", "128 bytes",
    ),
    "the system's schema": (
        "CREATE MODEL vesto.m FROM (SELECT a, label FROM odd) TARGET label FUNCTION f",
        "42939", "belongs to the system",
    ),
    "a table that is not there": (
        "CREATE MODEL m FROM (SELECT * FROM missing) TARGET label FUNCTION f",
        "42P01", "missing",
    ),
    "a column that is not there": (
        "CREATE MODEL m FROM (SELECT nope, label FROM odd) TARGET label FUNCTION f",
        "42703", "nope",
    ),
    "a query that breaks off": (
        "CREATE MODEL m FROM (SELECT a, FROM odd WHERE) TARGET label FUNCTION f",
        "42601", "",
    ),
    "a query that fails at a row": (
        "CREATE MODEL m FROM (SELECT word::int AS a, label FROM odd) TARGET label FUNCTION f",
        "22P02", "word0",
    ),
    "no query": ("CREATE MODEL m FROM (DELETE FROM odd) TARGET label FUNCTION f", "42601", "FROM needs"),
    "an empty query": ("CREATE MODEL m FROM () TARGET label FUNCTION f", "42601", "empty"),
    "too many classes": (
        "CREATE MODEL m FROM (SELECT i AS a, 'c' || i AS t FROM range(10000) r(i)) TARGET t FUNCTION f",
        "22000", "10000 classes",
    ),
    "an infinite target": (
        "CREATE MODEL m FROM (SELECT a, wild FROM odd) TARGET wild FUNCTION f",
        "22000", '"wild" is infinite or NaN in 1 of 600 rows',
    ),
    "a target beyond what trees can hold": (
        "CREATE MODEL m FROM (SELECT a, (a - 10) * 1e300 AS t FROM odd) TARGET t FUNCTION f",
        "22000", '"t" is beyond 1e.36 in 599 of 600 rows.*HINT: .* t / 1e30 AS t',
    ),
    "a class of its own for each row": (
        "CREATE MODEL m FROM (SELECT a, word FROM odd) TARGET word FUNCTION f",
        "22000", 'FROM has 0 rows whose class of "word" others have too',
    ),
    "too few rows but for classes of one row": (
        "CREATE MODEL m FROM (SELECT a, CASE WHEN a < 300 THEN 'x' ELSE word END AS t FROM odd) TARGET t FUNCTION f",
        "22000", 'FROM has 300 rows whose class of "t" others have too, fewer than 500',
    ),
    "only useless columns": (
        "CREATE MODEL m FROM (SELECT one, nothing, label FROM odd) TARGET label FUNCTION f",
        "22000", "no column of FROM can be learnt from",
    ),
    "no target": ("CREATE MODEL m FROM odd FUNCTION f", "42601", "needs TARGET"),
    "no function": ("CREATE MODEL m FROM odd TARGET label", "42601", "needs FUNCTION"),
    "a clause twice": (
        "CREATE MODEL m FROM odd TARGET label TARGET label FUNCTION f", "42601", "TARGET is given twice",
    ),
    "an unknown clause": ("CREATE MODEL m FORM odd TARGET label FUNCTION f", "42601", "FORM"),
    "hyperparameters with AUTO ON": (
        "CREATE MODEL m FROM odd TARGET label FUNCTION f HYPERPARAMETERS DEFAULT",
        "22023", "HYPERPARAMETERS need AUTO OFF",
    ),
    "a problem type with AUTO OFF": (
        "CREATE MODEL m FROM odd TARGET label FUNCTION f PROBLEM_TYPE REGRESSION "
        + AUTO_OFF.format("reg:squarederror"),
        "22023", "PROBLEM_TYPE needs AUTO ON",
    ),
    "AUTO OFF alone": ("CREATE MODEL m FROM odd TARGET label FUNCTION f AUTO OFF", "42601", "MODEL_TYPE"),
    "an objective of the other kind": (
        "CREATE MODEL m FROM odd TARGET label FUNCTION f PROBLEM_TYPE REGRESSION OBJECTIVE 'F1'",
        "22023", "does not fit",
    ),
    "an unknown objective": (
        "CREATE MODEL m FROM odd TARGET label FUNCTION f OBJECTIVE 'best'", "22023", "'best' is not known",
    ),
    "a binary problem with three classes": (
        "CREATE MODEL m FROM (SELECT a, b FROM odd) TARGET b FUNCTION f PROBLEM_TYPE BINARY_CLASSIFICATION",
        "22000", "3 values",
    ),
    "a regression of words": (
        "CREATE MODEL m FROM (SELECT a, word FROM odd) TARGET word FUNCTION f PROBLEM_TYPE REGRESSION",
        "22000", '"word" is no number',
    ),
    "a column of intervals": (
        "CREATE MODEL m FROM (SELECT a, INTERVAL 1 DAY AS span, label FROM odd) TARGET label FUNCTION f",
        "22023", 'column "span" has no type a model can use',
    ),
    "MAX_CELLS that keep too few rows": (
        "CREATE MODEL m FROM (SELECT a, label FROM odd) TARGET label FUNCTION f SETTINGS (MAX_CELLS 100)",
        "22000", "MAX_CELLS keeps 50 rows",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sql", "sqlstate", "words"), CASES.values(), ids=CASES.keys())
def test_it_is_refused_and_leaves_nothing(
    shop: vesto.Session, sql: str, sqlstate: str, words: str
) -> None:
    before = left_behind(shop)
    with pytest.raises(vesto.VestoError) as caught:
        shop.execute(sql)
    error = caught.value
    text = str(error).replace("\n", " ")
    assert error.sqlstate == sqlstate, text
    assert re.search(words, text), text
    assert left_behind(shop) == before


REFUSED = {
    "SAGEMAKER": "CREATE MODEL m FUNCTION f(int) RETURNS int SAGEMAKER'endpoint' IAM_ROLE default",
    "models from a file": "CREATE MODEL m FROM 's3://b/model.tar.gz' FUNCTION f(int) RETURNS int",
    "EXTERNAL MODEL": "CREATE EXTERNAL MODEL m FUNCTION f IAM_ROLE default MODEL_TYPE BEDROCK "
    "SETTINGS (MODEL_ID 'x')",
}


@pytest.mark.parametrize(("name", "sql"), REFUSED.items(), ids=REFUSED.keys())
def test_a_form_that_is_not_built_yet_is_refused_by_its_name(
    shop: vesto.Session, name: str, sql: str
) -> None:
    with pytest.raises(vesto.VestoError) as caught:
        shop.execute(sql)
    assert caught.value.sqlstate == "0A000", caught.value
    assert name.split(maxsplit=1)[0].rstrip("()").lower() in caught.value.message.lower()


INVENTED = {
    "TRAIN MODEL m FROM t": "CREATE MODEL",
    "SELECT PREDICT(MODEL m, a) FROM odd": "function",
    "SHOW MODELS": "SHOW MODEL ALL",
    "CREATE OR REPLACE MODEL m FROM odd TARGET label FUNCTION f": "REFRESH MODEL",
}


@pytest.mark.parametrize(("sql", "hint"), INVENTED.items(), ids=INVENTED.keys())
def test_invented_statements_get_a_hint(shop: vesto.Session, sql: str, hint: str) -> None:
    with pytest.raises(vesto.VestoError) as caught:
        shop.execute(sql)
    assert caught.value.sqlstate == "42601"
    assert hint in caught.value.hint


# What the engine finds: statement, SQLSTATE, message, and the part of the text it is about.
FOUND_BY_THE_ENGINE = [
    ("SELECT a, zzz FROM odd", "42703", 'column "zzz" does not exist', "zzz"),
    ("SELECT a,\n  odd.zzz FROM odd", "42703", 'column "zzz" of relation "odd" does not exist', "odd.zzz"),
    ("SELECT x.a FROM odd", "42703", 'missing FROM-clause entry for table "x"', "x.a"),
    ("SELECT a FROM odd JOIN points ON true", "42702", 'column reference "a" is ambiguous', "a"),
    ("INSERT INTO odd (zzz) VALUES (1)", "42703", 'column "zzz" of relation "odd" does not exist', "zzz"),
    ("UPDATE odd SET zzz = 1", "42703", 'column "zzz" does not exist', "zzz"),
    ("SELECT nowhere(a) FROM odd", "42883", 'function "nowhere" does not exist', "nowhere"),
    ("SELECT 'x' || a FROM nowhere.odd", "42P01", 'relation "nowhere.odd" does not exist', "nowhere.odd"),
    ("CREATE TABLE odd (a int)", "42P07", 'relation "odd" already exists', "odd"),
    ("DROP SCHEMA nowhere", "3F000", 'schema "nowhere" does not exist', "nowhere"),
    ("SELECT " + "a + " * 300 + "zzz FROM odd", "42703", 'column "zzz" does not exist', "zzz"),
    # Which of two it is cannot be told: no position is better than a wrong one.
    ("SELECT zzz FROM odd WHERE zzz = 1", "42703", 'column "zzz" does not exist', None),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "sqlstate", "message", "marked"), FOUND_BY_THE_ENGINE)
def test_what_the_engine_finds_is_said_in_postgresqls_words_with_its_place(
    shop: vesto.Session, sql: str, sqlstate: str, message: str, marked: str | None
) -> None:
    with pytest.raises(vesto.VestoError) as caught:
        shop.execute(f"SELECT 1; {sql}")
    error = caught.value
    assert (error.sqlstate, error.message, error.detail) == (sqlstate, message, "")
    assert (error.span and f"SELECT 1; {sql}"[error.span.start : error.span.end]) == marked

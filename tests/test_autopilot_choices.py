"""What a user may choose of a search: MODEL_TYPE, MAX_TRIALS; awkward tables; rank objectives."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

import vesto

ROWS = """
CREATE TABLE people AS
SELECT (i * 7919 % 1000) / 100.0::float8 AS age, CASE WHEN i % 4 = 0 THEN NULL ELSE i % 7 END AS visits,
       CASE i % 3 WHEN 0 THEN 'red' WHEN 1 THEN 'green' ELSE 'blue' END AS colour,
       'order ' || i || CASE WHEN i % 5 < 2 THEN ' arrived late and broken' ELSE ' arrived well and soon' END AS note,
       CASE WHEN i % 5 < 2 THEN 'bad' ELSE 'good' END AS mood,
       CASE WHEN i * 7919 % 1000 > 500 THEN 'yes' ELSE 'no' END AS answer,
       ['a', 'b', 'c'][1 + (i * 7919 % 1000) // 334] AS kind,
       (i * 7919 % 1000) // 200 AS degree,
       (i * 7919 % 1000) / 10.0 + i % 3 AS amount
FROM range(600) t(i)
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[vesto.Session]:
    with vesto.connect(tmp_path_factory.mktemp("choices") / "shop") as session:
        session.execute(ROWS)
        yield session


def make(session: vesto.Session, columns: str, target: str, clauses: str, trials: int) -> None:
    session.execute("DROP MODEL IF EXISTS m")
    session.execute(
        f"CREATE MODEL m FROM (SELECT {columns}, {target} FROM people) TARGET {target} FUNCTION f "
        f"{clauses} SETTINGS (MAX_RUNTIME 600, MAX_TRIALS {trials})"
    )


def right(session: vesto.Session, columns: str, target: str) -> float:
    sql = f"SELECT avg((f({columns}) = {target})::int::float8) FROM people"
    found: float = session.execute(sql).rows()[0][0]
    return found


@pytest.mark.parametrize(
    ("model_type", "target", "metric"),
    [
        ("LINEAR_LEARNER", "answer", "validation:f1_binary"),
        ("LINEAR_LEARNER", "kind", "validation:multiclass_accuracy"),
        ("MLP", "answer", "validation:f1_binary"),
        ("XGBOOST", "kind", "validation:accuracy"),
    ],
)
def test_a_model_type_is_all_that_is_tried(
    shop: vesto.Session, model_type: str, target: str, metric: str
) -> None:
    make(shop, "age, visits, colour", target, f"MODEL_TYPE {model_type}", trials=1)
    values = dict(shop.execute("SHOW MODEL m").rows())
    assert values["Model Type"] == model_type.lower()
    assert float(values[metric]) > 0.6
    tried = {trial["algorithm"] for trial in shop.report("m")["trials"]}
    assert tried == {model_type.lower()}
    assert right(shop, "age, visits, colour", target) > 0.6


def test_a_number_of_trials_and_a_seed_make_the_same_program(shop: vesto.Session) -> None:
    made = set()
    for _ in range(2):
        make(shop, "age, visits, colour", "amount", "", trials=3)
        outcome = shop.model("m").outcome
        assert outcome is not None
        made.add(outcome.program)
        assert outcome.job_status != "MaxAutoMLJobRuntimeReached"
        candidates = {str(trial["configuration"]) + trial["style"] + trial["algorithm"]
                      for trial in shop.report("m")["trials"]}  # fmt: skip
        assert len(candidates) <= 3
    assert len(made) == 1


def test_max_trials_goes_with_auto_on_only(shop: vesto.Session) -> None:
    with pytest.raises(vesto.VestoError, match="MAX_TRIALS") as caught:
        shop.execute(
            "CREATE MODEL o FROM people TARGET degree FUNCTION o AUTO OFF MODEL_TYPE XGBOOST "
            "OBJECTIVE 'reg:squarederror' PREPROCESSORS 'none' HYPERPARAMETERS DEFAULT "
            "SETTINGS (MAX_TRIALS 3)"
        )
    assert caught.value.sqlstate == "22023"


def test_free_text_is_learnt_from(shop: vesto.Session) -> None:
    make(shop, "note", "mood", "OBJECTIVE 'Accuracy'", trials=1)
    assert right(shop, "note", "mood") > 0.95
    used = {column["name"]: column["use"] for column in shop.report("m")["columns"]}
    assert used["note"] == "text"


class TestRank:
    @pytest.mark.parametrize("objective", ["rank:pairwise", "rank:ndcg"])
    def test_a_greater_degree_comes_first(self, shop: vesto.Session, objective: str) -> None:
        shop.execute("DROP MODEL IF EXISTS m")
        shop.execute(
            "CREATE MODEL m FROM (SELECT age, visits, degree FROM people) TARGET degree FUNCTION f "
            f"AUTO OFF MODEL_TYPE XGBOOST OBJECTIVE '{objective}' PREPROCESSORS 'none' "
            "HYPERPARAMETERS DEFAULT EXCEPT (NUM_ROUND '20')"
        )
        values = dict(shop.execute("SHOW MODEL m").rows())
        assert 0.9 < float(values["train:ndcg"]) <= 1
        high, low = shop.execute(
            "SELECT avg(CASE WHEN degree = 4 THEN f(age, visits) END), "
            "avg(CASE WHEN degree = 0 THEN f(age, visits) END) FROM people"
        ).rows()[0]
        assert high > low + 0.5

    def test_degrees_are_whole_numbers(self, shop: vesto.Session) -> None:
        with pytest.raises(vesto.VestoError, match="whole numbers from 0 to 31"):
            shop.execute(
                "CREATE MODEL r FROM (SELECT age, amount::float8 AS amount FROM people) TARGET amount "
                "FUNCTION r AUTO OFF MODEL_TYPE XGBOOST OBJECTIVE 'rank:ndcg' PREPROCESSORS 'none' "
                "HYPERPARAMETERS DEFAULT"
            )


AWKWARD = {
    "many columns": "SELECT {columns}, (i % 2)::varchar AS t FROM range(500) r(i)",
    "rare positives": "SELECT i % 50 AS a, i % 7 AS b, CASE WHEN i % 50 = 3 THEN 'y' ELSE 'n' END AS t "
    "FROM range(600) r(i)",
    "an outlier": "SELECT i % 13 AS a, i % 7 AS b, CASE WHEN i = 9 THEN 1e12 ELSE i % 13 + 1.5 END AS t "
    "FROM range(600) r(i)",
    "holes": "SELECT CASE WHEN i % 3 > 0 THEN i % 11 END AS a, "
    "CASE WHEN i % 10 > 2 THEN 'w' || (i % 4) END AS b, (i % 11 > 5)::varchar AS t FROM range(600) r(i)",
    "the same rows": "SELECT i % 3 AS a, i % 2 AS b, ['x', 'y', 'z'][i % 3 + 1] AS t FROM range(600) r(i)",
    "many words": "SELECT 'w' || (i % 300) AS a, i % 5 AS b, i % 300 / 3.0 AS t FROM range(900) r(i)",
}  # fmt: skip


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_tables_train_and_predict(shop: vesto.Session, name: str) -> None:
    columns = ", ".join(f"(i * {n + 3} % 17)::float8 AS c{n}" for n in range(250))
    shop.execute("DROP MODEL IF EXISTS m")
    shop.execute(f"CREATE OR REPLACE TABLE awkward AS {AWKWARD[name].format(columns=columns)}")
    shop.execute(
        "CREATE MODEL m FROM (SELECT * FROM awkward) TARGET t FUNCTION f "
        "SETTINGS (MAX_RUNTIME 600, MAX_TRIALS 1)"
    )
    names = [p.name for p in shop.model("m").definition.parameters]
    found = shop.execute(f"SELECT count(f({', '.join(names)})), count(*) FROM awkward").rows()[0]
    assert found[0] == found[1] > 0


def test_numbers_and_dates_in_text_are_learnt_as_the_notice_says(shop: vesto.Session) -> None:
    shop.execute(
        "CREATE OR REPLACE TABLE texts AS SELECT '$' || (1000 + i) || ',' || (100 + i * 7919 % 900) AS a, "
        "(date '2024-01-01' + (i % 300)::int)::varchar AS b, i % 3 AS c, i % 300 > 150 AS t FROM range(600) r(i)"
    )
    made = "CREATE MODEL m FROM (SELECT {}, c, t FROM texts) TARGET t FUNCTION f SETTINGS (MAX_TRIALS 1)"
    shop.execute("DROP MODEL IF EXISTS m")
    notices = shop.execute(made.format("a, b")).notices
    casts = [
        re.findall(rf'column "{name}" is .*, as in (.*)$', "\n".join(notices), re.MULTILINE)[0]
        for name in ("a", "b")
    ]
    shop.execute("DROP MODEL m")
    told = shop.execute(made.format(f"{casts[0]} AS a, {casts[1]} AS b")).notices
    assert not [notice for notice in told if "is used as" in notice or "is not used" in notice]


def test_a_target_far_off_and_one_far_from_zero_are_told(shop: vesto.Session) -> None:
    shop.execute("DROP MODEL IF EXISTS m")
    shop.execute(
        "CREATE OR REPLACE TABLE far AS SELECT i % 7 AS a, 1e12 + i % 100 AS t FROM range(600) r(i)"
    )
    made = "CREATE MODEL m FROM (SELECT a, {} AS t FROM far) TARGET t FUNCTION f SETTINGS (MAX_TRIALS 1)"
    (notice,) = shop.execute(made.format("t::float8")).notices
    assert "subtract a constant in FROM, as in t - 10000000000" in notice
    shop.execute("DROP MODEL m")
    wild = "CASE WHEN a = 6 AND t = 1e12 + 6 THEN 1e9 ELSE t - 1e12 END::float8"
    notices = " ".join(shop.execute(made.format(wild)).notices)
    assert 'rows whose "t" lies far off all others: ' in notices

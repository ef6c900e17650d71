"""MODEL_TYPE FORECAST through SQL: a statement in, rows or a SQLSTATE out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import vesto
from vesto.cli.output import shown

SALES = """
CREATE TABLE sales AS
SELECT 'item ' || s AS item, DATE '2015-01-01' + to_months(m::int) AS day, s AS size,
       'kind ' || (s % 2) AS kind, m % 5 AS promotion,
       (100 * (s + 1) + m + 20 * sin(m * 2 * pi() / 12) + (m * 37 % 11)) AS amount
FROM range(3) a(s), range(60) b(m)
WHERE NOT (s = 2 AND m > 50)
"""
MODEL = """
CREATE MODEL {name} FROM (SELECT item, day, amount FROM sales) TARGET amount IAM_ROLE default AUTO ON
MODEL_TYPE FORECAST OBJECTIVE '{objective}'
SETTINGS (S3_BUCKET 'b', HORIZON 6, FREQUENCY 'M', PERCENTILES '0.25,0.50,0.90,mean', MAX_RUNTIME 60)
"""
MONTHS = "HORIZON 2, FREQUENCY 'M', MAX_RUNTIME 100"
TIMES = ["2020-01-01", "2020-02-01", "2020-03-01", "2020-04-01", "2020-05-01", "2020-06-01"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed warehouse with the table ``sales`` and the forecast ``m``."""
    path = tmp_path_factory.mktemp("forecast") / "shop"
    with vesto.connect(path) as session:
        session.execute(SALES)
        session.execute(MODEL.format(name="m", objective="MASE"))
    return path


@pytest.fixture(scope="module", params=[False, True], ids=["home", "locked"])
def open_shop(shop: Path, request: pytest.FixtureRequest) -> Iterator[vesto.Session]:
    with vesto.connect(shop, locked=request.param) as session:
        yield session


def quick(
    session: vesto.Session, query: str, *, settings: str = "HORIZON 3, FREQUENCY 'D'"
) -> None:
    """Train ``q`` on a query of ts, y and perhaps more."""
    session.execute("DROP MODEL IF EXISTS q")
    session.execute(
        f"CREATE MODEL q FROM ({query}) TARGET y MODEL_TYPE FORECAST SETTINGS ({settings})"
    )


def failure(session: vesto.Session, sql: str) -> vesto.VestoError:
    with pytest.raises(vesto.VestoError) as caught:
        session.execute(sql).rows()
    return caught.value


# --- Reading a forecast ---------------------------------------------------------------------------


def test_every_item_is_foretold_from_its_own_end_on(open_shop: vesto.Session) -> None:
    result = open_shop.execute("SELECT FORECAST(m)")
    assert result.columns == ["id", "time", "p25", "p50", "p90", "mean"]
    rows = result.rows()
    assert [row[:2] for row in rows[:6]] == [("item 0", time) for time in TIMES]
    assert next(row[1] for row in rows if row[0] == "item 2") == "2019-04-01"
    assert len(rows) == 18


def test_quantiles_rise_and_the_forecast_follows_the_season(open_shop: vesto.Session) -> None:
    rows = open_shop.execute("SELECT FORECAST(m)").rows()
    assert all(row[2] <= row[3] <= row[4] for row in rows)
    expected = [260 + m + 20 * sin for m, sin in zip(range(6), SINES, strict=True)]
    found = [row[3] for row in rows if row[0] == "item 1"]
    assert all(abs(a - b) < 12 for a, b in zip(found, expected, strict=True)), (found, expected)


SINES = [0.0, 0.5, 0.866, 1.0, 0.866, 0.5]
READS = {
    "SELECT FORECAST(public.m) ORDER BY id DESC LIMIT 1": [("item 2",)],
    'SELECT id FROM (SELECT FORECAST("m")) WHERE "time" = \'2020-01-01\' ORDER BY 1': [
        ("item 0",), ("item 1",)
    ],
    "WITH f AS (SELECT forecast(m)) SELECT count(*) FROM f": [(18,)],
    "SELECT count(*) FROM sales s JOIN (SELECT FORECAST(M)) f ON f.id = s.item": [(171 * 6,)],
}  # fmt: skip


@pytest.mark.parametrize("sql", READS)
def test_it_stands_wherever_rows_stand(open_shop: vesto.Session, sql: str) -> None:
    width = len(READS[sql][0])
    assert [row[:width] for row in open_shop.execute(sql).rows()] == READS[sql]


def test_tables_are_made_and_filled_from_it(open_shop: vesto.Session) -> None:
    open_shop.execute("DROP TABLE IF EXISTS future")
    open_shop.execute("CREATE TABLE future AS SELECT FORECAST(m)")
    assert open_shop.execute("INSERT INTO future SELECT FORECAST(m)").rowcount == 18
    assert open_shop.execute('SELECT count(*), min("time") FROM future').rows() == [
        (36, "2019-04-01")
    ]
    open_shop.execute("DROP TABLE future")


def test_it_can_be_read_in_a_transaction_and_after_its_end(open_shop: vesto.Session) -> None:
    for end in ("ROLLBACK", "COMMIT"):
        open_shop.execute("BEGIN")
        assert len(open_shop.execute("SELECT FORECAST(m)").rows()) == 18
        open_shop.execute(end)
    assert len(open_shop.execute("SELECT FORECAST(m)").rows()) == 18


def test_a_late_view_reads_it_and_a_bound_one_is_refused(open_shop: vesto.Session) -> None:
    error = failure(open_shop, "CREATE VIEW v AS SELECT FORECAST(m)")
    assert error.sqlstate == "0A000" and "NO SCHEMA BINDING" in error.hint
    open_shop.execute("CREATE VIEW v AS SELECT FORECAST(m) WITH NO SCHEMA BINDING")
    assert open_shop.execute("SELECT count(*) FROM v").rows() == [(18,)]
    open_shop.execute("DROP VIEW v")


WRONG_CALLS = {
    "SELECT FORECAST(nothing)": ("42704", 8),
    "SELECT FORECAST(other.m)": ("42704", 8),
    "SELECT FORECAST(m), 1": ("0A000", 8),
    "SELECT FORECAST(m) FROM sales": ("0A000", 8),
    "SELECT FORECAST(m) AS f": ("0A000", 8),
    "SELECT DISTINCT FORECAST(m)": ("0A000", 17),
    "SELECT item FROM sales WHERE FORECAST(m) > 1": ("0A000", 30),
    "SELECT FORECAST()": ("42883", 8),
    "SELECT FORECAST(m, 1)": ("42883", 8),
    "SELECT FORECAST('m')": ("42883", 8),
}


@pytest.mark.parametrize("sql", WRONG_CALLS)
def test_a_call_that_stands_for_no_rows_is_refused_at_its_place(
    open_shop: vesto.Session, sql: str
) -> None:
    error = failure(open_shop, sql)
    assert (error.sqlstate, error.position) == WRONG_CALLS[sql]
    assert error.hint


def test_a_model_with_a_function_is_no_forecast(session: vesto.Session, train: object) -> None:
    train("m")  # type: ignore[operator]
    error = failure(session, "SELECT FORECAST(m)")
    assert error.sqlstate == "42809" and "predict_m(" in error.hint


def test_reading_it_while_it_trains_says_so(path: Path) -> None:
    with vesto.connect(path, wait=False) as session:
        session.execute(SALES)
        session.execute(MODEL.format(name="m", objective="MASE"))
        error = failure(session, "SELECT FORECAST(m)")
        assert (error.sqlstate, error.position) == ("28008", 8)
        session.execute("DROP MODEL m")
        assert failure(session, "SELECT FORECAST(m)").sqlstate == "42704"


# --- Its life -------------------------------------------------------------------------------------


def test_show_model_tells_horizon_frequency_and_percentiles(open_shop: vesto.Session) -> None:
    rows = dict(open_shop.execute("SHOW MODEL m").rows())
    assert rows["Model Type"] == "forecast" and rows["Objective"] == "MASE"
    assert (rows["Horizon"], rows["Frequency"]) == ("6", "M")
    assert rows["Percentiles"] == "0.25,0.5,0.9,mean"
    assert 0 < float(rows["validation:mase"]) < 1
    assert not rows.keys() & {"Function Name", "Problem Type"}


def test_it_has_no_explanations_and_says_so(open_shop: vesto.Session) -> None:
    error = failure(open_shop, "SELECT EXPLAIN_MODEL('m')")
    assert error.sqlstate == "0A000" and "is a forecast" in error.message


def test_system_views_and_the_report_know_it(open_shop: vesto.Session) -> None:
    sql = "SELECT model_name, is_refreshable, model_state FROM svv_ml_model_info"
    assert open_shop.execute(sql).rows() == [("m", 1, "Model is Ready")]
    report = open_shop.report("m")
    assert report["items"] == 3 and report["winner"] in report["mase_by_candidate"]
    assert abs(sum(report["shares"].values()) - 1) < 1e-9


def test_the_same_seed_gives_the_same_rows(session: vesto.Session) -> None:
    session.execute(SALES)
    found = []
    for _ in range(2):
        quick(session, "SELECT item, day, amount AS y FROM sales", settings=MONTHS)
        found.append(session.execute("SELECT FORECAST(q)").rows())
    assert len(found[0]) == 6 and found[0] == found[1]


def test_dropping_it_leaves_nothing(path: Path) -> None:
    with vesto.connect(path) as session:
        quick(session, "SELECT DATE '2020-01-01' + i::int AS ts, i AS y FROM range(20) t(i)")
        session.execute("DROP MODEL q")
        assert not list((path / "models").iterdir()) and not list((path / "jobs").iterdir())


def test_a_damaged_file_says_so_and_hurts_nothing_else(path: Path) -> None:
    with vesto.connect(path) as session:
        quick(session, "SELECT DATE '2020-01-01' + i::int AS ts, i AS y FROM range(20) t(i)")
    (file,) = path.glob("models/*/1/forecast.parquet")
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with vesto.connect(path) as session:
        assert failure(session, "SELECT FORECAST(q)").sqlstate == "XX001"
        file.unlink()
        assert failure(session, "SELECT FORECAST(q)").sqlstate == "58030"
        assert session.execute("SELECT 1").rows() == [(1,)]
        session.execute("DROP MODEL q")


def test_dropping_its_schema_takes_it_along(session: vesto.Session) -> None:
    session.execute("CREATE SCHEMA plans")
    session.execute(
        "CREATE MODEL plans.q FROM (SELECT DATE '2020-01-01' AS day, 1 AS y) TARGET y "
        "MODEL_TYPE FORECAST SETTINGS (HORIZON 1, FREQUENCY 'D')"
    )
    assert session.execute("SELECT FORECAST(plans.q)").rows()[0][:2] == ("y", "2020-01-02")
    assert failure(session, "DROP SCHEMA plans").sqlstate == "2BP01"
    session.execute("DROP SCHEMA plans CASCADE")
    assert session.execute("SHOW MODEL ALL").rows() == []


# --- Awkward series -------------------------------------------------------------------------------


def test_one_value_goes_on_and_one_series_needs_no_identifier(session: vesto.Session) -> None:
    quick(session, "SELECT TIMESTAMP '2024-02-28 10:00' AS ts, 5 AS y")
    rows = session.execute("SELECT FORECAST(q)").rows()
    assert [row[:2] for row in rows] == [
        ("y", "2024-02-29"), ("y", "2024-03-01"), ("y", "2024-03-02")
    ]  # fmt: skip
    assert [row[3] for row in rows] == [5.0, 5.0, 5.0]


def test_a_constant_stays_and_zero_is_not_left_below(session: vesto.Session) -> None:
    quick(
        session,
        "SELECT i % 2 = 0 AS odd, CASE WHEN i % 2 = 0 THEN 'a' ELSE 'b' END AS item_id, "
        "DATE '2020-01-01' + (i // 2)::int AS ts, CASE WHEN i % 2 = 0 THEN 7.0 ELSE i % 3 * 0.1 END "
        "AS y FROM range(120) t(i)",
    )
    rows = session.execute("SELECT FORECAST(q)").rows()
    assert all(abs(value - 7) < 0.05 for row in rows if row[0] == "a" for value in row[2:])
    assert all(value >= 0 for row in rows for value in row[2:])


def test_rows_of_one_period_are_summed_and_gaps_between_events_are_zero(
    session: vesto.Session,
) -> None:
    result = session.execute(
        "CREATE MODEL q FROM (SELECT TIMESTAMP '2024-01-01' + to_hours((i * 12)::int) AS ts, 1 AS y "
        "FROM range(80) t(i) WHERE i // 2 NOT IN (5, 6)) TARGET y MODEL_TYPE FORECAST "
        "SETTINGS (HORIZON 2, FREQUENCY 'd')"
    )
    assert "2 missing periods count as zero" in " ".join(result.notices)
    found = [row[3] for row in session.execute("SELECT FORECAST(q)").rows()]
    assert all(1.5 < value < 2.5 for value in found)


def test_missing_measurements_lie_between_their_neighbours(session: vesto.Session) -> None:
    result = session.execute(
        "CREATE MODEL q FROM (SELECT DATE '2024-01-01' + i::int AS ts, "
        "CASE WHEN i = 30 THEN NULL ELSE i END AS y FROM range(60) t(i) WHERE i <> 20) TARGET y "
        "MODEL_TYPE FORECAST SETTINGS (HORIZON 2, FREQUENCY 'D')"
    )
    told = " ".join(result.notices)
    assert "2 missing periods lie on the line" in told and "1 row without" in told
    found = [row[3] for row in session.execute("SELECT FORECAST(q)").rows()]
    assert all(abs(a - b) < 0.5 for a, b in zip(found, [60, 61], strict=True))


def test_a_moment_of_a_zone_counts_as_the_time_that_is_shown(session: vesto.Session) -> None:
    quick(
        session, "SELECT TIMESTAMPTZ '2024-03-10 02:01:59+00' AS ts, 1.5 AS y",
        settings="HORIZON 2, FREQUENCY '10MIN', PERCENTILES 'mean'",
    )  # fmt: skip
    assert session.execute("SELECT FORECAST(q)").rows() == [
        ("y", "2024-03-10T02:10:00", 1.5), ("y", "2024-03-10T02:20:00", 1.5)
    ]  # fmt: skip


def test_attributes_that_change_are_not_used_and_told_of(session: vesto.Session) -> None:
    session.execute(SALES)
    result = session.execute(
        "CREATE MODEL q FROM (SELECT item AS item_id, day, size, kind, promotion, amount FROM sales) "
        "TARGET amount MODEL_TYPE FORECAST OBJECTIVE 'rmse' "
        "SETTINGS (HORIZON 2, FREQUENCY 'M', MAX_RUNTIME 60)"
    )
    told = " ".join(result.notices)
    assert 'column "promotion" is not used' in told and "size" not in told and "kind" not in told
    assert "validation:rmse" in dict(session.execute("SHOW MODEL q").rows())


def test_max_cells_keeps_the_latest_periods(session: vesto.Session) -> None:
    query = "SELECT DATE '2020-01-01' + i::int AS ts, i AS y FROM range(300) t(i)"
    result = session.execute(
        f"CREATE MODEL q FROM ({query}) TARGET y MODEL_TYPE FORECAST "
        "SETTINGS (HORIZON 1, FREQUENCY 'D', MAX_CELLS 100)"
    )
    assert "periods more than 49 before" in " ".join(result.notices)
    assert session.execute("SELECT FORECAST(q)").rows()[0][1] == "2020-10-27"


def test_without_time_every_series_has_the_quick_models_and_a_notice(
    session: vesto.Session,
) -> None:
    result = session.execute(
        "CREATE MODEL q FROM (SELECT 'i' || (i % 500) AS item, TIMESTAMP '2020-01-01' + "
        "to_hours((i // 500)::int) AS ts, (i * 7919 % 1009)::float8 AS y FROM range(200000) t(i)) "
        "TARGET y MODEL_TYPE FORECAST SETTINGS (HORIZON 24, FREQUENCY 'H', MAX_RUNTIME 5)"
    )
    told = " ".join(result.notices)
    assert "did not reach for the slow models" in told
    assert len(session.execute("SELECT FORECAST(q)").rows()) == 500 * 24
    rows = dict(session.execute("SHOW MODEL q").rows())
    assert rows["Training Job Status"] == "MaxAutoMLJobRuntimeReached"


# --- Mistakes -------------------------------------------------------------------------------------

HEAD = "CREATE MODEL q FROM "
TAIL = " TARGET amount MODEL_TYPE FORECAST SETTINGS (HORIZON 2, FREQUENCY 'M'"
MISTAKES = {
    "no time": (HEAD + "(SELECT item, amount FROM sales)" + TAIL + ")", "42804", "FROM"),
    "two times": (
        HEAD + "(SELECT day, day AS later, amount FROM sales)" + TAIL + ")", "22023", "FROM",
    ),
    "two texts": (HEAD + "(SELECT day, item, kind, amount FROM sales)" + TAIL + ")", "22023", "FROM"),
    "text target": (
        HEAD + "(SELECT day, item AS amount FROM sales)" + TAIL + ")", "42804", "TARGET",
    ),
    "no target": (HEAD + "(SELECT day, item FROM sales)" + TAIL + ")", "42703", "TARGET"),
    "no schema": ((HEAD + "sales" + TAIL + ")").replace(" q ", " nowhere.q "), "3F000", "nowhere"),
    "too large": (
        HEAD + "(SELECT day, 1e101 AS amount FROM sales)" + TAIL + ")", "22000", "",
    ),
    "no rows": (
        HEAD + "(SELECT day, amount FROM sales WHERE size > 9)" + TAIL + ")", "22000", "",
    ),
    "percentile twice": (
        HEAD + "sales" + TAIL + ", PERCENTILES '0.5,0.50')", "22023", "SETTINGS",
    ),
    "percentile between": (
        HEAD + "sales" + TAIL + ", PERCENTILES '0.125')", "22023", "SETTINGS",
    ),
    "far horizon": (
        (HEAD + "sales" + TAIL + ")").replace("HORIZON 2", "HORIZON 10001"), "22023", "SETTINGS",
    ),
    "function": (
        (HEAD + "sales" + TAIL + ")").replace("TARGET", "FUNCTION f TARGET"), "22023", "FUNCTION",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_found_before_training_and_points_at_its_clause(
    open_shop: vesto.Session, case: str
) -> None:
    sql, sqlstate, clause = MISTAKES[case]
    error = failure(open_shop, sql)
    assert error.sqlstate == sqlstate and error.hint
    assert error.position == (sql.index(clause) + 1 if clause else None)
    assert "q" not in [name for _, name in open_shop.execute("SHOW MODEL ALL").rows()]


def test_the_rows_are_plain_values(open_shop: vesto.Session) -> None:
    row = open_shop.execute("SELECT FORECAST(m) LIMIT 1").rows()[0]
    assert json.loads(json.dumps(row)) == list(row) and all(shown(value) for value in row)

"""Parts of MODEL_TYPE FORECAST: periods, gaps, models, back-tests, quantiles."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vesto.errors import VestoError
from vesto.training.forecasting import percentiles
from vesto.training.forecasting.arima import Order, arima, differenced, integrated
from vesto.training.forecasting.backtest import scales, weights_of, windows_for
from vesto.training.forecasting.boosted import Panel
from vesto.training.forecasting.candidates import CANDIDATES
from vesto.training.forecasting.columns import roles_of
from vesto.training.forecasting.frequency import FREQUENCIES, named
from vesto.training.forecasting.history import lengths_of
from vesto.training.forecasting.measure import measured
from vesto.training.forecasting.panel import read_series
from vesto.training.forecasting.quantiles import spread_of
from vesto.training.forecasting.run import Run, Task
from vesto.training.forecasting.snapshot import period_sql

moment = datetime.fromisoformat
MOMENTS = st.datetimes(moment("1900-01-01"), moment("2200-01-01")).map(
    lambda drawn: drawn.replace(microsecond=0)
)
LEAP = {moment("2024-02-29T23:59:59"), moment("1900-02-28"), moment("2000-12-31T23:45")}


def begins(when: datetime, frequency: str) -> datetime:
    """When the moment's period begins, by Python's calendar."""
    day = when.replace(hour=0, minute=0, second=0)
    starts = {
        "Y": day.replace(month=1, day=1), "M": day.replace(day=1),
        "W": day - timedelta(days=day.weekday()), "D": day,
        "H": when.replace(minute=0, second=0),
    }  # fmt: skip
    if frequency in starts:
        return starts[frequency]
    minutes = int(frequency.removesuffix("min"))
    return when.replace(minute=when.minute // minutes * minutes, second=0)


# --- Periods --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FREQUENCIES)
@settings(deadline=None, max_examples=60)
@given(drawn=MOMENTS)
def test_a_period_begins_where_the_calendar_says(name: str, drawn: datetime) -> None:
    frequency = FREQUENCIES[name]
    for each in (drawn, *LEAP):
        period = frequency.periods(np.array([each], "datetime64[s]"))
        start = frequency.starts(period)[0].astype(datetime)
        assert start == begins(each, name)
        assert frequency.periods(frequency.starts(period + 1))[0] == period[0] + 1
        text = frequency.written(period)[0]
        assert text == (f"{start:%Y-%m-%dT%H:%M:%S}" if frequency.has_time else f"{start:%Y-%m-%d}")


@pytest.mark.parametrize("name", FREQUENCIES)
@settings(deadline=None, max_examples=20)
@given(drawn=MOMENTS)
def test_the_engine_counts_periods_as_we_do(name: str, drawn: datetime) -> None:
    frequency = FREQUENCIES[name]
    asked = [drawn, *LEAP]
    with duckdb.connect() as engine:
        engine.execute("SET integer_division = true")
        engine.register("given", pa.table({"ts": pa.array(asked, pa.timestamp("us"))}))
        rows = engine.execute(f"SELECT {period_sql('ts', frequency)} FROM given").fetchall()
    wanted = frequency.periods(np.array(asked, "datetime64[s]"))
    assert [period for (period,) in rows] == wanted.tolist()


def test_endless_moments_have_no_period() -> None:
    sql = f"SELECT {period_sql('ts', FREQUENCIES['D'])} FROM (SELECT 'infinity'::TIMESTAMP AS ts)"
    assert duckdb.execute(sql).fetchall() == [(None,)]


def test_names_of_frequencies_take_any_case() -> None:
    assert named("30MIN") is FREQUENCIES["30min"] and named(" w ") is FREQUENCIES["W"]
    assert named("7min") is None


def test_percentiles_are_kept_short_and_name_their_columns() -> None:
    assert percentiles.normal(" 0.10,.5, MEAN") == "0.1,0.5,mean"
    assert [percentiles.column_of(p) for p in ("0.01", "0.29", "0.9", "mean")] == [
        "p1", "p29", "p90", "mean"
    ]  # fmt: skip
    for wrong in ("0.5,0.50", "0.125", "mean,mean", "0.999"):
        with pytest.raises(ValueError, match="percentile"):
            percentiles.normal(wrong)


# --- Columns and gaps -----------------------------------------------------------------------------


class Column:
    def __init__(self, name: str, kind: str) -> None:
        self.name, self.type = name, kind


def test_names_decide_where_types_do_not() -> None:
    columns = [
        Column("sold", "date"), Column("ts", "varchar"), Column("ID", "bpchar"),
        Column("Timestamp", "timestamptz"), Column("price", "numeric"), Column("span", "time"),
    ]  # fmt: skip
    roles = roles_of(columns)
    assert (roles.time, roles.item) == ("Timestamp", "ID")
    assert roles.attributes == ("ts", "price") and roles.unused == ("sold", "span")
    with pytest.raises(VestoError, match="several texts"):
        roles_of([Column("d", "date"), Column("a", "varchar"), Column("b", "varchar")])


def snapshot(rows: list[tuple[str, int, float, int]]) -> pa.Table:
    names = ("item", "period", "target", "known")
    return pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(
        st.tuples(st.sampled_from("abc"), st.integers(-20, 20)),
        st.tuples(st.floats(-1e6, 1e6), st.integers(1, 2)), min_size=1,
    )
)  # fmt: skip
def test_series_end_with_their_last_value_and_have_no_gaps(
    values: dict[tuple[str, int], tuple[float, int]],
) -> None:
    rows = [(item, period, y, known) for (item, period), (y, known) in values.items()]
    found = read_series(snapshot(rows), ())
    y = found.panel.y
    assert list(found.items) == sorted({item for item, _ in values})
    assert (np.isfinite(y).sum(axis=1) == lengths_of(y)).all()
    for place, item in enumerate(found.items):
        mine = {period: v for (name, period), (v, _) in values.items() if name == item}
        assert found.panel.ends[place] == max(mine)
        assert lengths_of(y)[place] == max(mine) - min(mine) + 1
        for period, value in mine.items():
            assert y[place, y.shape[1] - 1 - (max(mine) - period)] == value


def test_gaps_are_zero_between_events_and_on_the_line_between_measurements() -> None:
    events = read_series(snapshot([("a", 0, 4.0, 2), ("a", 4, 8.0, 1)]), ())
    assert events.panel.y.tolist() == [[4, 0, 0, 0, 8]]
    measured_ones = read_series(snapshot([("a", 0, 4.0, 1), ("a", 4, 8.0, 1)]), ())
    assert measured_ones.panel.y.tolist() == [[4, 5, 6, 7, 8]]


# --- Models ---------------------------------------------------------------------------------------


def seasonal(periods: int = 72, series: int = 3) -> np.ndarray:
    at = np.arange(periods)
    rows = [50 * (n + 1) + at * 0.5 + 10 * np.sin(at * 2 * np.pi / 12) for n in range(series)]
    return np.array(rows)


@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda c: c.name)
def test_every_model_gives_finite_forecasts_of_any_history(candidate: object) -> None:
    random = np.random.default_rng(0)
    for periods in (1, 2, 3, 5, 13, 14, 30):
        y = random.uniform(1, 9, (4, periods))
        y[1, : periods // 2] = np.nan
        y[2] = 3.0
        found = candidate.forecast(y, 12, 5, 0)  # type: ignore[attr-defined]
        assert found.shape == (4, 5) and np.isfinite(found).all()


@pytest.mark.parametrize(
    "name", ["seasonal_drift", "theta", "ets", "ets_log", "arima", "arima_log"]
)
def test_models_that_know_seasons_foretell_one(name: str) -> None:
    y = seasonal(84)
    candidate = next(c for c in CANDIDATES if c.name == name)
    found = candidate.forecast(y[:, :72], 12, 12, 0)
    assert np.abs(found - y[:, 72:]).mean() < 4
    assert np.array_equal(found, candidate.forecast(y[:, :72], 12, 12, 0))


def test_a_series_is_foretold_alike_alone_and_among_others() -> None:
    y = seasonal(60) + np.random.default_rng(1).normal(size=(3, 60))
    assert np.allclose(arima(y, 12, 6, 0)[1:2], arima(y[1:2], 12, 6, 0))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2), st.integers(0, 1), st.integers(2, 5), st.integers(0, 99))
def test_differences_are_undone(d: int, seasonal_d: int, season: int, seed: int) -> None:
    y = np.random.default_rng(seed).normal(size=(2, 30))
    order = Order(d, seasonal_d, (0,), has_mean=False, season=season)
    future = differenced(y, order)[:, 20:]
    assert np.allclose(integrated(y[:, :20], future, order), y[:, 20:])


# --- Back-tests, weights, quantiles ---------------------------------------------------------------


@settings(deadline=None, max_examples=100)
@given(st.integers(1, 200), st.integers(1, 60), st.sampled_from([1, 7, 12]))
def test_windows_stay_inside_the_history(periods: int, horizon: int, season: int) -> None:
    windows = windows_for(np.ones((1, periods)), season, horizon)
    assert 1 <= windows.steps <= horizon
    assert all(windows.steps <= back <= periods - 4 for back in windows.backs)
    assert windows.backs == tuple(windows.steps * (n + 1) for n in range(len(windows.backs)))


def test_weights_go_to_what_missed_least_and_sum_to_one() -> None:
    loss = np.array([[1.0, 2.0], [2.0, 1.0], [np.nan, 9.0]])
    weights = weights_of(loss, 4, "MASE")
    assert np.allclose(weights.sum(axis=0), 1)
    assert weights[0, 0] > weights[1, 0] and weights[1, 1] > weights[0, 1]
    assert weights[2, 0] == 0


def test_mase_of_last_season_again_is_one() -> None:
    y = np.random.default_rng(0).normal(size=(2, 48)) + 10
    scale = scales(y[:, :36], 12)
    one = np.abs(np.diff(y[:, :36].reshape(2, 3, 12), axis=1)).mean(axis=(1, 2))
    assert np.allclose(scale, one)


def test_objectives_are_those_of_their_formulas() -> None:
    actual, forecast = np.array([[[1.0, 3.0]]]), np.array([[[2.0, 5.0]]])
    scale = np.array([2.0])
    found = {o: measured(o, forecast, actual, scale, {}) for o in ("RMSE", "WAPE", "MAPE", "MASE")}
    assert found == pytest.approx(
        {"RMSE": 2.5**0.5, "WAPE": 3 / 4, "MAPE": (1 + 2 / 3) / 2, "MASE": 0.75}
    )
    loss = measured("AverageWeightedQuantileLoss", forecast, actual, scale, {0.1: forecast})
    assert loss == pytest.approx(2 * 0.9 * 3 / 4)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 99), st.integers(1, 4), st.integers(1, 6))
def test_quantiles_rise_with_their_share(seed: int, windows: int, series: int) -> None:
    random = np.random.default_rng(seed)
    residuals = random.normal(size=(windows, series, 5)) * random.uniform(0, 3)
    spread = spread_of(residuals, np.ones(series), 9, around_mean=False)
    point = random.normal(size=(series, 9))
    rows = np.stack([spread.quantile(point, share) for share in (0.01, 0.3, 0.5, 0.8, 0.99)])
    assert (np.diff(rows, axis=0) >= 0).all()
    assert np.allclose(rows[2], point)


def test_quantiles_cover_what_they_say() -> None:
    random = np.random.default_rng(5)
    residuals = random.normal(size=(4, 100, 6)) * np.sqrt(np.arange(1, 7))
    spread = spread_of(residuals, np.ones(100), 6, around_mean=False)
    new = random.normal(size=(100, 6)) * np.sqrt(np.arange(1, 7))
    point = np.zeros((100, 6))
    inside = (new >= spread.quantile(point, 0.1)) & (new <= spread.quantile(point, 0.9))
    assert 0.75 < inside.mean() < 0.85


def run(y: np.ndarray, **changed: object) -> object:
    given_task = {
        "frequency": FREQUENCIES["M"], "horizon": 6, "objective": "MASE", "percentiles": (0.1, 0.9),
        "seed": 0, "deadline": time.monotonic() + 60,
    }  # fmt: skip
    ends = np.full(len(y), (date(2020, 1, 1) - date(1970, 1, 1)).days // 30)
    panel = Panel(y, ends, np.zeros((len(y), 0), np.float32))
    return Run(panel, Task(**(given_task | changed)), lambda *_: None).run()  # type: ignore[arg-type]


def test_a_short_series_among_long_ones_is_foretold_by_what_they_trust() -> None:
    y = seasonal(60)
    y[0, :-2] = np.nan
    found = run(y)
    assert np.isfinite(found.mean).all() and found.tested == 2  # type: ignore[attr-defined]


def test_without_time_there_is_still_the_last_season() -> None:
    y = seasonal(60)
    found = run(y, deadline=time.monotonic() - 1)
    assert found.cut_short == 3  # type: ignore[attr-defined]
    assert np.allclose(found.quantiles[0.5], y[:, 48:54])  # type: ignore[attr-defined]

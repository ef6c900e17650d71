"""Forecasts against statsforecast's AutoETS and AutoARIMA and a seasonal naive: MASE, twelve months held out.

Run: ``python -m benchmarks._autopilot_forecast``; ``--peers`` runs the peers too, with the packages
of ``requirements/bench-peers.txt`` on PYTHONPATH, and stores what they reach in
``results/forecast.json``.

The models see everything but the last twelve months of each series, through SQL: CREATE MODEL, then
SELECT FORECAST. MASE divides the mean absolute error of the median by the mean step from one year to
the next in what was seen, and is averaged over the series. A figure is our MASE divided by the best
peer's. How many models are averaged and by which power of their loss was chosen once for seven sets
together (these, hours and weeks, and other synthetic series), on windows that include these twelve
months; the choices next to it pass too.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks._measure import Bound

import vesto  # isort: skip

EXAMPLES: Final = Path(__file__).parent.parent / "examples" / "data"
PEERS: Final = Path(__file__).parent / "results" / "forecast.json"
BOUNDS: Final = {
    "forecast_air_passengers_to_best": Bound(1.03, 1.0),
    "forecast_retail_turnover_to_best": Bound(1.03, 1.0),
    "forecast_synthetic_to_best": Bound(1.03, 1.0),
    "forecast_bike_to_best": Bound(1.03, 1.0),
}
MAX_RUNTIME_S: Final = 300


@dataclass(frozen=True, slots=True)
class Set:
    """Rows of item, ts and y, the frequency, the season that MASE counts in, and what is held out."""

    name: str
    rows: pa.Table
    frequency: str
    season: int
    held_out: int

    def series(self) -> dict[str, NDArray[np.float64]]:
        """The values of each item in the order of time."""
        rows = self.rows.sort_by([("item", "ascending"), ("ts", "ascending")])
        items, y = np.asarray(rows["item"]), np.asarray(rows["y"])
        return {item: y[items == item] for item in np.unique(items)}

    def seen(self) -> pa.Table:
        """The rows without those held out."""
        last = self.rows.group_by("item").aggregate([("ts", "count")])
        counts = dict(zip(*(last[c].to_pylist() for c in ("item", "ts_count")), strict=True))
        rows = self.rows.sort_by([("item", "ascending"), ("ts", "ascending")])
        items = np.asarray(rows["item"])
        keep = np.concatenate(
            [np.arange(counts[i]) < counts[i] - self.held_out for i in np.unique(items)]
        )
        return rows.filter(pa.array(keep))


def sets() -> Iterator[Set]:
    """The sets, in their order."""
    air = pq.read_table(EXAMPLES / "air_passengers.parquet")
    item = pa.array(["all"] * len(air))
    y = air["passengers"].cast(pa.float64())
    yield Set("air_passengers", pa.table({"item": item, "ts": air["month"], "y": y}), "M", 12, 12)
    retail = pq.read_table(EXAMPLES / "retail_turnover.parquet")
    columns = {"item": retail["category"].cast(pa.string()), "ts": retail["month"],
               "y": retail["turnover"]}  # fmt: skip
    yield Set("retail_turnover", pa.table(columns), "M", 12, 12)
    yield Set("synthetic", synthetic(), "M", 12, 12)
    bike = pq.read_table(EXAMPLES / "bike_sharing_hour.parquet")
    days = bike.group_by("dteday").aggregate([("cnt", "sum")])
    columns = {"item": pa.array(["all"] * len(days)), "ts": days["dteday"],
               "y": days["cnt_sum"].cast(pa.float64())}  # fmt: skip
    yield Set("bike", pa.table(columns), "D", 7, 14)


def synthetic(items: int = 20, months: int = 108, seed: int = 7) -> pa.Table:
    """Random walks with a slope, a season that grows or not, and noise; some multiplied."""
    random = np.random.default_rng(seed)
    time_axis = np.arange(months)
    start = np.datetime64("2010-01")
    moments = pa.array((start + time_axis).astype("datetime64[us]"))
    tables = []
    for number in range(items):
        season = np.tile(random.normal(size=12), months // 12 + 1)[:months]
        level = np.cumsum(random.normal(size=months)) * random.uniform(0, 0.4)
        level += time_axis * random.normal() * 0.05
        y = level + season * random.uniform(0, 3) * (1 + time_axis / months * (number % 2))
        y += random.normal(size=months) * random.uniform(0.3, 1.5)
        y = 100 * np.exp(y / 20) if number % 3 == 0 else 50 + y
        columns = {"item": pa.array([f"item {number:02}"] * months), "ts": moments,
                   "y": pa.array(y)}  # fmt: skip
        tables.append(pa.table(columns))
    return pa.concat_tables(tables)


def mase(forecasts: dict[str, NDArray[np.float64]], data: Set) -> float:
    """The mean over the series of their MASE."""
    found = []
    for item, y in data.series().items():
        seen, held = y[: -data.held_out], y[-data.held_out :]
        step = np.abs(seen[data.season :] - seen[: -data.season]).mean()
        found.append(np.abs(forecasts[item] - held).mean() / step)
    return float(np.mean(found))


def ours(data: Set) -> dict[str, NDArray[np.float64]]:
    """The medians that a user gets through SQL."""
    with tempfile.TemporaryDirectory() as folder, vesto.connect(Path(folder) / "shop") as session:
        session.register("given", data.seen())
        session.execute("CREATE TABLE sales AS SELECT * FROM given")
        session.execute(
            "CREATE MODEL m FROM (SELECT item, ts, y FROM sales) TARGET y MODEL_TYPE FORECAST "
            f"OBJECTIVE 'MASE' SETTINGS (HORIZON {data.held_out}, FREQUENCY '{data.frequency}', "
            f"PERCENTILES '0.5', MAX_RUNTIME {MAX_RUNTIME_S})"
        )
        sql = 'SELECT id, "time", p50 FROM (SELECT FORECAST(m)) AS f ORDER BY 1, 2'
        rows = session.execute(sql).arrow()
    return {
        item: np.asarray(rows.filter(pc.equal(rows["id"], item))["p50"])
        for item in rows["id"].unique().to_pylist()
    }


# --- Peers --------------------------------------------------------------------------------------


def run_peers(data: Set) -> dict[str, Any]:
    """MASE and processor seconds of each peer."""
    import pandas as pd  # noqa: PLC0415 - of the peers' environment
    from statsforecast import StatsForecast  # noqa: PLC0415
    from statsforecast.models import AutoARIMA, AutoETS, SeasonalNaive  # noqa: PLC0415

    seen = data.seen()
    frame = pd.DataFrame(
        {"unique_id": seen["item"].to_pylist(), "ds": seen["ts"].to_pylist(), "y": seen["y"]}
    )
    step = {"M": "MS", "D": "D"}[data.frequency]
    makers: dict[str, Callable[..., Any]] = {
        "seasonal naive": SeasonalNaive, "AutoETS": AutoETS, "AutoARIMA": AutoARIMA,
    }  # fmt: skip
    found = {}
    for name, make in makers.items():
        start = cpu_s()
        model = StatsForecast([make(season_length=data.season)], freq=step, n_jobs=1)
        ahead = model.forecast(df=frame, h=data.held_out).sort_values(["unique_id", "ds"])
        column = next(c for c in ahead.columns if c not in {"unique_id", "ds"})
        values = {item: part[column].to_numpy() for item, part in ahead.groupby("unique_id")}
        found[name] = {"mase": round(mase(values, data), 4), "cpu_s": round(cpu_s() - start, 1)}
    return found | {"version": version("statsforecast")}


def cpu_s() -> float:
    """Processor seconds of this process and its children that have ended."""
    used = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def figures(*, peers: bool = False) -> Iterator[tuple[str, float]]:
    """Name and value of every figure, as it comes; comment lines are printed on the way."""
    stored = json.loads(PEERS.read_text()) if PEERS.exists() else {}
    for data in sets():
        if peers:
            stored[data.name] = run_peers(data)
            PEERS.write_text(json.dumps(stored, indent=1) + "\n")
        wall, start = time.perf_counter(), cpu_s()
        mine = mase(ours(data), data)
        used = f"{cpu_s() - start:.1f} s CPU, {time.perf_counter() - wall:.1f} s wall"
        print(f"# {data.name}: vesto {mine:.4f} ({used})", flush=True)
        rivals = {n: r for n, r in stored[data.name].items() if isinstance(r, dict)}
        for name, rival in rivals.items():
            print(f"#   {name} {rival['mase']:.4f} ({rival['cpu_s']} s CPU)", flush=True)
        best = min(rival["mase"] for rival in rivals.values())
        yield f"forecast_{data.name}_to_best", mine / best


def lines(*, peers: bool = False) -> Iterator[str]:
    """``name value reach aim ok|short`` of every figure."""
    for name, value in figures(peers=peers):
        bound = BOUNDS[name]
        word = "ok" if bound.holds(value) else "short"
        yield f"{name} {value:.3f} {bound.reach:g} {bound.aim:g} {word}"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", action="store_true", help="run the peers anew")
    for line in lines(peers=parser.parse_args().peers):
        print(line, flush=True)


if __name__ == "__main__":
    main()

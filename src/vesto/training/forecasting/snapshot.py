"""The rows of a training query as values of periods: summed by the engine, the latest ones kept."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vesto.catalog.records import Definition
from vesto.dialect.names import literal, quoted
from vesto.engines import Connection
from vesto.errors import InvalidTrainingData
from vesto.training.forecasting.columns import Roles, roles_of
from vesto.training.forecasting.frequency import FREQUENCIES, Frequency
from vesto.training.snapshot import TrainingRows

I64 = NDArray[np.int64]
# A series is not looked at farther back, and all of them are not more values than that.
PERIODS: Final = 10_000
VALUES: Final = 20_000_000
# Squares of what is larger do not fit a number.
LARGEST: Final = 1e100
FORECAST_ROWS: Final = 5_000_000
_SECONDS: Final = {"h": 3600, "m": 60, "D": 86_400}


def period_sql(column: str, frequency: Frequency) -> str:
    """SQL of the engine for the number of the period that a moment is in; NULL of no moment."""
    moment = f"CAST({quoted(column)} AS TIMESTAMP)"
    months = f"(date_part('year', {moment}) - 1970)"
    days = f"floor(date_part('epoch', {moment}) / 86400)"
    if frequency.unit == "Y":
        number = months
    elif frequency.unit == "M":
        number = f"{months} * 12 + date_part('month', {moment}) - 1"
    elif frequency.unit == "W":
        number = f"floor(({days} + 3) / 7.0)"
    else:
        seconds = float(_SECONDS[frequency.unit] * frequency.count)
        number = f"floor(date_part('epoch', {moment}) / {seconds})"
    return f"CASE WHEN isfinite({moment}) THEN CAST({number} AS BIGINT) END"


def summed_sql(definition: Definition, roles: Roles) -> str:
    """The query's rows summed by item and period; attributes as their least and greatest value."""
    frequency = FREQUENCIES[definition.frequency]
    item = quoted(roles.item) if roles.item else literal(definition.target)
    value = f"CAST({quoted(definition.target)} AS DOUBLE)"
    known = f"CASE WHEN isfinite({value}) THEN {value} END"
    attributes = [
        f"min({quoted(name)}) AS {quoted(f'low {place}')}, "
        f"max({quoted(name)}) AS {quoted(f'high {place}')}"
        for place, name in enumerate(roles.attributes)
    ]
    columns = [
        f"CAST({item} AS VARCHAR) AS item", f"{period_sql(roles.time, frequency)} AS period",
        f"sum({known}) AS target", f"count({known}) AS known", "count(*) AS total", *attributes,
    ]  # fmt: skip
    return (
        f"SELECT {', '.join(columns)} FROM ({definition.engine_sql}) AS given "  # noqa: S608 - quoted
        "GROUP BY 1, 2 ORDER BY 1, 2"
    )


def draw_series(connection: Connection, definition: Definition) -> TrainingRows:
    """Values by item and period, the latest ones where there are more than MAX_CELLS cells.

    The columns are item, period, target, known (rows that were summed) and each attribute's least
    and greatest value. Rows without an item, a moment or a finite target are left out.

    Raises:
        InvalidTrainingData: No row is left, or the forecast would have too many rows.
    """
    roles = roles_of(definition.parameters)
    rows = connection.execute(summed_sql(definition, roles)).read_all()
    total = sum(rows["total"].to_pylist()) if len(rows) else 0
    item, period = rows["item"].is_valid(), rows["period"].is_valid()
    good = np.asarray(item) & np.asarray(period) & (np.asarray(rows["known"]) > 0)

    kept = rows.filter(pa.array(good)).drop_columns(["total"])
    _check_size(kept, definition)
    if not len(kept):
        message = "FROM has no row with a moment, an item and a value of the target"
        raise InvalidTrainingData(message, hint="MODEL_TYPE FORECAST needs at least one.")
    notices = _left_out(total, int(np.sum(np.asarray(kept["known"]))))
    kept, dropped = _latest(kept, definition)
    items = len(kept["item"].unique())
    if items * definition.horizon > FORECAST_ROWS:
        message = f"{items} items times HORIZON {definition.horizon} are too many rows"
        hint = f"A forecast has at most {FORECAST_ROWS:,} rows."
        raise InvalidTrainingData(message, hint=hint)
    return TrainingRows(kept, total, (*notices, *dropped, *_unused(roles)))


def _check_size(rows: pa.Table, definition: Definition) -> None:
    if len(rows) and not np.all(np.abs(rows["target"].to_numpy()) < LARGEST):
        message = f'TARGET column "{definition.target}" has values or sums beyond {LARGEST:g}'
        raise InvalidTrainingData(message, hint="Divide it in the query.")


def _left_out(total: int, known: int) -> tuple[str, ...]:
    if total == known:
        return ()
    number = total - known
    rows = "row" if number == 1 else "rows"
    return (f"{number} {rows} without an item, a moment or a finite target are left out",)


def _unused(roles: Roles) -> tuple[str, ...]:
    return tuple(f'column "{name}" is not used: no forecast uses its type' for name in roles.unused)


def _latest(rows: pa.Table, definition: Definition) -> tuple[pa.Table, tuple[str, ...]]:
    """The latest periods of every item, as many as fit, and a notice if not all do."""
    ages = _ages(rows)
    most = max(1, definition.max_cells // (len(definition.parameters) + 1))
    items = len(rows["item"].unique())
    reach = int(min(PERIODS, max(1, VALUES // items)))
    counted = np.sort(ages)
    if len(ages) > most:
        reach = min(reach, max(1, int(counted[most])))
    kept = rows.filter(pa.array(ages < reach))
    if len(kept) == len(rows):
        return rows, ()
    why = f"MAX_CELLS {definition.max_cells}" if len(ages) > most else "the longest history"
    return kept, (f"periods more than {reach - 1} before an item's last are left out: {why}",)


def _ages(rows: pa.Table) -> I64:
    """How many periods each row is before the last one of its item."""
    codes = np.asarray(rows["item"].combine_chunks().dictionary_encode().indices, np.int64)
    periods = np.asarray(rows["period"], np.int64)
    last = np.full(codes.max() + 1, np.iinfo(np.int64).min)
    np.maximum.at(last, codes, periods)
    ages: I64 = last[codes] - periods
    return ages

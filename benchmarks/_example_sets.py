"""The example sets that engines are compared on: targets, columns that give them away, splits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

DATA: Final = Path("examples/data")
Problem = Literal["regression", "binary", "multiclass"]


@dataclass(frozen=True)
class Case:
    """A set, its target, and columns that would give the target away."""

    name: str
    target: str
    problem: Problem = "binary"
    leave_out: tuple[str, ...] = ()

    @property
    def regression(self) -> bool:
        """Whether a number is learnt."""
        return self.problem == "regression"


CASES: Final = (
    Case("telecom_churn", "churn", leave_out=("phone",)),
    Case("abalone", "rings", "regression"),
    Case("bank_marketing", "deposit"),
    Case("adult_income", "income"),
    Case("california_housing", "median_house_value", "regression"),
    Case("wine_quality", "quality", "multiclass"),
    Case("titanic", "survived"),
    Case("steel_plates_faults", "failure_type", "multiclass"),
    Case("bike_sharing_hour", "cnt", "regression", leave_out=("casual", "registered")),
    Case("insurance_charges", "charges", "regression"),
    Case("german_credit", "credit_risk"),
    Case("hotel_bookings", "is_canceled", leave_out=("reservation_status", "reservation_status_date")),
    Case("loans", "interest_rate", "regression", leave_out=("grade", "sub_grade", "installment")),
    Case("caravan_insurance", "purchase"),
)  # fmt: skip


def read(case: Case) -> pa.Table:
    """The rows whose target is known."""
    table = pq.read_table(DATA / f"{case.name}.parquet").drop_columns(list(case.leave_out))
    plain = pa.schema(
        [f.with_type(pa.string()) if pa.types.is_large_string(f.type) else f for f in table.schema]
    )
    return table.filter(pc.is_valid(table[case.target])).cast(plain)


def split(table: pa.Table, case: Case, seed: int) -> tuple[pa.Table, pa.Table]:
    """Rows to train on and a quarter to test on, every class spread alike."""
    random = np.random.default_rng(1000 + seed)
    held = np.zeros(len(table), bool)
    groups = np.zeros(len(table))
    if not case.regression:
        values = table[case.target].combine_chunks()
        groups = pc.index_in(values, pc.unique(values)).to_numpy(zero_copy_only=False)
    for group in np.unique(groups):
        rows = random.permutation(np.flatnonzero(groups == group))
        held[rows[: round(len(rows) / 4)]] = True
    return table.filter(pa.array(~held)), table.filter(pa.array(held))


def loss(test: pa.Table, case: Case, after: NDArray[np.float64], labels: list[str]) -> float:
    """RMSE, or log loss with the probabilities' columns in the order of ``labels``.

    A class that no column stands for has the probability 0, held at 1e-15 as every other.
    """
    truth = test[case.target].combine_chunks()
    if case.regression:
        y = truth.cast(pa.float64()).to_numpy(zero_copy_only=False)
        return float(np.sqrt(((y - after[:, 0]) ** 2).mean()))
    places = pc.index_in(truth.cast(pa.string()), pa.array(labels, pa.string()))
    where = pc.fill_null(places, -1).to_numpy(zero_copy_only=False)
    right = np.where(where >= 0, after[np.arange(len(after)), where], 0.0)
    return float(-np.log(np.clip(right, 1e-15, 1)).mean())

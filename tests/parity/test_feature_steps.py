"""Feature steps against their counterparts in scikit-learn and pandas."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.decomposition import PCA
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.preprocessing import Normalizer, OneHotEncoder, OrdinalEncoder, StandardScaler

from vesto.programs.reference import run_steps
from vesto.programs.steps import (
    Category,
    Clip,
    DateParts,
    Impute,
    Missing,
    Normalize,
    Number,
    OneHot,
    Project,
    Scale,
    TextNumber,
)

RNG = np.random.default_rng(0)
NUMBERS = np.where(RNG.random(300) < 0.2, np.nan, RNG.normal(3, 50, 300))
COLUMN = pa.array(NUMBERS, from_pandas=True)
WORDS = RNG.choice(["red", "green", "blue", "новый", ""], 300)


def test_impute_is_scikit_learns_median() -> None:
    median = float(np.nanmedian(NUMBERS))
    got = run_steps([Number(0), Impute(1, median), Missing(1)], [COLUMN])
    want = SimpleImputer(strategy="median").fit_transform(NUMBERS[:, None])[:, 0]
    assert np.array_equal(got[2], want)
    flags = MissingIndicator().fit_transform(NUMBERS[:, None])[:, 0]
    assert np.array_equal(got[3], flags)


def test_scale_is_scikit_learns_standard_scaler() -> None:
    scaler = StandardScaler().fit(NUMBERS[:, None])
    step = Scale(1, float(scaler.mean_[0]), float(scaler.scale_[0]))
    got = run_steps([Number(0), step], [COLUMN])[2]
    assert np.array_equal(got, scaler.transform(NUMBERS[:, None])[:, 0], equal_nan=True)


def test_clip_is_pandas() -> None:
    got = run_steps([Number(0), Clip(1, -10.0, 40.0)], [COLUMN])[2]
    assert np.array_equal(got, pd.Series(NUMBERS).clip(-10, 40), equal_nan=True)


def test_category_and_one_hot_are_scikit_learns_encoders() -> None:
    words = tuple(sorted(set(WORDS) - {"blue"}))
    category = Category(0, words, np.arange(len(words), dtype=float), -1.0, -1.0, ())
    got = run_steps([category, OneHot(1, len(words))], [pa.array(WORDS)])
    known = np.array(words)[:, None]
    ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1).fit(known)
    assert np.array_equal(got[1], ordinal.transform(WORDS[:, None])[:, 0])
    hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(known)
    assert np.array_equal(np.array(got[2:]).T, hot.transform(WORDS[:, None]))


def test_a_number_in_text_is_pandas() -> None:
    texts = [repr(value) for value in NUMBERS] + ["x", "", " 7 ", "1e5"]
    got = run_steps([TextNumber(0, ())], [pa.array(texts)])[1]
    want = pd.to_numeric(pd.Series(texts), errors="coerce").to_numpy()
    assert np.array_equal(got, want, equal_nan=True)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_date_parts_are_pandas(unit: str) -> None:
    low, high = datetime(1700, 1, 1, tzinfo=UTC), datetime(2250, 1, 1, tzinfo=UTC)
    seconds = RNG.integers(int(low.timestamp()), int(high.timestamp()), 500)
    moments = pd.Series(seconds.astype("datetime64[s]").astype(f"datetime64[{unit}]"))
    parts = ("year", "month", "day", "weekday", "hour", "minute", "second", "epoch")
    names = {"weekday": "day_of_week"}
    got = run_steps([DateParts(0, parts)], [pa.array(moments)])[1:]
    for part, register in zip(parts[:-1], got, strict=False):
        assert np.array_equal(register, getattr(moments.dt, names.get(part, part))), part
    assert np.array_equal(got[-1], seconds)


ROWS = RNG.normal(2, 5, (300, 4))
READ = [Number(place) for place in range(4)]
FOUR = (4, 5, 6, 7)


def test_normalize_is_scikit_learns_normalizer() -> None:
    rows = ROWS.copy()
    rows[7] = 0
    got = run_steps([*READ, Normalize(FOUR)], [pa.array(column) for column in rows.T])[8:]
    np.testing.assert_allclose(np.stack(got, axis=1), Normalizer().fit_transform(rows), rtol=1e-14)


def test_project_is_scikit_learns_pca() -> None:
    pca = PCA(3).fit(ROWS)
    step = Project(FOUR, pca.mean_, np.ascontiguousarray(pca.components_))
    got = run_steps([*READ, step], [pa.array(column) for column in ROWS.T])[8:]
    np.testing.assert_allclose(np.stack(got, axis=1), pca.transform(ROWS), rtol=1e-9, atol=1e-9)

"""The transformers of PREPROCESSORS against their counterparts in scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from sklearn import decomposition, impute, preprocessing

from vesto.features import Tape
from vesto.features.transformers import Raw, chained
from vesto.programs.program import Input
from vesto.programs.reference import run_steps

F64 = NDArray[np.float64]
RANDOM = np.random.default_rng(0)
TRAIN: F64 = RANDOM.normal(size=(300, 4)) @ RANDOM.normal(size=(4, 4)) * 10 + 3
TRAIN[:, 3] = 2.0
NEW: F64 = RANDOM.normal(size=(50, 4)) * 40
HOLES = np.where(RANDOM.random(TRAIN.shape) < 0.2, np.nan, TRAIN)
NEW_HOLES = np.where(RANDOM.random(NEW.shape) < 0.2, np.nan, NEW)


def arrays(x: F64) -> list[pa.Array]:
    return [pa.array(column, from_pandas=True) for column in x.T]


def through(
    names: Sequence[str], kind: tuple[str, str], train: list[pa.Array], new: list[pa.Array]
) -> F64:
    """What transformers fitted on ``train`` make of ``new``; ``kind`` is a type and its family."""
    tape = Tape(tuple(Input(f"c{place}", kind[0]) for place in range(len(train))))
    raw = [Raw(f"c{place}", place, kind[1], column) for place, column in enumerate(train)]
    made = chained(tape, names, raw)
    registers = run_steps(tape.steps, new)
    return np.stack([registers[one.register] for one in made], axis=1)


def numbers(names: Sequence[str], train: F64, new: F64) -> F64:
    return through(names, ("float8", "fraction"), arrays(train), arrays(new))


@pytest.mark.parametrize("new", [TRAIN, HOLES, NEW, NEW_HOLES])
def test_standard_scaler(new: F64) -> None:
    want = preprocessing.StandardScaler().fit(HOLES).transform(new)
    np.testing.assert_allclose(
        numbers(["StandardScaler"], HOLES, new), want, rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize("new", [TRAIN, HOLES, NEW, NEW_HOLES])
def test_min_max_does_not_hold_new_numbers(new: F64) -> None:
    want = preprocessing.MinMaxScaler().fit(HOLES).transform(new)
    np.testing.assert_allclose(numbers(["MinMax"], HOLES, new), want, rtol=1e-11, atol=1e-12)


def test_imputer_is_the_mean() -> None:
    want = impute.SimpleImputer().fit(HOLES).transform(NEW_HOLES)
    np.testing.assert_allclose(numbers(["Imputer"], HOLES, NEW_HOLES), want, rtol=1e-14)


def test_imputer_with_indicator_is_the_mean_and_a_flag() -> None:
    got = numbers(["ImputerWithIndicator"], HOLES, NEW_HOLES)
    want = impute.SimpleImputer().fit(HOLES).transform(NEW_HOLES)
    np.testing.assert_allclose(got[:, ::2], want, rtol=1e-14)
    flags = impute.MissingIndicator(features="all").fit(HOLES).transform(NEW_HOLES)
    np.testing.assert_array_equal(got[:, 1::2], flags)


def test_normalizer_gives_rows_of_length_one() -> None:
    new = np.concatenate([NEW, np.zeros((1, 4))])
    want = preprocessing.Normalizer().fit_transform(new)
    np.testing.assert_allclose(numbers(["Normalizer"], TRAIN, new), want, rtol=1e-15, atol=1e-15)


def test_pca_holds_95_percent_of_the_variance() -> None:
    theirs = decomposition.PCA(n_components=0.95, svd_solver="full").fit(TRAIN)
    got = numbers(["PCA"], TRAIN, NEW)
    assert 1 <= theirs.n_components_ < 4
    np.testing.assert_allclose(got, theirs.transform(NEW), rtol=1e-9, atol=1e-9)


def test_numeric_passthrough_changes_nothing() -> None:
    np.testing.assert_array_equal(numbers(["NumericPassthrough"], HOLES, NEW_HOLES), NEW_HOLES)


def test_a_chain_is_a_pipeline() -> None:
    filled = impute.SimpleImputer().fit(HOLES)
    scaled = preprocessing.StandardScaler().fit(filled.transform(HOLES))
    reduced = decomposition.PCA(n_components=0.95, svd_solver="full")
    reduced.fit(scaled.transform(filled.transform(HOLES)))
    want = reduced.transform(scaled.transform(filled.transform(NEW_HOLES)))
    got = numbers(["Imputer", "StandardScaler", "PCA"], HOLES, NEW_HOLES)
    np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-9)


WORDS = ["red", "green", None, "blue", "blue", ""]
NEW_WORDS = ["blue", "red", None, "purple", "green", ""]
INTEGERS = [10, 9, -1, None, 100, 9]
NEW_INTEGERS = [9, 100, None, 5, -1, 10]


@pytest.mark.parametrize(
    ("train", "new", "kind"),
    [
        (WORDS, NEW_WORDS, ("varchar", "text")),
        (INTEGERS, NEW_INTEGERS, ("int8", "integer")),
        ([True, False, None], [None, False, True], ("bool", "boolean")),
        (["a", "b"], ["b", None, "c"], ("varchar", "text")),
    ],
    ids=["texts", "integers", "booleans", "nothing missing"],
)
class TestEncoders:
    def test_one_hot(self, train: list[object], new: list[object], kind: tuple[str, str]) -> None:
        encoder = preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False)
        want = encoder.fit(column(train)).transform(column(new))
        got = through(["OneHotEncoder"], kind, [pa.array(train)], [pa.array(new)])
        np.testing.assert_array_equal(got, want)

    def test_ordinal(self, train: list[object], new: list[object], kind: tuple[str, str]) -> None:
        encoder = preprocessing.OrdinalEncoder(
            handle_unknown="use_encoded_value", unknown_value=np.nan
        )
        want = encoder.fit(column(train, np.nan)).transform(column(new, np.nan))
        got = through(["OrdinalEncoder"], kind, [pa.array(train)], [pa.array(new)])
        np.testing.assert_array_equal(got, want)


def column(values: list[object], missing: object = None) -> NDArray[np.object_]:
    return np.array([missing if v is None else v for v in values], object).reshape(-1, 1)


def test_imputer_before_an_encoder_takes_the_most_frequent_word() -> None:
    filled = impute.SimpleImputer(strategy="most_frequent", missing_values=None)
    encoder = preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    encoder.fit(filled.fit_transform(column(WORDS)))
    want = encoder.transform(filled.transform(column(NEW_WORDS)))
    kind, names = ("varchar", "text"), ["Imputer", "OneHotEncoder"]
    got = through(names, kind, [pa.array(WORDS)], [pa.array(NEW_WORDS)])
    np.testing.assert_array_equal(got, want)

"""Metrics beside scikit-learn's, and what they say at the edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as peer

from vesto.training import metrics

seeds = st.integers(0, 10_000)
sizes = st.integers(2, 60)


@given(seeds, sizes, st.integers(2, 5))
def test_classes_as_scikit_learn_counts_them(seed: int, rows: int, classes: int) -> None:
    random = np.random.default_rng(seed)
    y = random.integers(0, classes, rows).astype(float)
    chosen = random.integers(0, classes, rows)
    every = list(range(classes))
    assert metrics.accuracy(y, chosen) == pytest.approx(peer.accuracy_score(y, chosen))
    macro = peer.f1_score(y, chosen, labels=every, average="macro", zero_division=0)
    assert metrics.f1_macro(y, chosen, classes) == pytest.approx(macro)
    one = peer.f1_score(y == 1, chosen == 1, zero_division=0)
    assert metrics.f1(y, chosen) == pytest.approx(one)
    counts = metrics.confusion(y, chosen, classes)
    np.testing.assert_array_equal(counts, peer.confusion_matrix(y, chosen, labels=every))


@given(seeds, sizes, st.integers(2, 5))
def test_probabilities_as_scikit_learn_judges_them(seed: int, rows: int, classes: int) -> None:
    random = np.random.default_rng(seed)
    y = random.integers(0, classes, rows).astype(float)
    p = random.dirichlet(np.ones(classes), rows)
    want = peer.log_loss(y, p, labels=list(range(classes)))
    assert metrics.log_loss(y, p) == pytest.approx(want)


@given(seeds, sizes)
def test_area_under_the_curve_with_ties(seed: int, rows: int) -> None:
    random = np.random.default_rng(seed)
    y = np.append([0.0, 1.0], random.integers(0, 2, rows))
    share = random.integers(0, 5, rows + 2) / 4
    assert metrics.auc(y, share) == pytest.approx(peer.roc_auc_score(y, share))


@given(seeds, sizes)
def test_squared_error(seed: int, rows: int) -> None:
    random = np.random.default_rng(seed)
    y, predicted = random.normal(size=rows), random.normal(size=rows)
    assert metrics.mse(y, predicted) == pytest.approx(peer.mean_squared_error(y, predicted))


def test_one_class_says_nothing_about_ranks() -> None:
    assert metrics.auc(np.ones(3), np.array([0.1, 0.2, 0.3])) == 0.5


def test_a_sure_mistake_costs_much_and_not_everything() -> None:
    certain = np.array([[1.0, 0.0]])
    assert metrics.log_loss(np.array([1.0]), certain) == pytest.approx(-np.log(1e-15))

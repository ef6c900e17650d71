"""What every algorithm that finds clusters promises; a new file in ``algorithms/`` is tested by this one."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from vesto.algorithms import ALGORITHMS
from vesto.algorithms.kmeans import Clusters

F64 = NDArray[np.float64]
CLUSTERINGS = [name for name in ALGORITHMS.names() if hasattr(ALGORITHMS.get(name), "cluster")]


@pytest.fixture(params=CLUSTERINGS)
def algorithm(request: pytest.FixtureRequest) -> Any:
    return ALGORITHMS.get(request.param)


def heaps(rows: int = 600, heaps: int = 4, features: int = 3, seed: int = 0) -> F64:
    """Rows around a few places, less their mean."""
    random = np.random.default_rng(seed)
    places = random.normal(size=(heaps, features)) * 10
    x = places[random.integers(0, heaps, rows)] + random.normal(size=(rows, features))
    return x - x.mean(axis=0)


def cluster(
    algorithm: Any, x: F64, k: int, *, seed: int = 3, seconds: float = 60, **given: str
) -> Clusters:
    configuration = given | {"k": str(k)}
    deadline = time.monotonic() + seconds
    found: Clusters = algorithm.cluster(x, configuration, seed=seed, deadline=deadline)
    return found


def ssd(x: F64, centroids: F64) -> float:
    """By the definition: to the nearest centroid of each row."""
    apart = ((x[:, None, :] - centroids[None]) ** 2).sum(axis=2)
    return float(apart.min(axis=1).sum())


@pytest.mark.parametrize("rows", [600, 30_000])
def test_same_seed_same_centroids(algorithm: Any, rows: int) -> None:
    x = heaps(rows)
    first, second = (cluster(algorithm, x, 6) for _ in range(2))
    np.testing.assert_array_equal(first.centroids, second.centroids)
    np.testing.assert_array_equal(first.labels, second.labels)


@pytest.mark.parametrize(("rows", "k"), [(600, 4), (600, 9), (30_000, 7), (200_000, 5)])
def test_it_is_as_good_as_scikit_learn(algorithm: Any, rows: int, k: int) -> None:
    x = heaps(rows, heaps=5)
    theirs = KMeans(k, n_init=3, random_state=0).fit(x).inertia_
    found = cluster(algorithm, x, k)
    assert found.settled
    assert found.ssd <= 1.01 * theirs
    assert found.ssd == pytest.approx(float(((x - found.centroids[found.labels]) ** 2).sum()))


def test_few_far_rows_are_not_overlooked(algorithm: Any) -> None:
    x = np.concatenate([heaps(60_000, heaps=2), np.full((20, 3), 5000.0)])
    x -= x.mean(axis=0)
    found = cluster(algorithm, x, 3)
    assert np.bincount(found.labels, minlength=3).min() == 20


def test_each_row_has_its_nearest_centroid(algorithm: Any) -> None:
    x = heaps()
    found = cluster(algorithm, x, 5)
    assert found.ssd == pytest.approx(ssd(x, found.centroids))


def test_the_greatest_cluster_is_the_first(algorithm: Any) -> None:
    sizes = np.bincount(cluster(algorithm, heaps(), 7).labels, minlength=7)
    assert (np.diff(sizes) <= 0).all()
    assert sizes[-1] > 0


@pytest.mark.parametrize("start", ["random", "kmeans++"])
def test_as_many_clusters_as_different_rows(algorithm: Any, start: str) -> None:
    x = np.repeat(np.array([[-2.0, 1.0], [0.0, 0.0], [2.0, -1.0]]), [500, 2, 500], axis=0)
    found = cluster(algorithm, x, 3, local_lloyd_init_method=start)
    assert found.ssd == 0
    assert sorted(np.bincount(found.labels).tolist()) == [2, 500, 500]


def test_rare_different_rows_get_a_cluster_of_their_own(algorithm: Any) -> None:
    random = np.random.default_rng(0)
    x = random.integers(0, 2, size=(50_000, 1)) * 1e-3
    x[:3, 0] = [0.0105, 0.0205, 0.0305]
    x -= x.mean(axis=0)
    found = cluster(algorithm, x, 5)
    assert found.ssd == pytest.approx(0, abs=1e-15)


def test_one_cluster_is_the_mean(algorithm: Any) -> None:
    x = heaps()
    found = cluster(algorithm, x, 1)
    np.testing.assert_allclose(found.centroids, x.mean(axis=0, keepdims=True), atol=1e-12)


@pytest.mark.parametrize("rows", [600, 60_000])
def test_a_deadline_that_has_passed_still_gives_clusters(algorithm: Any, rows: int) -> None:
    x = heaps(rows)
    found = cluster(algorithm, x, 4, seconds=-1)
    assert found.centroids.shape == (4, 3)
    assert np.isfinite(found.centroids).all()
    assert not found.settled


def test_it_ends_after_the_rounds_that_are_given(algorithm: Any) -> None:
    x = np.random.default_rng(0).normal(size=(2000, 5))
    found = cluster(algorithm, x - x.mean(axis=0), 20, local_lloyd_max_iter="1")
    assert found.rounds == 1
    assert not found.settled


def test_256_features_and_wide_numbers(algorithm: Any) -> None:
    x = heaps(600, features=256) * 1e100
    found = cluster(algorithm, x, 4)
    assert np.isfinite(found.ssd)
    assert len(set(found.labels.tolist())) == 4


@pytest.mark.parametrize("k", [1, 4, 600])
def test_what_is_late_from_the_start_has_clusters_at_different_rows(algorithm: Any, k: int) -> None:
    found = cluster(algorithm, heaps(), k, seconds=-1, local_lloyd_init_method="kmeans++")
    assert len(np.unique(found.centroids, axis=0)) == k


def test_more_time_is_enough_for_more_rows(algorithm: Any) -> None:
    x, now = heaps(3000), time.monotonic()
    assert algorithm.rows_in_time(x, 5000, now - 1) == 0
    assert algorithm.rows_in_time(x, 5, now + 1e6) > 1e6

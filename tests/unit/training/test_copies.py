"""Which equal rows count as copies of each other."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from vesto.training.copies import copies


def numbers(rows: int) -> tuple[list[pa.Array], np.ndarray]:
    random = np.random.default_rng(0)
    columns = [pa.array(random.normal(size=rows)) for _ in range(3)]
    columns.append(pa.array([None if i % 3 else f"word {i % 5}" for i in range(rows)]))
    return columns, random.normal(size=rows)


def test_copies_have_one_number_and_others_have_their_own() -> None:
    columns, y = numbers(300)
    places = np.random.default_rng(1).permutation(np.concatenate([np.arange(300), np.arange(200)]))
    found = copies([column.take(pa.array(places)) for column in columns], y[places])
    assert found is not None
    pairs = set(zip(found.tolist(), places.tolist(), strict=True))
    assert len(pairs) == len(set(found.tolist())) == 300


def test_rows_that_differ_are_no_copies() -> None:
    assert copies(*numbers(300)) is None


@pytest.mark.parametrize("levels", [2, 7])
def test_rows_of_few_values_are_alike_by_chance(levels: int) -> None:
    columns = [pa.array([i % levels for i in range(1000)]), pa.array([i % 3 for i in range(1000)])]
    assert copies(columns, np.arange(1000) % levels * 1.0) is None


def test_rows_that_only_share_their_columns_are_no_copies() -> None:
    columns, _ = numbers(300)
    places = np.arange(900) % 300
    y = np.random.default_rng(2).normal(size=900)
    assert copies([column.take(pa.array(places)) for column in columns], y) is None

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests_support import POINTS, SMALL_MODEL

import vesto


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a test's warehouse stands."""
    return tmp_path / "shop"


@pytest.fixture
def session(path: Path) -> Iterator[vesto.Session]:
    """A session in a new warehouse with the table ``points``."""
    with vesto.connect(path) as opened:
        opened.execute(POINTS)
        yield opened


@pytest.fixture
def train(session: vesto.Session) -> Callable[..., None]:
    """Train a small model on ``points``: ``train("m")`` makes function ``predict_m``."""

    def make(name: str = "m", function: str = "") -> None:
        session.execute(SMALL_MODEL.format(name=name, function=function or f"predict_{name}"))

    return make

"""What a search may spend, in candidates or seconds."""

from __future__ import annotations

import pytest

from vesto.training.budget import Budget


@pytest.mark.parametrize(
    ("stage", "tried", "room"),
    [
        ("portfolio", 2, True), ("portfolio", 3, False), ("tuning", 4, True), ("tuning", 5, False),
        ("finalists", 5, True), ("finalists", 500, True),
    ],
)  # fmt: skip
def test_a_number_of_candidates_leaves_the_finalists_room(
    stage: str, tried: int, room: bool
) -> None:
    assert Budget(0.0, 60.0, max_trials=5).has_room(stage, tried, 1e9) is room

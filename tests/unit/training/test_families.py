"""What the search tries after the portfolio lies in Optuna's space."""

from __future__ import annotations

import numpy as np
import optuna
import pytest

from vesto.training.candidates import PORTFOLIO, Candidate, Trial
from vesto.training.families import SMALLEST_STEP, as_optuna, hurried, slowed


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("settings", PORTFOLIO)
def test_smaller_steps_end_where_optunas_space_does(
    settings: dict[str, float], *, quick: bool
) -> None:
    steps = tuple(hurried(settings, quick=quick).items())
    candidate: Candidate | None = Candidate("xgboost", "ordinal", "raw", steps)
    tried = 0
    while candidate is not None:
        trial = Trial(candidate, (0,), 1.0, 1.0, 1.0, 0.1, np.empty((0, 0)), ())
        found = as_optuna(trial, optuna)
        assert found.params["eta"] == dict(candidate.configuration)["eta"] >= SMALLEST_STEP
        candidate, tried = slowed(candidate, 0.4), tried + 1
    assert 1 < tried < 5

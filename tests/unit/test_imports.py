"""What is imported when: a training process must not wait for libraries that it does not need."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from vesto.algorithms.xgboost import ALGORITHM
import vesto.training.worker
assert "sqlalchemy" not in sys.modules
ALGORITHM.load()
assert "xgboost" in sys.modules and "sklearn" not in sys.modules
import sklearn.linear_model
ALGORITHM.load()
"""


def test_a_training_process_has_xgboost_without_scikit_learn_and_both_where_wanted() -> None:
    subprocess.run([sys.executable, "-c", SCRIPT], check=True)

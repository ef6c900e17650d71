"""Texts that several tests share."""

from __future__ import annotations

from pathlib import Path

EXAMPLES = Path(__file__).parent.parent.parent / "examples" / "data"

# A model that trains in one XGBoost run of a few trees: what most tests need of one.
SMALL_MODEL = """
CREATE MODEL {name} FROM (SELECT a, b, c, label FROM points) TARGET label FUNCTION {function}
AUTO OFF MODEL_TYPE XGBOOST OBJECTIVE 'binary:logistic' PREPROCESSORS 'none'
HYPERPARAMETERS DEFAULT EXCEPT (NUM_ROUND '5', MAX_DEPTH '3')
"""
POINTS = """
CREATE TABLE points AS
SELECT i AS id, i % 7 AS a, (i * 37 % 101) / 10.0::double AS b, i % 2 = 0 AS c,
       CASE WHEN i % 7 > 3 OR i * 37 % 101 > 70 THEN 1 ELSE 0 END AS label
FROM range(600) t(i)
"""

"""Train a small model with the vesto that is installed and predict with it, natively or not at all."""

from __future__ import annotations

import logging
import sys
import tempfile
from pathlib import Path

import vesto
from vesto import _native

POINTS = """
CREATE TABLE points AS
SELECT i AS id, i % 7 AS a, (i * 37 % 101) / 10.0::double AS b,
       CASE WHEN i % 7 > 3 OR i * 37 % 101 > 70 THEN 'yes' ELSE 'no' END AS label
FROM range(600) t(i)
"""
ENOUGH = 0.95
MODEL = """
CREATE MODEL m FROM (SELECT a, b, label FROM points) TARGET label FUNCTION f
AUTO OFF MODEL_TYPE XGBOOST OBJECTIVE 'binary:logistic' PREPROCESSORS 'none'
HYPERPARAMETERS DEFAULT EXCEPT (NUM_ROUND '20', MAX_DEPTH '3')
"""


class Warnings(logging.Handler):
    """Keeps what Vesto warns of: the fallback of a library that does not load says so."""

    def __init__(self) -> None:
        """Take warnings and errors."""
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        self.texts.append(record.getMessage())


def right_share(folder: Path) -> float:
    """Train, predict through the extension, and give the share of right predictions."""
    with vesto.connect(folder / "warehouse") as session:
        session.execute(POINTS)
        session.execute(MODEL)
        kernel = session.execute("SELECT vesto_kernel()").rows()[0][0]
        if kernel != _native.kernel():
            sys.exit(f"the extension uses {kernel}, and vesto._native {_native.kernel()}")
        rows = session.execute(
            "SELECT avg(CASE WHEN f(a, b) = label THEN 1.0 ELSE 0 END) FROM points"
        )
        return float(rows.rows()[0][0])


def main() -> int:
    """0 if the model predicts well and the compiled scorer did it."""
    warnings = Warnings()
    logging.getLogger().addHandler(warnings)
    with tempfile.TemporaryDirectory() as folder:
        share = right_share(Path(folder))
    if warnings.texts or share < ENOUGH:
        print(
            f"{share:.3f} of the predictions are right; warnings: {warnings.texts}", file=sys.stderr
        )
        return 1
    print(
        f"vesto {vesto.__version__}, {_native.kernel()}: {share:.3f} of 600 predictions are right"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The time that EXPLAIN CREATE MODEL expects, against what the search then takes.

Run: ``python -m benchmarks.search_time [--only NAME ...]``.

For each example set: the processor seconds that EXPLAIN expects, those that the training took with
MAX_RUNTIME 300, and the first divided by the second. It keeps the constants of ``training.estimate``
honest: an estimate should be within a factor of three.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from typing import Final

import vesto
from benchmarks.first_model import CASES, DATA, Case
from vesto.dialect.names import quoted

FACTOR: Final = 3.0


def measured(session: vesto.Session, case: Case) -> tuple[float, float]:
    """Processor seconds expected and taken."""
    columns = [
        column.name
        for column in session.describe(f"SELECT * FROM '{DATA}/{case.name}.parquet'")
        if column.name not in case.leave_out
    ]
    listed = ", ".join(quoted(name) for name in columns)
    statement = (
        f"CREATE MODEL m FROM (SELECT {listed} FROM '{DATA}/{case.name}.parquet') "
        f"TARGET {quoted(case.target)} FUNCTION f SETTINGS (MAX_RUNTIME 300)"
    )
    rows = session.execute(f"EXPLAIN {statement}").rows()
    dollars = next(float(value) for _, item, value, _ in rows if item == "expected dollars")
    session.execute(statement)
    outcome = session.model("m").outcome
    session.execute("DROP MODEL m")
    rate = session.warehouse.settings.cost_per_cpu_hour
    return dollars * 3600 / rate, outcome.cpu_s if outcome else 0.0


def main() -> None:
    """Print a line a set; exit code 1 where an estimate is far off."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="*")
    only = parser.parse_args().only
    far = False
    with tempfile.TemporaryDirectory() as folder, vesto.connect(f"{folder}/w") as session:
        for case in CASES:
            if only and case.name not in only:
                continue
            expected, taken = measured(session, case)
            ratio = expected / taken
            near = 1 / FACTOR <= ratio <= FACTOR
            far = far or not near
            print(f"{case.name:22} expected {expected:7.1f} s  took {taken:7.1f} s  ratio {ratio:.2f} "
                  f"{'ok' if near else 'far'}", flush=True)  # fmt: skip
    sys.exit(far)


if __name__ == "__main__":
    main()

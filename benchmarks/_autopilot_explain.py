"""Explanations of single predictions against the ``shap`` package on the same forest.

Run: ``python -m benchmarks._autopilot_explain`` with the packages of
``requirements/bench-peers.txt`` on PYTHONPATH (``make bench-explain``).

Forests: A has 100 trees of depth 6 on 20 doubles, M has 10 classes and 100 rounds of depth 6, D has
100 trees of depth 10. A figure is the CPU time that ``shap.TreeExplainer`` takes for a row divided
by ours, both on one thread, the median of the rounds; "kernel" reads Arrow columns, "query" is the
whole SQL statement over a table, which writes every explanation as JSON. For forests of XGBoost
TreeExplainer calls XGBoost's own ``pred_contribs``; its own algorithm is measured too, and the
quicker of the two is the rival. That all explain alike is checked first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from benchmarks import _scoring_models as models
from benchmarks._measure import Bound, Report, print_costs, race, ratio, timed
from benchmarks._scoring_engine import TABLE, database
from vesto import _native

ROWS: Final = 40_000
RIVAL_ROWS: Final = 400
BOUNDS: Final = {
    f"explain_{case}_{what}_to_shap": Bound(3, 10)
    for case in ("A", "M", "D")
    for what in ("kernel", "query")
}


def explain_figures(rows: int = ROWS, rival_rows: int = RIVAL_ROWS) -> Iterator[tuple[str, float]]:
    """Name and value of each figure of ``BOUNDS``, as it is found."""
    yield from _figures("A", models.regression(rows, rounds=100, depth=6), rival_rows)
    yield from _figures("M", models.ten_classes(rows // 10), rival_rows // 10)
    yield from _figures("D", models.regression(rows // 10, rounds=100, depth=10), rival_rows // 10)


def _figures(name: str, model: models.Boosted, rival_rows: int) -> Iterator[tuple[str, float]]:
    case = model.case
    program = _native.Program(case.image)
    columns, few = list(case.columns), model.x[:rival_rows]
    rivals = _rivals(model.booster)
    _check(program, columns, rivals, few)
    names = ", ".join(case.names)
    sql = f"SELECT sum(length(vesto_explain('{case.name}', {names})::VARCHAR)) FROM {TABLE}"
    with database(case) as base, threadpool_limits(1):
        costs = race({
            "kernel": lambda: timed(lambda: program.explain(columns)),
            "query": base.run(sql),
            **{rival: _timed(explain, few) for rival, explain in rivals.items()},
        })  # fmt: skip
    rows_of_rivals = case.rows / rival_rows
    print_costs({what: costs[what] for what in ("kernel", "query")}, case.rows)
    print_costs({what: costs[what] for what in rivals}, rival_rows)
    for what in ("kernel", "query"):
        quickest = min(ratio(costs, rival, what) for rival in rivals) * rows_of_rivals
        yield f"explain_{name}_{what}_to_shap", quickest


def _timed(explain: Callable[[Any], Any], rows: Any) -> Callable[[], Any]:
    return lambda: timed(lambda: explain(rows))


def _rivals(booster: Any) -> dict[str, Callable[[Any], Any]]:
    """TreeExplainer as it comes, and made to use its own code."""
    import shap  # noqa: PLC0415 - only here, and from its own folder

    booster.set_param({"nthread": 1})
    usual, own = shap.TreeExplainer(booster), shap.TreeExplainer(booster)
    # It hands over to XGBoost where it knows the model to be XGBoost's.
    own.model.model_type = "internal"
    # Its check of the sums does not know XGBoost 3's base of each class; ours is of every number.
    quiet = {"check_additivity": False}
    return {
        "shap": partial(usual.shap_values, **quiet), "shap's own code": partial(own.shap_values, **quiet),
    }  # fmt: skip


def _check(program: Any, columns: list[pa.Array], rivals: dict[str, Any], few: Any) -> None:
    """Stop unless all explain the first rows alike."""
    ours = program.explain([column.slice(0, len(few)) for column in columns])
    for rival, explain in rivals.items():
        theirs = np.asarray(explain(few))
        theirs = theirs[:, None, :] if theirs.ndim == 2 else theirs.transpose(0, 2, 1)
        if not np.allclose(ours, theirs, rtol=1e-3, atol=1e-4):
            raise SystemExit(f"{rival} explains otherwise, by {np.abs(ours - theirs).max()}")


def main() -> int:
    """Print every figure; 1 where one falls short."""
    report = Report(BOUNDS)
    for name, value in explain_figures():
        report.add(name, value)
    return 1 if report.short else 0


if __name__ == "__main__":
    raise SystemExit(main())

"""``make demo``: from a table of phone customers to the ones who will leave, in SQL.

A quarter of the rows, chosen by a hash of the phone number, is kept out of training to show how
good the predictions are.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

from rich.console import Console

from vesto.cli.output import as_table
from vesto.cli.progress import wait_with_bar
from vesto.errors import VestoError
from vesto.result import Result
from vesto.session import Session, connect

DATA: Final = Path("examples/data/telecom_churn.parquet")
COLUMNS: Final = (
    "state, account_length, area_code, intl_plan, vmail_plan, vmail_message, day_mins, day_calls, "
    "day_charge, eve_mins, eve_calls, eve_charge, night_mins, night_calls, night_charge, "
    "intl_mins, intl_calls, intl_charge, cust_serv_calls"
)
CREATE: Final = f"""\
CREATE MODEL customer_churn
FROM (SELECT {COLUMNS}, churn FROM customer_activity WHERE NOT held_out)
TARGET churn FUNCTION predict_customer_churn
SETTINGS (MAX_RUNTIME 60)"""
PREDICTED: Final = f"predict_customer_churn({COLUMNS})"
BY_STATE: Final = f"""\
SELECT state, count(*) AS customers,
       sum(CASE WHEN {PREDICTED} = 'True.' THEN 1 ELSE 0 END) AS will_leave
FROM customer_activity WHERE held_out
GROUP BY state ORDER BY will_leave DESC, state LIMIT 10"""
CONFUSION: Final = f"""\
SELECT churn, {PREDICTED} AS predicted, count(*) AS customers
FROM customer_activity WHERE held_out GROUP BY 1, 2 ORDER BY 1, 2"""


def main() -> int:
    """Run the demo in a warehouse of its own that is gone afterwards."""
    console = Console()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="vesto-demo-") as folder,
            connect(Path(folder) / "shop", wait=False) as session,
        ):
            run(session, console)
    except VestoError as error:
        console.print(f"[red]ERROR {error.sqlstate}:[/] {error}")
        return 1
    return 0


def run(session: Session, console: Console) -> None:
    """Load, train, look and predict."""
    session.execute(
        f"CREATE TABLE customer_activity AS SELECT *, hash(phone) % 4 = 0 AS held_out FROM '{DATA}'"
    )
    _say(console, "Train a model on three quarters of the customers", CREATE)
    session.execute(CREATE)
    wait_with_bar(session, "customer_churn", console)
    session.wait("customer_churn")
    _say(console, "What came of it", "SHOW MODEL customer_churn")
    console.print(as_table(session.execute("SHOW MODEL customer_churn")))
    _say(console, "Who will leave, by state, among customers the model has never seen", BY_STATE)
    console.print(as_table(session.execute(BY_STATE)))
    _say(console, "How good is that", CONFUSION)
    result = session.execute(CONFUSION).arrow()
    console.print(as_table(Result.of(result)))
    _score(
        console, {(row["churn"], row["predicted"]): row["customers"] for row in result.to_pylist()}
    )
    _importance(console, session)


def _say(console: Console, title: str, sql: str) -> None:
    console.print(f"\n[bold]{title}[/]")
    console.print(sql, style="cyan", highlight=False)


def _score(console: Console, counts: dict[tuple[str, str], int]) -> None:
    hit, missed = counts.get(("True.", "True."), 0), counts.get(("True.", "False."), 0)
    false = counts.get(("False.", "True."), 0)
    right = hit + counts.get(("False.", "False."), 0)
    f1 = 2 * hit / (2 * hit + missed + false) if hit else 0.0
    total = sum(counts.values())
    console.print(f"accuracy {right / total:.4f}   F1 {f1:.4f}   ({total} customers kept out)")


def _importance(console: Console, session: Session) -> None:
    console.print("\n[bold]What the predictions lean on most[/]")
    shares = session.report("customer_churn")["importance"]
    top = list(shares.items())[:5]
    for name, share in top:
        console.print(
            f"{name:>16} {'█' * round(40 * share / top[0][1])} {share:.1%}", highlight=False
        )


if __name__ == "__main__":
    sys.exit(main())

"""From Redshift's text to the engine's: cold and warm, against DuckDB's own bind of the same statement.

Run: ``make bench-dialect`` or ``python -m benchmarks.dialect``.

Cold is the first statement of its kind: read, resolved, translated. Warm is a later one with other
literals (or the same ones, where it has none that are lifted). The peer is DuckDB's parser and
binder on the translated statement: DESCRIBE for a query, PREPARE for a write. Figures are the
median of many runs in CPU microseconds; the two sides take turns.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import vesto
from vesto.dialect.front import Front
from vesto.dialect.scanner import split

ROUNDS: Final = 60
REACH: Final = {"cold": 4.0, "warm": 1.0}
AIM: Final = {"cold": 2.0, "warm": 0.2}
TABLES: Final = """
CREATE TABLE customer (id INT, name VARCHAR(40), state CHAR(2), joined DATE, balance DECIMAL(12, 2));
CREATE TABLE orders (id BIGINT, customer INT, placed TIMESTAMP, amount DECIMAL(10, 2), status VARCHAR(10));
CREATE TABLE items (order_id BIGINT, sku VARCHAR(20), price REAL, number INT);
CREATE VIEW good AS SELECT id, name FROM customer WHERE balance > 0;
"""
# {n} is another number each time, {s} another text.
STATEMENTS: Final = {
    "point": "SELECT id, name, balance FROM customer WHERE id = {n}",
    "range": "SELECT id, amount FROM orders WHERE amount BETWEEN {n} AND 900000 AND status = '{s}' ORDER BY id LIMIT 10",
    "list": "SELECT count(*) FROM orders WHERE status IN ('{s}', 'b', 'c') AND customer <> {n}",
    "aggregate": "SELECT state, count(*) AS n, sum(balance) AS total FROM customer WHERE balance > {n} GROUP BY state",
    "join": "SELECT c.name, o.amount FROM customer c JOIN orders o ON c.id = o.customer WHERE o.status = '{s}'",
    "three tables": "SELECT c.state, i.sku, sum(i.price * i.number) AS worth FROM customer c JOIN orders o ON c.id = o.customer JOIN items i ON o.id = i.order_id WHERE c.id > {n} GROUP BY c.state, i.sku ORDER BY worth DESC LIMIT 20",
    "left join": "SELECT c.id, COALESCE(sum(o.amount), 0) AS spent FROM customer c LEFT JOIN orders o ON c.id = o.customer GROUP BY c.id HAVING sum(o.amount) > {n}",
    "division": "SELECT id, balance / 7 AS weekly, id % 3 AS shard FROM customer WHERE id / 2 > {n}",
    "dates": "SELECT DATE_TRUNC('month', placed) AS month, DATEDIFF(day, placed, GETDATE()) AS age FROM orders WHERE placed > DATEADD(day, -30, GETDATE()) AND id > {n}",
    "to_char": "SELECT TO_CHAR(joined, 'YYYY-MM') AS month, count(*) FROM customer WHERE state = '{s}' GROUP BY 1 ORDER BY 1",
    "case": "SELECT id, CASE WHEN balance > {n} THEN 'rich' WHEN balance > 100 THEN 'fine' ELSE 'poor' END AS class FROM customer",
    "lateral": "SELECT amount * 2 AS twice, twice + 1 AS more FROM orders WHERE more > {n}",
    "window": "SELECT id, ROW_NUMBER() OVER (PARTITION BY customer ORDER BY placed DESC) AS r FROM orders WHERE amount > {n} QUALIFY r = 1",
    "cte": "WITH big AS (SELECT customer, sum(amount) AS s FROM orders GROUP BY customer) SELECT c.name, b.s FROM customer c JOIN big b ON c.id = b.customer WHERE b.s > {n}",
    "text": "SELECT UPPER(name) || '-' || state AS tag, NVL(name, 'none') FROM customer WHERE name LIKE 'a%' AND id > {n}",
    "casts": "SELECT id::varchar(10), balance::int, '2024-01-31'::date FROM customer WHERE id = {n}",
    "listagg": "SELECT customer, LISTAGG(status, ',') WITHIN GROUP (ORDER BY placed) FROM orders WHERE id > {n} GROUP BY customer",
    "subquery": "SELECT name FROM good WHERE id IN (SELECT customer FROM orders WHERE amount > {n})",
    "insert": "INSERT INTO items (order_id, sku, price, number) VALUES ({n}, '{s}', 9.99, 2)",
    "update": "UPDATE orders SET status = '{s}', amount = amount * 1.1 WHERE id = {n}",
}


def measured(run: Callable[[], object]) -> float:
    """CPU microseconds of one call."""
    start = time.process_time_ns()
    run()
    return (time.process_time_ns() - start) / 1000


def front(session: vesto.Session, sql: str) -> None:
    """Everything that stands between the text and the engine."""
    for span in [None] if ";" not in sql else split(sql):
        session._executor.text.translated(  # noqa: SLF001 - nothing of it is public
            sql if span is None else sql[span.start : span.end]
        )


def figures(session: vesto.Session, statement: str) -> tuple[float, float, float]:
    """Medians of cold, warm and DuckDB's bind for one statement, in microseconds."""
    cold: list[float] = []
    warm: list[float] = []
    bind: list[float] = []
    cursor = session._connection  # noqa: SLF001 - the engine's own line is the peer
    for number in range(ROUNDS):
        session.warehouse.front = Front()
        first = statement.format(n=number + 10_000, s=f"s{number}")
        later = statement.format(n=number + 20_000, s=f"t{number}")
        cold.append(measured(lambda sql=first: front(session, sql)))
        warm.append(measured(lambda sql=later: front(session, sql)))
        text = session._executor.text.translated(later).sql  # noqa: SLF001
        word = "DESCRIBE " if text.lstrip()[:6].upper() in {"SELECT", "WITH B"} else "PREPARE q AS "
        bind.append(measured(lambda sql=word + text: cursor.execute(sql)))
    return statistics.median(cold), statistics.median(warm), statistics.median(bind)


def main() -> int:
    """Print a line a figure, and a summary."""
    short = 0
    worst = {"cold": 0.0, "warm": 0.0}
    with tempfile.TemporaryDirectory() as folder, vesto.connect(Path(folder) / "shop") as session:
        session.execute(TABLES)
        for name, statement in STATEMENTS.items():
            figures(session, statement)
            cold, warm, bind = figures(session, statement)
            print(f"# {name}: cold {cold:.0f} us, warm {warm:.0f} us, DuckDB's bind {bind:.0f} us")
            for kind, value in (("cold", cold / bind), ("warm", warm / bind)):
                ok = value <= REACH[kind]
                short += not ok
                worst[kind] = max(worst[kind], value)
                label = f"{kind}_{name.replace(' ', '_')}"
                print(f"{label} {value:.3f} {REACH[kind]} {AIM[kind]} {'ok' if ok else 'short'}")
    print(
        f"worst: cold {worst['cold']:.2f}x, warm {worst['warm']:.2f}x of DuckDB's bind; {short} short"
    )
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())

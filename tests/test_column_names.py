"""Columns without a name of their own are called as PostgreSQL calls them, given names fold."""

from __future__ import annotations

import pytest

import vesto

NAMES = {
    "SELECT count(*), SUM(a), AVG(b), Max(c) FROM points": ["count", "sum", "avg", "max"],
    'SELECT a AS Total, b "Total", A, points.B, * FROM (SELECT a, b FROM points) points': [
        "total", "Total", "a", "b", "a", "b",
    ],
    "SELECT a::varchar, CAST(b + 1 AS int), '2024-01-01'::date FROM points": ["a", "int", "date"],
    "SELECT 1, 'x', a + 1, -a, NOT c, NULL, (a) FROM points": [
        "?column?", "?column?", "?column?", "?column?", "?column?", "?column?", "a",
    ],
    "SELECT CASE WHEN c THEN 1 END, NVL(a, 1), DECODE(a, 1, 2) FROM points": ["case", "coalesce", "case"],
    "SELECT GETDATE(), DATEADD(day, 1, GETDATE()), TO_CHAR(GETDATE(), 'YYYY'), DATE_PART(year, GETDATE())": [
        "getdate", "dateadd", "to_char", "date_part",
    ],
    "SELECT ROW_NUMBER() OVER (ORDER BY a), AVG(a) OVER (), LISTAGG(a::varchar) WITHIN GROUP (ORDER BY a) OVER () FROM points": [
        "row_number", "avg", "listagg",
    ],
    "SELECT (SELECT MAX(a) FROM points), UPPER('x'), Lower('X') AS LOW": ["max", "upper", "low"],
    "WITH w AS (SELECT COUNT(*) FROM points) SELECT w.count FROM w": ["count"],
    "SELECT COUNT FROM (SELECT COUNT(*) FROM points)": ["count"],
}  # fmt: skip


@pytest.mark.parametrize(("sql", "names"), NAMES.items(), ids=NAMES.keys())
def test_a_column_is_called_as_in_postgresql(
    session: vesto.Session, sql: str, names: list[str]
) -> None:
    assert session.execute(sql).columns == names


def test_the_names_are_those_of_tables_and_views_made_of_the_query(session: vesto.Session) -> None:
    session.execute("CREATE TABLE made AS SELECT COUNT(*), AVG(a) AS Mean FROM points")
    session.execute("CREATE VIEW seen AS SELECT MAX(a) FROM points")
    assert session.execute("SELECT * FROM made").columns == ["count", "mean"]
    assert session.execute("SELECT max FROM seen").columns == ["max"]

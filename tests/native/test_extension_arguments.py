"""Every SQL type as an argument of the DuckDB extension's functions, against the reference scorer."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from extension_support import NULL_VALUE, Saved, ask, churn, mistake, regression, save

from vesto.programs import reference
from vesto.programs.program import Program

# DuckDB 1.4 tells an extension nothing of this type.
IS_1_4 = duckdb.__version__.startswith("1.4.")
NANOSECONDS = () if IS_1_4 else (("time", "TIME_NS", ["'12:34:56.789012345'"]),)

# The input's type, DuckDB's type, and values that are cast to it.
ACCEPTED = (
    ("bool", "BOOLEAN", ["true", "false"]),
    ("int2", "TINYINT", ["-128", "127"]),
    ("int8", "UTINYINT", ["0", "255"]),
    ("int2", "SMALLINT", ["-32768", "32767"]),
    ("int4", "USMALLINT", ["0", "65535"]),
    ("int4", "INTEGER", ["-2147483648", "2147483647"]),
    ("int8", "UINTEGER", ["0", "4294967295"]),
    ("int8", "BIGINT", ["-9223372036854775808", "9223372036854775807", "9007199254740993"]),
    ("int2", "BIGINT", ["-9223372036854775808", "9223372036854775807"]),
    ("float8", "UBIGINT", ["0", "18446744073709551615", "9007199254740993"]),
    ("float8", "HUGEINT", ["-1", "0", "12345678901234567890123456789", "-98765432109876543210"]),
    ("numeric", "UHUGEINT", ["0", "12345678901234567890123456789"]),
    ("float4", "FLOAT", ["-1.5", "1e-40", "3.4e38", "'nan'", "'inf'"]),
    ("float8", "DOUBLE", ["-0.0", "5e-324", "1.7e308", "'nan'", "'-inf'", "0.1"]),
    ("float8", "INTEGER", ["-7", "2147483647"]),
    ("float4", "DECIMAL(4,1)", ["-999.9", "0.1"]),
    ("numeric", "DECIMAL(9,3)", ["-999999.999", "0.007"]),
    ("float8", "DECIMAL(18,17)", ["0.1", "-9.12345678901234567"]),
    ("numeric", "DECIMAL(38,20)", ["0.1", "-123456789012345678.12345678901234567890"]),
    ("numeric", "DOUBLE", ["0.1", "-2.5"]),
    ("varchar", "VARCHAR", ["'a'", "'blue  '", "'green'", "''", "'é'", "'longer than twelve bytes'"]),
    ("bpchar", "VARCHAR", ["'a '", "'blue'"]),
    ("varchar", "ENUM('blue', 'other', 'a ')", ["'a '", "'blue'", "'other'"]),
    ("varchar", "BIGINT", ["1", "-42"]),
    ("varchar", "UTINYINT", ["1", "255"]),
    ("varchar", "UUID", ["'a63e4567-e89b-12d3-a456-426614174000'"]),
    ("varchar", "JSON", ["'\"a\"'", "'{}'"]),
    ("date", "DATE", ["'1970-01-01'", "'-infinity'", "'0001-01-01 (BC)'", "'2262-04-12'"]),
    ("time", "TIME", ["'00:00:00'", "'24:00:00'", "'12:34:56.789012'"]),
    *NANOSECONDS,
    ("timestamp", "TIMESTAMP", ["'1969-12-31 23:59:59.999999'", "'infinity'", "'2024-02-29'"]),
    ("timestamp", "TIMESTAMP_S", ["'1969-12-31 23:59:59'", "'2024-02-29'"]),
    ("timestamp", "TIMESTAMP_MS", ["'1969-12-31 23:59:59.999'", "'2024-02-29'"]),
    ("timestamp", "TIMESTAMP_NS", ["'1969-12-31 23:59:59.999999999'", "'2024-02-29'"]),
    ("timestamp", "DATE", ["'1969-12-31'", "'2024-02-29'"]),
    ("timestamptz", "TIMESTAMPTZ", ["'1969-12-31 23:59:59.999999+00'", "'2024-02-29 12:00:00+00'"]),
    ("timestamptz", "TIMESTAMP", ["'2024-02-29 12:00:00'"]),
)  # fmt: skip

REFUSED = (
    ("float8", "'1'::VARCHAR", "varchar"),
    ("float8", "true", "bool"),
    ("int4", "1.5", "numeric"),
    ("int8", "1::HUGEINT", "numeric"),
    ("int4", "1::UBIGINT", "numeric"),
    ("bool", "1", "int4"),
    ("varchar", "1.5", "numeric"),
    ("varchar", "true", "bool"),
    ("varchar", "'a'::BLOB", "varbyte"),
    ("varchar", "'101'::BIT", "varbyte"),
    ("varchar", "['a']", "super"),
    ("varchar", "{'a': 1}", "super"),
    ("varchar", "MAP {'a': 1}", "super"),
    ("varchar", "[1, 2]::INTEGER[2]", "super"),
    ("varchar", "union_value(a := 1)", "super"),
    ("time", "INTERVAL 1 DAY", "interval"),
    ("date", "now()::TIMESTAMP", "timestamp"),
    ("timestamp", "TIME '10:00'", "time"),
    ("float8", "DATE '2024-01-01'", "date"),
    ("date", "'2024-01-01'", "varchar"),
    ("float8", "1::BIGNUM", "foreign"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("images")


def column(values: str) -> pa.Array:
    """A query's column ``x`` as DuckDB hands it to a Python function today."""
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        table = database.sql(values).to_arrow_table()
    return table["x"].combine_chunks()


def rows_of(kind: str, values: list[str]) -> str:
    listed = ", ".join([*values, "NULL", values[0]])
    return f"SELECT unnest([{listed}]::{kind}[]) AS x"


def predictions(program: Program, values: str) -> list[float]:
    # DuckDB 1.4 hands over unsigned 128-bit numbers as bytes.
    plain = f"SELECT x::DECIMAL(38, 0) AS x FROM ({values})" if "UHUGEINT" in values else values
    scored: list[float] = reference.score(program, [column(plain)]).to_pylist()
    return scored


def test_every_type_is_read_as_the_reference_reads_it(folder: Path) -> None:
    saved = [save(regression(kind=kind), folder) for kind, _, _ in ACCEPTED]
    sources = [rows_of(kind, values) for _, kind, values in ACCEPTED]
    questions = [
        f"SELECT {item.call('x')} FROM ({source})"
        for item, source in zip(saved, sources, strict=True)
    ]
    answers = ask("SET TimeZone = 'UTC'", *(item.register for item in saved), *questions)
    for case, item, source, answer in zip(
        ACCEPTED, saved, sources, answers[1 + len(saved) :], strict=True
    ):
        assert isinstance(answer, list), (case, answer)
        expected = predictions(item.program, source)
        assert [row[0] for row in answer] == expected, case
        assert NULL_VALUE in expected, case


def test_a_time_with_time_zone_counts_by_its_clock(folder: Path) -> None:
    saved = save(regression(kind="timetz"), folder)
    source = "(VALUES ('10:00:00.5+02'::TIMETZ), ('23:59:59-11:30'::TIMETZ), (NULL)) t(x)"
    _, rows = ask(saved.register, f"SELECT {saved.call('x')} FROM {source}")
    assert rows == [[36000.5], [86399.0], [NULL_VALUE]]


def test_a_type_without_a_number_is_refused_when_a_row_comes(folder: Path) -> None:
    saved = save(regression(kind="time"), folder)
    _, answer = ask(
        saved.register, f"SELECT {saved.call(chr(39) + '10:00' + chr(39) + '::TIME_NS')}"
    )
    if IS_1_4:
        assert mistake(answer).message == "argument 1 has a type that a model cannot read"
    else:
        assert answer == [[36000.0]]


def test_types_that_do_not_convert_are_refused(folder: Path) -> None:
    saved = [save(regression(kind=kind), folder) for kind, _, _ in REFUSED]
    questions = [
        f"SELECT {item.call(value)}" for item, (_, value, _) in zip(saved, REFUSED, strict=True)
    ]
    answers = ask(*(item.register for item in saved), *questions)
    for (kind, value, given), answer in zip(REFUSED, answers[len(saved) :], strict=True):
        error = mistake(answer)
        message = f'argument 1 "x" has the type {given}, not {kind}'
        assert (error.sqlstate, error.message) == ("42883", message), value


def test_an_enum_has_codes_of_any_width(folder: Path) -> None:
    saved = save(regression(kind="varchar"), folder)
    words = [f"word {place}" for place in range(70_000)]
    words[300], words[69_999] = "blue", "green"
    listed = ", ".join(f"'{word}'" for word in words)
    two = ", ".join(f"'{word}'" for word in words[:400])
    query = (
        f"SELECT {saved.call('x')} FROM (SELECT unnest(['blue', NULL, '{{}}', 'word 5']::{{}}[]) x)"
    )
    answers = ask(
        saved.register,
        f"CREATE TYPE two_bytes AS ENUM ({two})",
        f"CREATE TYPE four_bytes AS ENUM ({listed})",
        query.format("word 6", "two_bytes"),
        query.format("green", "four_bytes"),
    )
    assert answers[3:] == [
        [[2.0], [NULL_VALUE], [-1.0], [-1.0]],
        [[2.0], [NULL_VALUE], [3.0], [-1.0]],
    ]


def test_a_bare_null_is_a_missing_value(folder: Path) -> None:
    saved = [save(regression(kind=kind), folder) for kind in ("float8", "varchar", "date", "bool")]
    answers = ask(*(item.register for item in saved), *(f"SELECT {s.call('NULL')}" for s in saved))
    assert answers[4:] == [[[NULL_VALUE]]] * 4


# --- Parameters of prepared statements --------------------------------------------------------


def test_parameters_get_their_types_when_the_statement_runs(folder: Path) -> None:
    saved = save(churn(), folder)
    call = saved.call("$1", "$2")
    answers = ask(
        saved.register,
        f"PREPARE p AS SELECT {call}",
        "EXECUTE p('NY', 9.5)",
        "EXECUTE p('CA', 1::SMALLINT)",
        "EXECUTE p(NULL, NULL)",
        "EXECUTE p('NY', 1e300)",
        "EXECUTE p(1, 'x')",
        "EXECUTE p('NY', 9.5)",
        (f"SELECT {saved.call('?', '?')}", ["NY", 9.5]),
        (f"SELECT {saved.call('?', '?')}", [None, 9]),
        (f"SELECT {saved.call('?', '?')}", ["NY", [1]]),
    )
    yes, no = [["True."]], [["False."]]
    assert answers[2:6] == [yes, no, no, yes]
    assert mistake(answers[6]).message == 'argument 2 "charge" has the type varchar, not float8'
    assert answers[7:10] == [yes, yes, no]
    assert mistake(answers[10]).sqlstate == "42883"


def test_a_parameter_never_gives_the_prediction_of_another_program(folder: Path) -> None:
    one, other = save(regression(add=1.0), folder), save(regression(add=2.0), folder)
    answers = ask(
        one.register,
        other.register,
        "PREPARE p AS SELECT vesto_predict_float8($1, 0.5)",
        f"EXECUTE p({one.name!r})",
        f"EXECUTE p({other.name!r})",
        ("SELECT vesto_predict_float8(?, 0.5)", [one.name]),
        ("SELECT vesto_predict_float8(?, 0.5)", [other.name]),
    )
    for answer, right in zip(answers[3:], (1.5, 2.5, 1.5, 2.5), strict=True):
        assert answer == [[right]] or "error" in answer


# --- How vectors come -------------------------------------------------------------------------


SCATTERED = """
CREATE TABLE facts AS SELECT i AS id, i % 7 AS link, (i % 1000) / 8.0 AS x,
CASE WHEN i % 3 > 0 THEN ['NY', 'CA', 'somewhere far away'][i % 3 + 1] END AS state
FROM range(30000) t(i)
"""


@pytest.mark.parametrize(
    "source",
    [
        "SELECT id, state, x FROM facts",
        "SELECT id, 'NY' AS state, x FROM facts",
        "SELECT id, state, NULL AS x FROM facts",
        "SELECT id, state, 9.0 AS x FROM facts",
        "SELECT id, 'CA' AS state, 9.0 AS x FROM facts",
        "SELECT id, state, x FROM facts WHERE id % 5 = 2",
        "SELECT id, state, x FROM facts WHERE x > 3 AND state IS NOT NULL LIMIT 4999 OFFSET 100",
        "SELECT f.id, d.state, f.x FROM facts f JOIN (SELECT id, state FROM facts LIMIT 7) d ON f.link = d.id",
        "SELECT f.id, d.state, d.x FROM facts f LEFT JOIN (FROM facts WHERE id < 3) d ON f.link = d.id",
        "SELECT id, state, lag(x) OVER (ORDER BY id) AS x FROM facts",
        "SELECT id, state, x FROM facts WHERE false",
        "SELECT id, state::ENUM('CA', 'NY', 'somewhere far away') AS state, x FROM facts",
    ],
)
def test_vectors_of_every_form(folder: Path, source: str) -> None:
    saved = save(churn(), folder)
    query = f"SELECT id, CAST(state AS VARCHAR), CAST(x AS DOUBLE), {saved.call('state', 'x')} "
    query += f"FROM ({source})"
    _, _, rows = ask(saved.register, SCATTERED, query)
    columns = [pa.array([row[1] for row in rows], pa.string())]
    columns.append(pa.array([row[2] for row in rows], pa.float64()))
    assert [row[3] for row in rows] == reference.score(saved.program, columns).to_pylist()


# --- Copies of bound expressions --------------------------------------------------------------


def plans(saved: Saved) -> list[str]:
    """Statements that make the planner copy a call, each with one number or row set."""
    call = saved.call("x")
    return [
        f"SELECT sum(y) FROM (SELECT {call} AS y FROM n)",
        "SELECT sum(y) FROM seen",
        "SELECT sum(y) FROM (SELECT y FROM seen WHERE y >= 1 UNION ALL SELECT y FROM seen WHERE y < 1)",
        f"WITH c AS MATERIALIZED (SELECT {call} AS y FROM n) SELECT sum(a.y) FROM c a JOIN c b ON a.y = b.y",
        f"WITH c AS NOT MATERIALIZED (SELECT {call} AS y, x FROM n) SELECT sum(a.y) FROM c a JOIN c b USING (x)",
        f"SELECT sum(y) FROM (SELECT {call} AS y FROM n GROUP BY {call})",
        f"SELECT sum(y) FROM (SELECT {call} AS y, count(*) FROM n GROUP BY ALL HAVING {call} >= 0.5)",
        f"SELECT sum({call}) FROM n WHERE {call} BETWEEN 0.5 AND 1e9",
        f"SELECT sum(y) FROM (SELECT max({call}) OVER (PARTITION BY {call}) AS y FROM n ORDER BY {call})",
        f"SELECT sum((SELECT {call})) FROM n",
        f"SELECT sum(list_sum(list_transform([x], lambda z: {saved.call('z')}))) FROM n",
        f"SELECT sum(CASE WHEN {call} > 100 THEN {call} ELSE {call} END) FROM n",
        "EXECUTE again",
        "EXECUTE again",
        "SELECT sum(y) FROM kept",
    ]


def test_copies_of_a_call_keep_their_program(folder: Path) -> None:
    saved = save(regression(add=0.5), folder)
    call = saved.call("x")
    before = [
        saved.register,
        "CREATE TABLE n AS SELECT i::DOUBLE AS x FROM range(20000) t(i)",
        f"CREATE VIEW seen AS SELECT {call} AS y, x FROM n",
        f"CREATE MACRO f(x) AS {call}",
        "PREPARE again AS SELECT sum(f(x)) FROM n",
        "CREATE TABLE kept AS SELECT x, f(x) AS y FROM n WHERE f(x) > 0",
    ]
    answers = ask(*before, *plans(saved))
    right = sum(range(20000)) + 0.5 * 20000
    for plan, answer in zip(plans(saved), answers[len(before) :], strict=True):
        assert answer == [[right]], plan


def test_a_generated_or_default_column_can_predict(folder: Path) -> None:
    saved = save(regression(add=0.5), folder)
    answers = ask(
        saved.register,
        f"CREATE TABLE g (x DOUBLE, y DOUBLE AS ({saved.call('x')}))",
        "INSERT INTO g VALUES (1), (NULL)",
        "SELECT y FROM g",
        f"UPDATE g SET x = {saved.call('x')} WHERE {saved.call('x')} < 100",
        "SELECT y FROM g",
    )
    assert answers[3] == [[1.5], [NULL_VALUE + 0.5]]
    assert answers[5] == [[2.0], [NULL_VALUE + 0.5]]

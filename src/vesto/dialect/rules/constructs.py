"""Syntax that is translated, and where results differ from Redshift's: what the manual lists."""

from __future__ import annotations

from typing import Final

# Read by sqlglot or by us, and said to the engine in its own words.
TRANSLATED: Final = {
    "`a / b`, `a % b`": "integers divide to integers; a divisor of zero is 22012",
    "`x::type`, `CAST`, `CONVERT`": "text to numbers, dates in Redshift's formats; VARCHAR(n) cuts at n bytes",
    "lateral aliases": "known later in the list, in WHERE, GROUP BY, HAVING and QUALIFY; a column goes before one",
    "derived tables without an alias": "as they are",
    "columns without a name": "called as in PostgreSQL: the function, the inner name of a cast, `?column?`; names fold to lower case",
    "`TOP n`, `LIMIT ALL`, `MINUS`": "LIMIT n, no limit, EXCEPT",
    "`ORDER BY`": "NULLs last where ascending, first where descending",
    "`QUALIFY`, `PIVOT`, `UNPIVOT`, `WITH RECURSIVE`": "as they are",
    "`(+)`": "outer joins, where every column has its table",
    "`a.b[0].c`, `a['b']`": "a path into a SUPER value; a key without quotes folds to lower case",
    "`FROM t, t.items AS i AT n`": "the elements of a SUPER array, with their places from 0",
    "`FROM t, UNPIVOT t.object AS v AT k`": "the attributes of a SUPER object",
    "SUPER beside other types": "takes the other's type in comparisons, `||` and arithmetic",
    "`SIMILAR TO`": "a regular expression that must match everything",
    "`LIKE`, `ILIKE`": "a backslash escapes unless ESCAPE names another character",
    "`'It\\'s'`, `$$text$$`": "strings with backslashes, and in dollars",
    "`#name`": "a temporary table",
    "`SELECT ... INTO t`": "CREATE TABLE t AS SELECT ...",
    "`DELETE t`, `MERGE ... INSERT VALUES`": "with the words that the engine wants",
    "`EXTRACT(part FROM x)`": "every part and spelling of Redshift's manual",
    "`APPROXIMATE COUNT(DISTINCT x)`, `APPROXIMATE PERCENTILE_DISC`": "the engine's sketches",
}
DIFFERENCES: Final = {
    "`DECIMAL / DECIMAL`": "gives DOUBLE PRECISION, not a DECIMAL of a computed scale",
    "`SUM` of integers": "gives NUMERIC(38,0), which does not overflow where BIGINT would",
    "`AVG` of DECIMAL": "gives DOUBLE PRECISION, not a DECIMAL of the argument's scale",
    "`AVG` of an aggregate of integers, as `AVG(SUM(a)) OVER ()`": "keeps its fraction",
    "`s.a + 1` where `s` is SUPER": "gives DOUBLE PRECISION, not SUPER",
    "CHAR(n)": "is not padded with blanks",
    "SQL functions": "take arguments that can be cast to their types, not only those that convert by themselves",
    "`COPY`": "reads one file after the other; AVRO, ORC and FIXEDWIDTH are refused",
    "`UNLOAD`": "writes one file, or one for each partition, whatever MAXFILESIZE says",
    "`a # b`, `CRC32`": "are not there",
    "`ALTER TABLE ... RENAME`, `DROP COLUMN`": "do not ask whether views read the table; such a view fails when it is read",
    "PRIMARY KEY, UNIQUE, FOREIGN KEY": "are informational, as in Redshift; NOT NULL is enforced",
}
PLAIN: Final = {
    "SELECT": "queries, with everything above",
    "INSERT": "of VALUES and of queries",
    "UPDATE": "with FROM and WITH",
    "DELETE": "with USING",
    "MERGE": "with WHEN MATCHED and WHEN NOT MATCHED",
    "TRUNCATE": "removes all rows",
    "CREATE SCHEMA": "with IF NOT EXISTS",
    "EXPLAIN": "the engine's plan of what a statement becomes",
    "BEGIN, START TRANSACTION, COMMIT, END, ROLLBACK, ABORT": "transactions",
}

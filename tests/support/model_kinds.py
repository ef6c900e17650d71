"""Every kind of model that a statement can train, and tables of every type to train and ask it."""

from __future__ import annotations

from dataclasses import dataclass

AUTO_OFF = (
    "AUTO OFF MODEL_TYPE XGBOOST OBJECTIVE '{}' PREPROCESSORS 'none' "
    "HYPERPARAMETERS DEFAULT EXCEPT (NUM_ROUND '12'{})"
)
ONE_TRIAL = "SETTINGS (MAX_RUNTIME 600, MAX_TRIALS 1)"


@dataclass(frozen=True, slots=True)
class Column:
    """A feature column: its type, an ordinary value for row i, and values at the edge."""

    type: str
    ordinary: str
    edges: tuple[str, ...]


_MOMENTS = ("'0001-01-01'", "'9999-12-31'", "'1970-01-01'")
NUMBERS = {
    "select": Column("int2", "i % 11", ("0", "32767", "-32768")),
    "Größe": Column("int4", "i * 37 % 101", ("2147483647", "-2147483648")),
    'say "so"': Column("int8", "i * 7919 % 1009", ("9223372036854775807", "-9223372036854775808")),
    "a.b": Column("decimal(18,3)", "(i % 50) / 4.0", ("999999999999999.999", "-0.001")),
    " x ": Column("float4", "i % 13", ("'nan'", "'inf'", "'-inf'", "3.4e38", "1e-45")),
    "default": Column(
        "float8", "sin(i)", ("'nan'", "'inf'", "'-inf'", "1.7e308", "-0.0::float8", "'5e-324'")
    ),
    "flag": Column("bool", "i % 3 = 0", ("true", "false")),
}
OTHERS = {
    "Wort": Column(
        "varchar(5000)", "CASE i % 4 WHEN 0 THEN 'red' WHEN 1 THEN 'green ' ELSE 'blau' END",
        ("''", "' '", "'red   '", "'purple'", "'NULL'", "'\U0001f600'", f"'{'x' * 5000}'", "'1e9'"),
    ),
    "code": Column("char(3)", "'c' || i % 5", ("''", "'c1 '", "'zzz'")),
    "from": Column("date", "date '2020-01-01' + (i % 400)::int", _MOMENTS),
    "time": Column("time", "time '00:00:00' + INTERVAL (i % 1400) MINUTE", ("'23:59:59.999999'",)),
    "moment": Column(
        "timestamp", "timestamp '2020-01-01' + INTERVAL (i * 7) HOUR",
        ("'0001-01-01 00:00:00'", "'9999-12-31 23:59:59'", "'1969-12-31 23:59:59.999999'"),
    ),
    "zone": Column(
        "timestamptz", "timestamptz '2020-01-01 00:00:00+00' + INTERVAL (i * 5) HOUR",
        ("'0001-01-02 00:00:00+00'", "'9999-12-30 23:59:59+00'"),
    ),
}  # fmt: skip
TARGETS = {
    "answer": "CASE WHEN (i * 37 % 101) + 5 * (i % 11) > 70 THEN 'True.' ELSE 'False.' END",
    "kind": "(i * 37 % 101) // 34 * 10",
    "amount": "(i * 37 % 101) / 3.0::float8 + i % 11",
    "degree": "(i * 37 % 101) // 26",
}
ROWS = 600


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to train: which target, what follows FUNCTION, whether it takes numbers only."""

    clauses: str
    target: str = ""
    numbers_only: bool = False

    @property
    def columns(self) -> dict[str, Column]:
        """Its features by name."""
        return NUMBERS if self.numbers_only else NUMBERS | OTHERS

    @property
    def has_classes(self) -> bool:
        """Whether it gives probabilities."""
        return self.target in {"answer", "kind"}


KINDS = {
    "number": Kind(AUTO_OFF.format("reg:squarederror", ""), "amount", numbers_only=True),
    "two classes": Kind(AUTO_OFF.format("binary:logistic", ""), "answer", numbers_only=True),
    "classes": Kind(AUTO_OFF.format("multi:softmax", ", NUM_CLASS '3'"), "kind", numbers_only=True),
    "pairwise": Kind(AUTO_OFF.format("rank:pairwise", ""), "degree", numbers_only=True),
    "ndcg": Kind(AUTO_OFF.format("rank:ndcg", ""), "degree", numbers_only=True),
    "kmeans": Kind(
        "AUTO OFF MODEL_TYPE KMEANS PREPROCESSORS "
        """'[{"ColumnSet": ["*"], "Transformers": ["StandardScaler"]}]' """
        "HYPERPARAMETERS DEFAULT EXCEPT (K '4')",
        numbers_only=True,
    ),
    "xgboost": Kind(f"MODEL_TYPE XGBOOST {ONE_TRIAL}", "answer"),
    "linear": Kind(f"MODEL_TYPE LINEAR_LEARNER {ONE_TRIAL}", "kind"),
    "network": Kind(f"MODEL_TYPE MLP {ONE_TRIAL}", "answer"),
    "auto": Kind("AUTO ON SETTINGS (MAX_RUNTIME 600, MAX_TRIALS 2)", "amount"),
}


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def training_table() -> str:
    """Makes ``everything``: a column of every type and every target; each ninth value is NULL."""
    features = [
        f"CASE WHEN (i * {place + 7}) % 9 = 0 THEN NULL ELSE {column.ordinary} END"
        f"::{column.type} AS {quoted(name)}"
        for place, (name, column) in enumerate((NUMBERS | OTHERS).items())
    ]
    targets = [f"{formula} AS {name}" for name, formula in TARGETS.items()]
    listed = ", ".join([*features, *targets])
    return f"CREATE TABLE everything AS SELECT i AS id, {listed} FROM range({ROWS}) t(i)"


def strange_rows() -> list[str]:
    """Makes and fills ``strange``: ordinary rows with one value at the edge or NULL, rows of nothing else."""
    columns = NUMBERS | OTHERS
    listed = ", ".join(f"{quoted(name)} {column.type}" for name, column in columns.items())
    made = [f"CREATE TABLE strange (id INT, {listed})"]
    ordinary = [f"({column.ordinary})::{column.type}" for column in columns.values()]
    edges = [
        (place, value)
        for place, column in enumerate(columns.values())
        for value in ("NULL", *column.edges)
    ]
    widest = max(len(column.edges) for column in columns.values())
    rows = [_replaced(ordinary, {place: value}) for place, value in edges]
    rows.append(["NULL"] * len(ordinary))
    rows += [
        [column.edges[turn % len(column.edges)] for column in columns.values()]
        for turn in range(widest)
    ]
    made += [
        f"INSERT INTO strange SELECT {number}, {', '.join(row)} FROM range({number}, {number + 1}) t(i)"
        for number, row in enumerate(rows)
    ]
    return made


def _replaced(values: list[str], at: dict[int, str]) -> list[str]:
    return [at.get(place, value) for place, value in enumerate(values)]

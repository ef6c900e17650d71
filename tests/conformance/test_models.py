"""What every kind of model promises, from the statement to the answer: one suite over all of them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from model_kinds import KINDS, ROWS, Kind, quoted, strange_rows, training_table

import vesto

# Twenty models are trained before the first test.
pytestmark = pytest.mark.timeout(900)
Rows = list[tuple[object, ...]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed warehouse with two models of each kind, trained alike, and rows to ask them."""
    path = tmp_path_factory.mktemp("kinds") / "shop"
    with vesto.connect(path, wait=False) as session:
        session.execute(training_table())
        for statement in strange_rows():
            session.execute(statement)
        for name, kind in KINDS.items():
            for model in (name, f"{name} again"):
                session.execute(create(model, kind, "everything"))
            for model in (name, f"{name} again"):
                session.execute(f"WAIT FOR MODEL {quoted(model)}")
    return path


@pytest.fixture(scope="module")
def shop(place: Path, slow_answers: dict[str, Rows]) -> Iterator[vesto.Session]:
    del slow_answers  # first: one warehouse is open at a time
    with vesto.connect(place) as session:
        yield session


@pytest.fixture(scope="module")
def slow_answers(place: Path) -> dict[str, Rows]:
    """What the reference scorer answers to every row."""
    with vesto.connect(place, settings={"native": "off"}) as session:
        return {name: answers(session, name) for name in KINDS}


def create(name: str, kind: Kind, table: str) -> str:
    features = [quoted(column) for column in kind.columns]
    listed = ", ".join([*features, *([kind.target] if kind.target else [])])
    target = f"TARGET {kind.target} " if kind.target else ""
    return (
        f"CREATE MODEL {quoted(name)} FROM (SELECT {listed} FROM {table}) {target}"
        f"FUNCTION {quoted('of ' + name)} {kind.clauses}"
    )


def call(name: str, suffix: str = "") -> str:
    """The call of a model's function with the columns of a table."""
    listed = ", ".join(quoted(column) for column in KINDS[name].columns)
    return f"{quoted(f'of {name}{suffix}')}({listed})"


def answers(session: vesto.Session, name: str, among: str = "") -> Rows:
    """Predictions, and probabilities where there are any, of ordinary and strange rows."""
    more = f", {call(name, '_prob')}::varchar" if KINDS[name].has_classes else ", NULL"
    return [
        row
        for table in ("everything", "strange")
        for row in session.execute(
            f"SELECT id, {call(name)} AS y{more} AS p FROM {table} {among} ORDER BY id"
        ).rows()
    ]


def program(session: vesto.Session, name: str) -> str:
    outcome = session.model(quoted(name)).outcome
    assert outcome is not None
    return outcome.program


@pytest.mark.parametrize("name", KINDS)
class TestEveryKind:
    def test_the_same_rows_and_seed_give_the_same_program(
        self, shop: vesto.Session, name: str
    ) -> None:
        assert len(program(shop, name)) == 64
        assert program(shop, name) == program(shop, f"{name} again")

    def test_compiled_and_reference_give_the_same_answers(
        self, shop: vesto.Session, slow_answers: dict[str, Rows], name: str
    ) -> None:
        found = answers(shop, name)
        assert [row[:2] for row in found] == [row[:2] for row in slow_answers[name]]
        for quick, slow in zip(found, slow_answers[name], strict=True):
            if KINDS[name].has_classes:
                one, two = (json.loads(str(row[2])) for row in (quick, slow))
                assert one["labels"] == two["labels"], quick[0]
                assert one["probabilities"] == pytest.approx(two["probabilities"], rel=1e-12)

    def test_whatever_is_asked_there_is_an_answer(self, shop: vesto.Session, name: str) -> None:
        """NULL or a value at the edge in each column in turn, in all of them, words never seen."""
        found = answers(shop, name)
        assert len(found) > ROWS + 25
        known = {row[1] for row in found[:ROWS]}
        for _, value, document in found:
            if KINDS[name].has_classes:
                assert value in known
                shares = json.loads(str(document))["probabilities"]
                assert sum(shares) == pytest.approx(1)
                assert shares == sorted(shares, reverse=True)
            elif name == "kmeans":
                assert value in range(4)
            else:
                assert isinstance(value, float)
                assert math.isfinite(value)

    def test_a_row_alone_has_the_answer_that_it_has_among_others(
        self, shop: vesto.Session, name: str
    ) -> None:
        for row in answers(shop, name)[:: ROWS // 12]:
            assert row in answers(shop, name, f"WHERE id = {row[0]}")

    def test_no_rows_give_no_rows_of_the_same_type(self, shop: vesto.Session, name: str) -> None:
        sql = f"SELECT {call(name)} AS y FROM everything WHERE id {{}} 0"
        nothing, one = (shop.execute(sql.format(sign)).arrow() for sign in ("<", "="))
        assert (len(nothing), len(one)) == (0, 1)
        assert nothing.schema == one.schema

    def test_other_types_than_at_training_are_cast(self, shop: vesto.Session, name: str) -> None:
        cast = {"int2": "int8", "int4": "int2", "int8": "int8", "decimal(18,3)": "float8",
                "float4": "float8", "float8": "decimal(18,6)", "varchar(5000)": "char(20)",
                "char(3)": "varchar(9)", "timestamp": "timestamp"}  # fmt: skip
        columns = KINDS[name].columns
        given = ", ".join(
            f"{quoted(column)}::{cast.get(kind.type, kind.type)}"
            for column, kind in columns.items()
        )
        back = ", ".join(
            f"{quoted(column)}::{cast.get(kind.type, kind.type)}::{kind.type} AS {quoted(column)}"
            for column, kind in columns.items()
        )
        other = f"SELECT {quoted('of ' + name)}({given}) FROM everything ORDER BY id"
        same = f"SELECT {call(name)} FROM (SELECT id, {back} FROM everything) ORDER BY id"
        assert shop.execute(other).rows() == shop.execute(same).rows()

    def test_what_cannot_be_cast_is_refused_with_the_columns_name(
        self, shop: vesto.Session, name: str
    ) -> None:
        nulls = ", NULL" * (len(KINDS[name].columns) - 1)
        with pytest.raises(vesto.VestoError, match='argument 1 "select"') as caught:
            shop.execute(f"SELECT {quoted('of ' + name)}(date '2024-01-01'{nulls})").rows()
        assert caught.value.sqlstate == "42883"

    def test_arguments_go_by_names_that_need_quotes(self, shop: vesto.Session, name: str) -> None:
        listed = reversed(list(KINDS[name].columns))
        by_name = ", ".join(f"{quoted(column)} => {quoted(column)}" for column in listed)
        sql = f"SELECT count(*) FROM everything WHERE {call(name)} = {quoted('of ' + name)}({by_name})"
        assert shop.execute(sql).rows() == [(ROWS,)]

    @pytest.mark.parametrize("rows", [0, 1])
    def test_too_few_rows_to_learn_from_are_refused_and_leave_nothing(
        self, shop: vesto.Session, name: str, rows: int
    ) -> None:
        with pytest.raises(vesto.VestoError, match=f"{rows} rows?") as caught:
            shop.execute(create("few", KINDS[name], f"everything WHERE id < {rows}"))
        assert caught.value.sqlstate == "22000"
        assert "minimum_rows" in caught.value.hint
        assert ("public", "few") not in shop.execute("SHOW MODEL ALL").rows()

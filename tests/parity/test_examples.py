"""Every example set: the program, SQL over it and the training library agree."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from tests_support import EXAMPLES

from vesto.algorithms import ALGORITHMS, Fitted, Matrix
from vesto.catalog.records import Parameter
from vesto.dialect.names import quoted
from vesto.engines import ENGINES, Column, Connection, Engine, Function
from vesto.programs import storage
from vesto.programs.bodies import Body
from vesto.programs.program import Input, Program, label_output, value_output
from vesto.programs.reference import features, margins, score
from vesto.settings import Settings
from vesto.training.columns import read_features
from vesto.training.encoding import Columns, Encoding, Style, encode
from vesto.training.target import Target, read_target
from vesto.types import BY_NAME, from_arrow

TARGETS = {
    "telecom_churn": "churn", "abalone": "rings", "bank_marketing": "deposit",
    "adult_income": "income", "california_housing": "median_house_value",
    "wine_quality": "quality", "titanic": "survived", "steel_plates_faults": "failure_type",
    "bike_sharing_hour": "cnt", "insurance_charges": "charges", "german_credit": "credit_risk",
    "hotel_bookings": "is_canceled", "loans": "interest_rate", "caravan_insurance": "purchase",
}  # fmt: skip
ROWS = 1200


@dataclass(frozen=True, eq=False)
class Example:
    """A set as training sees it."""

    name: str
    table: pa.Table
    parameters: tuple[Parameter, ...]
    columns: Columns
    target: Target

    def encoded(self, style: Style) -> Encoding:
        """All rows encoded, all of them learnt from."""
        everything = np.arange(len(self.table))
        return encode(self.columns, self.target.values, self.target.task, style, everything, 0)

    def program(self, encoding: Encoding, body: Body) -> Program:
        """The program of a body over the encoding, as its file gives it back."""
        target, column = self.target, self.table[TARGETS[self.name]]
        kind = from_arrow(column.type).name
        binary = target.task.problem == "binary"
        output = (
            label_output(kind, target.labels, link="sigmoid" if binary else "softmax")
            if target.labels
            else value_output(kind)
        )
        steps = tuple(encoding.tape.steps)
        made = Program(encoding.tape.inputs, steps, encoding.registers, body, output)
        return storage.load(storage.dump(made))


@pytest.fixture(scope="module", params=sorted(TARGETS))
def example(request: pytest.FixtureRequest) -> Example:
    name, target = request.param, TARGETS[request.param]
    whole = pq.read_table(EXAMPLES / f"{name}.parquet")
    table = whole.filter(pc.is_valid(whole[target]))
    places = np.random.default_rng(0).permutation(len(table))[:ROWS]
    table = table.take(pa.array(np.sort(places))).combine_chunks()
    parameters = tuple(
        Parameter(field.name, from_arrow(field.type).name)
        for field in table.schema
        if field.name != target
    )
    inputs = tuple(Input(parameter.name, parameter.type) for parameter in parameters)
    arrays = tuple(table[parameter.name].combine_chunks() for parameter in parameters)
    columns = Columns(inputs, arrays, tuple(read_features(table, parameters)))
    found = read_target(table[target].combine_chunks(), target, "", 1000)
    return Example(name, table, parameters, columns, found)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    kind = ENGINES.get("duckdb")
    assert kind is not None
    path: Path = tmp_path_factory.mktemp("warehouse")
    opened = kind.open(path, Settings(threads=1))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def connection(engine: Engine) -> Iterator[Connection]:
    line = engine.connect()
    yield line
    line.close()


def fitted(example: Example, encoding: Encoding, algorithm: str, **given: object) -> Fitted:
    made = ALGORITHMS.get(algorithm)
    assert made is not None
    data = Matrix(encoding.x, example.target.values, encoding.categorical)
    deadline = time.monotonic() + 60
    return made.fit(data, None, example.target.task, given, seed=0, deadline=deadline)


def in_sql(engine: Engine, connection: Connection, example: Example, program: Program) -> list:
    returns = BY_NAME[program.output.type]
    parameters = tuple(Column(p.name, BY_NAME[p.type]) for p in example.parameters)
    name = storage.content_hash(storage.dump(program))
    engine.install(Function("public", "predict", parameters, returns, name), program)
    connection.register("examples", example.table)
    arguments = ", ".join(quoted(parameter.name) for parameter in example.parameters)
    rows = connection.execute(f"SELECT predict({arguments}) AS p FROM examples").read_all()
    one = connection.execute(f"SELECT predict({arguments}) AS p FROM examples LIMIT 1").read_all()
    assert one["p"].to_pylist() == rows["p"].to_pylist()[:1]
    return rows["p"].to_pylist()


@pytest.mark.parametrize("style", ["ordinal", "native", "means"])
def test_margins_of_trees_are_xgboosts(example: Example, style: Style) -> None:
    encoding = example.encoded(style)
    model = fitted(example, encoding, "xgboost", num_round=4, max_depth=5, eta=0.3)
    program = example.program(encoding, model.body())
    x = features(program, example.columns.arrays).astype(np.float32)
    got = margins(program, example.columns.arrays)
    assert got.dtype == np.float32
    assert np.array_equal(got, model.margins(x))


def test_sql_gives_what_the_reference_gives_and_the_library_chose(
    engine: Engine, connection: Connection, example: Example
) -> None:
    encoding = example.encoded("ordinal")
    model = fitted(example, encoding, "xgboost", num_round=4, max_depth=5, eta=0.3)
    program = example.program(encoding, model.body())
    want = score(program, example.columns.arrays).to_pylist()
    assert in_sql(engine, connection, example, program) == want
    x = features(program, example.columns.arrays).astype(np.float32)
    own, labels = model.margins(x), example.target.labels
    if labels:
        place = own.argmax(axis=1) if own.shape[1] > 1 else (own[:, 0] > 0).astype(int)
        printed = [str(v).lower() if isinstance(v, bool) else str(v) for v in want]
        assert printed == [labels[int(p)] for p in place]
    else:
        np.testing.assert_allclose(want, own[:, 0], atol=0.5 if "int" in program.output.type else 0)


def test_sql_over_a_linear_program_gives_what_the_reference_gives(
    engine: Engine, connection: Connection, example: Example
) -> None:
    encoding = example.encoded("linear")
    program = example.program(encoding, fitted(example, encoding, "linear_learner", l2=10.0).body())
    got = in_sql(engine, connection, example, program)
    assert got == score(program, example.columns.arrays).to_pylist()
    assert len(set(got)) > 1

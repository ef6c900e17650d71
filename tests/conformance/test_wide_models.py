"""256 feature columns, as many as Redshift takes: every algorithm learns them, one more is refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from model_kinds import KINDS, Kind

import vesto
from vesto.programs.reference import score

WIDEST = 256
ALGORITHMS = {name: KINDS[name] for name in ("classes", "kmeans", "xgboost", "linear", "network")}
FORECAST = "MODEL_TYPE FORECAST SETTINGS (HORIZON 2, FREQUENCY 'D', MAX_RUNTIME 600)"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[vesto.Session]:
    listed = ", ".join(f"sin(i * {n + 1}) AS c{n}" for n in range(WIDEST + 1))
    targets = "'class ' || i % 3 AS kind, 'class ' || (sin(i) > 0)::int AS answer, sin(i) AS amount"
    with vesto.connect(tmp_path_factory.mktemp("wide") / "shop") as session:
        session.execute(f"CREATE TABLE wide AS SELECT {listed}, {targets} FROM range(500) t(i)")
        session.execute(
            "CREATE TABLE days AS SELECT 'item ' || i % 3 AS id, date '2024-01-01' + (i // 3)::int AS day, "
            f"i % 7 AS y, {', '.join(f'i % 3 * {n} AS a{n}' for n in range(WIDEST - 1))} FROM range(90) t(i)"
        )
        yield session


def create(name: str, kind: Kind, columns: int) -> str:
    features = ", ".join(f"c{n}" for n in range(columns))
    target = f", {kind.target}" if kind.target else ""
    clause = f"TARGET {kind.target} " if kind.target else ""
    return (
        f"CREATE MODEL {name}_m FROM (SELECT {features}{target} FROM wide) {clause}"
        f"FUNCTION {name}_of {kind.clauses}"
    )


@pytest.mark.parametrize("name", ALGORITHMS)
def test_as_many_columns_as_there_may_be_are_learnt(shop: vesto.Session, name: str) -> None:
    shop.execute(create(name, ALGORITHMS[name], WIDEST))
    listed = ", ".join(f"c{n}" for n in range(WIDEST))
    found = shop.execute(f"SELECT {name}_of({listed}) AS y, {listed} FROM wide").arrow()
    program = shop.warehouse.files.program(shop.model(f"{name}_m"))
    assert len(program.inputs) == WIDEST
    columns = [found[f"c{n}"].combine_chunks() for n in range(WIDEST)]
    assert found["y"].to_pylist() == score(program, columns).to_pylist()


@pytest.mark.parametrize("name", ALGORITHMS)
def test_one_more_is_refused(shop: vesto.Session, name: str) -> None:
    with pytest.raises(vesto.VestoError, match="257 feature columns") as caught:
        shop.execute(create(f"more_{name}", ALGORITHMS[name], WIDEST + 1))
    assert caught.value.sqlstate == "22023"


def test_a_forecast_takes_as_many_attributes(shop: vesto.Session) -> None:
    shop.execute(f"CREATE MODEL seen FROM (SELECT * FROM days) TARGET y {FORECAST}")
    assert len(shop.execute("SELECT FORECAST(seen)").rows()) == 6

"""HYPERPARAMETERS of XGBoost through SQL: what they do, and what is said of those that do nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests_support import POINTS, SMALL_MODEL

import vesto


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[vesto.Session]:
    with vesto.connect(tmp_path_factory.mktemp("w") / "shop") as session:
        session.execute(POINTS)
        yield session


def train(session: vesto.Session, name: str, given: str) -> tuple[str, ...]:
    sql = SMALL_MODEL.format(name=name, function=f"{name}_of").replace("MAX_DEPTH '3'", given)
    return tuple(session.execute(sql).notices)


def program(session: vesto.Session, name: str) -> str:
    outcome = session.model(name).outcome
    assert outcome is not None
    return outcome.program


def test_what_has_no_effect_is_taken_and_told_and_changes_nothing(shop: vesto.Session) -> None:
    given = "NTHREAD '8', verbosity '3', EARLY_STOPPING_ROUNDS '2'"
    told = train(shop, "told", given)
    assert [notice.split(" has no effect: ")[0] for notice in told] == [
        "hyperparameter nthread", "hyperparameter verbosity", "hyperparameter early_stopping_rounds",
    ]  # fmt: skip
    assert train(shop, "plain", "ETA '0.3'") == ()
    assert program(shop, "told") == program(shop, "plain")
    values = dict(shop.execute("SHOW MODEL told").rows())
    assert (values["nthread"], values["early_stopping_rounds"]) == ("8", "2")


def test_constraints_count_columns_as_the_function_does(shop: vesto.Session) -> None:
    """A greater b, the second column, may only make the label less likely here: so it does nothing."""
    train(shop, "held", "monotone_constraints '(0,-1,0)', interaction_constraints '[[0],[1],[2]]'")
    sql = "SELECT e.contributions.b::float8 FROM (SELECT {}_explain(a, b, c) AS e FROM points)"
    train(shop, "free", "ETA '0.3'")
    held, free = (
        max(row[0] for row in shop.execute(sql.format(f"{name}_of")).rows())
        for name in ("held", "free")
    )
    assert held == 0
    assert free > 0.2


def test_a_constraint_that_xgboost_refuses_fails_with_its_reason(shop: vesto.Session) -> None:
    with pytest.raises(vesto.VestoError) as caught:
        train(shop, "wrong", "monotone_constraints 'up'")
    assert caught.value.sqlstate == "58000"
    assert "monotone_constraints" in caught.value.detail


@pytest.mark.parametrize("given", ["lambdarank_pair_method 'best'", "process_type 'update'",
                                   "updater 'prune'", "ndcg_exp_gain '2'"])  # fmt: skip
def test_what_there_is_not_is_refused_before_training(shop: vesto.Session, given: str) -> None:
    with pytest.raises(vesto.VestoError, match=given.split(maxsplit=1)[0]) as caught:
        train(shop, "wrong", given)
    assert caught.value.sqlstate == "22023"

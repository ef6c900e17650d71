from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime

import pytest

from vesto.catalog.records import NEXT, Definition, Model, Outcome, Parameter, State
from vesto.catalog.store import outcome_from
from vesto.errors import ModelNotReady

DEFINITION = Definition(
    statement="", query="", table="t", target="y", target_type="int4", function_schema="public",
    function="f", parameters=(Parameter("state", "varchar"), Parameter("age", "int4")),
)  # fmt: skip
MODEL = Model(
    id="1", schema="public", name="m", owner="ada", created_at=datetime.now(UTC),
    definition=DEFINITION,
)  # fmt: skip


def test_a_signature_reads_as_a_call_with_types() -> None:
    assert DEFINITION.signature == "f(state varchar, age int4)"


def test_a_model_starts_training_and_ends_ready_or_failed() -> None:
    assert MODEL.state is State.TRAINING
    assert MODEL.outcome is None
    for state in (State.READY, State.FAILED):
        done = MODEL.advance(state, Outcome(failure="x"))
        assert (done.state, done.outcome) == (state, Outcome(failure="x"))
    assert MODEL.state is State.TRAINING


@pytest.mark.parametrize("state", State)
def test_a_model_never_goes_where_the_table_has_no_way(state: State) -> None:
    for to in set(State) - NEXT[state]:
        stuck = Model(
            **{f: getattr(MODEL, f) for f in MODEL.__dataclass_fields__} | {"state": state}
        )
        with pytest.raises(ModelNotReady, match=f"cannot go from {state} to {to}"):
            stuck.advance(to, Outcome())


def test_an_outcome_survives_json() -> None:
    outcome = Outcome(hyperparameters=(("a", "1"), ("b", "2")), notices=("n",), score=0.25)
    assert outcome_from(json.loads(json.dumps(asdict(outcome)))) == outcome

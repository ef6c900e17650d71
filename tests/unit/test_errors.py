from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vesto.errors
from vesto.errors import Span, UndefinedModel, VestoError, from_json, subclasses

EVERY = sorted(subclasses(), key=lambda kind: kind.__name__)
texts = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_every_error_has_a_docstring_and_a_sqlstate(kind: type[VestoError]) -> None:
    assert kind.__doc__
    assert kind.__doc__.rstrip().endswith(".")
    assert re.fullmatch(r"[0-9A-Z]{5}", kind.sqlstate)
    assert kind.sqlstate != VestoError.sqlstate


def test_every_error_of_the_module_is_listed_once() -> None:
    classes = [k for k in vars(vesto.errors).values() if isinstance(k, type)]
    errors = {k for k in classes if issubclass(k, VestoError)} - {VestoError}
    assert set(EVERY) == errors
    assert len(EVERY) == len(errors)


# PostgreSQL has one SQLSTATE for everything that does not exist; only these never cross an engine.
SHARED = {
    "42704": {"UndefinedModel", "UndefinedParameter", "UndefinedObject"},
    "42710": {"DuplicateModel", "DuplicateObject"},
    "08P01": {"ProtocolViolation", "BindMismatch"},
}
STAY = {"UndefinedParameter", "UndefinedObject", "DuplicateObject", "BindMismatch"}


def test_no_two_errors_have_one_sqlstate() -> None:
    for kind in EVERY:
        same = {other.__name__ for other in EVERY if other.sqlstate == kind.sqlstate}
        assert same == SHARED.get(kind.sqlstate, {kind.__name__})


@pytest.mark.parametrize(
    "kind",
    [VestoError, *(k for k in EVERY if k.__name__ not in STAY)],
    ids=lambda kind: kind.__name__,
)
@settings(max_examples=5)
@given(texts, texts, texts)
def test_an_error_survives_json(kind: type[VestoError], one: str, two: str, three: str) -> None:
    again = from_json(kind(one, detail=two, hint=three).to_json())
    assert type(again) is kind
    assert (again.message, again.detail, again.hint) == (one, two, three)


def test_an_unknown_sqlstate_is_read_as_the_base() -> None:
    text = json.dumps({"sqlstate": "ZZ999", "message": "m", "detail": "", "hint": ""})
    assert type(from_json(text)) is VestoError


@pytest.mark.parametrize("text", ["", "x", "5", "[]", "{}", '{"message": "m"}', "null"])
def test_any_other_text_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        from_json(text)


def test_an_error_prints_message_detail_and_hint() -> None:
    assert str(VestoError("no")) == "no"
    assert str(VestoError("no", detail="D.", hint="H.")) == "no\nDETAIL: D.\nHINT: H."


def test_the_position_counts_characters_from_one_and_is_set_once() -> None:
    error = VestoError("no")
    assert error.position is None
    assert error.at(None).position is None
    assert error.at(Span(4, 7)) is error
    assert error.position == 5
    assert error.at(Span(0, 1)).position == 5


def test_an_undefined_model_is_compared_with_those_one_may_see() -> None:
    near = UndefinedModel.named("churm", known=["churn", "sales"], span=Span(0, 5))
    assert (near.message, near.position) == ('model "churm" does not exist', 1)
    assert near.hint == 'Perhaps you meant "churn".'
    assert UndefinedModel.named("x", known=[]).hint == "SHOW MODEL ALL lists the models."

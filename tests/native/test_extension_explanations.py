"""``vesto_explain`` of the extension, in processes that never import Vesto."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from extension_support import ask, churn, many_labels, mistake, save

from vesto.programs.bodies import Linear
from vesto.programs.program import Program


def centered(program: Program, *center: float) -> Program:
    """The program with the means of its features."""
    assert isinstance(program.body, Linear)
    return replace(program, body=replace(program.body, center=np.array(center)))


def test_a_linear_form_is_explained_by_hand(tmp_path: Path) -> None:
    """State adds 1.5 - 0.5, charge (9 - 5) / 8, to -1 + 0.5 + 5 / 8."""
    labels = ("no", 'é "yes"')
    saved = save(centered(churn(labels), 0.5, 5.0), tmp_path)
    call = saved.call("'NY'", "9.0", function="vesto_explain")
    _, kinds, rows, without = ask(
        saved.register, f"SELECT typeof({call})", f"SELECT {call}",
        f"SELECT {saved.call('NULL', 'NULL', function='vesto_explain')}",
    )  # fmt: skip
    assert kinds == [["JSON"]]
    assert rows == [[
        '{"label":"é \\"yes\\"","base":0.125,"prediction":1.625,"contributions":{"state":1,"charge":0.5}}'
    ]]  # fmt: skip
    found = json.loads(without[0][0])
    assert found["contributions"] == {"state": -2.5, "charge": -0.125}


def test_many_labels_have_an_entry_each_the_greatest_margin_first(tmp_path: Path) -> None:
    saved = save(centered(many_labels(300), 10.0), tmp_path)
    sql = f"SELECT {saved.call('i::INTEGER', function='vesto_explain')} FROM range(3) t(i)"
    _, rows = ask(saved.register, sql)
    for place, (text,) in enumerate(rows):
        found = json.loads(text)
        assert found["labels"][0] == f'label {place:06d} é "{{}}"'
        assert len(found["labels"]) == len(found["explanations"]) == 300
        margins = [entry["prediction"] for entry in found["explanations"]]
        assert margins == sorted(margins, reverse=True)
        assert found["explanations"][0]["contributions"] == {"x": place * (place - 10.0)}


@pytest.mark.parametrize("center", [(), (1.0, 2.0)])
def test_a_program_without_means_is_refused_when_the_query_is_made(
    tmp_path: Path, center: tuple[float, ...]
) -> None:
    saved = save(centered(churn(), *center), tmp_path)
    call = saved.call("'NY'", "9.0", function="vesto_explain")
    _, answer = ask(saved.register, f"SELECT {call} FROM range(0)")
    if center:
        assert answer == []
        return
    error = mistake(answer)
    assert (error.sqlstate, error.message) == (
        "0A000", "the program's predictions cannot be explained",
    )  # fmt: skip
    assert error.detail == "the model was made without the means of its features"


def test_numbers_that_are_too_great_stay_json(tmp_path: Path) -> None:
    body = Linear(np.array([[1e300, 1e300]]), np.array([-1e308]), np.array([-1e300, 0.0]))
    saved = save(replace(churn(), body=body), tmp_path)
    _, rows = ask(
        saved.register, f"SELECT {saved.call(chr(39) + 'NY' + chr(39), '1e300', function='vesto_explain')}"
    )  # fmt: skip
    found = json.loads(rows[0][0])
    assert all(np.isfinite(value) for value in found["contributions"].values())
    assert np.isfinite([found["base"], found["prediction"]]).all()

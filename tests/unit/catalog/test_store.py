from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vesto.catalog.database import _translated
from vesto.catalog.records import Definition, Intervals, Model, Outcome, Parameter, State
from vesto.catalog.store import Catalog, outcome_from
from vesto.errors import (
    DataCorrupted,
    DiskFull,
    DuplicateModel,
    InputOutputError,
    UndefinedModel,
)

DEFINITION = Definition(
    statement="CREATE MODEL ...", query="SELECT 1", table="", target="y", target_type="int4",
    function_schema="public", function="f", parameters=(Parameter("x", "int4"),),
    hyperparameters=(("num_round", "5"), ("eta", "0.1")),
)  # fmt: skip
OUTCOME = Outcome(
    program="ab" * 32, return_type="int4", score=0.1, notices=("a", "b"), unexplained="why",
    intervals=Intervals(kind="scaled", quantiles=(0.5, 1.0), edges=(2.0,), scales=(1.0, 3.0)),
)  # fmt: skip


def model(name: str = "m", schema: str = "public", **parts: Any) -> Model:
    known = {
        "id": f"id of {schema}.{name}", "owner": "vesto", "definition": DEFINITION,
        "created_at": datetime(2026, 1, 2, 3, 4, 5, 678, UTC),
    }  # fmt: skip
    return Model(schema=schema, name=name, **(known | parts))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalog.sqlite"


@pytest.fixture
def catalog(path: Path) -> Iterator[Catalog]:
    opened = Catalog(path)
    yield opened
    opened.close()


# --- Adding and finding -------------------------------------------------------------------------


def test_a_model_is_found_by_name_identifier_and_function(catalog: Catalog) -> None:
    added = model()
    catalog.add(added)
    assert catalog.find("public", "m") == added
    assert catalog.by_id(added.id) == added
    assert catalog.functions("f") == [added]


def test_what_was_never_added_is_not_found(catalog: Catalog) -> None:
    catalog.add(model())
    assert catalog.find("public", "M") is None
    assert catalog.find("other", "m") is None
    assert catalog.by_id("") is None
    assert catalog.functions("m") == []


def test_models_are_listed_by_schema_and_name(catalog: Catalog) -> None:
    for schema, name in [("public", "b"), ("public", "a"), ("ada", "z")]:
        catalog.add(model(name, schema))
    assert [(m.schema, m.name) for m in catalog.models()] == [
        ("ada", "z"), ("public", "a"), ("public", "b")
    ]  # fmt: skip


def test_the_list_of_models_is_the_callers_own(catalog: Catalog) -> None:
    catalog.add(model())
    catalog.models().clear()
    assert len(catalog.models()) == 1


def test_a_second_model_of_a_name_is_refused_and_changes_nothing(catalog: Catalog) -> None:
    catalog.add(model())
    with pytest.raises(DuplicateModel, match='model "m" already exists') as caught:
        catalog.add(model(id="other"))
    assert caught.value.sqlstate == "42710"
    assert [m.id for m in catalog.models()] == ["id of public.m"]
    catalog.add(model(schema="other"))
    assert len(catalog.functions("f")) == 2


# --- Changing -----------------------------------------------------------------------------------


def test_a_model_is_replaced_by_its_next_state(catalog: Catalog) -> None:
    catalog.add(model())
    ready = model().advance(State.READY, OUTCOME)
    catalog.replace(model(), ready)
    assert catalog.find("public", "m") == ready


@pytest.mark.parametrize("change", [{"state": State.READY}, {"version": 2}, {"id": "other"}])
def test_a_model_that_changed_meanwhile_is_not_replaced(
    catalog: Catalog, change: dict[str, Any]
) -> None:
    catalog.add(model())
    with pytest.raises(UndefinedModel, match="not there any more"):
        catalog.replace(replace(model(), **change), model().advance(State.FAILED, OUTCOME))
    assert catalog.models() == [model()]


def test_a_model_cannot_take_the_name_of_another(catalog: Catalog) -> None:
    catalog.add(model("a"))
    catalog.add(model("b"))
    with pytest.raises(DuplicateModel):
        catalog.replace(model("b"), replace(model("b"), name="a"))
    assert [m.name for m in catalog.models()] == ["a", "b"]


def test_a_model_is_removed_once(catalog: Catalog) -> None:
    catalog.add(model())
    assert catalog.remove(model()) is True
    assert catalog.remove(model()) is False
    assert catalog.models() == []
    assert catalog.functions("f") == []


# --- Versions -----------------------------------------------------------------------------------


def ready(number: int, **parts: Any) -> Model:
    made = datetime(2026, 2, number, tzinfo=UTC)
    whole = {"state": State.READY, "outcome": OUTCOME, "version_created_at": made} | parts
    return model(version=number, **whole)


@pytest.fixture
def refreshed(catalog: Catalog) -> Catalog:
    """A catalog whose model has three versions, of which the second serves."""
    catalog.add(model(state=State.READY, outcome=OUTCOME))
    for number in (2, 3):
        catalog.add_version(ready(number), serves=number == 2)
    return catalog


def test_a_model_is_known_by_the_version_that_serves(refreshed: Catalog, path: Path) -> None:
    first = model(state=State.READY, outcome=OUTCOME)
    assert refreshed.models() == [ready(2)]
    assert refreshed.versions(first.id) == [first, ready(2), ready(3)]
    assert refreshed.newest(first.id) == ready(3)
    refreshed.close()
    again = Catalog(path)
    assert again.models() == [ready(2)]
    assert again.all_versions() == [first, ready(2), ready(3)]
    again.close()


def test_every_version_has_a_job_of_its_own(refreshed: Catalog) -> None:
    versions = refreshed.all_versions()
    assert [refreshed.by_job(version.job_id) for version in versions] == versions
    assert refreshed.by_job("no job") is None
    assert refreshed.newest("no model") is None


def test_another_version_serves_in_one_step(refreshed: Catalog) -> None:
    refreshed.serve(ready(3))
    assert refreshed.models() == [ready(3)]
    training = ready(4, state=State.TRAINING, outcome=None)
    refreshed.add_version(training, serves=False)
    assert refreshed.models() == [ready(3)]
    refreshed.replace(training, ready(4), serves=True)
    assert refreshed.models() == [ready(4)]


def test_a_version_is_added_once_and_only_to_a_model_that_is_there(refreshed: Catalog) -> None:
    with pytest.raises(DuplicateModel):
        refreshed.add_version(ready(3), serves=True)
    with pytest.raises(UndefinedModel):
        refreshed.add_version(ready(5, id="gone"), serves=True)
    assert refreshed.models() == [ready(2)]
    assert len(refreshed.all_versions()) == 3


def test_where_the_version_that_serves_goes_the_newest_left_serves(refreshed: Catalog) -> None:
    refreshed.remove_version(model())
    assert refreshed.models() == [ready(2)]
    refreshed.remove_version(ready(2))
    assert refreshed.models() == refreshed.all_versions() == [ready(3)]


def test_what_create_model_said_stays_whatever_versions_were_trained_with(
    refreshed: Catalog,
) -> None:
    other = ready(4, definition=replace(DEFINITION, max_runtime_s=7))
    refreshed.add_version(other, serves=True)
    assert refreshed.models() == [other]
    assert refreshed.created(other) == DEFINITION
    refreshed.remove(other)
    assert refreshed.all_versions() == []
    with pytest.raises(UndefinedModel):
        refreshed.created(other)


FORMAT_1 = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO facts VALUES ('format', '1');
CREATE TABLE models (id TEXT NOT NULL, schema TEXT NOT NULL, name TEXT NOT NULL, owner TEXT NOT NULL,
    created_at TEXT NOT NULL, state TEXT NOT NULL, version INTEGER NOT NULL, definition TEXT NOT NULL,
    outcome TEXT, PRIMARY KEY (id), UNIQUE (schema, name))
"""
# As format 1 wrote them: without what came later.
OLD_DEFINITION = (
    '{"statement": "CREATE MODEL ...", "query": "SELECT 1", "table": "", "target": "y", '
    '"target_type": "int4", "function_schema": "public", "function": "f", '
    '"parameters": [{"name": "x", "type": "int4"}], "auto": true, "model_type": "", '
    '"problem_type": "", "objective": "", "hyperparameters": [["num_round", "5"], ["eta", "0.1"]], '
    '"iam_role": "", "s3_bucket": "", "staging": "", "kms_key": "", "tags": "", '
    '"garbage_collect": true, "max_cells": 1000000, "max_runtime_s": 5400, "seed": 0, '
    '"job_name": "", "engine_sql": ""}'
)
OLD_OUTCOME = (
    f'{{"program": "{OUTCOME.program}", "gives_probabilities": false, "return_type": "int4", '
    '"model_type": "", "problem_type": "", "objective": "", "metric": "", "score": 0.1, '
    '"cpu_s": 0.0, "job_status": "", "failure": "", "hyperparameters": [], "notices": ["a", "b"]}'
)


def old_catalog(path: Path) -> None:
    """A catalog of format 1 with a READY model and one in training."""
    connection = sqlite3.connect(path)
    connection.executescript(FORMAT_1)
    moment = "2026-01-02T03:04:05.000678+00:00"
    for name, state, outcome in (("m", "READY", OLD_OUTCOME), ("n", "TRAINING", None)):
        key = f"id of public.{name}"
        row = (key, "public", name, "vesto", moment, state, 1, OLD_DEFINITION, outcome)
        connection.execute("INSERT INTO models VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    connection.commit()
    connection.close()


def test_a_catalog_of_format_1_becomes_one_of_today(path: Path) -> None:
    old_catalog(path)
    for _ in range(2):
        opened = Catalog(path)
        was = replace(OUTCOME, unexplained="", intervals=None)
        expected = [model(state=State.READY, outcome=was), model("n")]
        assert opened.models() == opened.all_versions() == expected
        opened.close()
    opened = Catalog(path)
    opened.add_version(ready(2), serves=True)
    assert opened.created(ready(2)) == DEFINITION
    opened.close()


def test_a_catalog_that_cannot_be_brought_to_todays_format_stays_as_it_was(path: Path) -> None:
    old_catalog(path)
    written(path, "CREATE VIEW busy AS SELECT state FROM models")
    before = path.read_bytes()
    with pytest.raises(DataCorrupted):
        Catalog(path)
    assert path.read_bytes() == before


# --- Keeping ------------------------------------------------------------------------------------


def test_everything_is_there_after_reopening(catalog: Catalog, path: Path) -> None:
    first, second = model("a"), model("b").advance(State.READY, OUTCOME)
    catalog.add(first)
    catalog.add(second)
    catalog.close()
    catalog.close()
    again = Catalog(path)
    assert again.models() == [first, second]
    again.close()


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(NAMES, NAMES, NAMES)
def test_any_name_and_text_is_kept_as_it_is(path: Path, schema: str, name: str, text: str) -> None:
    path.unlink(missing_ok=True)
    definition = replace(
        DEFINITION, function=name, statement=text, parameters=(Parameter(text, "varchar"),),
        hyperparameters=((name, text),),
    )  # fmt: skip
    kept = model(name, schema, id=text, definition=definition)
    first = Catalog(path)
    first.add(kept)
    first.close()
    again = Catalog(path)
    assert again.find(schema, name) == kept
    assert again.functions(name) == [kept]
    assert again.remove(kept)
    again.close()


@pytest.mark.parametrize("name", ["a?mode=memory", "per cent %41", "#1", "dé pôt", "x'; --"])
def test_a_folder_of_any_name_holds_a_catalog(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    opened = Catalog(folder / "catalog.sqlite")
    opened.add(model())
    opened.close()
    assert (folder / "catalog.sqlite").stat().st_size > 0


def test_an_outcome_comes_back_from_json_and_one_of_an_older_version_too() -> None:
    written = json.loads(json.dumps(asdict(OUTCOME)))
    assert outcome_from(written) == OUTCOME
    older = {k: v for k, v in written.items() if k not in {"intervals", "unexplained"}}
    assert outcome_from(older) == replace(OUTCOME, intervals=None, unexplained="")


def test_moments_are_utc_whatever_zone_they_were_written_in(catalog: Catalog) -> None:
    here = datetime(2026, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=5)))
    catalog.add(model(created_at=here))
    (kept,) = catalog.models()
    assert kept.created_at == here
    assert kept.created_at.utcoffset() == timedelta(0)


# --- Threads ------------------------------------------------------------------------------------


def test_of_many_threads_that_add_one_name_one_succeeds(catalog: Catalog) -> None:
    outcomes: list[str] = []

    def add(number: int) -> None:
        try:
            catalog.add(model(id=str(number)))
            outcomes.append("added")
        except DuplicateModel:
            outcomes.append("refused")

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["added"] + ["refused"] * 7
    assert len(catalog.models()) == 1


def test_a_thread_sees_what_it_has_just_written_while_others_write(catalog: Catalog) -> None:
    mistakes: list[str] = []

    def work(number: int) -> None:
        for turn in range(10):
            one = model(f"m{number}_{turn}")
            catalog.add(one)
            if catalog.find("public", one.name) != one or one not in catalog.functions("f"):
                mistakes.append(f"{one.name} is not there")
            catalog.remove(one)
            if catalog.by_id(one.id) is not None:
                mistakes.append(f"{one.name} is still there")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert mistakes == []
    assert catalog.models() == []


# --- Damage -------------------------------------------------------------------------------------


def written(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    "content", [b"no database at all " * 100, b"SQLite format 3\0" + b"\xff" * 4096]
)
def test_a_file_that_is_no_database_is_damaged_data(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(DataCorrupted, match="the catalog could not be read"):
        Catalog(path)
    assert path.read_bytes() == content


def test_a_database_of_somebody_else_is_left_alone(path: Path) -> None:
    written(path, "CREATE TABLE people (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(DataCorrupted, match=r"catalog\.sqlite is no catalog of Vesto"):
        Catalog(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_writes_are_flushed_before_they_count(catalog: Catalog) -> None:
    with catalog._engine.connect() as connection:
        assert connection.execute(sa.text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert connection.execute(sa.text("PRAGMA synchronous")).scalar_one() == 2


def test_a_format_of_the_future_says_what_to_do(catalog: Catalog, path: Path) -> None:
    catalog.close()
    written(path, "UPDATE facts SET value = '4'")
    with pytest.raises(DataCorrupted, match="catalog format 4 is not known") as caught:
        Catalog(path)
    assert "newer" in caught.value.hint


def test_a_catalog_whose_making_was_cut_off_is_finished(path: Path) -> None:
    written(path, "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
    opened = Catalog(path)
    opened.add(model())
    assert opened.models() == [model()]
    opened.close()


@pytest.mark.parametrize(
    "damage",
    [
        "models SET created_at = 'yesterday'",
        "versions SET definition = 'x'", "versions SET definition = '{}'", "versions SET definition = '[]'", "versions SET state = 'GONE'",
        "versions SET created_at = 'yesterday'", "versions SET outcome = '{\"hyperparameters\": 5}'", "versions SET outcome = '5'",
        "versions SET definition = json_set(definition, '$.later', 1)",
    ],
)  # fmt: skip
def test_a_damaged_row_is_named(catalog: Catalog, path: Path, damage: str) -> None:
    catalog.add(model())
    catalog.close()
    written(path, f"UPDATE {damage}")
    again = Catalog(path)
    with pytest.raises(DataCorrupted, match='row of model "m" is damaged'):
        again.models()
    again.close()


def test_a_folder_that_is_not_there_is_an_error_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(InputOutputError, match="could not be opened"):
        Catalog(tmp_path / "nowhere" / "catalog.sqlite")


def test_a_full_disk_leaves_the_catalog_as_it_was(catalog: Catalog) -> None:
    catalog.add(model())

    @sa.event.listens_for(catalog._engine, "before_cursor_execute")
    def no_more_pages(connection: Any, *_rest: Any) -> None:
        raw = connection.connection.driver_connection
        (pages,) = raw.execute("PRAGMA page_count").fetchone()
        raw.execute(f"PRAGMA max_page_count = {pages}")

    large = replace(DEFINITION, statement="x" * 100_000)
    with pytest.raises(DiskFull, match="the catalog could not be written") as caught:
        catalog.add(model("large", definition=large))
    assert caught.value.sqlstate == "53100"
    assert [m.name for m in catalog.models()] == ["m"]


@pytest.mark.parametrize("name", ["SQLITE_IOERR_WRITE", "SQLITE_READONLY", "SQLITE_BUSY"])
def test_errors_of_the_file_are_no_damage(name: str) -> None:
    error = sqlite3.OperationalError("it did not work")
    error.sqlite_errorname = name
    assert isinstance(_translated(error), InputOutputError)
    assert _translated(error).detail == "it did not work"

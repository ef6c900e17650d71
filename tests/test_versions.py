"""Versions: a model is trained anew while it serves, goes back, and is made of an earlier job."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests_support import POINTS, SMALL_MODEL

import vesto
from vesto.catalog.records import Model
from vesto.programs.program import Program
from vesto.training import supervisor

SUM = "SELECT sum(f(a, b, c)) FROM points"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed warehouse with model ``m``."""
    path = tmp_path_factory.mktemp("trained") / "shop"
    with vesto.connect(path) as session:
        session.execute(POINTS)
        session.execute(SMALL_MODEL.format(name="m", function="f"))
    return path


@pytest.fixture(scope="module")
def refreshed(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, refreshed when all labels were the other way round; they are back again."""
    path = tmp_path_factory.mktemp("refreshed") / "shop"
    shutil.copytree(trained, path)
    with vesto.connect(path) as session:
        flip(session)
        session.execute("REFRESH MODEL m")
        flip(session)
    return path


@pytest.fixture
def shop(trained: Path, path: Path) -> Iterator[vesto.Session]:
    """A session with model ``m``."""
    shutil.copytree(trained, path)
    with vesto.connect(path) as session:
        yield session


@pytest.fixture
def two(refreshed: Path, path: Path) -> Iterator[vesto.Session]:
    """A session with model ``m`` and two versions of it, the second of which serves."""
    shutil.copytree(refreshed, path)
    with vesto.connect(path) as session:
        yield session


def flip(session: vesto.Session) -> None:
    session.execute("UPDATE points SET label = 1 - label")


def total(session: vesto.Session) -> int:
    row = session.execute(SUM).row()
    assert row is not None
    return int(row[0])


def versions(session: vesto.Session, name: str = "m") -> list[dict[str, object]]:
    return session.execute(f"SHOW MODEL {name} VERSIONS").arrow().to_pylist()


def states(session: vesto.Session) -> list[tuple[object, object, object]]:
    return [(row["version"], row["state"], row["active"]) for row in versions(session)]


def refused(session: vesto.Session, sql: str, sqlstate: str) -> vesto.VestoError:
    with pytest.raises(vesto.VestoError) as caught:
        session.execute(sql)
    assert caught.value.sqlstate == sqlstate, caught.value
    return caught.value


def waiting(session: vesto.Session, stage: str = "training") -> None:
    """Wait until the worker of model m has begun."""
    until = time.monotonic() + 30
    while session.progress("m").stage != stage:
        assert time.monotonic() < until
        time.sleep(0.02)


# --- REFRESH and back ---------------------------------------------------------------------------


def test_views_and_prepared_statements_follow_a_refresh_and_the_way_back(
    shop: vesto.Session,
) -> None:
    shop.execute("CREATE VIEW seen AS SELECT f(a, b, c) AS p FROM points")
    shop.execute(f"PREPARE asked AS {SUM}")
    before = total(shop)
    flip(shop)
    assert shop.execute("REFRESH MODEL m").tag == "REFRESH MODEL"
    for wanted, number in ((600 - before, 2), (before, 1), (600 - before, 2)):
        assert shop.execute(f"ALTER MODEL m SET VERSION {number}").tag == "ALTER MODEL"
        assert total(shop) == wanted
        assert shop.execute("SELECT sum(p) FROM seen").rows() == [(wanted,)]
        assert shop.execute("EXECUTE asked").rows() == [(wanted,)]
        labels = "SELECT sum(f_prob(a, b, c).labels[0]::int) FROM points"
        assert shop.execute(labels).rows() == [(wanted,)]
    notice = shop.execute("ALTER MODEL public.m SET VERSION 2").notices
    assert notice == ('version 2 of model "m" serves already',)


def test_versions_tell_what_each_was_trained_on(shop: vesto.Session) -> None:
    first = dict(shop.execute("SHOW MODEL m").rows())
    assert "Model Version" not in first
    shop.execute("DELETE FROM points WHERE id >= 590")
    shop.execute("REFRESH MODEL m")
    one, two = versions(shop)
    assert list(one) == [
        "version", "state", "active", "created", "metric", "score", "model_type", "rows",
        "job_name", "failure",
    ]  # fmt: skip
    assert (one["rows"], two["rows"]) == (600, 590)
    assert (one["active"], two["active"]) == (False, True)
    assert one["metric"] == two["metric"] == "train:error"
    assert two["model_type"] == "xgboost"
    assert one["created"] < two["created"]  # type: ignore[operator]
    assert one["job_name"] == first["Training Job Name"] != two["job_name"]
    now = dict(shop.execute("SHOW MODEL m").rows())
    assert (now["Model Version"], now["Training Job Name"]) == ("2", two["job_name"])
    assert now["Creation Time"] == first["Creation Time"]
    assert "Refresh State" not in now


def test_versions_survive_reopening(two: vesto.Session, path: Path) -> None:
    after = total(two)
    two.execute("ALTER MODEL m SET VERSION 1")
    two.close()
    with vesto.connect(path) as again:
        assert total(again) == 600 - after
        assert states(again) == [(1, "READY", True), (2, "READY", False)]
        again.execute("ALTER MODEL m SET VERSION 2")
        assert total(again) == after


HANGING = """
import sys, time
from pathlib import Path
from vesto.training.job import JobFolder, Progress
folder = JobFolder(Path(sys.argv[1]))
folder.hold()
folder.write_progress(Progress(stage="training", share=0.5))
time.sleep(600)
"""


def test_the_old_version_serves_while_the_new_one_is_trained(
    shop: vesto.Session, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = total(shop)
    flip(shop)
    shop.wait_for_models = False
    with monkeypatch.context() as patch:
        patch.setattr(supervisor, "WORKER", (sys.executable, "-c", HANGING))
        shop.execute("REFRESH MODEL m SETTINGS (MAX_RUNTIME 600)")
    waiting(shop)
    assert total(shop) == before
    shown = dict(shop.execute("SHOW MODEL m").rows())
    assert (shown["Model State"], shown["Model Version"]) == ("READY", "1")
    assert shown["Refresh State"] == "TRAINING (version 2)"
    info = shop.execute("SELECT model_state, life_cycle FROM stv_ml_model_info").rows()
    assert info == [("Model is Ready", "READY")]
    error = refused(shop, "REFRESH MODEL m", "55000")
    assert 'version 2 of model "m" is being trained' in error.message
    assert error.position == 15
    error = refused(shop, "ALTER MODEL m SET VERSION 2", "55000")
    assert "TRAINING" in error.message
    job = versions(shop)[1]["job_name"]
    refused(shop, f"CREATE MODEL x FROM '{job}' FUNCTION g (INT8, FLOAT8, BOOL)", "55000")
    assert shop.wait("m", 0.1).state == "TRAINING"
    shop.execute("ALTER MODEL m CANCEL REFRESH")
    assert states(shop) == [(1, "READY", True), (2, "FAILED", False)]
    assert versions(shop)[1]["failure"] == "the refresh was cancelled"
    refused(shop, "WAIT FOR MODEL m", "58000")
    refused(shop, "ALTER MODEL m CANCEL REFRESH", "55000")
    shop.execute("REFRESH MODEL m; WAIT FOR MODEL m")
    assert total(shop) == 600 - before
    assert states(shop)[2] == (3, "READY", True)
    assert list((path / "jobs").iterdir()) == []


def test_drop_model_during_a_refresh_removes_everything(shop: vesto.Session, path: Path) -> None:
    shop.wait_for_models = False
    shop.execute("REFRESH MODEL m")
    assert len(list((path / "jobs").iterdir())) == 1
    shop.execute("DROP MODEL m")
    assert [*(path / "jobs").iterdir(), *(path / "models").iterdir()] == []
    refused(shop, SUM, "42883")
    refused(shop, "SHOW MODEL m VERSIONS", "42704")


BROKEN = (sys.executable, "-c", "raise SystemExit('no such library')")


def test_a_refresh_that_fails_leaves_the_old_version_serving(
    shop: vesto.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = total(shop)
    folders = sorted(shop.warehouse.path.rglob("models/*/*"))
    # What the rows show is found before anything is trained, and leaves no version behind.
    shop.execute("CREATE TABLE kept AS SELECT * FROM points; DELETE FROM points WHERE id > 100")
    error = refused(shop, "REFRESH MODEL m", "22000")
    assert "101 rows" in error.message
    assert states(shop) == [(1, "READY", True)]
    shop.execute("INSERT INTO points SELECT * FROM kept WHERE id > 100")
    # What only the worker finds is a version that has failed.
    monkeypatch.setattr(supervisor, "WORKER", BROKEN)
    error = refused(shop, "REFRESH MODEL m", "58000")
    assert "version 2" in error.message
    assert "no such library" in error.detail
    assert total(shop) == before
    assert states(shop) == [(1, "READY", True), (2, "FAILED", False)]
    shown = dict(shop.execute("SHOW MODEL m").rows())
    assert shown["Model State"] == "READY"
    assert shown["Refresh State"] == "FAILED (version 2)"
    assert shown["Refresh Failure Reason"] == error.detail
    error = refused(shop, "ALTER MODEL m SET VERSION 2", "55000")
    assert error.detail
    assert sorted(shop.warehouse.path.rglob("models/*/*")) == folders
    assert list((shop.warehouse.path / "jobs").iterdir()) == []


def test_a_model_that_failed_can_be_refreshed(
    shop: vesto.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(supervisor, "WORKER", BROKEN)
        refused(shop, SMALL_MODEL.format(name="late", function="late"), "58000")
        refused(shop, "REFRESH MODEL late", "58000")
    assert dict(shop.execute("SHOW MODEL late").rows())["Model Version"] == "2"
    shop.execute("REFRESH MODEL late")
    assert shop.execute("SELECT count(late(a, b, c)) FROM points").rows() == [(600,)]
    assert [row["active"] for row in versions(shop, "late")] == [False, False, True]


# --- What a refresh reads -----------------------------------------------------------------------


def test_a_query_that_gives_something_else_is_refused_before_training(shop: vesto.Session) -> None:
    refreshable = "SELECT is_refreshable FROM svv_ml_model_info WHERE model_name = 'm'"
    shop.execute("CREATE TABLE kept AS SELECT * FROM points")
    changes = {
        "SELECT id, a, b::varchar AS b, c, label FROM kept": ("42804", '"b" has the type varchar'),
        "SELECT id, a, b, c, label::float8 AS label FROM kept": ("42804", '"label" has the type'),
        "SELECT id, a, b, label FROM kept": ("42703", '"c"'),
    }
    for query, (sqlstate, words) in changes.items():
        shop.execute(f"DROP TABLE points; CREATE TABLE points AS {query}")
        error = refused(shop, "REFRESH MODEL m", sqlstate)
        assert words in error.message
        assert error.position == 15
        assert shop.execute(refreshable).rows() == [(0,)]
    shop.execute("DROP TABLE points")
    assert 'model "m"' in refused(shop, "REFRESH MODEL m", "42P01").message
    assert shop.execute(refreshable).rows() == [(0,)]
    shop.execute("CREATE TABLE points AS SELECT c, label, a, b FROM kept")
    assert shop.execute(refreshable).rows() == [(1,)]
    shop.execute("REFRESH MODEL m")
    assert states(shop) == [(1, "READY", False), (2, "READY", True)]


@pytest.fixture
def untrained(shop: vesto.Session, monkeypatch: pytest.MonkeyPatch) -> vesto.Session:
    """A session whose models and refreshes begin, and fail at once."""
    monkeypatch.setattr(supervisor, "WORKER", BROKEN)
    shop.wait_for_models = False
    return shop


def begin(session: vesto.Session, sql: str, name: str) -> None:
    session.execute(sql)
    refused(session, f"WAIT FOR MODEL {name}", "58000")


def test_a_star_that_has_a_new_column_names_it(untrained: vesto.Session) -> None:
    shop, star = untrained, SMALL_MODEL.replace("SELECT a, b, c, label FROM", "SELECT * FROM")
    begin(shop, star.format(name="star", function="star"), "star")
    shop.execute("ALTER TABLE points ADD COLUMN late INT")
    error = refused(shop, "REFRESH MODEL star", "42703")
    assert 'the column "late" is new' in error.message
    assert "star(id int8, a int8, b float8, c bool)" in error.hint


def test_a_table_is_found_where_the_maker_of_the_model_found_it(untrained: vesto.Session) -> None:
    shop = untrained
    shop.execute("CREATE SCHEMA own; CREATE TABLE own.things AS SELECT * FROM points")
    shop.execute("SET search_path TO own, public")
    begin(shop, SMALL_MODEL.format(name="t", function="t").replace("points", "things"), "t")
    shop.execute("SET search_path TO public")
    asked = "SELECT is_refreshable FROM stv_ml_model_info WHERE model_name = 't'"
    assert shop.execute(asked).rows() == [(1,)]
    begin(shop, "REFRESH MODEL t", "t")
    refused(shop, "SELECT 1 FROM things", "42P01")
    assert shop.execute("SELECT count(*) FROM points").rows() == [(600,)]


def test_a_view_without_schema_binding_is_read_as_it_is_now(shop: vesto.Session) -> None:
    view = "CREATE OR REPLACE VIEW loose AS SELECT a, b, c, {} AS label FROM public.points "
    view += "WITH NO SCHEMA BINDING"
    shop.execute(view.format("label"))
    model = SMALL_MODEL.format(name="l", function="l").replace("FROM points", "FROM loose")
    shop.execute(model)
    one = shop.execute("SELECT sum(l(a, b, c)) FROM points").row()
    shop.execute(view.format("1 - label"))
    shop.execute("REFRESH MODEL l")
    two = shop.execute("SELECT sum(l(a, b, c)) FROM points").row()
    assert one is not None
    assert two is not None
    assert one[0] + two[0] == 600
    shop.execute("DROP VIEW loose")
    refused(shop, "REFRESH MODEL l", "42P01")


def test_a_version_that_cannot_be_put_in_service_leaves_the_old_one(
    shop: vesto.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = total(shop)
    flip(shop)
    install = shop.warehouse.deployments.install

    def fail(model: Model, program: Program | None) -> None:
        install(model, program)
        if model.version == 2:
            raise vesto.errors.OutOfMemory("no room for the program")

    monkeypatch.setattr(shop.warehouse.deployments, "install", fail)
    assert "no room" in refused(shop, "REFRESH MODEL m", "58000").detail
    assert total(shop) == before
    assert states(shop) == [(1, "READY", True), (2, "FAILED", False)]
    home = shop.warehouse.path / "models" / shop.model("m").id
    assert [folder.name for folder in home.iterdir()] == ["1"]


# --- Who may, and when --------------------------------------------------------------------------


def test_only_its_owner_and_that_of_the_warehouse_may_change_a_model(
    untrained: vesto.Session,
) -> None:
    shop = untrained
    shop.execute(
        "CREATE USER ann PASSWORD DISABLE; GRANT CREATE MODEL TO ann; GRANT SELECT ON points TO ann"
    )
    ann = vesto.Session(untrained.warehouse, user="ann", wait=False)
    for sql in ("REFRESH MODEL m", "ALTER MODEL m SET VERSION 1", "DROP MODEL m"):
        error = refused(ann, sql, "42501")
        assert error.message == 'must be owner of model "m"'
    refused(ann, "SHOW MODEL m", "42501")
    job = versions(shop)[0]["job_name"]
    refused(ann, f"CREATE MODEL x FROM '{job}' FUNCTION g (INT8, FLOAT8, BOOL)", "42501")
    begin(ann, SMALL_MODEL.format(name="hers", function="hers"), "hers")
    begin(ann, "REFRESH MODEL hers", "hers")
    begin(shop, "REFRESH MODEL hers", "hers")
    shop.execute("DROP MODEL hers")
    ann.close()


@pytest.mark.parametrize("sql", ["REFRESH MODEL m", "ALTER MODEL m SET VERSION 1"])
def test_nothing_of_it_can_be_rolled_back(shop: vesto.Session, sql: str) -> None:
    shop.execute("BEGIN")
    refused(shop, sql, "25001")
    shop.execute("ROLLBACK")


WRONG = {
    "REFRESH MODEL n": ("42704", 15),
    "ALTER MODEL n SET VERSION 1": ("42704", 13),
    "ALTER MODEL m SET VERSION 7": ("42704", 27),
    "ALTER MODEL m SET VERSION": ("42601", 26),
    "ALTER MODEL m RENAME TO n": ("42601", 15),
    "REFRESH MODEL m SETTINGS (HORIZON 5)": ("22023", 17),
    "REFRESH MODEL m SETTINGS (MAX_RUNTIME 0)": ("22023", 39),
    "REFRESH MODEL m SETTINGS (SPEED 5)": ("22023", 27),
    "REFRESH MODEL m m": ("42601", 17),
    "SHOW MODEL ALL VERSIONS": ("42601", 16),
}


def test_mistakes_have_their_position(shop: vesto.Session) -> None:
    for sql, (sqlstate, position) in WRONG.items():
        assert refused(shop, sql, sqlstate).position == position, sql
    assert states(shop) == [(1, "READY", True)]


# --- What is kept -------------------------------------------------------------------------------


def test_as_many_versions_are_kept_as_the_setting_says(refreshed: Path, path: Path) -> None:
    shutil.copytree(refreshed, path)
    with vesto.connect(path, settings={"model_versions": 2}) as session:
        home = path / "models" / session.model("m").id
        session.execute("ALTER MODEL m SET VERSION 1")
        assert sorted(folder.name for folder in home.iterdir()) == ["1", "2"]
        session.execute("REFRESH MODEL m SETTINGS (MAX_RUNTIME 77)")
        assert sorted(folder.name for folder in home.iterdir()) == ["2", "3"]
        assert states(session) == [(2, "READY", False), (3, "READY", True)]
        assert session.model("m").definition.max_runtime_s == 77
        refused(session, "ALTER MODEL m SET VERSION 1", "42704")
        # A refresh goes by what CREATE MODEL said, though that version has gone.
        session.wait_for_models = False
        session.execute("REFRESH MODEL m")
        assert session.newest("m").definition.max_runtime_s == 5400


def test_a_damaged_version_does_not_come_to_serve(two: vesto.Session) -> None:
    before = total(two)
    first = replace(two.model("m"), version=1)
    two.warehouse.files.program_file(first).write_bytes(b"no program")
    refused(two, "ALTER MODEL m SET VERSION 1", "XX001")
    assert total(two) == before
    assert states(two) == [(1, "READY", False), (2, "READY", True)]


FORMAT_1 = """
ALTER TABLE models ADD COLUMN state TEXT;
ALTER TABLE models ADD COLUMN outcome TEXT;
UPDATE models SET state = 'READY', outcome = (SELECT json_remove(outcome, '$.rows') FROM versions),
    definition = json_remove(definition, '$.training_query', '$.search_path', '$.rounding',
                             '$.time_zone', '$.source_job', '$.returns');
DROP TABLE versions;
UPDATE facts SET value = '1';
"""


def test_a_warehouse_from_before_there_were_versions_is_opened_and_refreshed(
    trained: Path, path: Path
) -> None:
    shutil.copytree(trained, path)
    old = sqlite3.connect(path / "catalog.sqlite")
    old.executescript(FORMAT_1)
    old.close()
    with vesto.connect(path) as session:
        before = total(session)
        assert states(session) == [(1, "READY", True)]
        assert session.execute("SELECT is_refreshable FROM stv_ml_model_info").rows() == [(1,)]
        flip(session)
        session.execute("REFRESH MODEL m")
        assert total(session) == 600 - before
        session.execute("ALTER MODEL m SET VERSION 1")
        assert total(session) == before


# --- A model of an earlier job ------------------------------------------------------------------


def job_of(session: vesto.Session, number: int = 1) -> str:
    return str(versions(session)[number - 1]["job_name"])


def test_an_earlier_job_is_registered_under_another_name(two: vesto.Session, path: Path) -> None:
    before = 600 - total(two)
    job = job_of(two)
    types = dict(two.execute("SHOW MODEL m").rows())["Function Parameter Types"]
    made = two.execute(
        f"CREATE MODEL earlier FROM '{job}' FUNCTION f_1 ({types.replace(' ', ', ')}) RETURNS float8 "
        "IAM_ROLE default SETTINGS (S3_BUCKET 'bucket')"
    )
    assert made.tag == "CREATE MODEL"
    asked = "SELECT sum(f_1(a, b, c)), count(f_1_prob(a, b, c).labels[0]) FROM points"
    assert two.execute(asked).rows() == [(float(before), 600)]
    rows = two.execute("SHOW MODEL earlier").rows()
    assert [key for key, _ in rows] == [
        "Model Name", "Schema Name", "Owner", "Creation Time", "Model State", "", "PARAMETERS:",
        "Model Type", "Training Job Name", "Function Name", "Inference Type", "Function Parameters",
        "Function Parameter Types", "Function Return Type", "IAM Role", "S3 Bucket",
    ]  # fmt: skip
    values = dict(rows)
    assert (values["Inference Type"], values["Function Return Type"]) == ("Local", "float8")
    assert (values["Training Job Name"], values["Model State"]) == (job, "READY")
    refused(two, "REFRESH MODEL earlier", "42809")
    states_of = "SELECT model_name, is_refreshable FROM stv_ml_model_info ORDER BY 1"
    assert two.execute(states_of).rows() == [("earlier", 0), ("m", 1)]
    # The program is the new model's own: what it was made of may go.
    two.execute("DROP MODEL m")
    two.close()
    whole = "(INT8, FLOAT8, BOOL)"
    with vesto.connect(path) as again:
        assert again.execute(asked).rows() == [(float(before), 600)]
        again.execute(f"CREATE MODEL older FROM '{job}' FUNCTION f_0 {whole}")
        again.execute("DROP MODEL earlier; DROP MODEL older")
        error = refused(again, f"CREATE MODEL x FROM '{job}' FUNCTION g {whole}", "42704")
        assert "S3_GARBAGE_COLLECT OFF" in error.detail
        assert list((path / "models").iterdir()) == []


RETURNS = {"float8": 0.0, "int8": 0, "DECIMAL(10, 6)": "0.000000", "INTEGER": 0}


@pytest.mark.parametrize(("kind", "value"), RETURNS.items())
def test_returns_may_be_wider(shop: vesto.Session, kind: str, value: object) -> None:
    shop.execute(
        f"CREATE MODEL w FROM '{job_of(shop)}' FUNCTION w (INT8, FLOAT8, BOOL) RETURNS {kind}"
    )
    found = shop.execute("SELECT min(w(a, b, c)) FROM points").row()
    assert found is not None
    assert type(found[0]) is type(value) or str(found[0]) == value
    shop.execute("DROP MODEL w")
    assert ("public", "w") not in shop.warehouse.engine.functions()


NOT_REGISTERED = {
    "FUNCTION g (INT8, FLOAT8)": ("42804", "takes 3"),
    "FUNCTION g (INT8, FLOAT8, INT)": ("42804", 'argument 3 "c" of FUNCTION is INTEGER'),
    "FUNCTION g (INT8, FLOAT8, BOOL) RETURNS VARCHAR": ("42804", "gives INTEGER"),
    "FUNCTION g (INT8, FLOAT8, BOOL) RETURNS SMALLINT": ("42804", "gives INTEGER"),
    "FUNCTION f (INT8, FLOAT8, BOOL)": ("42723", '"f" already exists'),
    "FUNCTION abs (INT8, FLOAT8, BOOL)": ("42723", "function of SQL"),
    "FUNCTION g (INT8, FLOAT8, BOOL) TARGET label": ("22023", "TARGET"),
    "FUNCTION g": ("42601", "argument types"),
}


def test_what_does_not_fit_the_job_is_refused(shop: vesto.Session) -> None:
    for rest, (sqlstate, words) in NOT_REGISTERED.items():
        error = refused(shop, f"CREATE MODEL x FROM '{job_of(shop)}' {rest}", sqlstate)
        assert words in error.message, rest
        assert error.position is not None, rest
        assert error.hint, rest
    whole = "FUNCTION g (INT8, FLOAT8, BOOL)"
    refused(shop, f"CREATE MODEL m FROM '{job_of(shop)}' {whole}", "42710")
    for unknown in ("redshiftml-20220614171552640901", "redshiftml", "../catalog", "", "job 1"):
        sqlstate = "0A000" if "/" in unknown else "42704"
        assert refused(shop, f"CREATE MODEL x FROM '{unknown}' {whole}", sqlstate).position == 16
    assert shop.execute("SHOW MODEL ALL").rows() == [("public", "m")]
    assert len(list((shop.warehouse.path / "models").iterdir())) == 1


WHOLE = "FUNCTION g (INT8, FLOAT8, BOOL) SETTINGS (S3_BUCKET 'bucket')"


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bucket's place, with the job of a model that was dropped; beside it the warehouse."""
    place = tmp_path_factory.mktemp("bucket") / "stage"
    with vesto.connect(place.with_name("shop"), settings=staged(place)) as session:
        session.execute(POINTS)
        small = SMALL_MODEL.format(name="m", function="f")
        session.execute(f"{small} SETTINGS (S3_BUCKET 'bucket', S3_GARBAGE_COLLECT OFF)")
        session.execute("DROP MODEL m")
    return place


def staged(place: Path) -> dict[str, object]:
    return {"staging": {"bucket": str(place)}}


def kept_job(place: Path) -> Path:
    (job,) = place.glob("redshiftml-*")
    return job


def test_what_a_job_made_outlives_its_model_in_a_bucket(bucket: Path) -> None:
    job = kept_job(bucket).name
    with vesto.connect(bucket.with_name("shop"), settings=staged(bucket)) as session:
        refused(session, f"CREATE MODEL x FROM '{job}' FUNCTION g (INT8, FLOAT8, BOOL)", "42704")
        session.execute(f"CREATE MODEL x FROM '{job}' {WHOLE}")
        row = session.execute("SELECT avg((g(a, b, c) = label)::int) FROM points").row()
        assert row is not None
        assert row[0] > 0.95
        session.execute("DROP MODEL x")


DAMAGE = (
    lambda parts: parts["definition"]["parameters"].pop(),
    lambda parts: parts["definition"]["parameters"].reverse(),
    lambda parts: parts["outcome"].update(return_type="float8"),
    lambda parts: parts["outcome"].update(program="0" * 64),
    lambda parts: parts["outcome"].update(score="high"),
    lambda parts: parts["definition"].update(hyperparameters=[["a", 5]]),
    lambda parts: parts["definition"].update(later=1),
    lambda parts: parts.pop("outcome"),
)


def test_what_somebody_wrote_into_the_bucket_is_checked(
    bucket: Path, path: Path, tmp_path: Path
) -> None:
    place = tmp_path / "stage"
    shutil.copytree(bucket, place)
    job = kept_job(place)
    whole = (job / "model.json").read_text()
    texts = ["", "[]", "[" * 100_000, '"x"']
    for damage in DAMAGE:
        parts = json.loads(whole)
        damage(parts)
        texts.append(json.dumps(parts))
    with vesto.connect(path, settings=staged(place)) as session:
        for text in texts:
            (job / "model.json").write_text(text)
            refused(session, f"CREATE MODEL x FROM '{job.name}' {WHOLE}", "XX001")
        (job / "model.json").write_text(whole)
        (job / "program.safetensors.zlib").write_bytes(b"no program")
        refused(session, f"CREATE MODEL x FROM '{job.name}' {WHOLE}", "XX001")
        assert session.execute("SHOW MODEL ALL").rows() == []
        assert list((path / "models").iterdir()) == []


# --- Progress -----------------------------------------------------------------------------------


def test_progress_is_there_while_it_trains_and_afterwards(shop: vesto.Session) -> None:
    asked = "SELECT * FROM svv_ml_model_progress"
    (before,) = shop.execute(asked).arrow().to_pylist()
    assert list(before) == [
        "schema_name", "model_name", "version", "job_name", "stage", "share", "candidates",
        "metric", "score", "seconds_left", "started_at",
    ]  # fmt: skip
    assert (before["stage"], before["share"], before["metric"]) == ("ready", 1.0, "train:error")
    shop.wait_for_models = False
    shop.execute("REFRESH MODEL m SETTINGS (MAX_RUNTIME 300)")
    seen = []
    while shop.newest("m").state == "TRAINING":
        seen += shop.execute(asked).arrow().to_pylist()
        time.sleep(0.02)
    (last,) = shop.execute(asked).arrow().to_pylist()
    trained = [row for row in seen if row["stage"] not in {"waiting", "ready"}]
    assert trained
    assert {row["version"] for row in seen} == {2} == {last["version"]}
    assert {row["job_name"] for row in seen} == {last["job_name"]} != {before["job_name"]}
    shares = [row["share"] for row in trained]
    assert shares == sorted(shares)
    assert all(0 <= row["seconds_left"] <= 300 for row in trained)
    assert (last["stage"], last["share"], last["seconds_left"]) == ("ready", 1.0, None)
    joined = f"SELECT p.stage FROM ({asked}) p JOIN stv_ml_model_info USING (model_name)"
    assert shop.execute(joined).rows() == [("ready",)]


def test_of_refreshes_at_one_time_one_is_trained(shop: vesto.Session) -> None:
    errors: list[str] = []

    def refresh() -> None:
        mine = vesto.Session(shop.warehouse, wait=False)
        try:
            mine.execute("REFRESH MODEL m")
        except vesto.VestoError as error:
            errors.append(error.sqlstate)
        mine.close()

    threads = [threading.Thread(target=refresh) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == ["55000", "55000"]
    shop.wait("m")
    assert states(shop) == [(1, "READY", False), (2, "READY", True)]

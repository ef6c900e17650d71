"""Who may train, predict with, look at and remove models. Reference: section 3.9 of Redshift ML."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests_support import POINTS, SMALL_MODEL

import vesto

CALL = "SELECT f(1, 2.0, true)"


class Shop:
    """A warehouse with a model, and sessions of its users."""

    def __init__(self, owner: vesto.Session) -> None:
        self.users = {"owner": owner}

    def run(self, user: str, sql: str) -> list[tuple[object, ...]]:
        if user not in self.users:
            self.users[user] = vesto.Session(self.users["owner"].warehouse, user=user)
        return self.users[user].execute(sql).rows()

    def refused(self, user: str, sql: str, sqlstate: str = "42501") -> str:
        with pytest.raises(vesto.VestoError) as caught:
            self.run(user, sql)
        assert caught.value.sqlstate == sqlstate, (sql, caught.value)
        return caught.value.message


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with vesto.connect(tmp_path_factory.mktemp("w") / "shop") as owner:
        owner.execute(POINTS + ";" + SMALL_MODEL.format(name="m", function="f"))
        opened = Shop(owner)
        yield opened
        for session in opened.users.values():
            session.close()


@pytest.fixture
def user(shop: Shop, request: pytest.FixtureRequest) -> str:
    """A user that has nothing, of another name for each test."""
    name = request.node.name.replace("[", "_").replace("]", "")[:60]
    shop.run("owner", f'CREATE USER "{name}" PASSWORD DISABLE')
    return name


STRANGER = {
    CALL: "permission denied for function or procedure f",
    "SELECT public.f(1, 2.0, true)": "permission denied for function or procedure f",
    "SELECT dev.public.f(1, 2.0, true)": "permission denied for function or procedure f",
    "SELECT (1).f(2.0, true)": "permission denied for function or procedure f",
    "SELECT x.f(2.0, true) FROM (SELECT 1 AS x)": "permission denied for function or procedure f",
    "SELECT f_prob(1, 2.0, true)": "permission denied for function or procedure f_prob",
    "SELECT f_explain(1, 2.0, true)": "permission denied for function or procedure f_explain",
    "SELECT f_interval(1, 2.0, true)": "permission denied for function or procedure f_interval",
    "EXPLAIN SELECT f(1, 2.0, true)": "permission denied for function or procedure f",
    "CREATE VIEW peek AS SELECT f(1, 2.0, true) AS p": "permission denied for function",
    "SELECT EXPLAIN_MODEL('m')": "permission denied for model m",
    "SHOW MODEL m": "permission denied for model m",
    "SHOW MODEL m VERSIONS": "permission denied for model m",
    "WAIT FOR MODEL m": "permission denied for model m",
    "EVALUATE MODEL m ON points": "permission denied for model m",
    "REFRESH MODEL m": "must be owner of model",
    "ALTER MODEL m SET VERSION 1": "must be owner of model",
    "ALTER MODEL m CANCEL REFRESH": "must be owner of model",
    "DROP MODEL m": "must be owner of model",
    "GRANT EXECUTE ON MODEL m TO PUBLIC": "permission denied for model m",
    SMALL_MODEL.format(name="n", function="g"): "permission denied to create model",
    "EXPLAIN " + SMALL_MODEL.format(name="n", function="g").strip():
        "permission denied to create model",
}  # fmt: skip


def test_a_stranger_can_do_nothing_with_a_model(shop: Shop, user: str) -> None:
    for sql, message in STRANGER.items():
        assert message in shop.refused(user, sql), sql
    for view in ("stv_ml_model_info", "svv_ml_model_info", "svv_ml_model_metrics",
                 "svv_ml_model_report", "svv_ml_model_progress", "svv_ml_model_trials",
                 "svv_ml_feature_importance", "svv_ml_model_privileges"):  # fmt: skip
        assert shop.run(user, f"SELECT * FROM {view}") == []
    assert shop.run(user, "SHOW MODEL ALL") == []


def test_execute_opens_the_functions_and_no_more(shop: Shop, user: str) -> None:
    shop.run("owner", f'GRANT EXECUTE ON MODEL m TO "{user}"')
    assert len(shop.run(user, CALL)) == 1
    assert shop.run(user, "SELECT EXPLAIN_MODEL('m') IS NULL") == [(False,)]
    assert shop.run(user, "SHOW MODEL ALL") == [("public", "m")]
    assert shop.run(user, "SELECT model_name FROM stv_ml_model_info") == [("m",)]
    shop.refused(user, "EVALUATE MODEL m ON points")
    for sql in ("REFRESH MODEL m", "DROP MODEL m", "GRANT EXECUTE ON MODEL m TO PUBLIC"):
        shop.refused(user, sql)
    shop.run("owner", f'REVOKE EXECUTE ON MODEL m FROM "{user}"')
    shop.refused(user, CALL)


def test_show_model_keeps_the_owners_rows(shop: Shop, user: str) -> None:
    owners = dict(shop.run("owner", "SHOW MODEL m"))
    assert {"Estimated Cost", "Query", "Training Job Name"} <= owners.keys()
    shop.run("owner", f'GRANT EXECUTE ON MODEL m TO "{user}"')
    mine = shop.run(user, "SHOW MODEL m")
    assert {key for key, _ in mine}.isdisjoint({"Estimated Cost", "Query", "Training Job Name"})
    assert "POINTS" not in str(mine)
    assert ("Function Parameters", "a b c") in mine
    assert shop.run(user, "SHOW MODEL m VERSIONS")[0][-2:] == (None, None)


@pytest.mark.parametrize("kind", ["GROUP", "ROLE", "PUBLIC"])
def test_a_model_is_granted_to_many_at_once(shop: Shop, user: str, kind: str) -> None:
    if kind == "GROUP":
        shop.run("owner", f'CREATE GROUP many USER "{user}"')
    if kind == "ROLE":
        shop.run("owner", f'CREATE ROLE many; GRANT ROLE many TO "{user}"')
    holder = kind if kind == "PUBLIC" else f"{kind} many"
    shop.run("owner", f"GRANT ALL ON MODEL m TO {holder}")
    assert len(shop.run(user, CALL)) == 1
    seen = f"SELECT privilege_type, identity_type FROM svv_ml_model_privileges WHERE identity_type = '{kind.lower()}'"
    assert shop.run(user, seen) == [("EXECUTE", kind.lower())]
    shop.run("owner", f"REVOKE ALL PRIVILEGES ON MODEL m FROM {holder}")
    shop.refused(user, CALL)


def test_a_grant_option_is_needed_to_give_it_on(shop: Shop, user: str) -> None:
    shop.run("owner", f'GRANT EXECUTE ON MODEL m TO "{user}" WITH GRANT OPTION')
    shop.run("owner", "CREATE USER friend PASSWORD DISABLE")
    shop.run(user, "GRANT EXECUTE ON MODEL m TO friend")
    assert len(shop.run("friend", CALL)) == 1
    shop.run("owner", f'REVOKE GRANT OPTION FOR EXECUTE ON MODEL m FROM "{user}"')
    shop.refused(user, "GRANT EXECUTE ON MODEL m TO friend")
    assert len(shop.run(user, CALL)) == 1


def test_a_models_function_is_not_granted_by_itself(shop: Shop, user: str) -> None:
    message = shop.refused("owner", f'GRANT EXECUTE ON FUNCTION f (INT) TO "{user}"', "42809")
    assert "belongs to a model" in message
    sql = f'GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO "{user}"'
    shop.refused("owner", sql, "42809")


def test_views_and_functions_over_a_model(shop: Shop, user: str) -> None:
    shop.run("owner", "CREATE VIEW scored AS SELECT id, f(a, b, c) AS p FROM points")
    shop.run("owner", f'GRANT SELECT ON scored TO "{user}"')
    assert shop.run(user, "SELECT count(p) FROM scored") == [(600,)]
    shop.refused(user, "SELECT f(1, 2.0, true) FROM scored")
    shop.run(
        "owner",
        "CREATE FUNCTION via (INT) RETURNS INT8 STABLE AS $$ SELECT f($1, 2.0, true) $$ LANGUAGE sql",
    )
    assert "function or procedure f" in shop.refused(user, "SELECT via(1)")
    shop.run("owner", "DROP VIEW scored; DROP FUNCTION via (INT)")


def test_whoever_may_trains_and_owns(shop: Shop, user: str) -> None:
    train = SMALL_MODEL.format(name="own", function="g")
    shop.run("owner", f'GRANT CREATE MODEL TO "{user}"')
    assert "permission denied for relation points" in shop.refused(user, train)
    shop.run("owner", f'GRANT SELECT ON points TO "{user}"')
    elsewhere = train.replace("MODEL own", "MODEL hidden.own")
    shop.run("owner", "CREATE SCHEMA hidden")
    assert "permission denied for schema hidden" in shop.refused(user, elsewhere)
    shop.run(user, train)
    assert len(shop.run(user, "SELECT g(1, 2.0, true)")) == 1
    assert dict(shop.run(user, "SHOW MODEL own"))["Owner"] == user
    job = shop.run(user, "SHOW MODEL own VERSIONS")[0][-2]
    shop.run("owner", "CREATE USER thief PASSWORD DISABLE; GRANT CREATE MODEL TO thief")
    copied = f"CREATE MODEL copied FROM '{job}' FUNCTION h (INT8, FLOAT8, BOOL)"
    shop.refused("thief", copied)
    # The right to read is needed again, whoever asks for the refresh.
    shop.run("owner", f'REVOKE SELECT ON points FROM "{user}"')
    for asking in (user, "owner"):
        assert "permission denied for relation points" in shop.refused(asking, "REFRESH MODEL own")
    refreshable = "SELECT is_refreshable FROM stv_ml_model_info WHERE model_name = 'own'"
    assert shop.run(user, refreshable) == [(0,)]
    assert "depend" in shop.refused("owner", f'DROP USER "{user}"', "2BP01")
    shop.run("owner", "ALTER MODEL own OWNER TO vesto")
    shop.refused(user, "DROP MODEL own")
    shop.run(
        "owner",
        f'CREATE ROLE dropper; GRANT DROP MODEL TO ROLE dropper; GRANT ROLE dropper TO "{user}"',
    )
    shop.run(user, "DROP MODEL own")


LABELS = ["it's", '"; DROP TABLE people; --', "a\\b", "$$", "\u00e4", "x' OR 1=1 --"]


def test_names_and_labels_are_never_sql(shop: Shop) -> None:
    shop.run("owner", 'CREATE TABLE people ("a\'b" INT, "c""d" DOUBLE PRECISION, label VARCHAR)')
    cases = " ".join(
        f"WHEN {at} THEN '{label.replace(chr(92), chr(92) * 2).replace(chr(39), chr(39) * 2)}'"
        for at, label in enumerate(LABELS)
    )
    shop.run(
        "owner",
        f"INSERT INTO people SELECT i, i % 6, CASE i % 6 {cases} END FROM generate_series(0, 599) AS t(i)",
    )
    shop.run(
        "owner",
        'CREATE MODEL "m\'; DROP TABLE people; --" FROM people TARGET label FUNCTION "f""; SELECT 1" '
        "AUTO ON MODEL_TYPE XGBOOST SETTINGS (MAX_RUNTIME 60, MAX_TRIALS 1)",
    )
    found = shop.run("owner", 'SELECT DISTINCT "f""; SELECT 1"("a\'b", "c""d") FROM people')
    assert {label for (label,) in found} <= set(LABELS)
    assert shop.run("owner", "SELECT count(*) FROM people") == [(600,)]
    shop.run("owner", 'CREATE USER "u\'"";--" PASSWORD DISABLE')
    shop.refused("u'\";--", 'SELECT "f""; SELECT 1"(1, 2)')
    shop.run("owner", 'GRANT EXECUTE ON MODEL "m\'; DROP TABLE people; --" TO "u\'"";--"')
    assert len(shop.run("u'\";--", 'SELECT "f""; SELECT 1"(1, 2)')) == 1
    rows = shop.run("owner", "SELECT model_name, identity_name FROM svv_ml_model_privileges")
    assert ("m'; DROP TABLE people; --", "u'\";--") in rows
    shop.run("owner", 'DROP MODEL "m\'; DROP TABLE people; --"')


def test_a_models_privileges_go_with_it(path: Path) -> None:
    with vesto.connect(path) as owner:
        owner.execute(POINTS + ";" + SMALL_MODEL.format(name="m", function="f"))
        owner.execute("CREATE USER ann PASSWORD DISABLE; GRANT EXECUTE ON MODEL m TO ann")
        owner.execute("DROP MODEL m" + "; " + SMALL_MODEL.format(name="m", function="f"))
        ann = vesto.Session(owner.warehouse, user="ann")
        with pytest.raises(vesto.VestoError, match="permission denied for function"):
            ann.execute(CALL)
        ann.close()


def test_what_may_be_done_with_a_model_can_be_asked(shop: Shop, user: str) -> None:
    may = "SELECT has_model_privilege('m', 'execute'), has_function_privilege('f', 'EXECUTE')"
    told = f"SELECT has_model_privilege('{user}', 'public.m', 'EXECUTE WITH GRANT OPTION')"
    assert shop.run(user, may) == [(False, False)]
    shop.run("owner", f'GRANT EXECUTE ON MODEL m TO "{user}"')
    assert shop.run(user, may) == [(True, True)]
    assert shop.run("owner", told) == [(False,)]
    shop.run("owner", f'GRANT EXECUTE ON MODEL m TO "{user}" WITH GRANT OPTION')
    assert shop.run("owner", told) == [(True,)]
    assert shop.run(user, "SELECT has_model_privilege(NULL, 'EXECUTE')") == [(None,)]
    shop.refused(user, "SELECT has_model_privilege('nothing', 'EXECUTE')", "42704")
    shop.refused(user, "SELECT has_model_privilege('m', 'SELECT')", "22023")

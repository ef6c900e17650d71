"""Schemas that hold models, and functions of both kinds side by side."""

from __future__ import annotations

import pytest
from tests_support import SMALL_MODEL

import vesto


def failing(session: vesto.Session, sql: str) -> str:
    with pytest.raises(vesto.VestoError) as caught:
        session.execute(sql)
    return caught.value.sqlstate


def test_a_schema_takes_its_models_with_it_only_if_asked(session: vesto.Session) -> None:
    session.execute("CREATE SCHEMA lab")
    session.execute(SMALL_MODEL.format(name="lab.m", function="lab.predict_m"))
    assert failing(session, "DROP SCHEMA lab") == "2BP01"
    session.execute("BEGIN")
    assert failing(session, "DROP SCHEMA lab CASCADE") == "25001"
    session.execute("ROLLBACK")
    assert session.execute("SHOW MODEL ALL").rows() == [("lab", "m")]
    folder = session.warehouse.path / "models"
    assert len(list(folder.iterdir())) == 1
    session.execute("DROP SCHEMA lab CASCADE")
    assert session.execute("SHOW MODEL ALL").rows() == []
    assert list(folder.iterdir()) == []


def test_functions_of_models_and_of_sql_do_not_hide_each_other(session: vesto.Session) -> None:
    session.execute("CREATE FUNCTION mine (INT) RETURNS INT STABLE AS $$ SELECT $1 $$ LANGUAGE sql")
    assert failing(session, SMALL_MODEL.format(name="m", function="mine")) == "42723"
    assert failing(session, SMALL_MODEL.format(name="m", function="split_to_array")) == "42723"
    session.execute(SMALL_MODEL.format(name="m", function="predict_m"))
    create = "CREATE FUNCTION predict_m (INT) RETURNS INT STABLE AS $$ SELECT 1 $$ LANGUAGE sql"
    assert failing(session, create) == "42723"
    assert failing(session, "DROP FUNCTION predict_m (INT)") == "2BP01"
    assert session.execute("SELECT mine(4)").rows() == [(4,)]


def test_a_model_learns_from_documents_and_late_views(session: vesto.Session) -> None:
    session.execute("CREATE VIEW late AS SELECT * FROM points WITH NO SCHEMA BINDING")
    session.execute(SMALL_MODEL.format(name="m", function="f").replace("points", "late"))
    assert session.model("m").state == "READY"


@pytest.mark.parametrize(
    ("sql", "missing"),
    [
        ("DROP TABLE IF EXISTS points, nowhere, #temporary", ['table "nowhere"']),
        ("DROP VIEW IF EXISTS v, w, late", ['view "w"']),
        ("DROP MATERIALIZED VIEW IF EXISTS kept", []),
        ("DROP MATERIALIZED VIEW IF EXISTS lost", ['materialized view "lost"']),
        ("DROP SCHEMA IF EXISTS lab, nowhere", ['schema "nowhere"']),
        ("DROP FUNCTION IF EXISTS mine (INT)", []),
        ("DROP FUNCTION IF EXISTS mine (DATE)", ['function "mine" with these arguments']),
    ],
)
def test_what_is_not_there_to_be_dropped_is_said(
    session: vesto.Session, sql: str, missing: list[str]
) -> None:
    session.execute(
        "CREATE SCHEMA lab; CREATE TABLE #temporary (a INT); CREATE VIEW v AS SELECT 1 AS a; "
        "CREATE VIEW late AS SELECT a FROM public.points WITH NO SCHEMA BINDING; "
        "CREATE MATERIALIZED VIEW kept AS SELECT 1 AS a; "
        "CREATE FUNCTION mine (INT) RETURNS INT STABLE AS $$ SELECT $1 $$ LANGUAGE sql"
    )
    notices = session.execute(sql).notices
    assert list(notices) == [f"{what} does not exist, skipping" for what in missing]

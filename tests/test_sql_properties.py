"""Any text gives rows or one of our errors: cut off, mixed up, or made of anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import vesto
from vesto.dialect.scanner import scan, split

FOLDER = Path(__file__).parent / "sql"
QUIET = settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
MODELS = [
    (
        "CREATE MODEL m FROM (SELECT a, b FROM t) TARGET b FUNCTION f IAM_ROLE default AUTO ON "
        "PROBLEM_TYPE REGRESSION OBJECTIVE 'MSE' SETTINGS (S3_BUCKET 'x', MAX_CELLS 1000)"
    ),
    "CREATE EXTERNAL MODEL m FUNCTION f IAM_ROLE default MODEL_TYPE BEDROCK SETTINGS (MODEL_ID 'x')",
    "GRANT EXECUTE ON MODEL m TO u WITH GRANT OPTION, ROLE r, PUBLIC",
    "REVOKE GRANT OPTION FOR CREATE MODEL FROM GROUP g RESTRICT",
    "SELECT EXPLAIN_MODEL('m')", "SELECT FORECAST(m)", "DROP MODEL IF EXISTS s.m", "SHOW MODEL ALL",
    "COPY t (a) FROM 's3://b/k' IAM_ROLE default CSV QUOTE '\"' IGNOREHEADER 1 MAXERROR 5 GZIP",
    "UNLOAD ('SELECT 1') TO 's3://b/k' PARQUET ALLOWOVERWRITE PARTITION BY (a) INCLUDE",
]  # fmt: skip


def statements() -> list[str]:
    found = set(MODELS)
    for file in FOLDER.glob("*.test"):
        for block in file.read_text().split("\n\n"):
            lines = [line for line in block.splitlines() if not line.startswith("#")]
            text = "\n".join(lines[1 : lines.index("----") if "----" in lines else None])
            found |= {text[span.start : span.end] for span in split(text)}
    return sorted(found)


STATEMENTS = statements()
TOKENS = sorted(
    {text[t.span.start : t.span.end] for text in STATEMENTS for t in scan(text) if t.kind != "end"}
)


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[vesto.Session]:
    with vesto.connect(tmp_path_factory.mktemp("any") / "shop", locked=True) as session:
        session.execute("CREATE TABLE t (a INT, b VARCHAR(5), s SUPER)")
        yield session


def failure(session: vesto.Session, text: str) -> vesto.VestoError | None:
    try:
        session.execute(text).rows()
    except vesto.VestoError as error:
        return error
    return None


def is_clean(session: vesto.Session, text: str) -> None:
    """Run it; whatever happens is rows or one of our errors, and the session goes on."""
    error = failure(session, text)
    if error is not None:
        assert error.sqlstate != "XX000", error
        assert error.message
        if error.span is not None:
            assert 0 <= error.span.start <= error.span.end <= len(text)
    if session.transaction != "idle":
        session.execute("ROLLBACK")


@QUIET
@given(st.data())
def test_every_beginning_of_a_statement_is_clean(
    locked: vesto.Session, data: st.DataObject
) -> None:
    text = data.draw(st.sampled_from(STATEMENTS))
    is_clean(locked, text[: data.draw(st.integers(0, len(text)))])


@pytest.mark.parametrize("text", ["SELECT INITCAP(", "SELECT INITCAP('a', ", "SELECT CONCAT("])
def test_a_function_without_all_of_its_arguments_is_a_syntax_error(
    locked: vesto.Session, text: str
) -> None:
    error = failure(locked, text)
    assert error is not None and error.sqlstate == "42601"


@QUIET
@given(st.lists(st.sampled_from(TOKENS), max_size=12), st.sampled_from(STATEMENTS), st.data())
def test_tokens_in_any_order_are_clean(
    locked: vesto.Session, tokens: list[str], text: str, data: st.DataObject
) -> None:
    words = text.split()
    cut = data.draw(st.integers(0, len(words)))
    is_clean(locked, " ".join([*words[:cut], *tokens]))


@QUIET
@given(st.text(max_size=80))
def test_text_of_any_kind_is_clean(locked: vesto.Session, text: str) -> None:
    is_clean(locked, text)
    is_clean(locked, f"SELECT {text}")
    is_clean(locked, f"SELECT '{text}")

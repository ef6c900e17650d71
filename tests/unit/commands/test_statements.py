"""Every statement: it prints what it read, and its every beginning is a clean error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vesto.commands import COMMANDS, find_command
from vesto.commands._model_clauses import MODEL_TYPES, PROBLEM_TYPES, SETTINGS, Source
from vesto.commands._privileges import ASSUMEROLE_FOR, ON_OBJECTS, SYSTEM, Grantee, Privileges
from vesto.commands.create_external_model import CHOICES, CreateExternalModel
from vesto.commands.create_model import CreateModel
from vesto.commands.drop_model import DropModel
from vesto.commands.grant import Grant
from vesto.commands.revoke import Revoke
from vesto.commands.show_model import ShowModel, clauses
from vesto.commands.wait_for_model import WaitForModel
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name
from vesto.errors import StatementSyntaxError, VestoError

words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
names = st.one_of(
    st.builds(Name, words),
    st.builds(Name, words, words),
    st.builds(Name, words, words, words),
)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
types = st.sampled_from(["INTEGER", "DOUBLE PRECISION", "VARCHAR(10)", "DECIMAL(10, 2)", "SUPER"])


def settings_values() -> st.SearchStrategy[tuple[tuple[str, str], ...]]:
    kinds = {
        "string": texts,
        "integer": st.integers(1, 10**9).map(str),
        "switch": st.sampled_from(["ON", "OFF"]),
    }
    chosen = st.lists(st.sampled_from(sorted(SETTINGS)), unique=True, max_size=4)
    return chosen.flatmap(
        lambda keys: st.tuples(*(st.tuples(st.just(k), kinds[SETTINGS[k]]) for k in keys))
    )


sources = st.one_of(
    st.just(Source("query", "SELECT a, ')' AS b FROM t -- c\nWHERE (1) = 1")),
    texts.map(lambda text: Source("job", text)),
    names.map(lambda name: Source("table", str(name), name)),
)
models = st.builds(
    CreateModel,
    name=names,
    source=st.none() | sources,
    target=st.none() | words.map(str.lower),
    function=names,
    function_types=st.none() | st.lists(types, max_size=3).map(tuple),
    returns=st.none() | types,
    sagemaker=st.none() | st.tuples(texts, texts),
    iam_role=st.none() | texts,
    auto=st.none() | st.booleans(),
    model_type=st.none() | st.sampled_from(MODEL_TYPES),
    problem_type=st.none() | st.sampled_from(PROBLEM_TYPES),
    objective=st.none() | texts,
    preprocessors=st.none() | texts,
    hyperparameters=st.none()
    | st.lists(st.tuples(words.map(str.lower), texts), max_size=3).map(tuple),
    settings=settings_values(),
)
grantees = st.one_of(
    st.just(Grantee("PUBLIC")),
    st.builds(Grantee, st.just("USER"), words, st.booleans()),
    st.builds(Grantee, st.sampled_from(["ROLE", "GROUP"]), words),
)


def some(values: st.SearchStrategy[str | Name]) -> st.SearchStrategy[tuple[str | Name, ...]]:
    return st.lists(values, min_size=1, max_size=3).map(tuple)


KINDS = {"TABLES IN SCHEMA": "TABLE", "FUNCTIONS IN SCHEMA": "FUNCTION"}
roles = st.sampled_from(["ALL", "DEFAULT", "arn:aws:iam::1:role/r", "it's"])
privileges = st.one_of(
    st.builds(Privileges, some(st.sampled_from(SYSTEM))),
    st.sampled_from([*ON_OBJECTS, *KINDS]).flatmap(
        lambda kind: st.builds(
            Privileges,
            some(st.sampled_from(ON_OBJECTS[KINDS.get(kind, kind)])),
            st.just(kind),
            some(names),
        )
    ),
    st.builds(Privileges, st.just(()), st.just("ROLE"), some(st.builds(Name, words))),
    st.builds(
        Privileges,
        st.just(()),
        st.just("ASSUMEROLE"),
        st.just(()),
        some(roles),
        some(st.sampled_from(ASSUMEROLE_FOR)),
    ),
)
external_settings = st.fixed_dictionaries(
    {"MODEL_ID": texts},
    optional={
        "PROMPT": texts,
        "SUFFIX": texts,
        "REQUEST_TYPE": st.just("UNIFIED"),
        "RESPONSE_TYPE": st.sampled_from(CHOICES["RESPONSE_TYPE"]),
    },
)
external_models = st.builds(
    CreateExternalModel,
    name=names,
    function=names,
    iam_role=st.none() | texts,
    settings=external_settings.map(lambda settings: tuple(settings.items())),
)
statements = st.one_of(
    models,
    external_models,
    st.builds(Grant, privileges, some(grantees)),
    st.builds(Revoke, privileges, some(grantees), st.booleans(), st.booleans()),
    st.builds(DropModel, names, st.booleans()),
    st.builds(ShowModel, st.none() | names),
    st.builds(WaitForModel, names),
)


def parse(text: str) -> object:
    cursor = Cursor(text)
    command = find_command(cursor)
    assert command is not None
    return command.parse(cursor)


@given(statements)
def test_a_statement_survives_a_round_trip(statement: CreateModel) -> None:
    assert parse(statement.sql()) == statement


@given(statements, st.data())
def test_every_beginning_of_a_statement_is_a_statement_or_a_clean_error(
    statement: CreateModel, data: st.DataObject
) -> None:
    text = statement.sql()
    cut = text[: data.draw(st.integers(0, len(text)))]
    try:
        cursor = Cursor(cut)
        command = find_command(cursor)
        if command is not None:
            assert command.parse(cursor) == parse(command.parse(Cursor(cut)).sql())
    except VestoError:
        return


@given(st.text(max_size=60))
def test_no_text_raises_anything_but_our_errors(text: str) -> None:
    for start in (
        "CREATE MODEL ",
        "DROP MODEL ",
        "SHOW MODEL ",
        "GRANT ",
        "REVOKE ",
        "CREATE EXTERNAL MODEL ",
        "",
    ):
        try:
            cursor = Cursor(start + text)
            command = find_command(cursor)
            if command is not None:
                command.parse(cursor)
        except VestoError:
            continue


@pytest.mark.parametrize("name", COMMANDS.names())
def test_every_member_is_found_by_its_first_words(name: str) -> None:
    command = COMMANDS.get(name)
    assert command is not None
    assert find_command(Cursor(" ".join(command.starts) + " x")) is command
    assert "_".join(command.starts).lower() == name


SAME = CreateModel(
    name=Name("m"),
    source=Source("query", "SELECT a, b FROM t"),
    target="b",
    function=Name("f"),
    iam_role="default",
    problem_type="REGRESSION",
    objective="MSE",
    settings=(("S3_BUCKET", "x"), ("MAX_CELLS", "200000")),
)
TOLERATED = {
    "the documented order": "CREATE MODEL m FROM (SELECT a, b FROM t) TARGET b FUNCTION f IAM_ROLE default "
    "PROBLEM_TYPE REGRESSION OBJECTIVE 'MSE' SETTINGS (S3_BUCKET 'x', MAX_CELLS 200000)",
    "another order": "CREATE MODEL m FROM (SELECT a, b FROM t) SETTINGS (S3_BUCKET 'x', MAX_CELLS 200000) "
    "OBJECTIVE 'MSE' PROBLEM_TYPE REGRESSION IAM_ROLE default FUNCTION f TARGET b",
    "lower case": "create model m from (SELECT a, b FROM t) target b function f iam_role default "
    "problem_type regression objective 'MSE' settings (s3_bucket 'x', max_cells 200000)",
    "no white space": "CREATE MODEL m FROM(SELECT a, b FROM t)TARGET b FUNCTION f IAM_ROLE'default'"
    "PROBLEM_TYPE REGRESSION OBJECTIVE'MSE'SETTINGS(S3_BUCKET'x',MAX_CELLS 200000)",
    "parentheses": "CREATE MODEL m FROM (SELECT a, b FROM t) TARGET b FUNCTION f IAM_ROLE default "
    "PROBLEM_TYPE (REGRESSION) OBJECTIVE ('MSE') SETTINGS (S3_BUCKET 'x', MAX_CELLS 200000)",
    "equals signs": "CREATE MODEL m FROM (SELECT a, b FROM t) TARGET b FUNCTION f IAM_ROLE default "
    "PROBLEM_TYPE REGRESSION OBJECTIVE 'MSE' SETTINGS (S3_BUCKET = 'x', MAX_CELLS = 200000)",
    "a target in quotes": "CREATE MODEL m FROM (SELECT a, b FROM t) TARGET 'B' FUNCTION f IAM_ROLE default "
    "PROBLEM_TYPE REGRESSION OBJECTIVE 'MSE' SETTINGS (S3_BUCKET 'x', MAX_CELLS 200000)",
    "comments": "/* one /* in another */ */ CREATE MODEL m -- a name\nFROM (SELECT a, b FROM t) TARGET b "
    "FUNCTION f IAM_ROLE default PROBLEM_TYPE REGRESSION OBJECTIVE $$MSE$$ SETTINGS "
    "(S3_BUCKET 'x', MAX_CELLS 200000);",
}


@pytest.mark.parametrize("sql", TOLERATED.values(), ids=TOLERATED.keys())
def test_what_public_scripts_write_means_the_same(sql: str) -> None:
    assert parse(sql) == SAME


def test_hyperparameters_take_keys_in_any_case() -> None:
    sql = "CREATE MODEL m FUNCTION f HYPERPARAMETERS DEFAULT EXCEPT(NUM_ROUND '100', Max_Depth 3)"
    read = CreateModel.parse(Cursor(sql))
    assert read.hyperparameters == (("num_round", "100"), ("max_depth", "3"))


MISTAKES = {
    "CREATE MODEL": ("a model's name", 13),
    "CREATE MODEL IF NOT EXISTS m": ("a model's name", 14),
    "CREATE MODEL m FROM (SELECT (1) TARGET a": ("parenthesis of FROM is not closed", 21),
    "CREATE MODEL m AUTO MAYBE": ("ON or OFF", 21),
    "CREATE MODEL m MODEL_TYPE FOREST": ("MODEL_TYPE cannot be", 27),
    "CREATE MODEL m SETTINGS (MAX_CELLS many)": ("MAX_CELLS must be a whole number", 36),
    "CREATE MODEL m SETTINGS (S3_GARBAGE_COLLECT 1)": ("ON or OFF", 45),
    "CREATE MODEL m SETTINGS (MAX_CELLS 1, MAX_CELLS 2)": ("MAX_CELLS is given twice", 39),
    "CREATE MODEL m HYPERPARAMETERS DEFAULT EXCEPT (5 '1')": ("hyperparameter's name", 48),
    "CREATE MODEL m HYPERPARAMETERS DEFAULT EXCEPT (K v)": ("value of K in single quotes", 50),
    "CREATE MODEL m FUNCTION f(blob5)": ('"blob5" is no type', 27),
    "CREATE MODEL m TARGET (a)": ("the target column", 23),
    "CREATE MODEL m PROBLEM_TYPE (REGRESSION": ("expected )", 40),
    "DROP MODEL m n": ("the end of the statement", 14),
    "SHOW MODEL 'm'": ("a model's name or ALL", 12),
    "WAIT FOR MODEL": ("a model's name", 15),
    "GRANT EXECUTE ON MODEL m": ("expected TO", 25),
    "GRANT SELECT ON MODEL m TO u": ("SELECT is no privilege on a model", 7),
    "GRANT CREATE MODELS TO u": ("CREATE MODELS is no privilege of the system", 7),
    "GRANT EXECUTE ON MODEL m TO ROLE r WITH GRANT OPTION": ("does not go with ROLE", 36),
    "GRANT ASSUMEROLE ON 'r' TO u FOR TEA": ("one of ALL, COPY", 34),
    "REVOKE ALL ON MODEL m TO u": ("expected FROM", 23),
    "CREATE EXTERNAL MODEL m FUNCTION f": ("needs MODEL_TYPE", 1),
    "CREATE EXTERNAL MODEL m FUNCTION f MODEL_TYPE BEDROCK SETTINGS (PROMPT 'x')": (
        "needs MODEL_ID",
        55,
    ),
    "CREATE EXTERNAL MODEL m FUNCTION f MODEL_TYPE BEDROCK SETTINGS (MODEL_ID 'x', "
    "REQUEST_TYPE RAW)": ("needs RESPONSE_TYPE SUPER", 55),
    "CREATE EXTERNAL MODEL m FUNCTION f FUNCTION g": ("FUNCTION is given twice", 36),
}


@pytest.mark.parametrize(("sql", "found"), MISTAKES.items())
def test_a_mistake_is_named_with_its_place(sql: str, found: tuple[str, int]) -> None:
    with pytest.raises(StatementSyntaxError) as caught:
        parse(sql)
    assert found[0] in caught.value.message
    assert caught.value.position == found[1]


def test_a_shown_query_has_a_line_for_each_clause() -> None:
    query = (
        "select a, (select max(b) from u where 1=1) from t\n where x = 'y'  group by a order by 1"
    )
    assert clauses(query) == [
        "SELECT A, (SELECT MAX(B) FROM U WHERE 1=1)",
        "FROM T",
        "WHERE X = 'Y'",
        "GROUP BY A",
        "ORDER BY 1",
    ]

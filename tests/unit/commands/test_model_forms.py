"""CREATE MODEL's clauses against each other: each form, each clause too many or too few."""

from __future__ import annotations

import pytest

from vesto.commands._model_clauses import SETTINGS
from vesto.commands._model_forms import FORMS, Form, check_form, form_of
from vesto.commands.create_model import CreateModel
from vesto.dialect.cursor import Cursor
from vesto.errors import InvalidParameterValue, StatementSyntaxError

CLAUSES = {
    "FROM": "FROM (SELECT a, b FROM t)",
    "TARGET": "TARGET b",
    "FUNCTION": "FUNCTION f",
    "RETURNS": "RETURNS INTEGER",
    "SAGEMAKER": "SAGEMAKER 'e'",
    "AUTO": "AUTO ON",
    "MODEL_TYPE": "MODEL_TYPE MLP",
    "PROBLEM_TYPE": "PROBLEM_TYPE REGRESSION",
    "OBJECTIVE": "OBJECTIVE 'MSE'",
    "PREPROCESSORS": "PREPROCESSORS 'none'",
    "HYPERPARAMETERS": "HYPERPARAMETERS DEFAULT",
}
TELLING = {
    "AUTO ON": {},
    "AUTO OFF MODEL_TYPE XGBOOST": {
        "AUTO": "AUTO OFF",
        "MODEL_TYPE": "MODEL_TYPE XGBOOST",
        "OBJECTIVE": "OBJECTIVE 'reg:squarederror'",
    },
    "MODEL_TYPE KMEANS": {
        "AUTO": "AUTO OFF",
        "MODEL_TYPE": "MODEL_TYPE KMEANS",
        "HYPERPARAMETERS": "HYPERPARAMETERS DEFAULT EXCEPT (K '3')",
    },
    "MODEL_TYPE FORECAST": {
        "MODEL_TYPE": "MODEL_TYPE FORECAST",
        "OBJECTIVE": "OBJECTIVE 'wape'",
        "SETTINGS": "SETTINGS (HORIZON 5, FREQUENCY 'd', PERCENTILES '0.25,.5,mean')",
    },
    "a model from a job or a file": {"FROM": "FROM ('job')", "FUNCTION": "FUNCTION f(INT)"},
    "a model behind an endpoint": {"FUNCTION": "FUNCTION f(INT)"},
}
# A clause that turns the statement into another form, instead of being one too many.
TURNS = {"SAGEMAKER"}


def written(form: Form, *more: str, without: str = "") -> str:
    words = TELLING[form.name]
    chosen = [clause for clause in (*form.needs, *more) if clause != without]
    return "CREATE MODEL m " + " ".join({**CLAUSES, **words}[clause] for clause in chosen)


def check(sql: str) -> None:
    check_form(CreateModel.parse(Cursor(sql)))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_its_own_clauses_go_together(form: Form) -> None:
    read = CreateModel.parse(Cursor(written(form, *form.takes)))
    assert form_of(read) is form
    check_form(read)


FOREIGN = [
    (form, clause)
    for form in FORMS
    for clause in CLAUSES
    if clause not in {*form.needs, *form.takes} and clause not in TURNS
]


@pytest.mark.parametrize(
    ("form", "clause"), FOREIGN, ids=lambda value: getattr(value, "name", value)
)
def test_a_clause_too_many_is_refused_where_it_stands(form: Form, clause: str) -> None:
    sql = written(form, clause)
    with pytest.raises(InvalidParameterValue, match=clause) as caught:
        check(sql)
    assert caught.value.position == sql.index(CLAUSES[clause]) + 1
    assert caught.value.hint


MISSING = [
    (form, clause)
    for form in FORMS
    for clause in form.needs
    if form_of(CreateModel.parse(Cursor(written(form, without=clause)))) is form
]


@pytest.mark.parametrize(
    ("form", "clause"), MISSING, ids=lambda value: getattr(value, "name", value)
)
def test_a_clause_too_few_is_named(form: Form, clause: str) -> None:
    with pytest.raises(StatementSyntaxError, match=f"needs {clause}") as caught:
        check(written(form, without=clause))
    assert caught.value.position == 14
    assert caught.value.hint


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_a_setting_of_another_form_is_refused(form: Form) -> None:
    for name in set(SETTINGS) - form.settings:
        value = {"integer": "5", "switch": "ON", "string": "'x'"}[SETTINGS[name]]
        sql = written(form, without="SETTINGS") + f" SETTINGS ({name} {value})"
        with pytest.raises(InvalidParameterValue, match=name) as caught:
            check(sql)
        assert caught.value.position == sql.index("SETTINGS") + 1


FORECAST = "CREATE MODEL m FROM t TARGET b MODEL_TYPE FORECAST "
KMEANS = "CREATE MODEL m FROM t FUNCTION f AUTO OFF MODEL_TYPE KMEANS "
K5 = "HYPERPARAMETERS DEFAULT EXCEPT (K '5') "
WRONG = {
    "FREQUENCY cannot be": FORECAST + "SETTINGS (HORIZON 5, FREQUENCY '7min')",
    "PERCENTILES cannot be": FORECAST
    + "SETTINGS (HORIZON 5, FREQUENCY 'D', PERCENTILES '0.1,0.2,0.3,0.4,0.5,0.6')",
    "PERCENTILES cannot be '1.5'": FORECAST
    + "SETTINGS (HORIZON 5, FREQUENCY 'D', PERCENTILES '1.5')",
    "objective 'F1' is not known": FORECAST + "OBJECTIVE 'F1' SETTINGS (HORIZON 5, FREQUENCY 'D')",
    "FORECAST needs AUTO ON": FORECAST + "AUTO OFF SETTINGS (HORIZON 5, FREQUENCY 'D')",
    "needs FREQUENCY in SETTINGS": FORECAST + "SETTINGS (HORIZON 5)",
    "K must be a whole number": KMEANS + "HYPERPARAMETERS DEFAULT EXCEPT (K 'many')",
    "needs the hyperparameter K": KMEANS + "HYPERPARAMETERS DEFAULT",
    "KMEANS needs AUTO OFF": (KMEANS + K5).replace("AUTO OFF", "AUTO ON"),
    "entry 1: PCA does not go with MODEL_TYPE KMEANS": KMEANS
    + K5
    + """PREPROCESSORS '[{"ColumnSet": ["a"], "Transformers": ["PCA"]}]'""",
    "neither 'none' nor JSON": KMEANS + K5 + "PREPROCESSORS 'some'",
    'entry 1: there is no transformer "Scaler"': KMEANS
    + K5
    + """PREPROCESSORS '[{"ColumnSet": ["a"], "Transformers": ["Scaler"]}]'""",
    "no list of column sets": KMEANS + K5 + """PREPROCESSORS '{"ColumnSet": "a"}'""",
    "MLP needs AUTO ON": "CREATE MODEL m FROM t TARGET b FUNCTION f AUTO OFF MODEL_TYPE MLP "
    "OBJECTIVE 'x' PREPROCESSORS 'none' HYPERPARAMETERS DEFAULT",
    "PREPROCESSORS 'none' only": "CREATE MODEL m FROM t TARGET b FUNCTION f AUTO OFF MODEL_TYPE "
    "XGBOOST OBJECTIVE 'x' PREPROCESSORS '[]' HYPERPARAMETERS DEFAULT",
    "needs its argument types": "CREATE MODEL m FROM 'job' FUNCTION f RETURNS INT",
    "takes no types here": "CREATE MODEL m FROM t TARGET b FUNCTION f(INT)",
    "takes and returns plain values": "CREATE MODEL m FROM 'job' FUNCTION f(INT) RETURNS SUPER",
    "needs MAX_BATCH_ROWS": "CREATE MODEL m FUNCTION f(SUPER) RETURNS SUPER SAGEMAKER 'e'",
}


@pytest.mark.parametrize(("words", "sql"), WRONG.items(), ids=WRONG.keys())
def test_a_value_that_does_not_go_with_the_form_is_named(words: str, sql: str) -> None:
    with pytest.raises((InvalidParameterValue, StatementSyntaxError), match=words) as caught:
        check(sql)
    assert caught.value.hint
    assert caught.value.position is not None

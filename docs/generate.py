"""Writes the generated pages of docs/reference; with ``--check`` says whether they are current."""

from __future__ import annotations

import sys
from pathlib import Path

from sql_reference import sql_page

from vesto.algorithms import _kmeans_parameters
from vesto.algorithms._xgboost_parameters import PARAMETERS, WITHOUT_EFFECT
from vesto.errors import subclasses
from vesto.features.transformers import TRANSFORMERS, Transformer
from vesto.settings import described

REFERENCE = Path(__file__).parent / "reference"
PREPROCESSORS_HEAD = """# Preprocessors

`PREPROCESSORS` says how columns become the numbers that a model learns from. It is `'none'`, or a JSON list of column sets:

```sql
PREPROCESSORS '[{"ColumnSet": ["city", "plan"], "Transformers": ["OneHotEncoder"]},
                {"ColumnSet": ["*"], "Transformers": ["Imputer", "StandardScaler"]}]'
```

- Every column of a set goes through its transformers in their order. A column stands in one set; `"*"` is every column that no set names.
- Names of columns and transformers may be in any case. A mistake is an error that names the entry, before anything is trained.
- With AUTO ON, columns that no set names are prepared automatically, and those that are named get these transformers and
  nothing else: a linear model does not scale them again, and a column is used even if it looks like an identifier.
- `MODEL_TYPE KMEANS` takes StandardScaler, MinMax and NumericPassthrough; other columns are taken as they are. `AUTO OFF MODEL_TYPE XGBOOST`
  takes `'none'` only.
- Transformers learn from the training rows, are stored in the model, and are applied when it predicts.
- Missing is NULL or NaN. What is still missing at the end is so for trees, counts as 0 in linear models and networks, and in
  K-means as the column's mean. An infinite number is ignored when a transformer learns.

A transformer takes columns of the kinds below; `number` is what another one has made, `fraction` a DECIMAL, REAL or DOUBLE
PRECISION, `moment` a date, time or timestamp.

| transformer | takes | what it makes |
|---|---|---|
"""
NOTE = "<!-- Written by `make docs`; change the source it names. -->\n"


def settings_page() -> str:
    """Every setting."""
    rows = [f"| `{n}` | {k} | {d or '-'} | {m} |" for n, k, d, m in described()]
    head = (
        "# Settings\n\nA warehouse reads them from its `vesto.toml`; `vesto.connect(path, settings={...})` "
        "goes before the file, and SETTINGS of CREATE MODEL before both.\n\n"
        "| name | type | default | meaning |\n|---|---|---|---|\n"
    )
    return NOTE + head + "\n".join(rows) + "\n"


def errors_page() -> str:
    """Every error."""
    found = sorted(subclasses(), key=lambda error: (error.sqlstate, error.__name__))
    rows = [f"| `{e.sqlstate}` | {e.__name__} | {(e.__doc__ or '').strip()} |" for e in found]
    head = "# Errors\n\n| SQLSTATE | error | when |\n|---|---|---|\n"
    return NOTE + head + "\n".join(rows) + "\n"


def hyperparameters_page() -> str:
    """What HYPERPARAMETERS takes."""
    rows = [f"| `{name}` | {wanted} |" for name, wanted in PARAMETERS.items()]
    rows += [f"| `{name}` | no effect: {why} |" for name, why in WITHOUT_EFFECT.items()]
    head = (
        "# Hyperparameters\n\n## MODEL_TYPE XGBOOST\n\n"
        "What `HYPERPARAMETERS DEFAULT EXCEPT (...)` takes with AUTO OFF MODEL_TYPE XGBOOST. "
        "A key that is not given has XGBoost's own default, `num_round` 100. In `monotone_constraints` and "
        "`interaction_constraints` columns are counted in the order of the function's arguments. A key without effect "
        "is taken, and a notice says so.\n\n"
        "| key | value |\n|---|---|\n"
    )
    return NOTE + head + "\n".join(rows) + "\n\n" + kmeans_part()


def kmeans_part() -> str:
    """What HYPERPARAMETERS takes for clusters."""
    kmeans = _kmeans_parameters
    said = {"k": "required", "feature_dim": "counted"} | kmeans.DEFAULTS
    said |= dict.fromkeys(kmeans.WITHOUT_EFFECT, "no effect")
    wanted = {name: str(value) for name, value in kmeans.PARAMETERS.items()}
    wanted["eval_metrics"] = "msd, ssd or both: the mean or the sum of squared distances"
    rows = [f"| `{name}` | {wanted[name]} | {said[name]} |" for name in kmeans.PARAMETERS]
    head = (
        "## MODEL_TYPE KMEANS\n\n"
        "The keys are those of SageMaker's K-means. It reads rows as a stream, and Vesto does not: the keys of "
        "the stream are checked and have no effect. `local_lloyd_num_trials` auto is 10,\n"
        "and less above 100 clusters.\n\n"
        "| key | value | default |\n|---|---|---|\n"
    )
    return head + "\n".join(rows) + "\n"


def preprocessors_page() -> str:
    """What PREPROCESSORS takes."""
    rows = [f"| `{t.name}` | {', '.join(t.takes)} | {_said(t)} |" for t in TRANSFORMERS.all()]
    return NOTE + PREPROCESSORS_HEAD + "\n".join(rows) + "\n"


def _said(transformer: Transformer) -> str:
    return " ".join((transformer.__doc__ or "").replace("``", "`").split())


PAGES = {
    "sql.md": sql_page,
    "settings.md": settings_page,
    "errors.md": errors_page,
    "hyperparameters.md": hyperparameters_page,
    "preprocessors.md": preprocessors_page,
}


def main() -> int:
    """Write or check."""
    old = [
        name
        for name, page in PAGES.items()
        if not (REFERENCE / name).exists() or (REFERENCE / name).read_text() != page()
    ]
    if "--check" in sys.argv:
        for name in old:
            sys.stderr.write(f"docs/reference/{name} is not current: run make docs\n")
        return bool(old)
    REFERENCE.mkdir(exist_ok=True)
    for name in old:
        (REFERENCE / name).write_text(PAGES[name]())
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""report.json and its page: what they tell, how large they get, and that nothing in data is markup."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests_support import POINTS, SMALL_MODEL
from typer.testing import CliRunner

import vesto
from vesto.cli.main import app
from vesto.cli.report import report_page
from vesto.errors import DataCorrupted, UndefinedModel
from vesto.training.report import MOST_BYTES, as_json

RLO = "\N{RIGHT-TO-LEFT OVERRIDE}"
HOSTILE = f"""
CREATE TABLE hostile AS
SELECT i % 9 AS "<script>alert`1`</script>", 'x"><img src=x onerror=alert(1)>' || (i % 4) AS "a""b'c & d",
       i % 2 = 0 AS "{RLO}evil", (i * 37 % 101) / 7.0::double AS "javascript:void",
       date '2024-01-01' + (i % 50)::int AS day, (i % 31 / 4.0)::decimal(8, 2) AS money,
       CASE WHEN i % 8 > 0 THEN timestamptz '2024-01-01 00:00:00+00' + interval (i) hour END AS zoned,
       time '08:00' + interval (i % 600) minute AS clock, (i % 5)::smallint AS tiny, (i / 3.0)::real AS small_float,
       CASE WHEN i % 4 > 1 OR i % 13 = 0 THEN '</style></pre><b onclick=x>yes' ELSE 'no & never' END AS "t<i>"
FROM range(900) r(i)
"""
VOID = {"meta"}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("w") / "shop"


@pytest.fixture(scope="module")
def shop(path: Path) -> Iterator[vesto.Session]:
    with vesto.connect(path) as session:
        session.execute(POINTS)
        session.execute(HOSTILE)
        session.execute(
            'CREATE MODEL "m<b>" FROM hostile TARGET "t<i>" FUNCTION "f<u>" SETTINGS (MAX_TRIALS 6)'
        )
        session.execute(SMALL_MODEL.format(name="small", function="f"))
        session.execute(
            "CREATE MODEL amounts FROM (SELECT a, c, b AS amount FROM points) TARGET amount FUNCTION g "
            "AUTO OFF MODEL_TYPE XGBOOST OBJECTIVE 'reg:squarederror' PREPROCESSORS 'none' "
            "HYPERPARAMETERS DEFAULT EXCEPT (NUM_ROUND '5')"
        )
        yield session


class Page(HTMLParser):
    """Checks the nesting of elements, and takes in what there is."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


# --- The document -------------------------------------------------------------------------------


def test_a_search_tells_how_good_how_found_and_of_what_data(shop: vesto.Session) -> None:
    report = shop.report('"m<b>"')
    assert (report["problem"], report["split"], report["headline"]) == (
        "binary",
        "validation",
        "f1",
    )
    metrics = {one["metric"]: one for one in report["metrics"]}
    assert metrics["f1"]["lower"] <= metrics["f1"]["value"] <= metrics["f1"]["upper"]
    assert metrics["f1"]["beats_baseline"] == 1
    counts = report["confusion"]["counts"]
    assert sum(map(sum, counts)) == report["judged_rows"] == report["rows"] == 900
    right = counts[0][0] + counts[1][1]
    assert metrics["accuracy"]["value"] == pytest.approx(right / 900)
    assert [one["rows"] for one in report["classes"]] == sorted(map(sum, counts), reverse=True)
    assert report["roc"][0][:2] == [0, 0]
    assert report["roc"][-1][:2] == [1, 1]
    assert sum(one["rows"] for one in report["calibration"]) == 900
    losses = [loss for _, loss in report["curve"]]
    assert losses == sorted(losses, reverse=True)
    assert [one["chosen"] for one in report["trials"]].count(True) >= 1


def test_the_profile_describes_every_column_of_the_training_rows(shop: vesto.Session) -> None:
    report = shop.report('"m<b>"')
    profile = {one["name"]: one for one in report["profile"]}
    assert len(profile) == 10
    number = profile["<script>alert`1`</script>"]
    assert (number["type"], number["min"], number["max"], number["distinct"]) == ("int8", 0, 8, 9)
    assert number["mean"] == pytest.approx(4)
    assert sum(number["histogram"]) == 900
    words = profile["a\"b'c & d"]
    assert sum(rows for _, rows in words["top"]) == 900
    assert words["use"] == "category"


def test_auto_off_is_judged_on_training_rows_and_says_so(shop: vesto.Session) -> None:
    assert shop.report("small")["split"] == "training"
    report = shop.report("amounts")
    assert (report["problem"], report["headline"]) == ("regression", "rmse")
    assert "confusion" not in report
    residuals = report["residuals"]
    assert sum(residuals["histogram"]["rows"]) == 600
    assert len(residuals["histogram"]["edges"]) == len(residuals["histogram"]["rows"]) + 1
    shown = dict(shop.execute("SHOW MODEL amounts").rows())
    rmse = next(one["value"] for one in report["metrics"] if one["metric"] == "rmse")
    assert rmse == pytest.approx(float(shown["train:rmse"]), abs=1e-5)


def test_a_report_of_many_columns_with_long_names_stays_small(shop: vesto.Session) -> None:
    names = [f"{'é' * 40}_{'x' * 40}{place:03}" for place in range(256)]
    listed = ", ".join(f'(i * {7 + place}) % 1009 AS "{n}"' for place, n in enumerate(names))
    shop.execute(
        f"CREATE MODEL wide FROM (SELECT {listed}, i % 2 AS y FROM range(600) r(i)) TARGET y FUNCTION h "
        "AUTO OFF MODEL_TYPE XGBOOST OBJECTIVE 'binary:logistic' PREPROCESSORS 'none' "
        "HYPERPARAMETERS DEFAULT EXCEPT (NUM_ROUND '2', MAX_DEPTH '2')"
    )
    file = shop.warehouse.files.program_file(shop.model("wide")).parent / "report.json"
    assert file.stat().st_size <= MOST_BYTES
    assert shop.execute(
        "SELECT count(*) FROM svv_ml_feature_importance WHERE model_name = 'wide'"
    ).rows() == [(256,)]
    Page(report_page(shop, "wide"))


def test_what_is_too_long_loses_its_least_parts_first() -> None:
    trials = [{"chosen": place == 150, "words": "x" * 500} for place in range(200)]
    profile = [{"name": "a", "histogram": [1] * 12, "top": [["y" * 500, 1]]} for _ in range(256)]
    small = {"metrics": [1, 2], "trials": trials[:2], "profile": profile[:2]}
    assert json.loads(as_json(small)) == small
    content = as_json({"metrics": [1, 2], "trials": trials, "profile": profile})
    assert len(content) <= MOST_BYTES
    document = json.loads(content)
    assert document["metrics"] == [1, 2]
    assert any(one["chosen"] for one in document["trials"])


def test_the_view_of_whole_reports_takes_paths(shop: vesto.Session) -> None:
    rows = shop.execute(
        "SELECT model_name, r.report.headline::varchar, r.report.residuals.quantiles IS NULL "
        "FROM svv_ml_model_report r WHERE model_name IN ('small', 'amounts') ORDER BY model_name"
    ).rows()
    assert rows == [("amounts", "rmse", False), ("small", "accuracy", True)]


def test_columns_of_any_name_and_type_can_be_evaluated_and_group(shop: vesto.Session) -> None:
    result = shop.execute(
        'EVALUATE MODEL "m<b>" ON (SELECT *, i % 2 AS "gr""oup" FROM (SELECT *, row_number() OVER () AS i '
        'FROM hostile)) BY "gr""oup", "<script>alert`1`</script>"'
    )
    assert result.columns[:2] == ['gr"oup', "<script>alert`1`</script>"]
    rows = result.arrow().to_pylist()
    assert sum(row["rows"] for row in rows if row["name"] == "scored") == 900
    names = ", ".join(
        f'"{c.name}"'.replace('a"b', 'a""b')
        for c in shop.describe("FROM hostile")
        if c.name != "t<i>"
    )
    right = shop.execute(
        f'SELECT avg(("f<u>"({names}) = "t<i>")::int::float8) FROM hostile'
    ).rows()[0][0]
    whole = shop.execute('EVALUATE MODEL "m<b>" ON hostile').arrow().to_pylist()
    accuracy = next(row["value"] for row in whole if row["name"] == "accuracy")
    assert accuracy == pytest.approx(right)


# --- The page -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ['"m<b>"', "small", "amounts"])
def test_the_page_is_whole_and_asks_nothing_of_the_network(shop: vesto.Session, name: str) -> None:
    page = Page(report_page(shop, name))
    tags = {tag for tag, _ in page.tags}
    assert not tags & {
        "script",
        "img",
        "link",
        "iframe",
        "object",
        "embed",
        "a",
        "b onclick",
        "form",
    }
    assert {"h1", "h2", "table", "svg", "main", "title"} <= tags
    for _, attributes in page.tags:
        assert not {"href", "src", "xlink:href", "style"} & set(attributes)
        assert not [key for key in attributes if key.startswith("on")]
    policy = next(a["content"] for _, a in page.tags if "http-equiv" in a)
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def test_names_and_labels_from_data_are_text(shop: vesto.Session) -> None:
    words = "\n".join(Page(report_page(shop, '"m<b>"')).words)
    for name in (
        "public.m<b>", "t<i>", "f<u>", "<script>alert`1`</script>", "a\"b'c & d", f"{RLO}evil",
        "</style></pre><b onclick=x>yes", 'x"><img src=x onerror=alert(1)>0',
    ):  # fmt: skip
        assert name in words


def test_every_chart_has_a_name_and_every_table_a_head(shop: vesto.Session) -> None:
    text = report_page(shop, '"m<b>"')
    page = Page(text)
    drawn = [a for tag, a in page.tags if tag == "svg"]
    assert {"img", None} == {a.get("role") for a in drawn}
    assert all(a.get("role") == "img" or a.get("aria-hidden") == "true" for a in drawn)
    assert text.count('role="img"') == text.count("<desc>")
    assert text.count("<table") == text.count("<thead>") == text.count('role="region"')
    assert "prefers-color-scheme:dark" in text
    assert "@media print" in text


def test_the_page_says_where_scores_are_of_training_rows(shop: vesto.Session) -> None:
    assert "the model learnt from" in report_page(shop, "small")
    assert "had not learnt from" in report_page(shop, '"m<b>"')


def test_a_damaged_report_is_an_error_of_its_own(shop: vesto.Session) -> None:
    file = shop.warehouse.files.program_file(shop.model("small")).parent / "report.json"
    before = file.read_bytes()
    try:
        for content in (b"{", b"[]", b'{"metrics": 5}', b'{"roc": [[1]]}', b'{"profile": [{}]}'):
            file.write_bytes(content)
            if content == b"[]":
                Page(report_page(shop, "small"))
                continue
            with pytest.raises(DataCorrupted, match="damaged"):
                report_page(shop, "small")
    finally:
        file.write_bytes(before)
    with pytest.raises(UndefinedModel):
        report_page(shop, "nix")


def test_the_command_writes_a_file_once_or_prints(tmp_path: Path) -> None:
    path, out = tmp_path / "w", tmp_path / "page.html"
    with vesto.connect(path) as session:
        session.execute(POINTS)
        session.execute(SMALL_MODEL.format(name="m", function="f"))
    run = CliRunner().invoke
    done = run(app, ["report", str(path), "m", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert str(out) in done.stdout
    printed = run(app, ["report", str(path), "m"])
    assert printed.stdout == out.read_text(encoding="utf-8")
    refused = run(app, ["report", str(path), "m", "--out", str(out)])
    assert refused.exit_code != 0
    assert run(app, ["report", str(path), "m", "--out", str(out), "--replace"]).exit_code == 0
    assert run(app, ["report", str(path), "nix"]).exit_code != 0


def test_clusters_and_forecasts_have_a_page_of_their_own_kind(tmp_path: Path) -> None:
    with vesto.connect(tmp_path / "shop") as session:
        session.execute(POINTS)
        session.execute(
            'CREATE MODEL k FROM (SELECT a AS "<i>a", b FROM points) FUNCTION k AUTO OFF '
            "MODEL_TYPE KMEANS PREPROCESSORS 'none' HYPERPARAMETERS DEFAULT EXCEPT (K '3')"
        )
        session.execute(
            "CREATE MODEL sales FROM (SELECT DATE '2015-01-01' + INTERVAL (id) MONTH AS ts, b FROM "
            "points WHERE id < 60) TARGET b MODEL_TYPE FORECAST SETTINGS (HORIZON 3, FREQUENCY 'M', "
            "MAX_RUNTIME 30)"
        )
        clusters, forecast = report_page(session, "k"), report_page(session, "sales")
    words = Page(clusters).words
    assert "The clusters" in words
    assert "<i>a, mean" in words
    assert "<i>a" not in clusters
    words = Page(forecast).words
    assert "How good it is" in words
    assert {"MASE", "seasonal_naive"} <= set(words)

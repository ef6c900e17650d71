"""The report of a model as one page: no network, no script, light and dark, on paper too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from vesto.catalog.records import Model, Outcome
from vesto.cli import charts
from vesto.cli.charts import Axis, Series
from vesto.cli.markup import Html, element, joined, name, table
from vesto.cli.report_style import STYLE

SHOWN_FEATURES: Final = 25
SHOWN_TRIALS: Final = 20
SHOWN_MEANS: Final = 12
LEVELS: Final = 9
# Where a value of 1 is perfect and 0 useless; others have no ends of their own.
UNIT_METRICS: Final = frozenset(
    {"accuracy", "balanced_accuracy", "auc", "f1", "f1_macro", "precision", "recall",
     "precision_macro", "recall_macro"}
)  # fmt: skip
LOWER_IS_BETTER: Final = frozenset({"log_loss", "mse", "rmse", "mae"})
WORDS: Final = {
    "accuracy": "Accuracy", "balanced_accuracy": "Balanced accuracy", "auc": "AUC", "f1": "F1",
    "f1_macro": "F1, mean of classes", "precision": "Precision", "recall": "Recall",
    "precision_macro": "Precision, mean of classes", "recall_macro": "Recall, mean of classes",
    "log_loss": "Log loss", "mse": "Mean squared error", "rmse": "Root mean squared error",
    "mae": "Mean absolute error", "r2": "R²",
}  # fmt: skip
_HEAD: Final = (
    '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "style-src 'unsafe-inline'\">"
)
Report = Mapping[str, Any]


def page(model: Model, report: Report) -> str:
    """The whole page, as text."""
    title = f"{model.schema}.{model.name}"
    sections = [
        _score(report), _clusters(report), _forecast(model, report), _warnings(report),
        _classes(report), _curves(report), _residuals(report), _importance(report), _search(report),
        _profile(report), _statement(model, report),
    ]  # fmt: skip
    found = [section for section in sections if section]
    body = [
        element("header", element("h1", "Model ", name(title)), _facts(model, report)),
        element("main", found),
        element("footer", "Made by Vesto from report.json of this model's version."),
    ]
    head = joined([element("title", f"Model {title}"), element("style", Html(STYLE))])
    return f"{_HEAD}{head}</head>{element('body', body)}</html>\n"


def _section(title: str, *children: Any) -> Html:
    return element("section", element("h2", title), *children)


def _paragraph(*children: Any, class_: str | None = None) -> Html:
    return element("p", *children, class_=class_)


def _facts(model: Model, report: Report) -> Html:
    outcome, definition = model.outcome or Outcome(), model.definition
    rows, total = report.get("rows"), report.get("total_rows")
    trained = _count(rows) if rows == total else f"{_count(rows)} of {_count(total)}"
    facts = [
        ("Target", name(definition.target) if definition.target else None),
        ("Problem", outcome.problem_type.replace("_", " ").lower() or None),
        ("Algorithm", outcome.model_type.replace("_", " ") or None),
        ("Rows trained on", trained if rows else None),
        ("Function", name(definition.function) if definition.function else None),
        ("Version", str(model.version)),
        ("Made", f"{model.created_at:%Y-%m-%d %H:%M} UTC"),
    ]
    parts = [
        element("div", element("dt", key), element("dd", value)) for key, value in facts if value
    ]
    return element("dl", parts, class_="facts")


# --- How good it is -----------------------------------------------------------------------------


def _score(report: Report) -> Html | None:
    metrics = [one for one in report.get("metrics", []) if one.get("value") is not None]
    if not metrics:
        return None
    main = next((m for m in metrics if m["metric"] == report.get("headline")), metrics[0])
    rows = [_metric_row(one) for one in metrics]
    training = report.get("split") == "training"
    seen = (
        "These are rows that the model learnt from: on new rows expect less. EVALUATE MODEL scores "
        "rows that it has not seen."
        if training
        else "Every row was scored by models that had not learnt from it."
    )
    return _section(
        "How good it is", _headline(main),
        _paragraph(f"{_count(report.get('judged_rows'))} rows. {seen} Intervals hold the score in 95 of "
                   "100 samples of such rows; the line marks the best answer that is the same for "
                   "every row."),
        table(("Metric", "Score", "Interval", "Same answer", "Drawn"), rows, "Metrics"),
    )  # fmt: skip


def _headline(main: Mapping[str, Any]) -> Html:
    title, value = WORDS.get(main["metric"], main["metric"]), charts.number(main["value"])
    parts = [element("div", element("span", title), element("b", value), class_="score")]
    words = [f"Between {_n(main.get('lower'))} and {_n(main.get('upper'))} with 95 % confidence."]
    base, beats = main.get("baseline"), main.get("beats_baseline")
    if base is not None:
        better = "lower" if main["metric"] in LOWER_IS_BETTER else "higher"
        words.append(f"The best constant answer scores {_n(base)}; {better} is better.")
    if beats is not None:
        words.append(_verdict(float(beats)))
    return element("div", *parts, _paragraph(" ".join(words)), class_="headline")


def _verdict(beats: float) -> str:
    if beats >= 0.975:  # noqa: PLR2004 - as the interval
        return "The model is better than that beyond doubt."
    if beats <= 0.025:  # noqa: PLR2004 - as the interval
        return "The model is worse than that: it has learnt nothing of use for this metric."
    return f"The model is not clearly better than that: it was in {beats:.0%} of resamples."


def _metric_row(one: Mapping[str, Any]) -> list[Any]:
    low, high, value = one.get("lower"), one.get("upper"), float(one["value"])
    base = one.get("baseline")
    drawn = None
    if low is not None and high is not None:
        points = [float(low), float(high), value, *([float(base)] if base is not None else [])]
        ends = (
            (0.0, 1.0) if one["metric"] in UNIT_METRICS else (min(0.0, *points), max(points) * 1.05)
        )
        drawn = charts.interval(float(low), float(high), value, base, ends)
    between = f"{_n(low)} to {_n(high)}" if low is not None else ""
    return [
        WORDS.get(one["metric"], name(one["metric"])), _cell(charts.number(value)), _cell(between),
        _cell(_n(base)), drawn,
    ]  # fmt: skip


def _clusters(report: Report) -> Html | None:
    clusters = report.get("clusters", [])
    if not clusters:
        return None
    columns = list(clusters[0]["means"])[:SHOWN_MEANS]
    whole = sum(one["rows"] for one in clusters)
    rows = [
        [str(one["cluster"]), _cell(_count(one["rows"])), charts.bar(one["rows"] / whole),
         *(_cell(_n(one["means"][column])) for column in columns)]
        for one in clusters
    ]  # fmt: skip
    explained = report.get("quality", {}).get("explained")
    told = f"The clusters explain {explained:.1%} of the squared distances to the mean of all rows."
    return _section(
        "The clusters", _paragraph(told) if explained is not None else None,
        table(("Cluster", "Rows", "Drawn", *(f"{column}, mean" for column in columns)), rows,
              "Clusters"),
    )  # fmt: skip


def _forecast(model: Model, report: Report) -> Html | None:
    tested, outcome = report.get("mase_by_candidate"), model.outcome or Outcome()
    if not tested:
        return None
    shares = report.get("shares", {})
    rows = [
        [name(kind), _cell(_n(error)), _cell(f"{shares.get(kind, 0):.1%}"),
         charts.bar(shares.get(kind, 0))]
        for kind, error in sorted(tested.items(), key=lambda one: one[1])
    ]  # fmt: skip
    measured = f"{outcome.metric} is {charts.number(outcome.score)}. " if outcome.metric else ""
    return _section(
        "How good it is",
        _paragraph(f"{measured}{_count(report.get('tested_items'))} of {_count(report.get('items'))} "
                   "series were forecast as if their last periods were not known yet, and compared with "
                   "what came. MASE is the mean absolute error in steps of a seasonal naive forecast: "
                   "below 1 is better than that. The forecast is a mean of the best models, by share."),
        table(("Model", "MASE", "Share", "Drawn"), rows, "Models that were tried"),
    )  # fmt: skip


def _warnings(report: Report) -> Html | None:
    found = report.get("warnings", [])
    if not found:
        return None
    leaks = [one for one in found if one["kind"] == "leak"]
    others = [one for one in found if one["kind"] != "leak"]
    listed = [
        element("li", element("strong", one["kind"]), " ", name(one["message"]),
                class_="leak" if one["kind"] == "leak" else None)
        for one in [*leaks, *others]
    ]  # fmt: skip
    return _section("What to know first", element("ul", listed, class_="warnings"))


# --- Classes ------------------------------------------------------------------------------------


def _classes(report: Report) -> Html | None:
    classes = report.get("classes", [])
    if not classes:
        return None
    rows = [
        [name(one["label"]), _cell(_count(one["rows"])), _cell(_n(one["precision"])),
         _cell(_n(one["recall"])), _cell(_n(one["f1"]))]
        for one in classes
    ]  # fmt: skip
    left = report.get("classes_left_out")
    parts: list[Any] = [
        element("h3", "By class"),
        table(("Class", "Rows", "Precision", "Recall", "F1"), rows, "Scores by class"),
        _paragraph(f"{left} smaller classes are not listed.") if left else None,
    ]
    confusion = report.get("confusion", {})
    if "counts" in confusion:
        parts = [element("h3", "Who is taken for whom"), _matrix(confusion), *parts]
    elif confusion.get("pairs"):
        pairs = [[name(a), name(b), _cell(_count(n))] for a, b, n in confusion["pairs"]]
        head = ("Is", "Taken for", "Rows")
        parts = [
            element("h3", "The most frequent confusions"),
            table(head, pairs, "Confusions"),
            *parts,
        ]
    return _section("Classes", *parts)


def _matrix(confusion: Mapping[str, Any]) -> Html:
    labels, rows = confusion["labels"], []
    for label, counts in zip(labels, confusion["counts"], strict=True):
        total = sum(counts) or 1
        cells = [
            element("td", _count(count), " ", element("small", f"{count / total:.0%}"),
                    class_=f"number heat-{round(LEVELS * count / total)}")
            for count in counts
        ]  # fmt: skip
        rows.append([["is ", name(label)], *cells])
    head = ["", *([["taken for ", name(label)] for label in labels])]
    note = "A row for each true class; the share is of its rows. The diagonal is right."
    return joined([_paragraph(note), table(head, rows, "Confusion matrix", class_="matrix")])


def _curves(report: Report) -> Html | None:
    figures = [part for part in (_roc(report), _calibration(report)) if part]
    return _section("Probabilities", element("div", figures, class_="charts")) if figures else None


def _roc(report: Report) -> Html | None:
    points = [(float(x), float(y)) for x, y, _ in report.get("roc", [])]
    if not points:
        return None
    about = (
        "The share of positive rows found against the share of negative rows taken for them, at "
        "every threshold. The diagonal is guessing."
    )
    guess = Series([(0, 0), (1, 1)], class_="guide")
    across, up = Axis("false positive rate", 0, 1), Axis("true positive rate", 0, 1)
    return charts.plot("ROC curve", about, across, up, [guess, Series(points)])


def _calibration(report: Report) -> Html | None:
    points = [(one["predicted"], one["observed"]) for one in report.get("calibration", [])]
    if not points:
        return None
    about = (
        "What came true against what was predicted, in ten parts of equal rows. On the diagonal a "
        "probability means what it says."
    )
    guide = Series([(0, 0), (1, 1)], class_="guide")
    across, up = Axis("predicted probability", 0, 1), Axis("share that came true", 0, 1)
    return charts.plot("Calibration", about, across, up, [guide, Series(points, "dots")])


def _residuals(report: Report) -> Html | None:
    found = report.get("residuals")
    if not found:
        return None
    bars, bins = found["histogram"], found["bins"]
    about = "True minus predicted; the outermost half percent on each side is in the last bars."
    spread = charts.histogram("Errors", about, "true - predicted", bars["edges"], bars["rows"])
    points = [(one["predicted"], one["observed"]) for one in bins]
    values = [value for point in points for value in point]
    across, up = charts.axis("predicted", values), charts.axis("true, mean", values)
    ends = [(across.low, across.low), (across.high, across.high)]
    about = "The mean truth against the mean prediction, in ten parts of equal rows."
    guide = Series(ends, class_="guide")
    drawn = charts.plot("Truth by prediction", about, across, up, [guide, Series(points, "dots")])
    levels = ", ".join(f"{float(q):.0%}: {_n(v)}" for q, v in found["quantiles"].items())
    return _section(
        "Errors", element("div", spread, drawn, class_="charts"),
        _paragraph(f"Quantiles of the error: {levels}."),
    )  # fmt: skip


# --- What it leans on, how it was found, what it learnt from ------------------------------------


def _importance(report: Report) -> Html | None:
    shares = sorted(report.get("importance", {}).items(), key=lambda share: -share[1])
    if not shares:
        return None
    most = shares[0][1] or 1.0
    how = {
        "permutation": "How far predictions move when a column's values are shuffled",
        "total_gain": "What the splits on a column gained, over all trees",
    }.get(report.get("importance_method", ""), "")
    rows = [
        [name(feature), _cell(f"{share:.1%}"), charts.bar(share / most)]
        for feature, share in shares[:SHOWN_FEATURES]
    ]
    left = len(shares) - len(rows)
    return _section(
        "What it leans on", _paragraph(f"{how}, as shares of the whole.") if how else None,
        table(("Column", "Share", "Drawn"), rows, "Importance"),
        _paragraph(f"{left} less important columns are not listed.") if left else None,
    )  # fmt: skip


def _search(report: Report) -> Html | None:
    trials = report.get("trials", [])
    if not trials:
        return None
    parts: list[Any] = []
    curve = [(float(x), float(y)) for x, y in report.get("curve", [])]
    if curve and len(trials) > 1:
        end = max((one.get("elapsed_s") or 0.0) for one in trials)
        curve.append((max(end, curve[-1][0]), curve[-1][1]))
        across = charts.axis("seconds of the search", [x for x, _ in curve], zero=True)
        up = charts.axis("best loss", [y for _, y in curve])
        about = "The best loss so far. A flat end says that more time would hardly have helped."
        steps = Series(curve, "steps")
        parts.append(
            element("div", charts.plot("Search", about, across, up, [steps]), class_="charts")
        )
    kept = sorted(trials, key=lambda one: (not one.get("chosen"), -one["folds"], one["loss"]))
    rows = [_trial(one) for one in kept[:SHOWN_TRIALS]]
    head = ("Candidate", "Encoding", "Target", "Loss", "Parts", "Trees", "Seconds", "Settings")
    note = "The chosen candidate first. Losses compare where Parts are equal."
    return _section("How it was found", *parts, _paragraph(note), table(head, rows, "Candidates"))


def _trial(one: Mapping[str, Any]) -> list[Any]:
    settings = ", ".join(f"{k} {_n(v)}" for k, v in one.get("configuration", {}).items())
    algorithm = str(one["algorithm"]).replace("_", " ")
    return [
        [algorithm, " ", element("mark", "chosen")] if one.get("chosen") else algorithm,
        one.get("style"), one.get("transform"), _cell(_n(one["loss"])), _cell(one["folds"]),
        _cell(_n(one.get("rounds"))), _cell(_n(one.get("fit_s"))), _words(element("small", settings)),
    ]  # fmt: skip


def _profile(report: Report) -> Html | None:
    columns = report.get("profile", [])
    if not columns:
        return None
    rows = [_column(one) for one in columns]
    head = ("Column", "Type", "Used as", "Missing", "Different", "Range or most frequent", "Drawn")
    note = f"Of {_count(report.get('profile_rows'))} training rows."
    return _section("What it learnt from", _paragraph(note), table(head, rows, "Columns"))


def _column(one: Mapping[str, Any]) -> list[Any]:
    missing = one["missing"] / one["rows"] if one.get("rows") else 0.0
    dropped = one["use"] == "dropped"
    drawn = charts.spark(one["histogram"]) if "histogram" in one else None
    return [
        name(one["name"]), one["type"], element("strong", "not used") if dropped else one["use"],
        _cell(f"{missing:.1%}" if missing else "none"), _cell(_count(one["distinct"])),
        _words(one["reason"] if dropped else _range(one)), drawn,
    ]  # fmt: skip


def _range(one: Mapping[str, Any]) -> Any:
    if one.get("mean") is not None:
        return f"{_n(one['min'])} to {_n(one['max'])}, mean {_n(one['mean'])}"
    if "top" in one:
        pairs = [[name(value), f" ({_count(rows)})"] for value, rows in one["top"]]
        return [[", " if place else None, pair] for place, pair in enumerate(pairs)]
    return f"{one['min']} to {one['max']}" if "min" in one else None


def _statement(model: Model, report: Report) -> Html:
    seed = f"Seed {report['seed']}." if "seed" in report else ""
    code = element("pre", element("code", model.definition.statement.strip()), tabindex=0)
    return _section("The statement", code, _paragraph(seed) if seed else None)


def _cell(value: Any) -> Html:
    return element("td", value, class_="number")


def _words(value: Any) -> Html:
    return element("td", value, class_="words")


def _n(value: Any) -> str:
    return "" if value is None else charts.number(float(value))


def _count(value: Any) -> str:
    return f"{int(value):,}".replace(",", "\u202f") if value is not None else ""

"""Random sound programs and rows for them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from vesto.programs.bodies import LEAF, Forest, Linear, Network
from vesto.programs.program import Input, Output, Program
from vesto.programs.steps import (
    PARTS,
    Category,
    Clip,
    DateParts,
    Difference,
    Impute,
    Missing,
    Normalize,
    Number,
    OneHot,
    Project,
    Scale,
    SignedLog,
    Step,
    TextLength,
    TextNumber,
    TextScore,
)

ARROW = {
    "bool": pa.bool_(), "int2": pa.int16(), "int8": pa.int64(), "numeric": pa.decimal128(18, 3),
    "float4": pa.float32(), "float8": pa.float64(), "varchar": pa.string(), "bpchar": pa.string(),
    "date": pa.date32(), "time": pa.time64("us"), "timestamp": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us", "UTC"),
}  # fmt: skip
NUMBERS = {"bool", "int2", "int8", "numeric", "float4", "float8"}
TEXTS = {"varchar", "bpchar"}

finite = st.floats(allow_nan=False, allow_infinity=False)
small = st.floats(-1e6, 1e6)
GRAMS = ["aa", "b1", "aa b1", "aa aa", "é", "日本", "日本 aa", "aaé"]
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=4).map(lambda w: w.rstrip(" "))


@st.composite
def first_steps(draw: st.DrawFn, place: int, kind: str) -> Step:
    """A step that reads the input at ``place``."""
    if kind in NUMBERS - {"bool", "int2"}:
        return Number(place)
    if kind not in NUMBERS | TEXTS:
        parts = draw(st.lists(st.sampled_from(PARTS), min_size=1, max_size=4, unique=True))
        return DateParts(place, tuple(parts))
    category = draw(categories(place))
    if kind in NUMBERS:
        return draw(st.sampled_from([category, Number(place)]))
    others = [TextNumber(place, category.missing), TextLength(place), draw(text_scores(place))]
    return draw(st.sampled_from([category, *others]))


@st.composite
def categories(draw: st.DrawFn, place: int) -> Category:
    """A step that gives each of some words a number."""
    missing = tuple(draw(st.lists(words, max_size=2)))
    known = tuple(sorted(draw(st.sets(words, max_size=4))))
    values = np.array(draw(st.lists(small, min_size=len(known), max_size=len(known))))
    anything = st.just(float("nan")) | small
    return Category(place, known, values.astype(float), draw(anything), draw(anything), missing)


@st.composite
def text_scores(draw: st.DrawFn, place: int) -> TextScore:
    """A few grams, of them some that stand in the rows."""
    grams = tuple(sorted(draw(st.sets(words | st.sampled_from(GRAMS), max_size=6))))
    width = draw(st.integers(1, 3))
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    idf, weights = generator.normal(size=len(grams)), generator.normal(size=(width, len(grams)))
    return TextScore(place, grams, idf, weights, generator.normal(size=width))


@st.composite
def later_steps(draw: st.DrawFn, low: int, high: int) -> Step:
    """A step that reads registers from ``low`` up to ``high``."""
    source = draw(st.integers(low, high - 1))
    edges = sorted(draw(st.tuples(small, small)))
    several = tuple(draw(st.lists(st.integers(low, high - 1), min_size=1, max_size=3)))
    width = draw(st.integers(1, 5))
    numbers = st.lists(
        small, min_size=(width + 1) * len(several), max_size=(width + 1) * len(several)
    )
    mean, *components = np.array(draw(numbers), float).reshape(width + 1, -1)
    return draw(st.sampled_from([
        OneHot(source, draw(st.integers(1, 4))), Difference(source, draw(st.integers(low, high - 1))),
        Impute(source, draw(small)), Missing(source), SignedLog(source),
        Scale(source, draw(small), draw(st.floats(1e-3, 1e3))), Clip(source, edges[0], edges[1]),
        Normalize(several), Project(several, mean, np.array(components)),
    ]))  # fmt: skip


@st.composite
def forests(draw: st.DrawFn, features: int, outputs: int) -> Forest:
    """Small trees, with categories here and there."""
    rows: list[tuple[int, float, int, int, int, int, int]] = []
    categories: list[int] = []
    roots, output = [], []
    edges = st.sampled_from([0.0, -0.0, 1.0, 2.0, -1.5, 1e-40, np.inf]) | st.floats(-5, 5, width=32)

    def grow(depth: int) -> int:
        at = len(rows)
        rows.append((LEAF, draw(st.floats(-4, 4, width=32)), 0, 0, 0, 0, 0))
        if features and depth and draw(st.booleans()):
            feature, nan_left = draw(st.integers(0, features - 1)), draw(st.integers(0, 1))
            chosen = draw(st.sets(st.integers(0, 6), max_size=3)) if draw(st.booleans()) else set()
            start, size = (len(categories) if chosen else 0), len(chosen)
            categories.extend(sorted(chosen))
            threshold = draw(edges)
            rows[at] = (feature, threshold, nan_left, grow(depth - 1), grow(depth - 1), start, size)
        return at

    for _ in range(draw(st.integers(0, 4))):
        output.append(draw(st.integers(0, outputs - 1)))
        roots.append(grow(3))
    feature, threshold, nan_left, left, right, start, size = (
        zip(*rows, strict=True) if rows else [()] * 7
    )
    base = draw(st.lists(st.floats(-4, 4, width=32), min_size=outputs, max_size=outputs))
    covers = st.floats(0, 9, width=32)
    cover = draw(st.just([]) | st.lists(covers, min_size=len(rows), max_size=len(rows)))
    return Forest(
        np.array(feature, np.int32), np.array(threshold, np.float32), np.array(nan_left, np.uint8),
        np.array(left, np.int32), np.array(right, np.int32), np.array(start, np.int32),
        np.array(size, np.int32), np.array(categories, np.int32), np.array(roots, np.int32),
        np.array(output, np.int32), np.array(base, np.float32), np.array(cover, np.float32),
    )  # fmt: skip


@st.composite
def linears(draw: st.DrawFn, features: int, outputs: int) -> Linear:
    """Weights of ordinary size."""
    weights = draw(st.lists(small, min_size=features * outputs, max_size=features * outputs))
    bias = draw(st.lists(small, min_size=outputs, max_size=outputs))
    center = draw(st.just([]) | st.lists(small, min_size=features, max_size=features))
    shaped = np.array(weights, float).reshape(outputs, features)
    return Linear(shaped, np.array(bias, float), np.array(center, float))


@st.composite
def networks(draw: st.DrawFn, features: int, outputs: int) -> Network:
    """Up to three layers, of one member or more; some of them overflow."""
    sizes = [features, *draw(st.lists(st.integers(1, 9), max_size=2)), outputs]
    members = draw(st.integers(1, 3))
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    spread = draw(st.sampled_from([0.5, 0.5, 1e20]))
    weights, bias = sum(a * b for a, b in pairwise(sizes)), sum(sizes[1:])
    return Network(
        np.array(sizes, np.int32),
        (generator.normal(size=(members, weights)) * spread).astype(np.float32),
        generator.normal(size=(members, bias)).astype(np.float32),
        generator.normal(size=outputs), generator.normal(size=outputs),
    )  # fmt: skip


@st.composite
def outputs(draw: st.DrawFn) -> Output:
    """A number or a label."""
    low, high = sorted(draw(st.tuples(finite | st.just(-np.inf), finite | st.just(np.inf))))
    link = draw(st.sampled_from(["identity", "exp", "sigmoid", "softmax", "argmax"]))
    if link in {"softmax", "argmax"} or (link == "sigmoid" and draw(st.booleans())):
        count = 2 if link == "sigmoid" else draw(st.integers(1, 4))
        kind = draw(st.sampled_from(["varchar", "int4", "float8"]))
        of = {"varchar": words, "int4": st.integers(-99, 99).map(str), "float8": finite.map(str)}
        labels = draw(st.lists(of[kind], min_size=count, max_size=count, unique_by=_same(kind)))
        offsets = np.array(draw(st.lists(small, min_size=count, max_size=count)))
        threshold = draw(st.floats(0, 1))
        return Output(kind, link, tuple(labels), threshold, offsets, 1.0, -np.inf, np.inf)
    kind = draw(st.sampled_from(["int2", "int4", "int8", "float4", "float8"]))
    factor = draw(st.floats(0.1, 10))
    return Output(kind, link, (), 0.5, np.empty(0), factor, low, high)


def _same(kind: str) -> object:
    return float if kind == "float8" else str


@st.composite
def programs(draw: st.DrawFn, *, of_words: bool = False) -> Program:
    """A sound program of any steps, body and output; ``of_words``: one step looks up words."""
    kinds = draw(st.lists(st.sampled_from(sorted(ARROW)), min_size=1, max_size=4))
    steps: list[Step] = [draw(first_steps(place, kind)) for place, kind in enumerate(kinds)]
    if of_words:
        steps.append(draw(categories(len(kinds))))
        kinds.append(draw(st.sampled_from(sorted(TEXTS))))
    inputs = tuple(Input(draw(words), kind) for kind in kinds)
    high = len(inputs) + sum(step.width for step in steps)
    for _ in range(draw(st.integers(0, 5))):
        steps.append(draw(later_steps(len(inputs), high)))
        high += steps[-1].width
    features = tuple(draw(st.lists(st.integers(len(inputs), high - 1), max_size=4)))
    output = draw(outputs())
    width = len(output.labels) if output.link in {"softmax", "argmax"} else 1
    kinds_of_body = (forests, linears, networks)
    body = draw(st.one_of(*(kind(len(features), width) for kind in kinds_of_body)))
    return Program(inputs, tuple(steps), features, body, output)


_SENTENCES = st.lists(
    words | st.sampled_from(["aa", "AA", "B1", "x", "é", "日本", "aa—b1", "aa b1", "aa\xa0aa", "…", "aaé"]),
    max_size=8,
).map(" ".join)  # fmt: skip
_VALUES = {
    "bool": st.booleans(), "int2": st.integers(-2, 7), "int8": st.integers(-(2**63), 2**63 - 1),
    "numeric": st.decimals(-1000, 1000, places=3), "float4": st.floats(width=32),
    "float8": st.floats(), "varchar": words | small.map(str) | _SENTENCES,
    "bpchar": words | small.map(str),
    "date": st.dates(), "time": st.times(), "timestamp": st.datetimes(),
    "timestamptz": st.datetimes(),
}  # fmt: skip


@st.composite
def rows_for(draw: st.DrawFn, program: Program) -> list[pa.Array]:
    """One column for each input, NULLs among them; sometimes there are no rows."""
    count = draw(st.integers(0, 5))
    return [
        pa.array(
            draw(st.lists(st.none() | _VALUES[item.type], min_size=count, max_size=count)),
            ARROW[item.type],
        )
        for item in program.inputs
    ]

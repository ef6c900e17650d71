"""The models of ``benchmarks.scoring`` and the rows they score.

Numbers are standard normal doubles of NumPy's generator with seed 0. The target is ``formula`` of
them, or the tenth of the rows that it falls in. A text column of k words is a number of the same
kind cut into k equal parts, each part a word; the words are made of syllables, 4 to 16 letters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
import xgboost
from numpy.typing import NDArray
from scipy.special import ndtr

from vesto.algorithms.xgboost import to_forest
from vesto.programs.bodies import Linear, Network, nearest_centroid
from vesto.programs.check import check
from vesto.programs.image import image
from vesto.programs.program import Input, Output, Program, label_output, value_output
from vesto.programs.steps import Category, Number, OneHot, Step
from vesto.programs.storage import content_hash, dump

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

COLUMNS: Final = 20
TRAINING_ROWS: Final = 200_000
CLASSES: Final = 10
CENTROIDS: Final = 20
COLUMNS_E: Final = 50
HIDDEN: Final = (128, 64)
# Words of the six text columns of model C, and of the eight of G.
DICTIONARIES_C: Final = (50, 100, 300, 1000, 2000, 5000)
DICTIONARIES_G: Final = (25,) * 8
CONSONANTS: Final = "bdfgklmnprstvz"
VOWELS: Final = "aeiou"
TREES: Final[dict[str, Any]] = {
    "tree_method": "hist", "max_bin": 256, "max_depth": 6, "eta": 0.1, "nthread": 1,
}  # fmt: skip


def formula(x: F64) -> F64:
    """The target of rows given as columns, shape (20, rows): not linear, and all columns count."""
    waves = np.sin(2 * x[0]) + x[1] * x[2] + np.where(x[3] > 0.5, x[4], 0.0)
    bends = np.abs(x[5]) + np.exp(-(x[6] ** 2)) + x[7] ** 2 * x[8] / 4
    rest: F64 = waves + bends + np.abs(x[14:]).sum(axis=0) / 4 + x[9:14].sum(axis=0) / 10
    return rest


def normal_columns(rows: int, columns: int = COLUMNS) -> F64:
    """Standard normal doubles, a column after the other."""
    return np.random.default_rng(0).standard_normal((columns, rows))


def by_rows(columns: F64) -> F32:
    """The form that XGBoost, LightGBM and ONNX Runtime read best: float32, row by row."""
    return np.ascontiguousarray(columns.T, np.float32)


def dictionary(count: int) -> tuple[str, ...]:
    """``count`` different words, sorted."""
    random = np.random.default_rng(count)
    syllables = [a + b for a in CONSONANTS for b in VOWELS]
    words: set[str] = set()
    while len(words) < count:
        words.add("".join(random.choice(syllables, random.integers(2, 9))))
    return tuple(sorted(words))


def codes(column: F64, count: int) -> NDArray[np.int64]:
    """The part of ``count`` equal ones that each number of a normal column falls in."""
    place: NDArray[np.int64] = (ndtr(column) * count).astype(np.int64)
    return np.minimum(place, count - 1)


@dataclass(frozen=True)
class Case:
    """A model as a program, and the rows it scores, one array for each input."""

    program: Program
    columns: tuple[pa.Array, ...]

    @property
    def rows(self) -> int:
        """Rows to score."""
        return len(self.columns[0])

    @property
    def names(self) -> list[str]:
        """The columns' names."""
        return [item.name for item in self.program.inputs]

    @property
    def table(self) -> pa.Table:
        """The rows as a table; nothing is copied."""
        return pa.table(dict(zip(self.names, self.columns, strict=True)))

    @cached_property
    def name(self) -> str:
        """The program's content hash."""
        return content_hash(dump(self.program))

    @cached_property
    def image(self) -> bytes:
        """The program in the form of the native scorer."""
        check(self.program)
        return image(self.program, self.name)


def _numbers(columns: F64) -> tuple[pa.Array, ...]:
    return tuple(pa.array(column) for column in columns)


def _number_program(body: Any, output: Output, columns: int = COLUMNS) -> Program:
    inputs = tuple(Input(f"x{place}", "float8") for place in range(columns))
    steps = tuple(Number(place) for place in range(columns))
    return Program(inputs, steps, tuple(range(columns, 2 * columns)), body, output)


@dataclass(frozen=True)
class Boosted:
    """A case whose body is a booster's, and what XGBoost itself is given."""

    case: Case
    booster: Any
    x: F32


def train(x: F32, y: NDArray[Any], rounds: int, **parameters: Any) -> Any:
    """A booster of the first rows."""
    data = xgboost.DMatrix(x[:TRAINING_ROWS], y[:TRAINING_ROWS], nthread=1)
    return xgboost.train(TREES | parameters, data, rounds)


def regression(rows: int, *, rounds: int, depth: int) -> Boosted:
    """Model A (100 rounds, depth 6) or B (500 rounds, depth 8)."""
    columns = normal_columns(rows)
    x = by_rows(columns)
    booster = train(x, formula(columns), rounds, max_depth=depth)
    program = _number_program(to_forest(booster), value_output("float8"))
    return Boosted(Case(program, _numbers(columns)), booster, x)


def ten_classes(rows: int) -> Boosted:
    """Model D: the tenth that the formula falls in, 100 rounds of ten trees."""
    columns = normal_columns(rows)
    x, y = by_rows(columns), formula(columns)
    tenths = np.searchsorted(np.quantile(y, np.arange(1, CLASSES) / CLASSES), y)
    booster = train(x, tenths, 100, objective="multi:softmax", num_class=CLASSES)
    labels = tuple(map(str, range(CLASSES)))
    program = _number_program(to_forest(booster), label_output("int4", labels))
    return Boosted(Case(program, _numbers(columns)), booster, x)


def with_texts(rows: int) -> Boosted:
    """Model C: A with six of its columns texts, which the trees see as ordinal codes."""
    columns = normal_columns(rows)
    target = formula(columns[:, :TRAINING_ROWS])
    first = COLUMNS - len(DICTIONARIES_C)
    texts = []
    for place, count in enumerate(DICTIONARIES_C, start=first):
        code = codes(columns[place], count)
        texts.append(pa.array(dictionary(count)).take(pa.array(code)))
        columns[place] = code
    x = by_rows(columns)
    booster = train(x, target, 100)
    inputs = tuple(
        Input(f"x{place}", "float8") if place < first else Input(f"s{place}", "varchar")
        for place in range(COLUMNS)
    )
    steps: list[Step] = [Number(place) for place in range(first)]
    steps += [_category(first + at, count) for at, count in enumerate(DICTIONARIES_C)]
    features = tuple(range(COLUMNS, 2 * COLUMNS))
    program = Program(inputs, tuple(steps), features, to_forest(booster), value_output("float8"))
    return Boosted(Case(program, (*_numbers(columns[:first]), *texts)), booster, x)


def idle(case: Case) -> Case:
    """A model with the inputs and steps of another one, whose body reads none of them."""
    body = Linear(np.zeros((1, 0)), np.zeros(1))
    program = Program(case.program.inputs, case.program.steps, (), body, value_output("float8"))
    return Case(program, case.columns)


def _category(source: int, count: int) -> Category:
    """A text's place in its dictionary."""
    return Category(source, dictionary(count), np.arange(float(count)), np.nan, np.nan, ())


def centroids(rows: int, centers: F64) -> Case:
    """Model F: the nearest of some centroids."""
    labels = tuple(map(str, range(len(centers))))
    output = label_output("int4", labels, link="argmax")
    program = _number_program(nearest_centroid(centers), output)
    return Case(program, _numbers(normal_columns(rows)))


def network_target(columns: F64) -> NDArray[np.float32]:
    """The target of model E, from rows given as columns: the formula of its first 20 and a sum of the rest."""
    target: NDArray[np.float32] = (
        formula(columns[:COLUMNS]) + columns[COLUMNS:].sum(axis=0)
    ).astype(np.float32)
    return target


def network(columns: F64, model: Any) -> Case:
    """Model E: the network of a fitted MLPRegressor on columns of doubles."""
    sizes = [len(columns), *(len(bias) for bias in model.intercepts_)]
    weights = np.concatenate([weight.ravel() for weight in model.coefs_])[None]
    bias = np.concatenate(model.intercepts_)[None]
    body = Network(
        np.array(sizes, np.int32), weights.astype(np.float32), bias.astype(np.float32),
        np.ones(1), np.zeros(1),
    )  # fmt: skip
    program = _number_program(body, value_output("float8"), len(columns))
    return Case(program, _numbers(columns))


def one_hot_codes(rows: int) -> NDArray[np.int64]:
    """The words' places of model G, shape (8, rows)."""
    columns = normal_columns(rows, len(DICTIONARIES_G))
    return np.stack([codes(*pair) for pair in zip(columns, DICTIONARIES_G, strict=True)])


def one_hot(places: NDArray[np.int64]) -> F64:
    """Rows of 200 numbers for places of shape (8, rows), as scikit-learn reads them."""
    count = DICTIONARIES_G[0]
    x = np.zeros((places.shape[1], count * len(places)))
    for block, place in enumerate(places):
        x[np.arange(len(place)), block * count + place] = 1.0
    return x


def one_hot_target(places: NDArray[np.int64]) -> F64:
    """The target of model G: its words' effects together."""
    effects = np.random.default_rng(1).standard_normal((len(places), DICTIONARIES_G[0]))
    total: F64 = np.take_along_axis(effects, places, axis=1).sum(axis=0)
    return total


def linear(places: NDArray[np.int64], weights: F64, bias: float) -> Case:
    """Model G: a linear form of eight texts as 200 one-hot numbers."""
    count, texts = DICTIONARIES_G[0], len(places)
    inputs = tuple(Input(f"s{place}", "varchar") for place in range(texts))
    steps: list[Step] = [_category(place, count) for place in range(texts)]
    steps += [OneHot(texts + place, count) for place in range(texts)]
    features = tuple(range(2 * texts, (2 + count) * texts))
    body = Linear(weights.reshape(1, -1), np.array([bias]))
    program = Program(inputs, tuple(steps), features, body, value_output("float8"))
    words = pa.array(dictionary(count))
    return Case(program, tuple(words.take(pa.array(place)) for place in places))

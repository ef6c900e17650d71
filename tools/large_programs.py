"""Forests of the shapes that the kernel compiles differently: deep, wide, crowded with thresholds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vesto.programs.bodies import LEAF, Forest
from vesto.programs.program import Input, Program, label_output, value_output
from vesto.programs.steps import Number

# What the columns of the tests hold often: a value on a threshold goes right, by a hair.
EDGES: Final = [0.0, -0.0, 1.0, -1.5, 2.0, 1e-40, np.inf, 3.0, 5.0, 7.0]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a forest looks like."""

    trees: int
    depth: int
    features: int
    thresholds: int
    outputs: int = 1
    full: float = 0.9  # the chance that a node above the depth splits
    categories: float = 0.0  # the chance that a split is one by categories
    greatest: int = 12  # category
    chain: bool = False  # the left child is a leaf always


SHAPES: Final = (
    *(Shape(trees=20, depth=depth, features=6, thresholds=40) for depth in range(1, 11)),
    *(Shape(trees=40, depth=6, features=20, thresholds=60, outputs=count) for count in (1, 3, 10)),
    *(Shape(trees=10, depth=8, features=2, thresholds=count, full=1) for count in (1, 254, 255, 256, 257)),
    Shape(trees=30, depth=9, features=1, thresholds=3000, full=1),
    Shape(trees=1, depth=13, features=3, thresholds=70_000, full=1),
    Shape(trees=1, depth=16, features=3, thresholds=500, full=0.7),
    *(Shape(trees=3, depth=depth, features=3, thresholds=50, full=1, chain=True) for depth in (63, 64, 65, 300)),
    *(Shape(trees=20, depth=6, features=4, thresholds=20, categories=share) for share in (0.3, 1)),
    Shape(trees=5, depth=4, features=2, thresholds=10, categories=0.7, greatest=20_000),
    Shape(trees=300, depth=2, features=300, thresholds=5),
    # Explained by ways of many features, and one with too many to be explained.
    Shape(trees=20, depth=12, features=30, thresholds=50, full=0.8),
    Shape(trees=3, depth=60, features=60, thresholds=50, full=1, chain=True),
    Shape(trees=2, depth=300, features=300, thresholds=50, full=1, chain=True),
)  # fmt: skip


def large_programs() -> Iterator[Program]:
    """One program for each shape, the same ones every time."""
    for number, shape in enumerate(SHAPES):
        generator = np.random.default_rng(number)
        inputs = tuple(Input(f"x{place}", "float8") for place in range(shape.features))
        steps = tuple(Number(place) for place in range(shape.features))
        features = tuple(range(shape.features, 2 * shape.features))
        labels = tuple(f"label {place}" for place in range(shape.outputs))
        output = label_output("varchar", labels) if shape.outputs > 1 else value_output("float8")
        yield Program(inputs, steps, features, _Growing(shape, generator).forest(), output)


class _Growing:
    """Grows a forest, a node a row."""

    def __init__(self, shape: Shape, generator: np.random.Generator) -> None:
        self._shape = shape
        self._generator = generator
        self._rows: list[tuple[float, ...]] = []
        self._categories: list[int] = []
        drawn = np.concatenate([EDGES, generator.normal(size=shape.thresholds) * 3])
        self._thresholds = drawn[: shape.thresholds].astype(np.float32)

    def forest(self) -> Forest:
        """All its trees."""
        shape, generator = self._shape, self._generator
        roots = [self._tree() for _ in range(shape.trees)]
        columns = list(zip(*self._rows, strict=True))
        return Forest(
            np.array(columns[0], np.int32), np.array(columns[1], np.float32),
            np.array(columns[2], np.uint8), np.array(columns[3], np.int32),
            np.array(columns[4], np.int32), np.array(columns[5], np.int32),
            np.array(columns[6], np.int32), np.array(self._categories, np.int32),
            np.array(roots, np.int32), np.arange(shape.trees, dtype=np.int32) % shape.outputs,
            _floats(generator, shape.outputs),
            generator.integers(1, 100, len(self._rows)).astype(np.float32),
        )  # fmt: skip

    def _tree(self) -> int:
        root = self._leaf()
        growing = [(root, self._shape.depth)]
        while growing:
            at, depth = growing.pop()
            if not depth or (at != root and self._generator.random() > self._shape.full):
                continue
            left, right = self._leaf(), self._leaf()
            self._rows[at] = (*self._split(), left, right, *self._chosen())
            growing.append((right, depth - 1))
            if not self._shape.chain:
                growing.append((left, depth - 1))
        return root

    def _leaf(self) -> int:
        self._rows.append((LEAF, float(_floats(self._generator, 1)[0]), 0, 0, 0, 0, 0))
        return len(self._rows) - 1

    def _split(self) -> tuple[float, ...]:
        feature = self._generator.integers(self._shape.features)
        threshold = self._generator.choice(self._thresholds)
        return int(feature), float(threshold), int(self._generator.integers(2))

    def _chosen(self) -> tuple[int, int]:
        """Where a split's categories stand and how many they are; none is a split by threshold."""
        if self._generator.random() >= self._shape.categories:
            return 0, 0
        found = np.unique(self._generator.integers(0, self._shape.greatest, 5))
        self._categories.extend(found.tolist())
        return len(self._categories) - len(found), len(found)


def _floats(generator: np.random.Generator, count: int) -> NDArray[np.float32]:
    return generator.normal(size=count).astype(np.float32)

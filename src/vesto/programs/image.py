"""A program's image: the form that the native scorer reads, flat and little-endian.

After a header of 24 bytes (magic, format version, CRC-32 of all that follows byte 16, size in
bytes) stand the program's parts in the order of their fields, each array and text led by its
length. ``native/kernel/program.cpp`` reads it; an image is made anew from the program whenever it is
needed, so its format may change with the version.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from functools import singledispatchmethod
from typing import Any, Final

import numpy as np

from vesto.programs.bodies import Forest, Linear, Network
from vesto.programs.program import LINKS, Output, Program
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
    TextLength,
    TextNumber,
    TextScore,
)

MAGIC: Final = b"VESTOIMG"
VERSION: Final = 2
TYPES: Final = (
    "bool", "int2", "int4", "int8", "numeric", "float4", "float8", "bpchar", "varchar", "date",
    "time", "timetz", "timestamp", "timestamptz",
)  # fmt: skip
_STEPS: Final = (
    Number, TextNumber, Category, OneHot, DateParts, Difference, Impute, Missing, SignedLog, Scale,
    Clip, Normalize, Project, TextScore, TextLength,
)  # fmt: skip
_BODIES: Final = (Forest, Linear, Network)


def image(program: Program, name: str) -> bytes:
    """The image of a checked program under its content hash, 64 hexadecimal digits."""
    writer = _Writer()
    writer.text(name)
    writer.number(len(program.inputs))
    for item in program.inputs:
        writer.text(item.name)
        writer.number(TYPES.index(item.type))
    writer.number(len(program.steps))
    for step in program.steps:
        writer.number(_STEPS.index(type(step)))
        writer.part(step)
    writer.array(program.features, "<u4")
    writer.number(_BODIES.index(type(program.body)))
    writer.part(program.body)
    writer.part(program.output)
    content = writer.content()
    sized = struct.pack("<Q", 24 + len(content)) + content
    return MAGIC + struct.pack("<II", VERSION, zlib.crc32(sized)) + sized


class _Writer:
    """Collects the bytes of an image."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def content(self) -> bytes:
        return b"".join(self._pieces)

    def number(self, value: int) -> None:
        self._pieces.append(struct.pack("<I", value))

    def floats(self, *values: float) -> None:
        self._pieces.append(struct.pack(f"<{len(values)}d", *values))

    def text(self, value: str) -> None:
        content = value.encode()
        self.number(len(content))
        self._pieces.append(content)

    def texts(self, values: Sequence[str]) -> None:
        contents = [value.encode() for value in values]
        self.array([len(content) for content in contents], "<u4")
        self._pieces += contents

    def array(self, values: Iterable[Any], dtype: str) -> None:
        content = np.ascontiguousarray(values, np.dtype(dtype))
        self.number(content.size)
        self._pieces.append(content.tobytes())

    @singledispatchmethod
    def part(self, part: Any) -> None:
        """A step, a body or the output, field by field."""
        raise NotImplementedError(type(part).__name__)

    @part.register
    def _(self, step: Number | Missing | SignedLog | TextLength) -> None:
        self.number(step.source)

    @part.register
    def _(self, step: TextNumber) -> None:
        self.number(step.source)
        self.texts(step.missing)

    @part.register
    def _(self, step: Category) -> None:
        self.number(step.source)
        self.texts(step.words)
        self.array(step.values, "<f8")
        self.floats(step.unseen, step.absent)
        self.texts(step.missing)

    @part.register
    def _(self, step: OneHot) -> None:
        self.number(step.source)
        self.number(step.count)

    @part.register
    def _(self, step: DateParts) -> None:
        self.number(step.source)
        self.array([PARTS.index(part) for part in step.parts], "<u4")

    @part.register
    def _(self, step: Difference) -> None:
        self.number(step.first)
        self.number(step.second)

    @part.register
    def _(self, step: Impute) -> None:
        self.number(step.source)
        self.floats(step.value)

    @part.register
    def _(self, step: Scale) -> None:
        self.number(step.source)
        self.floats(step.mean, step.deviation)

    @part.register
    def _(self, step: Clip) -> None:
        self.number(step.source)
        self.floats(step.low, step.high)

    @part.register
    def _(self, step: Normalize) -> None:
        self.array(step.sources, "<u4")

    @part.register
    def _(self, step: Project) -> None:
        self.array(step.sources, "<u4")
        self.array(step.mean, "<f8")
        self.array(step.components, "<f8")

    @part.register
    def _(self, step: TextScore) -> None:
        self.number(step.source)
        self.texts(step.grams)
        self.array(step.idf, "<f8")
        self.array(step.weights, "<f8")
        self.array(step.bias, "<f8")

    @part.register
    def _(self, body: Forest) -> None:
        self.array(body.feature, "<i4")
        self.array(body.threshold, "<f4")
        self.array(body.nan_left, "|u1")
        for nodes in (body.left, body.right, body.categories_start, body.categories_size):
            self.array(nodes, "<i4")
        self.array(body.categories, "<i4")
        self.array(body.roots, "<i4")
        self.array(body.output, "<i4")
        self.array(body.base, "<f4")
        self.array(body.cover, "<f4")

    @part.register
    def _(self, body: Linear) -> None:
        self.array(body.weights, "<f8")
        self.array(body.bias, "<f8")
        self.array(body.center, "<f8")

    @part.register
    def _(self, body: Network) -> None:
        self.array(body.sizes, "<u4")
        self.array(body.weights, "<f4")
        self.array(body.bias, "<f4")
        self.array(body.scale, "<f8")
        self.array(body.shift, "<f8")

    @part.register
    def _(self, output: Output) -> None:
        self.number(TYPES.index(output.type))
        self.number(LINKS.index(output.link))
        self.texts(output.labels)
        self.array(output.offsets, "<f8")
        self.floats(output.threshold, output.factor, output.low, output.high)

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from program_strategies import programs, rows_for

from vesto.errors import DataCorrupted
from vesto.programs import reference, storage
from vesto.programs.bodies import Forest
from vesto.programs.program import Input, Program, label_output, value_output
from vesto.programs.steps import Category, Clip, DateParts, Impute, Number, OneHot, Scale

STUMP = Forest(
    np.array([0, -1, -1], np.int32), np.array([0.5, -1, 1], np.float32),
    np.array([1, 0, 0], np.uint8), np.array([1, 0, 0], np.int32), np.array([2, 0, 0], np.int32),
    np.zeros(3, np.int32), np.zeros(3, np.int32), np.empty(0, np.int32), np.zeros(1, np.int32),
    np.zeros(1, np.int32), np.zeros(1, np.float32),
)  # fmt: skip
WORDS = Category(1, ("a", "ü"), np.array([1.0, 2.0]), -1.0, float("nan"), ("", "?"))
SMALL = Program(
    (Input("x", "int4"), Input("t", "varchar")),
    (Number(0), WORDS, OneHot(3, 2), Impute(2, 1.5), Scale(2, 1.0, 2.0), Clip(2, -1.0, np.inf)),
    (2, 3), STUMP, label_output("varchar", ("no", "yes"), link="sigmoid"),
)  # fmt: skip
CONTENT = storage.dump(SMALL)


def forged(
    change: Callable[[dict[str, Any]], Any] = lambda document: None,
    tensors: dict[str, np.ndarray] | None = None,
    spell: Callable[[Any], str] = lambda d: json.dumps(
        d, ensure_ascii=False, separators=(",", ":")
    ),
    version: str = "1",
) -> bytes:
    """The small program's file with another document or tensors, its checksum made right."""
    document, arrays = storage._document(SMALL)
    written = json.loads(document)
    change(written)
    arrays |= tensors or {}
    text = spell(written)
    header = {"format": storage.FORMAT, "version": version, "program": text}
    header["sha256"] = storage._checksum(text, arrays)
    return zlib.compress(safetensors.numpy.save(arrays, metadata=header))


def name_of(part: str, field: str) -> str:
    """The tensor that holds an array of the small program."""
    document = json.loads(storage._document(SMALL)[0])
    return str(document[part][field] if part != "step" else document["steps"][1][field])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_program_read_back_has_its_hash_and_scores_as_before(data: st.DataObject) -> None:
    program = data.draw(programs())
    content = storage.dump(program)
    again = storage.load(content)
    assert storage.content_hash(storage.dump(again)) == storage.content_hash(content)
    assert (again.inputs, again.features) == (program.inputs, program.features)
    columns = data.draw(rows_for(program))
    before, after = reference.score(program, columns), reference.score(again, columns)
    assert after.null_count == 0
    assert str(after) == str(before)


def test_the_hash_changes_with_any_array_and_any_word() -> None:
    other = Program(
        SMALL.inputs, SMALL.steps, SMALL.features,
        Forest(**{n: getattr(STUMP, n) for n in STUMP.__dataclass_fields__ if n not in {"kind", "base"}},
               base=np.ones(1, np.float32)), SMALL.output,
    )  # fmt: skip
    renamed = Program(
        (Input("y", "int4"), Input("t", "varchar")), SMALL.steps, SMALL.features, STUMP,
        SMALL.output,
    )  # fmt: skip
    hashes = {storage.content_hash(storage.dump(p)) for p in (SMALL, other, renamed)}
    assert len(hashes) == 3


@pytest.mark.parametrize("flip", [0x01, 0x29, 0x80, 0xFF])
def test_every_changed_byte_is_found(flip: int) -> None:
    inner = zlib.decompress(CONTENT)
    for place in range(len(inner)):
        with pytest.raises(DataCorrupted):
            storage.load(zlib.compress(flipped(inner, place, flip)))


@pytest.mark.parametrize("flip", [0x01, 0x29, 0x80, 0xFF])
def test_a_changed_byte_of_the_compressed_stream_is_found_or_changes_nothing(flip: int) -> None:
    """Deflate leaves a few bits unread."""
    for place in range(len(CONTENT)):
        damaged = flipped(CONTENT, place, flip)
        try:
            again = storage.dump(storage.load(damaged))
        except DataCorrupted:
            continue
        assert storage.content_hash(again) == storage.content_hash(CONTENT)


def flipped(content: bytes, place: int, flip: int) -> bytes:
    damaged = bytearray(content)
    damaged[place] ^= flip
    return bytes(damaged)


def test_every_cut_is_found() -> None:
    inner = zlib.decompress(CONTENT)
    for length in range(len(inner)):
        with pytest.raises(DataCorrupted):
            storage.load(zlib.compress(inner[:length]))
    for length in range(len(CONTENT)):
        with pytest.raises(DataCorrupted):
            storage.load(CONTENT[:length])


def test_more_than_a_file_may_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "MOST_BYTES", 1000)
    with pytest.raises(DataCorrupted):
        storage.load(zlib.compress(b"\0" * 1001))


def test_bytes_after_the_end_are_found() -> None:
    with pytest.raises(DataCorrupted):
        storage.load(CONTENT + b"\0")
    with pytest.raises(DataCorrupted):
        storage.load(zlib.compress(zlib.decompress(CONTENT) + b"\0"))


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_as_damaged(content: bytes) -> None:
    with pytest.raises(DataCorrupted):
        storage.load(content)
    with pytest.raises(DataCorrupted):
        storage.content_hash(content)


def with_header(text: bytes) -> bytes:
    return zlib.compress(struct.pack("<Q", len(text)) + text)


@pytest.mark.parametrize(
    "content",
    [
        b"\xff" * 8 + b"{}",
        with_header(b"[" * 100_000),
        with_header(b'{"__metadata__":' + b'{"a":' * 50_000),
        with_header(b"[]"),
        with_header(b'{"__metadata__":[]}'),
        with_header(b'{"__metadata__":{"format":"vesto-program"}}'),
        with_header(
            b'{"__metadata__":{"format":"vesto-program","version":1,"program":"","sha256":""}}'
        ),
        with_header(
            b'{"__metadata__":{"format":"other","version":"1","program":"","sha256":""}}'
        ),
        with_header(
            b'{"__metadata__":{"format":"vesto-program","version":"1","program":"","sha256":"",'
            b'"more":"x"}}'
        ),
        with_header(
            b'{"__metadata__":{"format":"vesto-program","version":"1","program":"\\ud800",'
            b'"sha256":""}}'
        ),
        with_header(
            b'{"__metadata__":{"format":"vesto-program","version":"1","program":"{}","sha256":"x"},'
            b'"t0":{"dtype":"F32","shape":[1099511627776,1099511627776],"data_offsets":[0,4]}}'
        )
        + b"1234",
    ],
)  # fmt: skip
def test_a_hostile_header_is_refused(content: bytes) -> None:
    with pytest.raises(DataCorrupted):
        storage.load(content)


def test_a_version_of_the_future_says_what_to_do() -> None:
    with pytest.raises(DataCorrupted, match="program version 2 is not known") as caught:
        storage.load(forged(version="2"))
    assert "newer Vesto" in caught.value.hint


def test_the_forger_of_these_tests_makes_sound_files() -> None:
    assert storage.load(forged()).features == SMALL.features


def _set(*path: Any) -> Callable[[dict[str, Any]], None]:
    *way, last, value = path

    def change(document: dict[str, Any]) -> None:
        for key in way:
            document = document[key]
        document[last] = value

    return change


FALSE, TRUE = False, True
CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "unknown step": _set("steps", 0, "kind", "exec"),
    "unknown body": _set("body", "kind", "pickle"),
    "unknown output": _set("output", "kind", "forest"),
    "kind is a list": _set("steps", 0, "kind", ["number"]),
    "step is a list": _set("steps", 0, []),
    "steps is a number": _set("steps", 7),
    "source is true": _set("steps", 0, "source", FALSE),
    "source is a float": _set("steps", 0, "source", 0.0),
    "source is negative": _set("steps", 0, "source", -1),
    "source is huge": _set("steps", 0, "source", 10**30),
    "source is a later register": _set("steps", 2, "source", 4),
    "source is an input where a register is read": _set("steps", 3, "source", 0),
    "source is a text input where a number is read": _set("steps", 0, "source", 1),
    "field too many": _set("steps", 0, "more", 1),
    "field missing": lambda d: d["steps"][0].pop("source"),
    "part missing": lambda d: d.pop("output"),
    "part too many": _set("more", 1),
    "feature is true": _set("features", [True]),
    "feature is text": _set("features", ["2"]),
    "feature is an input": _set("features", [0, 3]),
    "feature is not there": _set("features", [2, 99]),
    "feature missing for the forest": _set("features", []),
    "feature list is endless": _set("features", [2] * 200_000),
    "no inputs": _set("inputs", []),
    "input type is unknown": _set("inputs", 0, 1, "int5"),
    "input name is a number": _set("inputs", 0, 0, 5),
    "input has three parts": _set("inputs", 0, ["x", "int4", "y"]),
    "one_hot counts nothing": _set("steps", 2, "count", 0),
    "one_hot counts down": _set("steps", 2, "count", -3),
    "one_hot counts for ever": _set("steps", 2, "count", 10**12),
    "one_hot counts true": _set("steps", 2, "count", TRUE),
    "impute with NaN": _set("steps", 3, "value", "nan"),
    "impute with infinity": _set("steps", 3, "value", "inf"),
    "impute with a number": _set("steps", 3, "value", 1.5),
    "impute spelled in decimal": _set("steps", 3, "value", "1.5"),
    "impute beyond float64": _set("steps", 3, "value", "0x1p99999"),
    "clip below infinity's beginning": _set("steps", 5, "high", "-inf"),
    "scale by zero": _set("steps", 4, "deviation", (0.0).hex()),
    "scale by NaN": _set("steps", 4, "deviation", "nan"),
    "scale by infinity": _set("steps", 4, "deviation", "inf"),
    "scale around NaN": _set("steps", 4, "mean", "nan"),
    "clip upside down": _set("steps", 5, "low", "inf"),
    "clip at NaN": _set("steps", 5, "high", "nan"),
    "words not sorted": _set("steps", 1, "words", ["ü", "a"]),
    "words twice": _set("steps", 1, "words", ["a", "a"]),
    "words too few": _set("steps", 1, "words", ["a"]),
    "word is a number": _set("steps", 1, "words", ["a", 1]),
    "words are a text": _set("steps", 1, "words", "ab"),
    "word ends in a blank": _set("steps", 1, "words", ["a", "b "]),
    "missing is a number": _set("steps", 1, "missing", [1]),
    "array that is not there": _set("steps", 1, "values", "t99"),
    "array of another type": _set("steps", 1, "values", "t1"),
    "array is a list": _set("steps", 1, "values", ["t0"]),
    "output type unknown": _set("output", "type", "date"),
    "output type is a list": _set("output", "type", ["varchar"]),
    "link unknown": _set("output", "link", "eval"),
    "link with other outputs": _set("output", "link", "softmax"),
    "link without labels": _set("output", "link", "exp"),
    "labels of a number": _set("output", "type", "int4"),
    "labels of a boolean": _set("output", "type", "bool"),
    "labels twice": _set("output", "labels", ["no", "no"]),
    "labels too many": _set("output", "labels", ["a", "b", "c"]),
    "threshold NaN": _set("output", "threshold", "nan"),
    "factor NaN": _set("output", "factor", "nan"),
    "factor zero": _set("output", "factor", (0.0).hex()),
    "bounds upside down": _set("output", "low", "inf"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_an_unsound_document_is_refused(name: str) -> None:
    with pytest.raises(DataCorrupted):
        storage.load(forged(CHANGES[name]))


def test_date_parts_are_of_a_closed_list_and_named_once() -> None:
    for parts in ((), ("year", "year"), ("century",), ("year",) * 200_000):
        program = Program(
            (Input("d", "date"),), (DateParts(0, parts),), (), STUMP, value_output("float8")
        )
        with pytest.raises(DataCorrupted):
            storage.load(storage.dump(program))


@pytest.mark.parametrize(
    "spell",
    [
        json.dumps,
        lambda d: json.dumps(d, ensure_ascii=False, separators=(",", ":"), sort_keys=True),
        lambda d: json.dumps(d, separators=(",", ":")),
        lambda d: json.dumps(d, ensure_ascii=False, separators=(",", ":"))[:-1] + ',"features":[2,3]}',
        lambda d: "[" * 100_000,
        lambda d: "9" * 10_000,
        lambda d: "NaN",
        lambda d: "",
        lambda d: "null",
    ],
)  # fmt: skip
def test_a_document_has_one_spelling(spell: Callable[[Any], str]) -> None:
    with pytest.raises(DataCorrupted):
        storage.load(forged(spell=spell))


def test_a_tensor_that_nothing_names_is_refused() -> None:
    with pytest.raises(DataCorrupted):
        storage.load(forged(tensors={"t99": np.zeros(1)}))


I32, F32 = np.int32, np.float32
ARRAYS: dict[str, tuple[str, np.ndarray]] = {
    "child is its parent": ("left", np.array([0, 0, 0], I32)),
    "child is not there": ("left", np.array([3, 0, 0], I32)),
    "child is negative": ("right", np.array([-1, 0, 0], I32)),
    "children are one": ("right", np.array([1, 0, 0], I32)),
    "feature is not there": ("feature", np.array([2, -1, -1], I32)),
    "feature below a leaf": ("feature", np.array([-2, -1, -1], I32)),
    "threshold is NaN": ("threshold", np.array([np.nan, -1, 1], F32)),
    "leaf is infinite": ("threshold", np.array([0, -1, np.inf], F32)),
    "leaf is NaN": ("threshold", np.array([0, -1, np.nan], F32)),
    "missing goes nowhere": ("nan_left", np.array([2, 0, 0], np.uint8)),
    "categories not there": ("categories_size", np.array([1, 0, 0], I32)),
    "categories negative": ("categories_size", np.array([-1, 0, 0], I32)),
    "categories start negative": ("categories_start", np.array([-1, 0, 0], I32)),
    "root is not the first": ("roots", np.array([1], I32)),
    "root is not there": ("roots", np.array([3], I32)),
    "roots in disorder": ("roots", np.array([0, 2, 1], I32)),
    "no roots": ("roots", np.empty(0, I32)),
    "output is not there": ("output", np.array([1], I32)),
    "output is negative": ("output", np.array([-1], I32)),
    "outputs for more trees": ("output", np.array([0, 0], I32)),
    "base is NaN": ("base", np.array([np.nan], F32)),
    "base is missing": ("base", np.empty(0, F32)),
    "base for more outputs": ("base", np.zeros(2, F32)),
    "shorter": ("threshold", np.zeros(2, F32)),
    "two dimensions": ("categories", np.zeros((1, 1), I32)),
    "no dimension": ("feature", np.array(0, I32)),
    "another type": ("feature", np.zeros(3, np.int64)),
    "half floats": ("threshold", np.zeros(3, np.float16)),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_an_unsound_array_is_refused(name: str) -> None:
    field, array = ARRAYS[name]
    with pytest.raises(DataCorrupted):
        storage.load(forged(tensors={name_of("body", field): array}))


def test_offsets_and_values_are_numbers_one_for_each() -> None:
    offsets, values = name_of("output", "offsets"), name_of("step", "values")
    for name, array in [
        (offsets, np.zeros(3)), (offsets, np.array([0, np.nan])), (values, np.zeros(1)),
        (values, np.array([np.inf, 0])), (values, np.zeros((2, 1))),
    ]:  # fmt: skip
        with pytest.raises(DataCorrupted):
            storage.load(forged(tensors={name: array}))


def test_the_checksum_is_sha_256_over_document_and_tensors() -> None:
    text, tensors = storage._document(SMALL)
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        digest.update(f"{name}:{tensors[name].dtype.str}:{tensors[name].shape}".encode())
        digest.update(tensors[name].tobytes())
    assert storage.content_hash(CONTENT) == digest.hexdigest()

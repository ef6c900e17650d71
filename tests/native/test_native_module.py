"""The compiled scorer over Arrow arrays: every type, how arrays lie in memory, mistakes, threads."""

from __future__ import annotations

import datetime as dt
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from extension_support import NULL_VALUE, churn, constant, many_labels, regression

from vesto import _native
from vesto.programs import reference
from vesto.programs.bodies import Linear
from vesto.programs.image import image
from vesto.programs.program import Input, Program, label_output, value_output
from vesto.programs.steps import Category, Number
from vesto.programs.storage import content_hash, dump

PATHS = [path for path in ("portable", "avx2", "avx512") if _native.has_kernel(path)]


def native(program: Program) -> _native.Program:
    return _native.Program(image(program, content_hash(dump(program))))


def scored(program: Program, *columns: Any) -> list[Any]:
    values: list[Any] = pa.array(native(program).predict(columns)).to_pylist()
    return values


def states(values: list[str | None]) -> list[pa.Array]:
    return [pa.array(values), pa.array([9.5] * len(values))]


NUMBERS = [
    (pa.int8(), [-128, 127]), (pa.uint8(), [0, 255]),
    (pa.int16(), [-32768, 32767]), (pa.uint16(), [0, 65535]),
    (pa.int32(), [-(2**31), 2**31 - 1]), (pa.uint32(), [0, 2**32 - 1]),
    (pa.int64(), [-(2**63), 2**53 + 1]), (pa.uint64(), [0, 2**64 - 1]),
    (pa.float16(), [np.float16(1.5), np.float16(-0.0001)]),
    (pa.float32(), [1.5, -1e-40]), (pa.float64(), [1.5, -1e300]),
    (pa.decimal32(7, 2), [Decimal("12345.67"), Decimal("-0.01")]),
    (pa.decimal64(18, 3), [Decimal("123456789012345.678"), Decimal("-0.001")]),
    (pa.decimal128(38, 10), [Decimal("1234567890123456789012345678.0123456789"), Decimal(-7)]),
    (pa.decimal128(5, -2), [Decimal("12345e2"), Decimal(-100)]),
    (pa.decimal256(76, 40), [Decimal("123456789012345678.5"), Decimal("-0.25")]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "values"), NUMBERS, ids=str)
def test_numbers_of_every_type_are_the_nearest_float64(
    kind: pa.DataType, values: list[Any]
) -> None:
    column = pa.array([*values, None], kind)
    assert scored(regression(), column) == [*map(float, column.to_pylist()[:-1]), NULL_VALUE]


def test_booleans_and_columns_without_a_type() -> None:
    assert scored(regression(kind="bool"), pa.array([True, None, False])) == [1, NULL_VALUE, 0]
    for kind in ("bool", "float8", "varchar", "date", "timestamptz"):
        assert scored(regression(kind=kind), pa.nulls(2)) == [NULL_VALUE] * 2


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()], ids=str)
def test_texts(kind: pa.DataType) -> None:
    column = pa.array(["a", "blue", None, "", "no such word, and a long one", "green"], kind)
    assert scored(regression(kind="varchar"), column) == [1, 2, NULL_VALUE, -1, -1, 3]
    assert scored(regression(kind="varchar"), column.slice(1, 2)) == [2, NULL_VALUE]
    assert scored(regression(kind="varchar"), column.slice(0, 0)) == []


LONG_WORDS = tuple(f"a word that is no short one, number {place:02d}" for place in range(50))


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()], ids=str)
def test_texts_that_lie_outside_their_views(kind: pa.DataType) -> None:
    step = Category(0, LONG_WORDS, np.arange(50.0), -1.0, NULL_VALUE, ())
    body = Linear(np.array([[1.0]]), np.array([0.0]))
    program = Program((Input("x", "varchar"),), (step,), (1,), body, value_output("float8"))
    words = [*LONG_WORDS[::-1], None, LONG_WORDS[3] + "x"]
    assert scored(program, pa.array(words, kind)) == [*range(49, -1, -1), NULL_VALUE, -1]


CODES = [
    pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(),
]  # fmt: skip


@pytest.mark.parametrize("codes", CODES, ids=str)
@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()], ids=str)
def test_dictionaries(codes: pa.DataType, kind: pa.DataType) -> None:
    words = pa.array(["unused", "green", None, "a"], kind).slice(1)
    column = pa.DictionaryArray.from_arrays(pa.array([2, 0, None, 1, 2], codes), words)
    expected = [1, 3, NULL_VALUE, NULL_VALUE, 1]
    assert scored(regression(kind="varchar"), column) == expected
    assert scored(regression(kind="varchar"), column.slice(1, 3)) == expected[1:4]


MOON = dt.datetime.fromisoformat("1969-07-20 20:17:40")
MOMENTS = [
    ("date", pa.date32(), dt.date(2024, 2, 29)), ("date", pa.date64(), dt.date(1969, 7, 20)),
    *(("timestamp", pa.timestamp(unit), MOON) for unit in ("s", "ms", "us", "ns")),
    *(("timestamptz", pa.timestamp(unit, "Europe/Rome"), dt.datetime(2024, 6, 1, 12, tzinfo=dt.UTC))
      for unit in ("s", "ms", "us", "ns")),
    ("time", pa.time32("s"), dt.time(23, 59, 59)), ("time", pa.time32("ms"), dt.time(1, 2, 3)),
    ("time", pa.time64("us"), dt.time(1, 2, 3, 500000)), ("time", pa.time64("ns"), dt.time(1, 2, 3, 1)),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "arrow", "moment"), MOMENTS, ids=str)
def test_dates_and_times_are_those_of_the_reference(
    kind: str, arrow: pa.DataType, moment: Any
) -> None:
    ordinary = {"date": pa.date32(), "time": pa.time64("us"), "timestamp": pa.timestamp("us")}
    law = ordinary.get(kind, pa.timestamp("us", "UTC"))
    program = regression(kind=kind)
    expected = reference.score(program, [pa.array([moment, None], law)]).to_pylist()
    assert scored(program, pa.array([moment, None], arrow)) == expected


def test_a_date_stands_for_a_timestamp_and_whole_numbers_for_texts() -> None:
    day = dt.date(2024, 2, 29)
    midnight = reference.score(
        regression(kind="timestamp"), [pa.array([day]).cast(pa.timestamp("us"))]
    )
    assert scored(regression(kind="timestamp"), pa.array([day])) == midnight.to_pylist()
    numbered = many_labels(3)
    assert scored(numbered, pa.array([0, 2, 1], pa.int8())) == [
        numbered.output.labels[place] for place in (0, 2, 1)
    ]


# --- How arrays lie in memory ---------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("start", [0, 1, 7, 8, 63, 64, 129])
def test_slices_and_record_batches_are_read_where_they_are(path: str, start: int) -> None:
    rows = 700
    column = [None if row % 5 == 0 else row / 4 for row in range(rows)]
    state = [
        None if row % 7 == 0 else ("CA", "NY", "elsewhere, far away")[row % 3]
        for row in range(rows)
    ]
    flag = [None if row % 3 == 0 else row % 2 == 0 for row in range(rows)]
    _native.use_kernel(path)
    try:
        batch = pa.record_batch([pa.array(state), pa.array(column)], ["state", "charge"])
        sliced = batch.slice(start, 400)
        expected = reference.score(churn(), sliced.columns)
        assert pa.array(native(churn()).predict(sliced)).equals(expected)
        assert pa.array(native(churn()).predict(sliced.columns)).equals(expected)
        expected = [NULL_VALUE if value is None else float(value) for value in flag][start:]
        assert scored(regression(kind="bool"), pa.array(flag).slice(start)) == expected
    finally:
        _native.use_kernel("automatic")


def test_a_struct_array_with_rows_that_are_null_is_refused() -> None:
    struct = pa.array([{"state": "NY", "charge": 1.0}, None])
    with pytest.raises(TypeError, match="rows that are NULL as a whole"):
        native(churn()).predict(struct)


def test_no_rows() -> None:
    program = native(churn())
    empty = states([])
    assert len(program.predict(empty)) == 0
    assert program.probabilities(empty).shape == (0, 2)
    assert program.margins(empty).shape == (0, 1)
    assert program.features(empty).shape == (0, 2)


# --- What comes back ------------------------------------------------------------------------------


def test_a_program_says_what_it_is() -> None:
    program = native(churn())
    assert program.name == content_hash(dump(churn()))
    assert program.inputs == (("state", "varchar"), ("charge", "float8"))
    assert (program.returns, program.labels, program.outputs) == ("varchar", ("False.", "True."), 1)
    assert program.memory_bytes > 100
    assert (native(regression()).returns, native(regression()).labels) == ("float8", ())


RETURNED = [
    ("int2", pa.int16(), 7), ("int4", pa.int32(), 7), ("int8", pa.int64(), 7),
    ("float4", pa.float32(), 7.25), ("float8", pa.float64(), 7.25),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "arrow", "value"), RETURNED)
def test_predictions_have_the_type_of_the_program(
    kind: str, arrow: pa.DataType, value: Any
) -> None:
    predictions = native(constant(value, kind)).predict([pa.array([1.0, None])])
    assert len(predictions) == 2
    assert pa.array(predictions).equals(pa.array([value, value], arrow))
    pa.array(predictions).validate(full=True)


@pytest.mark.parametrize("labels", [("f", "t"), ("false", "true"), ("t", "f")])
def test_boolean_labels_are_booleans(labels: tuple[str, str]) -> None:
    body = Linear(np.array([[1.0]]), np.array([0.0]))
    output = label_output("bool", labels, link="sigmoid")
    program = Program((Input("x", "float8"),), (Number(0),), (1,), body, output)
    column = pa.array([float(row % 3 - 1.5) for row in range(21)])
    assert scored(program, column) == reference.score(program, [column]).to_pylist()


def test_predictions_can_be_read_twice_and_outlive_the_program() -> None:
    predictions = native(churn()).predict(states(["NY", "CA", None]))
    first, second = pa.array(predictions), pa.array(predictions)
    del predictions
    assert first.equals(second)
    first.validate(full=True)
    assert first.to_pylist() == ["True.", "True.", "False."]


def test_capsules_that_nobody_reads_are_released() -> None:
    predictions = native(churn()).predict(states(["NY"]))
    for _ in range(3):
        predictions.__arrow_c_array__(None)
    assert pa.array(predictions).to_pylist() == ["True."]


@pytest.mark.parametrize("path", PATHS)
def test_matrices_are_those_of_the_reference(path: str) -> None:
    columns = [
        pa.array(["NY", "CA", None, "x"] * 50),
        pa.array([1.0, None, float("inf"), -3.5] * 50),
    ]
    _native.use_kernel(path)
    try:
        assert _native.kernel() == path
        program = native(churn())
        np.testing.assert_array_equal(
            program.features(columns), reference.features(churn(), columns)
        )
        np.testing.assert_array_equal(program.margins(columns), reference.margins(churn(), columns))
        np.testing.assert_array_max_ulp(
            program.probabilities(columns), reference.probabilities(churn(), columns), 4
        )
    finally:
        _native.use_kernel("automatic")


# --- Mistakes -------------------------------------------------------------------------------------

WRONG = [
    ([], "has 2 inputs, and not 0"),
    (states(["NY"])[:1], "has 2 inputs, and not 1"),
    ([*states(["NY"]), pa.array([1])], "has 2 inputs, and not 3"),
    ([pa.array(["NY"]), pa.array([1.0, 2.0])], 'argument 2 "charge" has 2 rows, and the first 1'),
    ([pa.array(["NY"]), [1.0]], 'argument 2 "charge" is no Arrow array but list'),
    ([pa.array(["NY"]), pa.chunked_array([[1.0]])], "no Arrow array but .*ChunkedArray"),
    ([pa.array(["NY"]), pa.array(["1"])], 'argument 2 "charge" cannot be read as float8'),
    ([pa.array([b"NY"]), pa.array([1.0])], 'argument 1 "state" is an Arrow array of format "z"'),
    (
        [pa.array([["NY"]]), pa.array([1.0])],
        r'argument 1 "state" is an Arrow array of format "\+l"',
    ),
    ([pa.array([1.0]), pa.array([1.0])], 'argument 1 "state" cannot be read as varchar'),
    ([pa.array([7]).dictionary_encode(), pa.array([1.0])], 'dictionary of format "l"'),
    (pa.record_batch([pa.array(["NY"])], ["state"]), "2 inputs, and the record batch 1 columns"),
    (pa.array(["NY"]), "a record batch or a sequence of arrays is wanted"),
    ("NY", "a record batch or a sequence of arrays is wanted, not str"),
    (None, "a record batch or a sequence of arrays is wanted, not NoneType"),
]


@pytest.mark.parametrize(("columns", "message"), WRONG, ids=[message for _, message in WRONG])
def test_wrong_columns_name_the_input(columns: Any, message: str) -> None:
    for score in ("predict", "probabilities", "margins", "features"):
        with pytest.raises(TypeError, match=message):
            getattr(native(churn()), score)(columns)


def test_codes_outside_their_dictionary_are_refused() -> None:
    for code in (3, 100, -1):
        column = pa.DictionaryArray.from_arrays(
            pa.array([0, code], pa.int8()), pa.array(["a", "b", "c"]), safe=False
        )
        with pytest.raises(TypeError, match="dictionary"):
            native(regression(kind="varchar")).predict([column])


def test_texts_from_a_damaged_file_are_refused() -> None:
    offsets = pa.py_buffer(struct.pack("<4i", 0, 2, 1, 2))
    texts = pa.Array.from_buffers(pa.string(), 3, [None, offsets, pa.py_buffer(b"ab")])
    views = pa.py_buffer(struct.pack("<4i", 13, 0, 0, 1 << 30))
    view = pa.Array.from_buffers(pa.string_view(), 1, [None, views, pa.py_buffer(b"x" * 13)])
    for column in (texts, view):
        with pytest.raises(TypeError, match='argument 1 "x": the Arrow array is not sound'):
            native(regression(kind="varchar")).predict([column])


class Liar:
    """Not what it says it is."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_objects_that_break_the_protocol_are_refused() -> None:
    program = native(regression())
    schema, array = pa.array([1.0]).__arrow_c_array__()
    for answer in (None, (), (schema,), "ab"):
        with pytest.raises(TypeError, match="does not return two capsules"):
            program.predict([Liar(answer)])
    for answer in ((array, schema), (1, 2)):
        with pytest.raises(ValueError, match="PyCapsule"):
            program.predict([Liar(answer)])
    with pytest.raises(RuntimeError, match="broken"):
        program.predict([Liar(RuntimeError("broken"))])


def test_capsules_that_were_read_already_are_refused() -> None:
    exported = pa.array([1.0]).__arrow_c_array__()
    pa.array(Liar(exported))
    with pytest.raises(TypeError, match="released"):
        native(regression()).predict([Liar(exported)])


def test_a_damaged_image_is_a_value_error() -> None:
    sound = image(churn(), content_hash(dump(churn())))
    assert issubclass(_native.DamagedImageError, ValueError)
    for size in range(len(sound)):
        with pytest.raises(_native.DamagedImageError):
            _native.Program(sound[:size])
    for at in range(len(sound)):
        with pytest.raises(_native.DamagedImageError):
            _native.Program(sound[:at] + bytes([sound[at] ^ 255]) + sound[at + 1 :])


def test_an_image_cut_off_under_a_right_header_is_refused() -> None:
    sound = image(churn(), content_hash(dump(churn())))
    for size in range(24, len(sound)):
        content = struct.pack("<Q", size) + sound[24:size]
        with pytest.raises(_native.DamagedImageError):
            _native.Program(sound[:12] + struct.pack("<I", zlib.crc32(content)) + content)


def test_wrong_code_paths_are_refused() -> None:
    for ask in (_native.use_kernel, _native.has_kernel):
        with pytest.raises(ValueError, match='no code path "sse2"'):
            ask("sse2")
    assert _native.has_kernel("portable")
    assert _native.kernel() == PATHS[-1]


# --- Threads --------------------------------------------------------------------------------------


def test_threads_share_a_program_and_change_no_row() -> None:
    program = native(churn())
    generator = np.random.default_rng(0)
    words = np.array(["NY", "CA", "elsewhere, far away"])
    inputs = [
        [pa.array(words[generator.integers(0, 3, rows)]), pa.array(generator.normal(size=rows))]
        for rows in (1, 64, 1000, 3000)
    ]
    expected = [reference.score(churn(), columns) for columns in inputs]

    def work(number: int) -> bool:
        at = number % len(inputs)
        return bool(pa.array(program.predict(inputs[at])).equals(expected[at]))

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(work, range(400)))


def test_other_python_threads_run_while_rows_are_scored() -> None:
    """A score of some 100 ms must not stop a thread that counts."""
    program = native(many_labels(200))
    column = pa.array(np.arange(60_000) % 200, pa.int32())
    with ThreadPoolExecutor(1) as threads:
        counted = 0
        scoring = threads.submit(program.predict, [column])
        while not scoring.done():
            counted += 1
    assert counted > 100
    assert len(scoring.result()) == 60_000

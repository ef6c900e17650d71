"""Rows as the server writes them are read back by psycopg's loaders, which know nothing of us."""

from __future__ import annotations

import datetime as dt
import struct
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vesto.errors import InvalidBinary, InvalidText
from vesto.server.arrays import ELEMENTS, array_kind
from vesto.server.parameters import decoded
from vesto.server.rows import Layout, encoded
from vesto.types import BY_NAME, OID

psycopg = pytest.importorskip("psycopg")

DAYS = st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31))
MOMENTS = st.datetimes(dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31))  # noqa: DTZ001
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


def decimals(precision: int, scale: int) -> st.SearchStrategy[Decimal]:
    most = 10**precision - 1
    return st.integers(-most, most).map(lambda n: Decimal((n < 0, _digits(n), -scale)))


def _digits(number: int) -> tuple[int, ...]:
    return tuple(int(digit) for digit in str(abs(number)))


NUMERIC = [
    (4, 0),
    (5, 2),
    (10, 2),
    (18, 0),
    (18, 7),
    (18, 18),
    (19, 3),
    (38, 0),
    (38, 10),
    (38, 38),
]
COLUMNS: list[Any] = [
    ("bool", pa.bool_(), st.booleans()),
    ("int2", pa.int16(), st.integers(-(2**15), 2**15 - 1)),
    ("int4", pa.int32(), st.integers(-(2**31), 2**31 - 1)),
    ("int8", pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    ("oid", pa.uint32(), st.integers(0, 2**32 - 1)),
    ("float4", pa.float32(), st.floats(width=32, allow_nan=False)),
    ("float8", pa.float64(), st.floats(allow_nan=False)),
    *(("numeric", pa.decimal128(p, s), decimals(p, s)) for p, s in NUMERIC),
    ("varchar", pa.string(), TEXTS),
    ("super", pa.string(), TEXTS),
    ("varbyte", pa.binary(), st.binary(max_size=12)),
    ("date", pa.date32(), DAYS),
    ("time", pa.time64("us"), st.times()),
    ("timestamp", pa.timestamp("us"), MOMENTS),
    ("timestamptz", pa.timestamp("us", "UTC"), MOMENTS.map(lambda m: m.replace(tzinfo=dt.UTC))),
]
IDS = [f"{kind}-{arrow}" for kind, arrow, _ in COLUMNS]


def rows_of(stream: bytes) -> list[list[bytes | None]]:
    """DataRow messages taken apart by the book."""
    found, at = [], 0
    while at < len(stream):
        code, length, count = struct.unpack_from("!cih", stream, at)
        assert code == b"D"
        place, row = at + 7, []
        for _ in range(count):
            (size,) = struct.unpack_from("!i", stream, place)
            row.append(None if size < 0 else stream[place + 4 : place + 4 + size])
            place += 4 + max(size, 0)
        at += length + 1
        assert place == at
        found.append(row)
    return found


def written(arrays: list[pa.Array], kinds: list[str], form: int) -> list[list[bytes | None]]:
    """The rows, which must be the same by both ways."""
    batch = pa.RecordBatch.from_arrays(arrays, names=[f"c{i}" for i in range(len(arrays))])
    layout = Layout(tuple(kinds), (form,) * len(kinds))
    one, other = (b"".join(map(bytes, encoded(batch, layout, few))) for few in (0, 100))
    assert one == other
    return rows_of(one)


def loaded(raw: bytes | None, kind: str, form: int) -> Any:
    """What psycopg makes of a value."""
    if raw is None:
        return None
    other = {"varbyte": 17, "oid": OID.oid, "super": BY_NAME["varchar"].oid}
    oid = other[kind] if kind in other else BY_NAME[kind].oid
    loader = psycopg.adapters.get_loader(oid, psycopg.pq.Format(form))
    found = loader(oid).load(raw)
    if kind == "float4":
        return float(np.float32(found))
    return found.astimezone(dt.UTC) if kind == "timestamptz" else found


@pytest.mark.parametrize("form", [0, 1])
@pytest.mark.parametrize(("kind", "arrow", "values"), COLUMNS, ids=IDS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_every_value_is_read_back(
    kind: str, arrow: pa.DataType, values: Any, form: int, data: st.DataObject
) -> None:
    given_values = data.draw(st.lists(st.none() | values, min_size=1, max_size=8))
    array = pa.array([None, *given_values], arrow)[1:]  # an offset that is not 0
    found = [loaded(row[0], kind, form) for row in written([array], [kind], form)]
    assert found == array.to_pylist()


@pytest.mark.parametrize(("kind", "arrow", "values"), COLUMNS, ids=IDS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_both_forms_of_a_value_mean_the_same_as_a_parameter(
    kind: str, arrow: pa.DataType, values: Any, data: st.DataObject
) -> None:
    array = pa.array([data.draw(values)], arrow)
    text = decoded(written([array], [kind], 0)[0][0], kind, 0, 1)
    text = float(np.float32(text)) if kind == "float4" else text
    binary = decoded(written([array], [kind], 1)[0][0], kind, 1, 1)
    if kind in {"time", "timestamp", "timestamptz", "date"}:
        text, binary = str(text).replace("+00:00", "+00"), str(binary)
    assert text == binary


LISTS: list[Any] = [
    (1000, pa.bool_(), st.booleans()),
    (1005, pa.int16(), st.integers(-(2**15), 2**15 - 1)),
    (1007, pa.int32(), st.integers(-(2**31), 2**31 - 1)),
    (1016, pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    (1022, pa.float64(), st.floats(allow_nan=False)),
    (1028, pa.uint32(), st.integers(0, 2**32 - 1)),
    (1009, pa.string(), TEXTS | st.sampled_from(["", "null", "a,b", '{"', "\\"])),
]


@pytest.mark.parametrize("form", [0, 1])
@pytest.mark.parametrize(("oid", "arrow", "values"), LISTS, ids=[str(oid) for oid, *_ in LISTS])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_lists_are_arrays_and_are_read_back(
    oid: int, arrow: pa.DataType, values: Any, form: int, data: st.DataObject
) -> None:
    lists = data.draw(st.lists(st.none() | st.lists(st.none() | values, max_size=5), min_size=1))
    array = pa.array([[None], *lists], pa.list_(arrow))[1:]
    raw = [row[0] for row in written([array], [array_kind(oid)], form)]
    loader = psycopg.adapters.get_loader(oid, psycopg.pq.Format(form))(oid)
    assert [None if each is None else loader.load(each) for each in raw] == lists
    kind = f"{ELEMENTS[oid][0]}[]"
    assert [decoded(each, kind, form, 1) for each in raw] == lists


def test_vectors_count_from_0_and_are_written_without_braces() -> None:
    vectors = pa.array([[1, 20], []], pa.list_(pa.uint16()))
    assert [row[0] for row in written([vectors], [array_kind(22)], 0)] == [b"1 20", b""]
    binary = written([vectors], [array_kind(22)], 1)[0][0]
    assert binary is not None
    assert struct.unpack_from("!5i", binary) == (1, 0, 21, 2, 0)


@pytest.mark.parametrize(
    "raw", [b"1,2", b"{1", b"{1,,2}", b"{{1},{2}}", b"{1}2", b'{"1}', b"{one}", b"{,}"]
)
def test_text_that_is_no_array_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidText, match="int4"):
        decoded(raw, "int4[]", 0, 1)


@pytest.mark.parametrize(
    "raw",
    [b"", struct.pack("!3i", 2, 0, 23), struct.pack("!5i", 1, 0, 23, 2**30, 1),
     struct.pack("!7i", 1, 0, 23, 1, 1, 400, 5), struct.pack("!8i", 1, 0, 23, 1, 1, 4, 5, 6)],
)  # fmt: skip
def test_bytes_that_are_no_array_are_refused(raw: bytes) -> None:
    with pytest.raises(InvalidBinary):
        decoded(raw, "int4[]", 1, 1)


def test_columns_stand_side_by_side() -> None:
    arrays = [pa.array([1, None], pa.int32()), pa.array(["é", ""]), pa.array([None, True])]
    assert written(arrays, ["int4", "varchar", "bool"], 0) == [
        [b"1", "é".encode(), None],
        [None, b"", b"t"],
    ]


@pytest.mark.parametrize(
    ("kind", "array", "text"),
    [
        ("float8", pa.array([float("inf"), float("-inf"), float("nan")]),
         [b"Infinity", b"-Infinity", b"NaN"]),
        ("float8", pa.array([1e10, 123456789012345.6, 1e15, -1234567890123456.0, 1e16, 1e-4, 1e-5, 0.0, None]),
         [b"10000000000", b"123456789012345.6", b"1e+15", b"-1.234567890123456e+15", b"1e+16",
          b"0.0001", b"1e-05", b"0", None]),
        ("date", pa.array([-719_529, 2_932_897, 2**31 - 1], pa.int32()).cast(pa.date32()),
         [b"0002-12-31 BC", b"10000-01-01", b"infinity"]),
        ("timestamp", pa.array([2**63 - 1, 0], pa.int64()).cast(pa.timestamp("us")),
         [b"infinity", b"1970-01-01 00:00:00"]),
        ("interval", pa.array([(14, 3, -4_500_000_000), (0, 0, 0), (-1, 1, 0)],
                              pa.month_day_nano_interval()),
         [b"1 year 2 mons 3 days -00:00:04.5", b"00:00:00", b"-1 mons +1 day"]),
        ("super", pa.array([[1, 2], None, []], pa.list_(pa.int32())), [b"[1,2]", None, b"[]"]),
        ("varchar", pa.array(["a", "b", "a"]).dictionary_encode(), [b"a", b"b", b"a"]),
        ("numeric", pa.array([Decimal("0.00000012")], pa.decimal128(20, 8)), [b"0.00000012"]),
    ],
)  # fmt: skip
def test_what_is_rare_is_written_as_postgresql_does(
    kind: str, array: pa.Array, text: list[bytes | None]
) -> None:
    assert [row[0] for row in written([array], [kind], 0)] == text


def test_a_zone_shows_its_offset_of_that_day() -> None:
    moments = pa.array(
        [dt.datetime(2020, 1, 1, tzinfo=dt.UTC), None, dt.datetime(2020, 7, 1, tzinfo=dt.UTC)],
        pa.timestamp("us", "America/St_Johns"),
    )
    assert [row[0] for row in written([moments], ["timestamptz"], 0)] == [
        b"2019-12-31 20:30:00-03:30", None, b"2020-06-30 21:30:00-02:30",
    ]  # fmt: skip


def test_a_batch_that_is_large_leaves_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vesto.server.rows.MAXIMUM_BYTES", 1000)
    array = pa.array(["x" * 100] * 100)
    batch = pa.RecordBatch.from_arrays([array], names=["c"])
    pieces = [bytes(piece) for piece in encoded(batch, Layout(("varchar",), (0,)))]
    assert len(pieces) > 1
    assert rows_of(b"".join(pieces)) == [[b"x" * 100]] * 100

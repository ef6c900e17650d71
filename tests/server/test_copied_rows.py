"""Rows of COPY FROM STDIN: however the bytes are cut, the rows are the same."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vesto.engines import Column
from vesto.errors import LoadFailed, VestoError
from vesto.server import copied_rows
from vesto.server.copied_rows import BinaryReader, TextReader
from vesto.server.statements import Copy, read
from vesto.types import from_words


def column(words: str) -> Column:
    kind = from_words(words)
    assert kind is not None
    return Column("v", kind)


TEXT, WHOLE = column("varchar"), column("integer")
SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)


def statement(options: str = "") -> Copy:
    found = read(f"COPY t FROM STDIN {options}")
    assert isinstance(found, Copy)
    return found


def rows(reader: TextReader | BinaryReader, pieces: list[bytes]) -> list[tuple[object, ...]]:
    found = []
    for number, piece in enumerate(pieces, 1):
        reader.feed(piece)
        table = reader.table(is_last=number == len(pieces))
        found += list(zip(*(column.to_pylist() for column in table.columns), strict=True))
    return found


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[a:b] for a, b in pairwise(edges)] + [b""]


def escaped(value: str) -> str:
    for letter, name in {"\\": "\\\\", "\n": "\\\n", "\t": "\\t"}.items():
        value = value.replace(letter, name)
    return value


VALUES = st.lists(
    st.tuples(st.text('ab"\\\n\t,', max_size=6), st.text('x"\n\\,', max_size=6)),
    min_size=1,
    max_size=6,
)
PLACES = st.lists(st.integers(0, 200), max_size=5)


@settings(deadline=None)
@given(VALUES, PLACES)
def test_lines_of_text_may_be_cut_anywhere(
    values: list[tuple[str, str]], places: list[int]
) -> None:
    data = "".join("\t".join(map(escaped, row)) + "\n" for row in values).encode()
    assert rows(TextReader((TEXT, TEXT), statement()), cut(data, places)) == values


@settings(deadline=None)
@given(VALUES, PLACES)
def test_lines_of_csv_may_be_cut_anywhere(values: list[tuple[str, str]], places: list[int]) -> None:
    quoted = [[f'"{value}"'.replace('"', '""')[1:-1] for value in row] for row in values]
    data = "".join(",".join(row) + "\n" for row in quoted).encode()
    assert rows(TextReader((TEXT, TEXT), statement("CSV")), cut(data, places)) == values


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(-(2**31), 2**31 - 1)), max_size=8), PLACES)
def test_tuples_may_be_cut_anywhere(values: list[int | None], places: list[int]) -> None:
    tuples = [
        struct.pack("!hi", 1, -1) if v is None else struct.pack("!hii", 1, 4, v) for v in values
    ]
    data = b"".join(tuples) + b"\xff\xff"
    pieces = [SIGNATURE, *cut(data, places)]
    reader = BinaryReader((WHOLE,))
    assert rows(reader, pieces) == [(value,) for value in values]


@given(st.binary(max_size=80), st.sampled_from(["", "CSV", "BINARY"]))
@settings(max_examples=200, deadline=None)
def test_noise_is_rows_or_an_error_of_the_load(noise: bytes, options: str) -> None:
    copy = statement(options)
    columns = (TEXT, WHOLE)
    is_binary = copy.form == "binary"
    reader = BinaryReader(columns) if is_binary else TextReader(columns, copy)
    reader.feed(SIGNATURE + noise if is_binary else noise)
    sqlstate = ""
    try:
        reader.table(is_last=True)
    except VestoError as error:
        sqlstate = error.sqlstate
    assert sqlstate in {"", "22P02", "22P03", "22P04"}


def test_a_row_without_end_is_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copied_rows, "MAXIMUM_ROW", 2**20)
    for options in ("", "CSV", "BINARY"):
        copy = statement(options)
        is_binary = copy.form == "binary"
        reader = BinaryReader((TEXT,)) if is_binary else TextReader((TEXT,), copy)
        reader.feed(SIGNATURE + struct.pack("!hi", 1, 2**30) if is_binary else b'"')
        reader.feed(b"x" * (2**20 + 1))
        with pytest.raises(LoadFailed, match="longer than 1 MB"):
            reader.table(is_last=False)


def test_many_lines_within_one_quote_are_looked_through_once() -> None:
    reader = TextReader((TEXT,), statement("CSV"))
    reader.feed(b'"' + b"\n" * 4_000_000)
    assert reader.table(is_last=False).num_rows == 0
    reader = TextReader((TEXT,), statement())
    reader.feed(b"\\\n" * 1_000_000 + b"\n")
    assert reader.table(is_last=True).num_rows == 1


def test_a_backslash_before_any_letter_is_that_letter() -> None:
    data = rb"\8\9\q\x\xg\101\x41\7" + b"\n"
    assert rows(TextReader((TEXT,), statement()), [data]) == [("89qxxgAA\7",)]
    copy = statement(r"CSV QUOTE '''' ESCAPE '\\'")
    assert rows(TextReader((TEXT,), copy), [rb"'it\'s'" + b"\n"]) == [("it's",)]


def test_a_head_that_is_none_is_said() -> None:
    for data in (b"", SIGNATURE[:-1], SIGNATURE[:-4] + struct.pack("!I", 2**32 - 1), b"x" * 30):
        with pytest.raises(LoadFailed):
            rows(BinaryReader((TEXT,)), [data])

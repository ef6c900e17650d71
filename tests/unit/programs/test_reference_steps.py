from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from math import log1p
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vesto.errors import DatatypeMismatch
from vesto.programs.reference import run_step, run_steps
from vesto.programs.reference_text import SLICE_ROWS, grams_in
from vesto.programs.steps import (
    PARTS,
    STEPS,
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
    reads_input,
)

nan, inf = float("nan"), float("inf")


def one(step: Step, column: Any) -> list[float]:
    (register,) = run_step(step, column)
    assert register.dtype == np.float64
    return list(register.tolist())


def same(got: list[float], want: list[float]) -> bool:
    return np.array_equal(np.array(got), np.array(want), equal_nan=True)


# --- Number -------------------------------------------------------------------------------------

ONE_AND_NULL = [
    *(pa.array([1, None], kind) for kind in (
        pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(),
        pa.uint64(), pa.float16(), pa.float32(), pa.float64(),
    )),
    pa.array([True, None]),
    *(pa.array([Decimal("1.00"), None], kind) for kind in (
        pa.decimal32(5, 2), pa.decimal64(9, 2), pa.decimal128(38, 2), pa.decimal256(60, 2),
    )),
    pa.array([1, None], pa.int64()).dictionary_encode(),
    pa.chunked_array([pa.array([1], pa.int32()), pa.array([None], pa.int32())]),
    pa.chunked_array([pa.array([1]).dictionary_encode(), pa.array([None, 5]).dictionary_encode()]),
]  # fmt: skip


@pytest.mark.parametrize("column", ONE_AND_NULL, ids=lambda column: str(column.type))
def test_any_number_or_boolean_is_a_float64_and_null_is_nan(column: pa.Array) -> None:
    found = run_steps([Number(0)], [column])[1]
    assert same(found[:2].tolist(), [1.0, nan])


def test_integers_beyond_float64_are_rounded_to_the_nearest() -> None:
    values = [2**53 + 1, 2**53 + 3, -(2**63), 2**63 - 1]
    assert one(Number(0), pa.array(values)) == [float(value) for value in values]
    assert one(Number(0), pa.array([2**64 - 1], pa.uint64())) == [2.0**64]


@given(st.lists(st.decimals(-(10**9), 10**9, places=7)))
def test_a_decimal_is_the_nearest_float64(values: list[Decimal]) -> None:
    got = one(Number(0), pa.array(values, pa.decimal128(20, 7)))
    assert got == [float(Fraction(value)) for value in values]


# --- TextNumber ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("5", 5.0), ("+5", 5.0), ("-5", -5.0), (" 5 ", 5.0), ("\t5\n", 5.0), ("1.", 1.0),
        (".5", 0.5), ("-.5e3", -500.0), ("1E5", 1e5), ("00012", 12.0), ("1e400", inf),
        ("-1e400", -inf), ("1e-400", 0.0), ("9" * 400, inf), ("4.9e-324", 5e-324),
        ("0.1", 0.1), ("2.2250738585072011e-308", 2.2250738585072011e-308),
        ("9007199254740993", 9007199254740992.0), ("-0", -0.0),
        ("", nan), (" ", nan), (".", nan), ("+", nan), ("++5", nan), ("+-5", nan), ("e5", nan),
        ("1e", nan), ("1.2.3", nan), ("1,5", nan), ("1 2", nan), ("inf", nan), ("-inf", nan),
        ("nan", nan), ("0x10", nan), ("1_000", nan), ("٣", nan), ("\uff15", nan), ("5\u00a0", nan),
        ("1d5", nan), ("five", nan), ("?", nan), ("-1", nan), (None, nan),
    ],
)  # fmt: skip
def test_a_text_is_a_number_or_missing(text: str | None, want: float) -> None:
    got = one(TextNumber(0, ("?", "-1")), pa.array([text], pa.string()))
    if text == "-1":
        assert np.isnan(got[0])
    else:
        assert same(got, [want])
        assert np.signbit(got[0]) == np.signbit(want) or np.isnan(want)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_printed_number_is_read_back(value: float) -> None:
    assert one(TextNumber(0, ()), pa.array([repr(value)])) == [value]


TEXT_TYPES = [
    pa.string(),
    pa.large_string(),
    pa.string_view(),
    pa.dictionary(pa.int8(), pa.string()),
]


@pytest.mark.parametrize("kind", TEXT_TYPES, ids=str)
def test_text_comes_in_any_arrow_form(kind: pa.DataType) -> None:
    column = pa.array(["5", None, "x "]).cast(kind)
    category = Category(0, ("5", "x"), np.array([1.0, 2.0]), 9.0, 0.0, ())
    _, number, code = run_steps([TextNumber(0, ()), category], [column])
    assert same(number.tolist(), [5.0, nan, nan])
    assert code.tolist() == [1.0, 0.0, 2.0]


# --- Category -----------------------------------------------------------------------------------

FRUIT = Category(0, ("", "apple", "pear"), np.array([0.5, 1.0, 2.0]), -1.0, -2.0, ("?", "apple"))


def test_words_are_looked_up_and_the_missing_go_before_the_known() -> None:
    column = pa.array(["pear", "plum", None, "?", "apple", "", "Pear", "pear  ", " pear", "  "])
    assert one(FRUIT, column) == [2.0, -1.0, -2.0, -2.0, -2.0, 0.5, -1.0, 2.0, -1.0, 0.5]


def test_booleans_and_integers_are_words_too() -> None:
    words = Category(0, ("-7", "12", "false", "true"), np.arange(4.0), nan, 9.0, ())
    assert same(one(words, pa.array([True, False, None])), [3.0, 2.0, 9.0])
    assert same(one(words, pa.array([12, -7, 0], pa.int64())), [1.0, 0.0, nan])


def test_a_dictionary_without_words_knows_none() -> None:
    empty = Category(0, (), np.empty(0), 1.0, 2.0, ())
    assert one(empty, pa.array(["a", None])) == [1.0, 2.0]


def test_words_need_not_be_of_the_basic_plane() -> None:
    words = tuple(sorted(["日本", "🍎", "é", "e\u0301"]))
    category = Category(0, words, np.arange(4.0), nan, nan, ())
    assert one(category, pa.array(words)) == [0.0, 1.0, 2.0, 3.0]


# --- DateParts ----------------------------------------------------------------------------------

EVERY = DateParts(0, PARTS)


def parts(column: pa.Array) -> list[list[float]]:
    return np.array(run_step(EVERY, column)).T.tolist()


MOMENTS = [
    datetime(2024, 2, 29, 23, 59, 58, 999_999),  # noqa: DTZ001 - a timestamp without zone
    datetime(1969, 12, 31, 23, 59, 59, 500_000),  # noqa: DTZ001
    datetime(1, 1, 1),  # noqa: DTZ001
    datetime(9999, 12, 31, 1, 2, 3),  # noqa: DTZ001
    datetime(1900, 3, 1),  # noqa: DTZ001
]


def expected(at: datetime) -> list[float]:
    day = (at.date() - date(1970, 1, 1)).days
    rest = ((at.hour * 60 + at.minute) * 60 + at.second) * 10**6 + at.microsecond
    clock = [at.hour, at.minute, at.second, day * 86_400.0 + rest / 1e6]
    return [at.year, at.month, at.day, at.weekday(), *clock]


@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Tokyo"])
def test_parts_of_timestamps_are_those_of_the_calendar_in_utc(zone: str | None) -> None:
    column = pa.array(MOMENTS, pa.timestamp("us")).cast(pa.int64()).cast(pa.timestamp("us", zone))
    assert parts(column) == [expected(at) for at in MOMENTS]


@pytest.mark.parametrize(("unit", "size"), [("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)])
def test_the_unit_of_a_timestamp_makes_no_difference(unit: str, size: int) -> None:
    seconds = [0, -1, 1_709_251_198]
    column = pa.array([second * size for second in seconds], pa.int64()).cast(pa.timestamp(unit))
    same_in_us = pa.array([second * 10**6 for second in seconds]).cast(pa.timestamp("us"))
    assert parts(column) == parts(same_in_us)


def test_nanoseconds_are_cut_down_to_microseconds_also_before_1970() -> None:
    found = parts(pa.array([-1, 1_999, -1_001], pa.int64()).cast(pa.timestamp("ns")))
    assert [row[-1] for row in found] == [-86_400 + 86_399.999999, 1e-6, -86_400 + 86_399.999998]


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64()])
def test_parts_of_dates_have_no_clock(kind: pa.DataType) -> None:
    days = [date(2024, 2, 29), date(1969, 12, 31), date(1, 1, 1), date(9999, 12, 31)]
    want = [expected(datetime(d.year, d.month, d.day)) for d in days]  # noqa: DTZ001
    assert parts(pa.array(days, pa.date32()).cast(kind)) == want


def test_dates_far_beyond_the_common_era_have_a_year() -> None:
    (row,) = parts(pa.array([1_825_492_972], pa.int32()).cast(pa.date32()))
    assert row[:3] == [5_000_000, 1, 1]
    assert row[-1] == 1_825_492_972 * 86_400


@pytest.mark.parametrize(
    "column",
    [
        pa.array([2**31 - 1, -(2**31 - 1)], pa.int32()).cast(pa.date32()),
        pa.array([2**63 - 1, -(2**63 - 1)], pa.int64()).cast(pa.timestamp("us")),
        pa.array([2**63 - 1, -(2**63 - 1)], pa.int64()).cast(pa.timestamp("us", "UTC")),
        pa.array([None, None], pa.date32()),
        pa.nulls(2),
    ],
    ids=lambda column: str(column.type),
)
def test_infinite_and_null_moments_are_missing(column: pa.Array) -> None:
    assert np.isnan(parts(column)).all()


@pytest.mark.parametrize(
    "kind", [pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns")]
)
def test_parts_of_times_have_no_calendar(kind: pa.DataType) -> None:
    column = pa.array([time(23, 59, 58), time(0, 0, 0), None], pa.time64("us")).cast(kind)
    last, first, missing = parts(column)
    assert last == [0, 0, 0, 0, 23, 59, 58, 86_398.0]
    assert first == [0] * 8
    assert np.isnan(missing).all()


def test_the_end_of_a_day_is_hour_24() -> None:
    (row,) = parts(pa.array([86_400 * 10**6], pa.int64()).cast(pa.time64("us")))
    assert row == [0, 0, 0, 0, 24, 0, 0, 86_400.0]


# --- Numbers to numbers -------------------------------------------------------------------------

X = np.array([-2.0, -0.0, 0.0, 1.0, 2.5, inf, -inf, nan])


def test_one_hot_gives_zeros_for_anything_but_a_code() -> None:
    found = np.array(run_step(OneHot(0, 3), X)).T.tolist()
    none = [0.0, 0.0, 0.0]
    assert found == [none, [1, 0, 0], [1, 0, 0], [0, 1, 0], none, none, none, none]


@pytest.mark.parametrize(
    ("step", "want"),
    [
        (Impute(0, 7.0), [-2.0, -0.0, 0.0, 1.0, 2.5, inf, -inf, 7.0]),
        (Missing(0), [0, 0, 0, 0, 0, 0, 0, 1]),
        (Scale(0, 1.0, 2.0), [-1.5, -0.5, -0.5, 0.0, 0.75, inf, -inf, nan]),
        (Clip(0, -1.0, 2.0), [-1.0, -0.0, 0.0, 1.0, 2.0, 2.0, -1.0, nan]),
        (SignedLog(0), [-log1p(2), 0, 0, log1p(1), log1p(2.5), inf, -inf, nan]),
    ],
)
def test_steps_over_numbers_keep_to_their_words(step: Step, want: list[float]) -> None:
    assert same(one(step, X), want)


def test_a_difference_is_missing_where_a_side_is() -> None:
    (found,) = run_step(Difference(0, 1), X, np.full(len(X), 1.0))
    assert same(found.tolist(), [-3, -1, -1, 0, 1.5, inf, -inf, nan])
    with np.errstate(invalid="ignore"):
        (nothing,) = run_step(Difference(0, 1), X, X)
    assert same(nothing.tolist(), [0, 0, 0, 0, 0, nan, nan, nan])


@pytest.mark.parametrize(
    "step",
    [
        Number(0),
        TextNumber(0, ("?",)),
        FRUIT,
        EVERY,
        TextScore(0, (), np.empty(0), np.empty((1, 0)), np.zeros(1)),
        TextLength(0),
    ],
    ids=lambda step: str(step.kind),
)
@pytest.mark.parametrize("rows", [0, 3])
def test_a_column_of_null_type_is_missing_to_every_step(step: Step, rows: int) -> None:
    found = run_step(step, pa.nulls(rows))
    assert len(found) == step.width
    for register in found:
        assert len(register) == rows
        assert (np.isnan(register) | (register == -2.0)).all()


@pytest.mark.parametrize(
    ("step", "column"),
    [
        (Number(0), pa.array([pa.MonthDayNano([1, 1, 1])])),
        (Number(0), pa.array(["x"])),
        (FRUIT, pa.array([b"\xff"])),
        (FRUIT, pa.array([[1]])),
        (EVERY, pa.array(["2024-01-01"])),
        (EVERY, pa.array([pa.MonthDayNano([1, 1, 1])])),
    ],
)
def test_a_column_that_a_step_cannot_read_is_named(step: Step, column: pa.Array) -> None:
    with pytest.raises(DatatypeMismatch, match=f"a model cannot read .* as {step.kind}"):
        run_steps([step], [column])


# --- Normalize and Project ------------------------------------------------------------------------


def test_rows_are_divided_by_their_length_and_a_missing_one_stays_missing() -> None:
    first, second = np.array([3.0, 0.0, nan, nan, 1e200]), np.array([4.0, 0.0, -2.0, nan, 1e200])
    with np.errstate(over="ignore"):
        got = run_step(Normalize((0, 1)), first, second)
    assert same(got[0].tolist(), [0.6, 0.0, nan, nan, 0.0])
    assert same(got[1].tolist(), [0.8, 0.0, -1.0, nan, 0.0])


def test_a_projection_is_summed_in_the_order_of_its_registers() -> None:
    step = Project((0, 1, 2), np.zeros(3), np.array([[1e16, 1.0, -1e16], [0.0, 2.0, 0.0]]))
    one_row = [np.ones(1)] * 3
    assert [register.tolist() for register in run_step(step, *one_row)] == [
        [((0 + 1e16) + 1.0) + -1e16],
        [2.0],
    ]


def test_a_missing_register_counts_as_its_mean_in_a_projection() -> None:
    step = Project((0, 1), np.array([5.0, 1.0]), np.array([[2.0, 3.0]]))
    (got,) = run_step(step, np.array([nan, 6.0, nan]), np.array([2.0, 1.0, nan]))
    assert got.tolist() == [3.0, 2.0, 0.0]


# --- Texts ---------------------------------------------------------------------------------------


def words_of(text: str) -> list[str]:
    return list(grams_in(pa.array([text]))[1].to_pylist())


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("", []),
        ("Big DOG", ["big", "dog", "big dog"]),
        ("a dog, it's 1 x1", ["dog", "it", "x1", "dog it", "it x1"]),
        ("under_score\ttab\0nul", ["under", "score", "tab", "nul", "under score", "score tab", "tab nul"]),
        ("“Größe”—¿né…", ["größe", "né", "größe né"]),
        ("ÉT É \u3000日本。x", ["Ét", "É", "日本", "Ét É", "É 日本"]),
        ("good👍\xa0€5", ["good👍", "€5", "good👍 €5"]),
    ],
)  # fmt: skip
def test_words_are_runs_of_two_bytes_and_more_and_grams_are_one_or_two_of_them(
    text: str, want: list[str]
) -> None:
    assert words_of(text) == want


SCORE = TextScore(
    0, ("bad", "good", "not good"), np.array([2.0, 1.0, 3.0]),
    np.array([[-1.0, 1.0, -5.0], [0.5, 0.0, 0.0]]), np.array([10.0, 20.0]),
)  # fmt: skip


def test_a_text_scores_the_weights_of_its_grams_by_how_often_and_how_rare_they_are() -> None:
    texts = pa.array(["good", "Bad good, bad", "nothing", None, "not good"])
    first, second = run_step(SCORE, texts)
    length = np.sqrt(4.0 * 4.0 + 1.0)
    assert same(
        first.tolist(), [11.0, 10 + (-4.0 + 1.0) / length, 10.0, nan, 10 + -14 / np.sqrt(10.0)]
    )
    assert same(second.tolist(), [20.0, 20 + 2.0 / length, 20.0, nan, 20.0])


def test_more_texts_than_are_counted_at_once_score_alike() -> None:
    texts = pa.array(["good", "bad"] * SLICE_ROWS)
    first, _ = run_step(SCORE, texts)
    assert np.array_equal(first, [11.0, 9.0] * SLICE_ROWS)


def test_a_length_counts_characters_but_for_blanks_at_the_end() -> None:
    assert same(one(TextLength(0), pa.array(["né ", " a", "", None])), [2.0, 2.0, 0.0, nan])


def test_every_step_of_the_language_is_run_by_the_scorer() -> None:
    for kind in STEPS.values():
        assert run_step.dispatch(kind) is not run_step.dispatch(object)


def test_what_is_no_step_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="int"):
        run_step(1)  # type: ignore[arg-type]


def test_only_first_steps_read_inputs() -> None:
    assert [kind for kind in STEPS if STEPS[kind] in {
        Number, TextNumber, Category, DateParts, TextScore, TextLength,
    }] == ["number", "text_number", "category", "date_parts", "text_score", "text_length"]  # fmt: skip
    assert reads_input(Number(0))
    assert not reads_input(Impute(0, 1.0))

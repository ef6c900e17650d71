"""Dates and times.

Source: Amazon Redshift Database Developer Guide, "Date and time functions" and "Dateparts for
date or timestamp functions".
"""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from vesto.dialect.rules import formats
from vesto.dialect.rules.build import (
    Call,
    Rule,
    cast,
    function,
    library,
    number,
    text,
    text_of,
    to_macro,
)
from vesto.errors import FeatureNotSupported, InvalidParameterValue, Span

_SPELLINGS: Final = {
    "millennium": "millennium millennia mil mils",
    "century": "century centuries c cent cents",
    "decade": "decade decades dec decs",
    "epoch": "epoch",
    "year": "year years y yr yrs",
    "quarter": "quarter quarters qtr qtrs",
    "month": "month months mon mons",
    "week": "week weeks w",
    "dow": "dow dayofweek dw weekday",
    "doy": "doy dayofyear dy yearday",
    "day": "day days d",
    "hour": "hour hours h hr hrs",
    "minute": "minute minutes m min mins",
    "second": "second seconds s sec secs",
    "millisecond": "millisecond milliseconds ms msec msecs msecond mseconds millisec millisecs "
    "millisecon",
    "microsecond": "microsecond microseconds us usec usecs usecond useconds microsec microsecs "
    "microsecon",
    "timezone": "timezone",
    "timezone_hour": "timezone_hour",
    "timezone_minute": "timezone_minute",
}
DATEPARTS: Final = {
    spelling: part for part, spellings in _SPELLINGS.items() for spelling in spellings.split()
}
_INTERVALS: Final = {
    "millennium": "to_millennia", "century": "to_centuries", "decade": "to_decades",
    "year": "to_years", "quarter": "to_quarters", "month": "to_months", "week": "to_weeks",
    "day": "to_days", "hour": "to_hours", "minute": "to_minutes", "second": "to_seconds",
    "millisecond": "to_milliseconds", "microsecond": "to_microseconds",
}  # fmt: skip
# DuckDB counts these from the minute's beginning, Redshift from the second's.
_WITHIN_SECOND: Final = {"millisecond": 1000, "microsecond": 1_000_000}
_YEARS: Final = {"century": 100, "millennium": 1000}
_LONG: Final = frozenset({"hour", "minute", "second", "millisecond", "microsecond"})


def datepart(argument: exp.Expr, span: Span | None) -> str:
    """The part that a word or a string names.

    Raises:
        InvalidParameterValue: It names none.
    """
    word = text_of(argument)
    if word is None:
        word = argument.name if isinstance(argument, exp.Column | exp.Var | exp.Identifier) else ""
    found = DATEPARTS.get(word.lower())
    if found is None:
        hint = f"The parts are {', '.join(_SPELLINGS)}."
        message = f'"{word or argument.sql()}" is no part of a date'
        raise InvalidParameterValue(message, hint=hint, span=span)
    return found


def moment(argument: exp.Expr) -> exp.Expr:
    """A string literal as a timestamp, anything else as it is."""
    return library("as_timestamp", argument) if text_of(argument) is not None else argument


def _dateadd(call: Call) -> exp.Expr:
    call.expect(3)
    part, amount, start = call.arguments
    name = datepart(part, call.span)
    if name not in _INTERVALS:
        raise InvalidParameterValue(f"DATEADD cannot add a {name}", span=call.span)
    whole = cast(amount, "BIGINT" if name in _LONG else "INTEGER")
    added = function(_INTERVALS[name], whole)
    return exp.Paren(this=exp.Add(this=library("as_timestamp", start), expression=added))


def _datediff(call: Call) -> exp.Expr:
    call.expect(3)
    part, first, last = call.arguments
    name = datepart(part, call.span)
    ends = (library("as_timestamp", first), library("as_timestamp", last))
    return function("date_diff", text(name), *ends)


def _date_part(call: Call) -> exp.Expr:
    call.expect(2)
    return part_of(datepart(call.arguments[0], call.span), moment(call.arguments[1]))


def part_of(part: str, value: exp.Expr) -> exp.Expr:
    """One part of a date, a timestamp or an interval as a number."""
    found = function("date_part", text(part), value)
    if part in _WITHIN_SECOND:
        return exp.Paren(this=exp.Mod(this=found, expression=number(_WITHIN_SECOND[part])))
    return found


def _date_part_year(call: Call) -> exp.Expr:
    call.expect(1)
    return part_of("year", moment(call.arguments[0]))


def _date_trunc(call: Call) -> exp.Expr:
    call.expect(2)
    part = datepart(call.arguments[0], call.span)
    if part in _YEARS:
        # PostgreSQL's centuries begin with a year 1, the engine's with a year 0.
        return library("trunc_years", call.arguments[1], number(_YEARS[part]))
    return function("date_trunc", text(part), library("instant", call.arguments[1]))


def _getdate(call: Call) -> exp.Expr:
    call.expect(0)
    return library("now")


def _to_char(call: Call) -> exp.Expr:
    call.expect(2)
    value, form = call.arguments
    words = _format(form, call)
    if formats.is_numeric(words):
        return formats.number_text(value, words)
    return formats.moment_text(moment(value), words, call.span)


def _format(argument: exp.Expr, call: Call) -> str:
    words = text_of(argument)
    if words is None:
        hint = "Write it in single quotes."
        message = f"the format of {call.name.upper()} must be a literal"
        raise FeatureNotSupported(message, hint=hint, span=call.span)
    return words


def _to_date(call: Call) -> exp.Expr:
    call.expect(2, 3)
    form = formats.parsing_format(_format(call.arguments[1], call), call.span)
    strict = call.arguments[2] if len(call.arguments) > 2 else exp.false()  # noqa: PLR2004 - the third
    return library("to_date", cast(call.arguments[0], "VARCHAR"), text(form), strict)


def _to_timestamp(call: Call) -> exp.Expr:
    call.expect(2, 3)
    form = formats.parsing_format(_format(call.arguments[1], call), call.span)
    read = function("strptime", cast(call.arguments[0], "VARCHAR"), text(form))
    return cast(cast(read, "TIMESTAMP"), "TIMESTAMP WITH TIME ZONE")


FUNCTIONS: Final[dict[str, Rule]] = {
    "dateadd": _dateadd,
    "date_add": _dateadd,
    "datediff": _datediff,
    "date_diff": _datediff,
    "date_part": _date_part,
    "pgdate_part": _date_part,
    "date_part_year": _date_part_year,
    "date_trunc": _date_trunc,
    "getdate": _getdate,
    "last_day": to_macro("last_day", 1),
    "add_months": to_macro("add_months", 2),
    "months_between": to_macro("months_between", 2),
    "next_day": to_macro("next_day", 2),
    "convert_timezone": to_macro("convert_timezone", 2, 3),
    "date_cmp": to_macro("date_cmp", 2),
    "timestamp_cmp": to_macro("date_cmp", 2),
    "timestamp_cmp_date": to_macro("date_cmp", 2),
    "date_cmp_timestamp": to_macro("date_cmp", 2),
    "to_char": _to_char,
    "to_date": _to_date,
    "to_timestamp": _to_timestamp,
    "trunc": to_macro("trunc", 1, 2),
}


def extract(node: exp.Extract) -> exp.Expr:
    """EXTRACT(part FROM x)."""
    return part_of(datepart(node.this, None), moment(node.expression.copy()))

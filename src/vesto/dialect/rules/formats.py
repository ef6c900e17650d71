"""Format strings of TO_CHAR, TO_DATE and TO_TIMESTAMP.

Source: Amazon Redshift Database Developer Guide, "Datetime format strings" and "Numeric format
strings"; PostgreSQL manual, "Data Type Formatting Functions".
"""

from __future__ import annotations

import re
from typing import Final

from sqlglot import exp

from vesto.dialect.rules.build import cast, function, library, number, text
from vesto.errors import FeatureNotSupported, InvalidParameterValue, Span

# What strftime and strptime know under a name of their own.
_PLAIN: Final = {
    "YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d", "HH24": "%H", "HH12": "%I", "HH": "%I",
    "MI": "%M", "SS": "%S", "US": "%f", "DDD": "%j", "IYYY": "%G", "IW": "%V",
}  # fmt: skip
_PARSED: Final = _PLAIN | {
    "MONTH": "%B", "MON": "%b", "DAY": "%A", "DY": "%a", "AM": "%p", "PM": "%p", "MS": "%g",
    "TZ": "%Z", "OF": "%z", "D": "%w",
}  # fmt: skip
_WORDS: Final = (
    "YYYY", "IYYY", "YYY", "YY", "Y", "HH24", "HH12", "HH", "MI", "SSSS", "SS", "MS", "US",
    "MONTH", "MON", "MM", "DDD", "DD", "DAY", "DY", "D", "Q", "WW", "W", "IW", "CC", "J", "AM",
    "PM", "A.M.", "P.M.", "TZ", "OF", "RM",
)  # fmt: skip
_PART: Final = re.compile(
    r'"(?P<quoted>[^"]*)"|(?P<fill>FM)|(?P<word>'
    + "|".join(re.escape(word) for word in sorted(_WORDS, key=len, reverse=True))
    + r")(?P<ordinal>TH)?|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_NUMERIC: Final = re.compile(
    r"^\s*(?P<fill>FM)?\s*(?P<sign>S|MI|SG|PL)?\s*(?P<currency>[L$])?\s*(?P<whole>[09,G]*)"
    r"(?:(?P<dot>[.D])(?P<fraction>[09]*))?(?P<last>S|MI|SG|PL|PR)?\s*$",
    re.IGNORECASE,
)
NAME_WIDTH: Final = 9


def is_numeric(form: str) -> bool:
    """Whether a format is one for numbers: it has places for digits."""
    return bool(re.search(r"[09]", form)) and _NUMERIC.match(form) is not None


def number_text(argument: exp.Expr, form: str) -> exp.Expr:
    """TO_CHAR of a number."""
    match = _NUMERIC.match(form)
    assert match is not None  # is_numeric was asked
    whole, fraction = match["whole"], match["fraction"] or ""
    digits = re.sub(r"[,G]", "", whole, flags=re.IGNORECASE)
    zeros = len(digits) - digits.index("0") if "0" in digits else 0
    sign = (match["sign"] or match["last"] or "").upper()
    place = {"S": "first" if match["sign"] else "last", "MI": "minus", "PR": "angle"}.get(sign, "")
    width = -1
    if not match["fill"]:
        width = len(whole) + (1 + len(fraction) if match["dot"] else 0) + 1
    return library(
        "number_text", argument, number(len(fraction)), number(zeros),
        exp.Boolean(this=len(whole) > len(digits)), number(width) if width >= 0 else exp.Neg(this=number(1)),
        text(place), text("$" if match["currency"] else ""),
    )  # fmt: skip


def moment_text(argument: exp.Expr, form: str, span: Span | None) -> exp.Expr:
    """TO_CHAR of a date or time: strftime where it knows the part, functions for the others."""
    parts: list[exp.Expr] = []
    plain, fill = "", False
    for match in _PART.finditer(form):
        if match["fill"]:
            fill = True
            continue
        known = _PLAIN.get((match["word"] or "").upper())
        if known and not match["ordinal"] and not fill:
            plain += known
        elif match["word"]:
            parts += _strftime(argument, plain)
            parts.append(_part(argument, match["word"], fill=fill, span=span))
            plain = ""
        else:
            plain += (match["quoted"] or match["other"] or "").replace("%", "%%")
        fill = False
    parts += _strftime(argument, plain)
    return _joined(parts or [text("")])


def _strftime(argument: exp.Expr, form: str) -> list[exp.Expr]:
    return [function("strftime", argument.copy(), text(form))] if form else []


def _joined(parts: list[exp.Expr]) -> exp.Expr:
    whole = parts[0]
    for part in parts[1:]:
        whole = exp.DPipe(this=whole, expression=part, safe=True)
    return exp.Paren(this=whole) if len(parts) > 1 else whole


def _part(argument: exp.Expr, word: str, *, fill: bool, span: Span | None) -> exp.Expr:
    """One part of a format; ``fill`` takes away blanks and zeros before and after."""
    upper = word.upper()
    names = {"MONTH": "%B", "DAY": "%A", "MON": "%b", "DY": "%a"}
    if upper in names:
        return _name(argument, names[upper], word, padded=not fill and upper in {"MONTH", "DAY"})
    if upper in {"AM", "PM", "A.M.", "P.M."}:
        half = function("strftime", argument.copy(), text("%p"))
        return half if word.isupper() else function("lower", half)
    known = _PLAIN.get(upper)
    if known:
        piece = function("strftime", argument.copy(), text(known))
        return cast(cast(piece, "BIGINT"), "VARCHAR") if fill else piece
    found = _counted(argument, upper, fill=fill)
    if found is not None:
        return found
    raise FeatureNotSupported(f'TO_CHAR with "{word}" is not available', span=span)


def _counted(argument: exp.Expr, word: str, *, fill: bool) -> exp.Expr | None:
    """A part that is counted by a function, not known to strftime; None for any other."""
    numbers = {
        "Q": ("quarter", 1, 0), "D": ("dayofweek", 1, 1), "CC": ("century", 2, 0),
        "J": ("julian", 1, 0),
    }  # fmt: skip
    if word in numbers:
        name, width, shift = numbers[word]
        return _padded(_plus(function(name, argument.copy()), shift), 0 if fill else width)
    if word in {"WW", "W"}:
        of = "dayofyear" if word == "WW" else "day"
        week = exp.Anonymous(
            this="ceil",
            expressions=[
                exp.Div(this=function(of, argument.copy()), expression=exp.Literal.number("7.0"))
            ],
        )
        return _padded(cast(week, "BIGINT"), 2 if word == "WW" and not fill else 1)
    if word == "MS":
        milliseconds = exp.Mod(
            this=function("millisecond", argument.copy()), expression=number(1000)
        )
        return _padded(exp.Paren(this=milliseconds), 0 if fill else 3)
    if word == "SSSS":
        since = exp.Sub(
            this=argument.copy(), expression=function("date_trunc", text("day"), argument.copy())
        )
        return _padded(cast(function("epoch", exp.Paren(this=since)), "BIGINT"), 0)
    return None


def _name(argument: exp.Expr, form: str, word: str, *, padded: bool) -> exp.Expr:
    name = function("strftime", argument.copy(), text(form))
    if word.isupper():
        name = function("upper", name)
    elif word.islower():
        name = function("lower", name)
    return function("rpad", name, number(NAME_WIDTH), text(" ")) if padded else name


def _plus(value: exp.Expr, shift: int) -> exp.Expr:
    return exp.Paren(this=exp.Add(this=value, expression=number(shift))) if shift else value


def _padded(value: exp.Expr, width: int) -> exp.Expr:
    words = cast(value, "VARCHAR")
    return function("lpad", words, number(width), text("0")) if width > 1 else words


def parsing_format(form: str, span: Span | None) -> str:
    """The format of TO_DATE and TO_TIMESTAMP as strptime has it.

    Raises:
        InvalidParameterValue: A part of it cannot be read back.
    """
    found = ""
    for match in _PART.finditer(form):
        word = (match["word"] or "").upper()
        if word and word not in _PARSED:
            hint = f"It may have {', '.join(sorted(_PARSED))}."
            message = f'the format "{form}" has a part that cannot be read: {match["word"]}'
            raise InvalidParameterValue(message, hint=hint, span=span)
        found += _PARSED.get(word, (match["quoted"] or match["other"] or "").replace("%", "%%"))
    return found

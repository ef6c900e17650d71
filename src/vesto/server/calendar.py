"""Dates and spans of time as PostgreSQL writes them, one at a time: for values that are rare.

Source: PostgreSQL manual, "Date/Time Output"; the proleptic Gregorian calendar in days from civil.
"""

from __future__ import annotations

from typing import Final

# DuckDB keeps infinity as the largest number; nothing near it is a moment.
FAR_FUTURE: Final = 9_223_372_036_854_775_807 - 1
INFINITE_DAY: Final = 2_147_483_647
_DAYS_TO_1970: Final = 719_468
_DAYS_IN_ERA: Final = 146_097


def date_text(days: int) -> str:
    """The day that many days after 1970-01-01; years before 1 end with BC."""
    if abs(days) >= INFINITE_DAY:
        return "infinity" if days > 0 else "-infinity"
    year, month, day = _civil(days)
    if year > 0:
        return f"{year:04}-{month:02}-{day:02}"
    return f"{1 - year:04}-{month:02}-{day:02} BC"


def _civil(days: int) -> tuple[int, int, int]:
    """Year, month and day: the year begins in March, so that the leap day is its last."""
    era, of_era = divmod(days + _DAYS_TO_1970, _DAYS_IN_ERA)
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month = month + 3 if month < 10 else month - 9  # noqa: PLR2004 - March is 0
    return year + era * 400 + (month <= 2), month, day  # noqa: PLR2004 - January and February


def duration_text(micros: int) -> str:
    """Hours, minutes and seconds, as ``04:05:06.5``; a negative one begins with a minus."""
    seconds, fraction = divmod(abs(micros), 1_000_000)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if fraction:
        text += f".{fraction:06}".rstrip("0")
    return f"-{text}" if micros < 0 else text


def interval_text(months: int, days: int, micros: int) -> str:
    """An interval, as ``1 year 2 mons -3 days +04:05:06``."""
    years, rest = _truncated(months, 12)
    parts: list[str] = []
    negative = False
    for number, unit in ((years, "year"), (rest, "mon"), (days, "day")):
        if number:
            sign = "+" if negative and number > 0 else ""
            parts.append(f"{sign}{number} {unit}{'' if number == 1 else 's'}")
            negative = number < 0
    if micros or not parts:
        sign = "+" if negative and micros > 0 else ""
        parts.append(sign + duration_text(micros))
    return " ".join(parts)


def _truncated(number: int, by: int) -> tuple[int, int]:
    """Quotient and remainder, both with the number's sign."""
    quotient, rest = divmod(abs(number), by)
    return (quotient, rest) if number >= 0 else (-quotient, -rest)

"""PERCENTILES: shares of one and ``mean``, as a text and as columns."""

from __future__ import annotations

from typing import Final

MEAN: Final = "mean"
DEFAULT: Final = "0.1,0.5,0.9"


def normal(text: str) -> str:
    """The percentiles as the catalog keeps them: ``0.25,0.5,mean``.

    Raises:
        ValueError: One is given twice, or in smaller steps than 0.01.
    """
    parts = [part.strip().lower() for part in text.split(",")]
    found = [part if part == MEAN else _share(part) for part in parts]
    if len(set(found)) < len(found):
        raise ValueError("a percentile is given twice")
    return ",".join(found)


def _share(text: str) -> str:
    hundredths = round(float(text) * 100)
    if not 1 <= hundredths <= 99 or abs(hundredths / 100 - float(text)) > 1e-9:  # noqa: PLR2004
        raise ValueError("percentiles are 0.01 to 0.99 in steps of 0.01")
    return f"{hundredths / 100:g}"


def listed(text: str) -> tuple[str, ...]:
    """The percentiles that ``normal`` wrote."""
    return tuple(text.split(","))


def column_of(percentile: str) -> str:
    """The column of a percentile: p25 of 0.25."""
    return MEAN if percentile == MEAN else f"p{round(float(percentile) * 100)}"

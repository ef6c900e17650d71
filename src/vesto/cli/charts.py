"""Charts as inline SVG. Colours come from the page's style; every chart has a title and a text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from vesto.cli.markup import Html, element

WIDTH: Final = 380
HEIGHT: Final = 270
LEFT: Final = 74
RIGHT: Final = 14
TOP: Final = 12
BOTTOM: Final = 46
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis shows, and its ends."""

    label: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Series:
    """Points that are joined by a ``line`` or ``steps``, or stand alone as ``dots``."""

    points: Sequence[Point]
    form: str = "line"
    class_: str = "one"


def axis(label: str, values: Sequence[float], *, zero: bool = False) -> Axis:
    """An axis over these values with some room; with ``zero`` it begins there."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    if zero:
        low = min(low, 0.0)
    room = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
    return Axis(label, low if zero and low == 0 else low - room, high + room)


def plot(title: str, about: str, x: Axis, y: Axis, series: Sequence[Series]) -> Html:
    """Lines and dots between two axes; ``about`` says in words what is to be seen."""
    marks = [mark for one in series for mark in _marks(one, x, y)]
    return _figure(title, about, [*_grid(x, y), *marks])


def histogram(
    title: str, about: str, x_label: str, edges: Sequence[float], rows: Sequence[int]
) -> Html:
    """Rows in bins; there is an edge more than there are bins."""
    x = Axis(x_label, edges[0], edges[-1])
    y = Axis("rows", 0, max([*rows, 1]) * 1.05)
    bars = []
    for low, high, count in zip(edges[:-1], edges[1:], rows, strict=True):
        left, right, top = _across(x, low), _across(x, high), _up(y, count)
        bars.append(
            element("rect", x=_n(left + 0.5), y=_n(top), width=_n(max(right - left - 1, 0.5)),
                    height=_n(_up(y, 0) - top), class_="bar")
        )  # fmt: skip
    return _figure(title, about, [*_grid(x, y), *bars])


def bar(share: float, width: int = 160) -> Html:
    """One bar of a list, from 0 to 1."""
    long = max(0.0, min(1.0, share)) * width
    inner = element("rect", x=0, y=2, width=_n(long), height=10, rx=2, class_="bar")
    return element("svg", inner, viewBox=f"0 0 {width} 14", class_="small", aria_hidden="true")


def interval(low: float, high: float, value: float, mark: float | None, ends: Point) -> Html:
    """A value in its interval on a line between ``ends``, and where ``mark`` is."""
    width = 160

    def across(at: float) -> float:
        span = (ends[1] - ends[0]) or 1.0
        return 4 + (width - 8) * (max(ends[0], min(ends[1], at)) - ends[0]) / span

    parts = [
        element("line", x1=4, x2=width - 4, y1=9, y2=9, class_="grid"),
        element("rect", x=_n(across(low)), y=6, width=_n(max(across(high) - across(low), 1)),
                height=6, rx=3, class_="range"),
        element("circle", cx=_n(across(value)), cy=9, r=4, class_="dot"),
    ]  # fmt: skip
    if mark is not None:
        place = _n(across(mark))
        parts.append(element("line", x1=place, x2=place, y1=2, y2=16, class_="mark"))
    return element("svg", parts, viewBox=f"0 0 {width} 18", class_="small", aria_hidden="true")


def spark(rows: Sequence[int]) -> Html:
    """A histogram as small as a word."""
    most, width = max([*rows, 1]), 6
    bars = [
        element("rect", x=at * width, y=_n(20 - 19 * count / most), width=width - 1,
                height=_n(19 * count / most), class_="bar")
        for at, count in enumerate(rows)
    ]  # fmt: skip
    return element(
        "svg", bars, viewBox=f"0 0 {width * len(rows)} 20", class_="spark", aria_hidden="true"
    )


# --- Parts ----------------------------------------------------------------------------------------


def _figure(title: str, about: str, inside: list[Html]) -> Html:
    drawn = element(
        "svg", element("title", title), element("desc", about), inside,
        viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", class_="chart",
    )  # fmt: skip
    words = element("figcaption", element("strong", title), " ", about)
    return element("figure", words, drawn)


def _grid(x: Axis, y: Axis) -> list[Html]:
    bottom, parts = HEIGHT - BOTTOM, []
    for value in ticks(x):
        at = _n(_across(x, value))
        parts += [
            element("line", x1=at, x2=at, y1=TOP, y2=bottom, class_="grid"),
            element("text", number(value), x=at, y=bottom + 16, text_anchor="middle"),
        ]
    for value in ticks(y):
        level = _up(y, value)
        parts += [
            element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=_n(level), y2=_n(level), class_="grid"),
            element("text", number(value), x=LEFT - 6, y=_n(level + 4), text_anchor="end"),
        ]
    middle = _n((LEFT + WIDTH - RIGHT) / 2)
    turned = f"rotate(-90 12 {_n((TOP + bottom) / 2)})"
    return [
        *parts,
        element("text", x.label, x=middle, y=HEIGHT - 8, text_anchor="middle", class_="label"),
        element("text", y.label, x=12, y=_n((TOP + bottom) / 2), text_anchor="middle",
                transform=turned, class_="label"),
    ]  # fmt: skip


def _marks(series: Series, x: Axis, y: Axis) -> list[Html]:
    placed = [(_across(x, a), _up(y, b)) for a, b in series.points]
    if series.form == "dots":
        return [element("circle", cx=_n(a), cy=_n(b), r=4, class_=series.class_) for a, b in placed]
    if series.form == "steps":
        placed = [
            point for place, (a, b) in enumerate(placed)
            for point in ([(a, placed[place - 1][1]), (a, b)] if place else [(a, b)])
        ]  # fmt: skip
    way = " ".join(f"{_n(a)},{_n(b)}" for a, b in placed)
    return [element("polyline", points=way, class_=f"line {series.class_}")]


def ticks(axis: Axis, about: int = 5) -> list[float]:
    """Round numbers on an axis, about so many."""
    span = axis.high - axis.low
    if not span > 0 or not math.isfinite(span):
        return [axis.low]
    rough = span / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * many for many in (1, 2, 5, 10) if power * many >= rough * 0.999)
    first = math.ceil(axis.low / step - 1e-9)
    last = math.floor(axis.high / step + 1e-9)
    return [place * step for place in range(first, min(last, first + 20) + 1)]


def number(value: float) -> str:
    """A number with four digits, thousands with a letter."""
    size = abs(value)
    for limit, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if size >= limit:
            return f"{value / (1e3 if letter == 'k' else limit):.4g}{letter}"
    return f"{value + 0.0:.4g}"


def _across(axis: Axis, value: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (value - axis.low) / ((axis.high - axis.low) or 1.0)


def _up(axis: Axis, value: float) -> float:
    height = HEIGHT - TOP - BOTTOM
    return HEIGHT - BOTTOM - height * (value - axis.low) / ((axis.high - axis.low) or 1.0)


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")

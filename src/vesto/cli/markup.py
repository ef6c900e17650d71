"""HTML and SVG, with everything that is not markup escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

# What HTML forbids in any form, and halves of surrogate pairs, which UTF-8 cannot write.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class Html(str):
    """Text that is markup already; all other text is escaped where it is put into an element."""

    __slots__ = ()


Child = str | int | float | Iterable["Child"] | None


def text(value: object) -> Html:
    """A value as text of a page."""
    return Html(escape(_FORBIDDEN.sub("\ufffd", str(value)), quote=True))


def element(tag: str, *children: Child, **attributes: object) -> Html:
    """An element with its children, None left out.

    An underscore in an attribute's name is a hyphen; one at its end is dropped, as in ``class_``.
    Attributes that are None are left out.
    """
    given = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{text(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    return Html(f"<{tag}{given}>{joined(children)}</{tag}>")


def joined(children: Child) -> Html:
    """Children one after the other."""
    if children is None:
        return Html()
    if isinstance(children, Html):
        return children
    if isinstance(children, str | int | float):
        return text(children)
    return Html("".join(joined(child) for child in children))


def name(value: object) -> Html:
    """A name from the data: its own direction of writing turns nothing else around."""
    return element("bdi", str(value))


def table(
    head: Iterable[Child], rows: Iterable[Iterable[Child]], label: str, **more: object
) -> Html:
    """A table that scrolls by itself where it is wider than the page; its first column heads rows."""
    titles = element("tr", [element("th", title, scope="col") for title in head])
    body = []
    for cells in rows:
        first, *others = cells
        parts = [element("td", cell) if not _is_cell(cell) else cell for cell in others]
        body.append(element("tr", element("th", first, scope="row"), parts))
    whole = element("table", element("thead", titles), element("tbody", body), **more)
    return element("div", whole, class_="scroll", role="region", aria_label=label, tabindex=0)


def _is_cell(child: Child) -> bool:
    return isinstance(child, Html) and child.startswith("<td")

"""Translations kept by their text, its literals lifted out: the second like it costs a look-up.

A literal is lifted only where no rule looks at it: beside a comparison, in a list of IN, in the
rows of VALUES. Its text goes into the translation as it is, so only literals that both dialects
write alike are lifted.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Final

from vesto.dialect.translate import Translated
from vesto.errors import Span, VestoError

MAXIMUM_KEPT: Final = 4096
MAXIMUM_LENGTH: Final = 20_000
# Stand-ins have four digits.
MAXIMUM_LIFTED: Final = 9999
_LITERAL: Final = r"(?:'(?:[^'\\]|'')*'|-?\d+(?:\.\d+)?(?![\w.]))"
_LIST: Final = rf"\(\s*{_LITERAL}(?:\s*,\s*{_LITERAL})*\s*\)"
_ROW: Final = rf"\(\s*(?:{_LITERAL}|NULL)(?:\s*,\s*(?:{_LITERAL}|NULL))*\s*\)"
_LIFTED: Final = re.compile(
    rf"""
    (?:(?<![=:])=|<>|!=|<=|>=|(?<!<)<|(?<![=\->])>)\s*(?P<compared>{_LITERAL})
  | \b(?:BETWEEN|AND)\s+(?P<bound>{_LITERAL})
  | \bIN\s*(?P<list>{_LIST})
  | \bVALUES\s*(?P<rows>{_ROW}(?:\s*,\s*{_ROW})*)\s*\Z
  | '(?:[^']|'')*' | "(?:[^"]|"")*"
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
# What stands for a lifted text while the statement is translated.
_STRING: Final = "'\x02{}\x02'"
_NUMBER: Final = "73050010{:04d}"
# Where these stand, a quote need not begin or end a string: nothing may be lifted that is checked
# as a literal and runs as something else.
_UNSURE: Final = ("/*", "--", "$", "\\", "\x02", "73050010")
_SEEN: Final = re.compile("'\x02(\\d+)\x02'|73050010(\\d{4})")
_PLAIN: Final = re.compile(r"\s*(?:SELECT|WITH|INSERT|UPDATE|DELETE)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Lifted:
    """A statement without its literals: ``probe`` has stand-ins, ``values`` what they stand for."""

    probe: str
    values: tuple[str, ...]
    places: tuple[tuple[int, int], ...]
    lists: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class _Template:
    """A translation in pieces; between two of them goes the value of that number."""

    translated: Translated
    pieces: tuple[str, ...]
    numbers: tuple[int, ...]


def is_plain(sql: str) -> bool:
    """Whether the text is one statement that none of our own begins like."""
    return ";" not in sql and _PLAIN.match(sql) is not None


class Front:
    """Translations of one warehouse. Safe to share between threads."""

    def __init__(self, maximum_kept: int = MAXIMUM_KEPT) -> None:
        self._kept: OrderedDict[Hashable, Translated | _Template | None] = OrderedDict()
        self._maximum_kept = maximum_kept
        self._interned: dict[Hashable, int] = {}

    def interned(self, key: Hashable) -> int:
        """A number that stands for equal keys: quicker to look up than they are."""
        return self._interned.setdefault(key, len(self._interned))

    def translated(
        self, sql: str, surroundings: Hashable, translate: Callable[[str], Translated]
    ) -> Translated:
        """The translation of a statement, by ``translate`` where none like it is known.

        Raises:
            VestoError: What ``translate`` raises, which is not kept.
        """
        exact = (surroundings, sql)
        found = self._kept.get(exact)
        if isinstance(found, Translated):
            return found
        lifted = lift(sql)
        if not lifted.values:
            made = translate(sql)
            self._keep(exact, made)
            return made
        shape = (surroundings, lifted.probe)
        template = self._kept.get(shape)
        if template is None and shape not in self._kept:
            template = self._learnt(lifted, translate)
            self._keep(shape, template)
        if isinstance(template, _Template):
            return _filled(template, lifted)
        made = translate(sql)
        self._keep(exact, made)
        return made

    def _keep(self, key: tuple[Hashable, str], value: Translated | _Template | None) -> None:
        if len(key[1]) > MAXIMUM_LENGTH:
            return
        self._kept[key] = value
        if len(self._kept) > self._maximum_kept:
            # Two threads may both find it too full.
            try:
                self._kept.popitem(last=False)
            except KeyError:
                return

    @staticmethod
    def _learnt(lifted: _Lifted, translate: Callable[[str], Translated]) -> _Template | None:
        """The template of a shape; None where a stand-in does not come through."""
        try:
            translated = translate(lifted.probe)
        except VestoError:
            # The statement itself says what is wrong, at its own place.
            return None
        pieces: list[str] = []
        numbers: list[int] = []
        last = 0
        for seen in _SEEN.finditer(translated.sql):
            pieces.append(translated.sql[last : seen.start()])
            numbers.append(int(seen[1] or seen[2]))
            last = seen.end()
        pieces.append(translated.sql[last:])
        wanted = set(range(len(lifted.values)))
        twice = {number for number in wanted if numbers.count(number) > 1}
        if set(numbers) != wanted or twice & lifted.lists:
            # A rule has looked at a literal after all, or put a list where one value goes.
            return None
        return _Template(translated, tuple(pieces), tuple(numbers))


def lift(sql: str) -> _Lifted:
    """The statement with stand-ins for the literals that no rule looks at."""
    values: list[str] = []
    places: list[tuple[int, int]] = []
    pieces: list[str] = []
    lists: set[int] = set()
    last = length = 0
    if any(mark in sql for mark in _UNSURE):
        return _Lifted(sql, (), ())
    for match in _LIFTED.finditer(sql):
        group = match.lastgroup
        if group not in {"compared", "bound", "list", "rows"}:
            continue
        start, end = match.span(group)
        value = sql[start:end]
        stand_in = _stand_in(value, group, len(values))
        pieces += [sql[last:start], stand_in]
        length += start - last
        places.append((length, len(value) - len(stand_in)))
        length += len(stand_in)
        lists |= {len(values)} if group in {"list", "rows"} else set()
        values.append(_inside(value, group))
        last = end
    if len(values) > MAXIMUM_LIFTED:
        return _Lifted(sql, (), ())
    pieces.append(sql[last:])
    return _Lifted("".join(pieces), tuple(values), tuple(places), frozenset(lists))


def _stand_in(value: str, group: str, number: int) -> str:
    if group in {"compared", "bound"}:
        return (_STRING if value.startswith("'") else _NUMBER).format(number)
    return f"({_STRING.format(number)})"


def _inside(value: str, group: str) -> str:
    """What goes into the parentheses of the translation."""
    return value[1:-1] if group in {"list", "rows"} else value


def _filled(template: _Template, lifted: _Lifted) -> Translated:
    values = lifted.values
    parts = [template.pieces[0]]
    for number, piece in zip(template.numbers, template.pieces[1:], strict=True):
        parts += [values[number], piece]
    calls = tuple(_moved(span, lifted) for span in template.translated.calls)
    return replace(template.translated, sql="".join(parts), calls=calls)


def _moved(span: Span, lifted: _Lifted) -> Span:
    """A place of the probe in the statement itself."""
    shift = sum(grown for start, grown in lifted.places if start < span.start)
    return Span(span.start + shift, span.end + shift)

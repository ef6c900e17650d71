"""Marks in a statement what sqlglot must not read its own way, without moving anything.

sqlglot turns Redshift's functions into its own ideas of them while it parses, and loses what they
were. A function that the rules translate is hidden from it: its first letter becomes a mark, so
that it is read as any unknown function, and every position in the text stays what it was.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

MARK: Final = "ƒ"
TEMPORARY: Final = "ŧ"
# UNPIVOT before a path in FROM, joined to it.
UNPIVOT: Final = "ƒNPIVOT"
_SKIPPED: Final = r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*(?:.*?\*/|.*\Z)|(?<![\w$])\$(\w*)\$(?:.*?\$\1\$|.*\Z)"


class Masking:
    """Marks the functions of a list, and ``#`` before the names of temporary tables."""

    def __init__(self, functions: Collection[str]) -> None:
        names = "|".join(sorted(functions, key=len, reverse=True))
        self._pattern = re.compile(
            rf"{_SKIPPED}|\b(?P<call>{names})(?=\s*\()|(?P<hash>\#)(?=\w)"
            r"|\bUNPIVOT(?P<blank>\s+)(?=[\w\"])",
            re.IGNORECASE | re.DOTALL,
        )
        self._first = {name[1:]: name[0] for name in functions}

    def knows(self, name: str) -> bool:
        """Whether it is one of the functions of the list."""
        return self._first.get(name[1:].lower()) == name[:1].lower()

    def mask(self, sql: str) -> str:
        """The text with marks; as long as it was."""
        return self._pattern.sub(_marked, sql)

    def unmask(self, word: str) -> str:
        """A word of the masked text as it was, but for the case of its first letter."""
        if word.startswith(TEMPORARY):
            return "#" + word[1:]
        if not word.startswith(MARK) or word.startswith(UNPIVOT):
            return word
        return self._first.get(word[1:].lower(), "") + word[1:]


def _marked(match: re.Match[str]) -> str:
    if match["blank"]:
        return UNPIVOT + MARK * len(match["blank"])
    if match["call"]:
        return MARK + match.group()[1:]
    return TEMPORARY if match["hash"] else match.group()

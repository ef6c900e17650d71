"""The PREPROCESSORS clause: JSON to entries, and these against the columns of the training query.

``[{"ColumnSet": ["a", "b"], "Transformers": ["Imputer", "StandardScaler"]}]``: every column of a set goes
through the transformers in their order. ``"*"`` stands for every column that no entry names.

Source: Amazon Redshift Database Developer Guide, "CREATE MODEL", "PREPROCESSORS".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from vesto.errors import InvalidParameterValue, Span, UndefinedColumn
from vesto.features.transformers import NUMBER, TRANSFORMERS, kind_of, transformer_named

EXAMPLE: Final = '[{"ColumnSet": ["a", "b"], "Transformers": ["StandardScaler"]}]'
ALL: Final = "*"
_KEYS: Final = ("ColumnSet", "Transformers")


@dataclass(frozen=True, slots=True)
class Entry:
    """Columns, and the transformers that they go through, by their names."""

    columns: tuple[str, ...]
    transformers: tuple[str, ...]


class _TwiceError(ValueError):
    """A key stands twice in an object."""


def parse(text: str) -> tuple[Entry, ...]:
    """The entries in the clause's text; none for ``none``.

    Raises:
        InvalidParameterValue: It is no JSON (its span is the place in ``text``), or no list of entries
            with transformers that there are.
    """
    if text.strip().lower() == "none":
        return ()
    try:
        document = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        what = error.msg[:1].lower() + error.msg[1:]
        message = f"PREPROCESSORS is neither 'none' nor JSON: {what} at character {error.pos + 1}"
        raise _wrong(message, Span(error.pos, error.pos + 1)) from None
    except _TwiceError as error:
        raise _wrong(f'PREPROCESSORS has the key "{error}" twice in an entry') from None
    except (ValueError, RecursionError):
        raise _wrong("PREPROCESSORS is neither 'none' nor JSON") from None
    if not isinstance(document, list):
        raise _wrong("PREPROCESSORS is no list of column sets with transformers")
    return tuple(_entry(number, part) for number, part in enumerate(document, start=1))


def written(entries: Sequence[Entry]) -> str:
    """The entries as text that ``parse`` reads; none is empty."""
    if not entries:
        return ""
    parts = [dict(zip(_KEYS, (e.columns, e.transformers), strict=True)) for e in entries]
    return json.dumps(parts, ensure_ascii=False)


def resolved(
    entries: Sequence[Entry], families: Mapping[str, str], target: str
) -> tuple[Entry, ...]:
    """The entries with the columns' own names, each in one entry, and in place of ``*`` all the rest.

    Args:
        entries: What ``parse`` read.
        families: The family of the type of each feature column, by its name.
        target: The target column, or nothing.

    Raises:
        UndefinedColumn: A column is not there.
        InvalidParameterValue: A column is the target or in two entries, or a transformer does not fit it.
    """
    taken: dict[str, int] = {}
    found: list[tuple[str, ...]] = []
    for number, entry in enumerate(entries, start=1):
        names = tuple(
            _column(number, column, families, target) for column in entry.columns if column != ALL
        )
        for name in names:
            if name in taken:
                where = f"in entry {taken[name]} too" if taken[name] != number else "there twice"
                hint = "Give each column one entry, with all its transformers in order."
                raise _entry_error(number, f'column "{name}" is {where}', hint)
            taken[name] = number
        found.append(names)
    rest = tuple(name for name in families if name not in taken)
    _check_all(entries, rest)
    complete = [
        Entry(names + (rest if ALL in entry.columns else ()), entry.transformers)
        for names, entry in zip(found, entries, strict=True)
    ]
    for number, entry in enumerate(complete, start=1):
        for name in entry.columns:
            _check_chain(number, name, families[name], entry.transformers)
    return tuple(complete)


def refuse_others(entries: Sequence[Entry], known: Sequence[str], what: str) -> None:
    """Nothing, if all transformers are among those that go with a form of CREATE MODEL.

    Raises:
        InvalidParameterValue: One is not.
    """
    for number, entry in enumerate(entries, start=1):
        for name in entry.transformers:
            if name not in known:
                hint = f"{what} takes {', '.join(known)}."
                raise _entry_error(number, f"{name} does not go with {what}", hint)


# --- One entry --------------------------------------------------------------------------------


def _entry(number: int, part: Any) -> Entry:
    if not isinstance(part, dict):
        raise _entry_error(number, 'expected an object with "ColumnSet" and "Transformers"')
    for key in part:
        if key not in _KEYS:
            raise _entry_error(number, f'there is no key "{key}"')
    lists = [_texts(number, key, part.get(key)) for key in _KEYS]
    return Entry(lists[0], tuple(_transformer(number, name) for name in lists[1]))


def _texts(number: int, key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
        raise _entry_error(number, f'"{key}" must be a list of texts, at least one')
    if key == "ColumnSet" and any(not name for name in value):
        raise _entry_error(number, "a column has an empty name")
    return tuple(value)


def _transformer(number: int, name: str) -> str:
    found = transformer_named(name)
    if found is None:
        names = [each.name for each in TRANSFORMERS.all()]
        close = get_close_matches(name, names, n=1)
        start = f'Perhaps you meant "{close[0]}". ' if close else ""
        hint = f"{start}The transformers are {', '.join(names)}."
        raise _entry_error(number, f'there is no transformer "{name}"', hint)
    return found.name


def _column(number: int, name: str, families: Mapping[str, str], target: str) -> str:
    if name in families:
        return name
    for column in families:
        if column.lower() == name.lower():
            return column
    if target and name.lower() == target.lower():
        hint = "The target is learnt as it is; leave it out."
        raise _entry_error(number, f'column "{name}" is the target', hint)
    close = get_close_matches(name, families, n=1)
    hint = (
        f'Perhaps you meant "{close[0]}".' if close else f"The columns are {', '.join(families)}."
    )
    message = f'PREPROCESSORS entry {number}: column "{name}" is not in FROM'
    raise UndefinedColumn(message, hint=hint)


def _check_all(entries: Sequence[Entry], rest: Sequence[str]) -> None:
    """``*`` stands once, and for at least one column."""
    places = [n for n, e in enumerate(entries, start=1) for name in e.columns if name == ALL]
    if len(places) > 1:
        raise _entry_error(places[1], f'"*" is in entry {places[0]} too', "Write it once.")
    if places and not rest:
        hint = "Leave it out: the other entries name every column."
        raise _entry_error(places[0], '"*" stands for no column', hint)


def _check_chain(number: int, column: str, family: str, names: Sequence[str]) -> None:
    kind = kind_of(family)
    for place, name in enumerate(names):
        found = transformer_named(name)
        assert found is not None
        if kind not in found.takes:
            before = f" after {names[place - 1]}" if place else ""
            what = f"a column of the kind {kind}" if not place else "what that makes"
            message = f'{name} does not fit column "{column}"{before}: it cannot take {what}'
            raise _entry_error(number, message, f"{name} takes {', '.join(found.takes)}.")
        kind = found.takes[kind]
    if kind != NUMBER:
        hint = "Add OneHotEncoder or OrdinalEncoder after it."
        raise _entry_error(number, f'column "{column}" is still no number at the end', hint)


# --- Errors -----------------------------------------------------------------------------------


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise _TwiceError(name)
    return dict(pairs)


def _no_constant(word: str) -> Any:
    raise ValueError(word)


def _wrong(message: str, span: Span | None = None) -> InvalidParameterValue:
    return InvalidParameterValue(message, hint=f"Write '{EXAMPLE}'.", span=span)


def _entry_error(number: int, message: str, hint: str = "") -> InvalidParameterValue:
    hint = hint or f"Write '{EXAMPLE}'."
    return InvalidParameterValue(f"PREPROCESSORS entry {number}: {message}", hint=hint)

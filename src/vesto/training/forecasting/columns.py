"""Which column of a training query of MODEL_TYPE FORECAST is what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from vesto.errors import DatatypeMismatch, InvalidParameterValue
from vesto.types import BY_NAME

TARGET_FAMILIES: Final = frozenset({"integer", "fraction"})
_TIME: Final = frozenset({"date", "timestamp"})
_ATTRIBUTES: Final = frozenset({"integer", "fraction", "boolean", "text"})
# Which name decides where several columns could be it.
_TIME_NAMES: Final = ("timestamp", "time", "ds", "date")
_ITEM_NAMES: Final = ("item_id", "id", "unique_id")


class Named(Protocol):
    """A column by its name and the catalog's name of its type."""

    @property
    def name(self) -> str:
        """The column's name."""
        ...

    @property
    def type(self) -> str:
        """As int4."""
        ...


@dataclass(frozen=True, slots=True)
class Roles:
    """The columns by what they are; ``item`` is empty where the query is one series."""

    time: str
    item: str
    attributes: tuple[str, ...]
    unused: tuple[str, ...]


def roles_of(columns: Sequence[Named]) -> Roles:
    """The roles of the columns besides the target.

    The time is the only date or timestamp, and the item identifier the only text; where there are
    several, the name decides: timestamp, time, ds or date; item_id, id or unique_id. Other
    numbers, booleans and texts are attributes, other types are not used.

    Raises:
        DatatypeMismatch: There is no date or timestamp.
        InvalidParameterValue: Several columns could be it.
    """
    families = {column.name: BY_NAME[column.type].family for column in columns}
    times = [name for name, family in families.items() if family in _TIME]
    if not times:
        hint = "Add the date or timestamp of each value; cast text with ::date or ::timestamp."
        raise DatatypeMismatch("MODEL_TYPE FORECAST needs a date or timestamp in FROM", hint=hint)
    time = _one_of(times, _TIME_NAMES, "dates or timestamps", "Keep one of them")
    texts = [name for name, family in families.items() if family == "text"]
    item = (
        _one_of(texts, _ITEM_NAMES, "texts", "Name the item identifier AS item_id") if texts else ""
    )
    rest = [name for name in families if name not in {time, item}]
    attributes = tuple(name for name in rest if families[name] in _ATTRIBUTES)
    return Roles(time, item, attributes, tuple(name for name in rest if name not in attributes))


def _one_of(names: list[str], known: tuple[str, ...], what: str, advice: str) -> str:
    if len(names) == 1:
        return names[0]
    for wanted in known:
        found = [name for name in names if name.lower() == wanted]
        if found:
            return found[0]
    listed = ", ".join(f'"{name}"' for name in names)
    message = f"FROM has several {what}: {listed}"
    raise InvalidParameterValue(message, hint=f"{advice}; MODEL_TYPE FORECAST looks for one.")


def check_target(name: str, type_name: str) -> None:
    """Nothing, if the target is a number.

    Raises:
        DatatypeMismatch: It is not.
    """
    kind = BY_NAME[type_name]
    if kind.family not in TARGET_FAMILIES:
        hint = "MODEL_TYPE FORECAST foretells numbers: cast it, as in ::float8."
        raise DatatypeMismatch(f'TARGET column "{name}" has the type {kind.sql}', hint=hint)

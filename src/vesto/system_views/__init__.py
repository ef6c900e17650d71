"""Views over the catalog that SQL can join: one file a view, its name the view's."""

from __future__ import annotations

from typing import Any, Final, Protocol

import pyarrow as pa

from vesto.catalog.records import Model
from vesto.engines import Column
from vesto.plugins import Plugins


class Facts(Protocol):
    """What views may ask of a model besides its record: a warehouse answers."""

    def is_refreshable(self, model: Model) -> bool:
        """Whether the model's training query could still be run."""
        ...

    def report(self, model: Model) -> dict[str, Any]:
        """The report of the model's version.

        Raises:
            ModelNotReady: It has none.
            DataCorrupted: It is damaged.
        """
        ...


class SystemView(Protocol):
    """What a file of this folder exports as ``SYSTEM_VIEW``."""

    columns: tuple[Column, ...]

    def rows(self, models: list[Model], facts: Facts) -> pa.Table:
        """The view's rows."""
        ...


SYSTEM_VIEWS: Final[Plugins[SystemView]] = Plugins("vesto.system_views", "SYSTEM_VIEW")
NAMES: Final = frozenset(SYSTEM_VIEWS.names())

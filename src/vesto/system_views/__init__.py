"""Views over the catalog that SQL can join: one file a view, its name the view's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import pyarrow as pa

from vesto.catalog.records import Model
from vesto.engines import Column
from vesto.plugins import Plugins


class SystemView(Protocol):
    """What a file of this folder exports as ``SYSTEM_VIEW``."""

    columns: tuple[Column, ...]

    def rows(self, models: list[Model], is_refreshable: Callable[[Model], bool]) -> pa.Table:
        """The view's rows.

        ``is_refreshable`` says whether a model's training query could still be run.
        """
        ...


SYSTEM_VIEWS: Final[Plugins[SystemView]] = Plugins("vesto.system_views", "SYSTEM_VIEW")
NAMES: Final = frozenset(SYSTEM_VIEWS.names())

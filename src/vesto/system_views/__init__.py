"""Views over the catalog that SQL can join: one file a view, its name the view's."""

from __future__ import annotations

from typing import Final, Protocol

import pyarrow as pa

from vesto.catalog.records import Model
from vesto.catalog.store import Catalog
from vesto.engines import Column
from vesto.plugins import Plugins
from vesto.training.job import Progress


class Source(Protocol):
    """What a view's rows are read from: the open warehouse."""

    catalog: Catalog

    def is_refreshable(self, model: Model) -> bool:
        """Whether a model's training query could still be run."""
        ...

    def progress(self, model: Model) -> Progress:
        """How far the training of a model's newest version is."""
        ...


class SystemView(Protocol):
    """What a file of this folder exports as ``SYSTEM_VIEW``."""

    columns: tuple[Column, ...]

    def rows(self, source: Source) -> pa.Table:
        """The view's rows."""
        ...


SYSTEM_VIEWS: Final[Plugins[SystemView]] = Plugins("vesto.system_views", "SYSTEM_VIEW")
NAMES: Final = frozenset(SYSTEM_VIEWS.names())

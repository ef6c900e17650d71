"""Views over the catalog that SQL can join: one file a view, its name the view's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Final, Protocol

import pyarrow as pa

from vesto.catalog.records import Model
from vesto.catalog.store import Catalog
from vesto.dialect.surroundings import Place
from vesto.engines import Column
from vesto.model_files import ModelFiles
from vesto.plugins import Plugins
from vesto.settings import Settings
from vesto.training.job import Progress


class Source(Protocol):
    """What a view's rows are read from: the open warehouse."""

    catalog: Catalog
    files: ModelFiles
    settings: Settings

    def is_refreshable(self, model: Model) -> bool:
        """Whether a model's training query could still be run."""
        ...

    def progress(self, model: Model) -> Progress:
        """How far the training of a model's newest version is."""
        ...

    def late_columns(self) -> Mapping[Place, Sequence[tuple[str, str]]]:
        """Name and type of the columns of each view without schema binding that can be read."""
        ...

    def view_tables(self) -> Mapping[Place, Collection[Place]]:
        """The tables and views that each view reads, as schema and name in lower case."""
        ...


class SystemView(Protocol):
    """What a file of this folder exports as ``SYSTEM_VIEW``."""

    columns: tuple[Column, ...]

    def rows(self, source: Source) -> pa.Table:
        """The view's rows."""
        ...


SYSTEM_VIEWS: Final[Plugins[SystemView]] = Plugins("vesto.system_views", "SYSTEM_VIEW")
NAMES: Final = frozenset(SYSTEM_VIEWS.names())


@cache
def documents() -> dict[str, frozenset[str]]:
    """The SUPER columns of each view that has any, so that paths lead into them."""
    views = {name: SYSTEM_VIEWS.get(name) for name in SYSTEM_VIEWS.names()}
    found = {
        name: frozenset(column.name for column in view.columns if column.type.name == "super")
        for name, view in views.items()
        if view is not None
    }
    return {name: columns for name, columns in found.items() if columns}

"""Views over the catalog that SQL can join: one file a view, its name the view's."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Protocol

import pyarrow as pa

from vesto.access.rights import Rights
from vesto.catalog.records import Model
from vesto.dialect.surroundings import Place
from vesto.engines import Column
from vesto.model_files import ModelFiles
from vesto.plugins import Plugins
from vesto.training.job import Progress


class Models(Protocol):
    """The models that somebody may see."""

    def models(self) -> list[Model]:
        """All of them at the versions that serve, by schema and name."""
        ...

    def all_versions(self) -> list[Model]:
        """Each of them at each of its versions."""
        ...


class Source(Protocol):
    """What a view's rows are read from: the open warehouse, as one user may see it."""

    @property
    def catalog(self) -> Models:
        """The models that the user may see."""
        ...

    @property
    def files(self) -> ModelFiles:
        """The files of models."""
        ...

    @property
    def rights(self) -> Rights:
        """Who the user is, and what it may."""
        ...

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


@dataclass(frozen=True, slots=True)
class SeenModels:
    """The models of a catalog that a user may see."""

    everything: Models
    rights: Rights

    def models(self) -> list[Model]:
        """The user's own models, and those that it may predict with."""
        return [model for model in self.everything.models() if self.rights.has_model(model)]

    def all_versions(self) -> list[Model]:
        """The same at each of their versions."""
        return [model for model in self.everything.all_versions() if self.rights.has_model(model)]


@dataclass(frozen=True, slots=True)
class Seen:
    """A source that shows what its user may see."""

    catalog: Models
    files: ModelFiles
    rights: Rights
    refreshable: Callable[[Model], bool]
    progresses: Callable[[Model], Progress]
    late: Callable[[], Mapping[Place, Sequence[tuple[str, str]]]]
    views: Callable[[], Mapping[Place, Collection[Place]]]

    def is_refreshable(self, model: Model) -> bool:
        """Whether a model's training query could still be run."""
        return self.refreshable(model)

    def progress(self, model: Model) -> Progress:
        """How far the training of a model's newest version is."""
        return self.progresses(model)

    def late_columns(self) -> Mapping[Place, Sequence[tuple[str, str]]]:
        """Name and type of the columns of each view without schema binding that can be read."""
        return self.late()

    def view_tables(self) -> Mapping[Place, Collection[Place]]:
        """The tables and views that each view reads, as schema and name in lower case."""
        return self.views()


class SystemView(Protocol):
    """What a file of this folder exports as ``SYSTEM_VIEW``."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The view's columns."""
        ...

    def rows(self, source: Source) -> pa.Table:
        """The view's rows."""
        ...


SYSTEM_VIEWS: Final[Plugins[SystemView]] = Plugins("vesto.system_views", "SYSTEM_VIEW")
# What begins with catalog_ is for the catalogue's own views alone.
NAMES: Final = frozenset(n for n in SYSTEM_VIEWS.names() if not n.startswith("catalog_"))


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

"""What of the database and the session changes how a statement is read."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything a translation depends on besides the text; places are schema and name.

    ``system_documents`` are the SUPER columns of system views, by view;
    ``super_columns`` are the names of all other SUPER columns; ``late_views`` the texts of views
    without schema binding; ``generated`` the columns that take no values, by table;
    ``search_path`` the schemas of names without one; ``rounding`` is ``enable_numeric_rounding``; ``user`` the
    session's, ``superuser`` whether it may do everything; ``narrowed`` the columns that it may read
    of tables of which it may not read all, by schema (empty for the search path) and name.
    ``qualified`` are the schemas to write before the names of tables, which only views need.
    """

    system_views: frozenset[str] = frozenset()
    system_documents: Mapping[str, frozenset[str]] = field(default_factory=dict)
    super_columns: frozenset[str] = frozenset()
    late_views: Mapping[Place, str] = field(default_factory=dict)
    materialized_views: frozenset[Place] = frozenset()
    generated: Mapping[Place, frozenset[str]] = field(default_factory=dict)
    search_path: tuple[str, ...] = ("public",)
    rounding: bool = True
    user: str = "vesto"
    superuser: bool = True
    narrowed: Mapping[Place, tuple[str, ...]] = field(default_factory=dict)
    qualified: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> Hashable:
        """The same for surroundings in which every statement is read alike."""
        return (
            self.super_columns, tuple(sorted(self.late_views.items())), self.materialized_views,
            tuple(sorted(self.generated.items())), self.search_path, self.rounding, self.user,
            self.superuser, tuple(sorted(self.narrowed.items())),
        )  # fmt: skip

    def place(self, schema: str, name: str) -> Place:
        """Where a name without a schema stands: in the first of the search path."""
        first = self.search_path[0] if self.search_path else "public"
        return (schema or first).lower(), name.lower()

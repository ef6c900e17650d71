"""DROP VIEW."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from vesto.commands import Context
from vesto.commands._dependents import drop_dependents
from vesto.commands._drop_relations import DropRelations
from vesto.commands._objects import engine_name, forget, run, skipped
from vesto.errors import VestoError
from vesto.result import Result


@dataclass(frozen=True, slots=True)
class DropView(DropRelations):
    """Removes views, late ones too."""

    starts: ClassVar[tuple[str, ...]] = ("DROP", "VIEW")

    def run(self, context: Context) -> Result:
        """Remove all of them, or none.

        Raises:
            UndefinedTable: One is not there.
            DependentObjects: Another view reads one, and no CASCADE.
        """
        with context.atomic() as connection:
            places = {context.place(name) for name in self.names}
            drop_dependents(connection, places, self.span, cascade=self.cascade)
            notices = skipped(context, "view", self.names) if self.if_exists else ()
            for name in self.names:
                place = context.place(name)
                if place not in context.surroundings.late_views:
                    try:
                        run(connection, self.command + engine_name(name))
                    except VestoError as error:
                        raise error.at(self.span) from None
                forget(connection, place)
        return Result(tag="DROP VIEW", notices=notices)


COMMAND: Final = DropView

"""DROP TABLE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from vesto.commands import Context
from vesto.commands._dependents import drop_dependents
from vesto.commands._drop_relations import DropRelations
from vesto.commands._objects import engine_name, forget, is_temporary, rows, run, skipped
from vesto.dialect.names import Name
from vesto.errors import UndefinedSchema, UndefinedTable
from vesto.result import Result


@dataclass(frozen=True, slots=True)
class DropTable(DropRelations):
    """Removes tables, with everything that is recorded of them."""

    starts: ClassVar[tuple[str, ...]] = ("DROP", "TABLE")
    may_be_temporary: ClassVar[bool] = True

    def run(self, context: Context) -> Result:
        """Remove all of them, or none.

        Raises:
            UndefinedTable: One is not there.
            DependentObjects: A view reads one, and no CASCADE.
        """
        with context.atomic() as connection:
            kept = [n for n in self.names if not (is_temporary(n) or _in_temp(context, n))]
            places = {context.place(name) for name in kept}
            drop_dependents(connection, places, self.span, cascade=self.cascade)
            notices = skipped(context, "table", kept) if self.if_exists else ()
            for name in self.names:
                try:
                    run(connection, self.command + engine_name(name))
                except (UndefinedTable, UndefinedSchema) as error:
                    raise error.at(self.span) from None
                if name in kept:
                    forget(connection, context.place(name))
        return Result(tag="DROP TABLE", notices=notices)


def _in_temp(context: Context, name: Name) -> bool:
    if name.schema:
        return False
    sql = "SELECT 1 FROM duckdb_tables() WHERE temporary AND lower(table_name) = ?"
    return bool(rows(context.connection, sql, [name.object.lower()]))


COMMAND: Final = DropTable

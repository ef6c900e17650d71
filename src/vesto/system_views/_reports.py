"""What the views over reports have in common: rows of a list in every model's report."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, Final

import pyarrow as pa

from vesto.catalog.records import State
from vesto.engines import Column
from vesto.errors import VestoError
from vesto.system_views import Source
from vesto.types import BY_NAME

log: Final = logging.getLogger(__name__)
TEXT, WHOLE, NUMBER, TRUTH = (BY_NAME[name] for name in ("varchar", "int4", "float8", "bool"))
_ARROW: Final = {"varchar": pa.string(), "int4": pa.int32(), "float8": pa.float64(),
                 "bool": pa.bool_(), "super": pa.string()}  # fmt: skip
MODEL: Final = (Column("schema_name", TEXT), Column("model_name", TEXT))


def rows_of_reports(
    columns: tuple[Column, ...], source: Source,
    listed: Callable[[dict[str, Any]], Iterable[tuple[Any, ...]]],
) -> pa.Table:  # fmt: skip
    """A view's rows: the model's schema and name before each row that ``listed`` finds.

    A model that is not READY has none, nor has one whose report is damaged: it must not keep
    anyone from the others.
    """
    found: list[tuple[Any, ...]] = []
    for model in source.catalog.models():
        if model.state is not State.READY:
            continue
        try:
            rows = list(listed(source.files.report(model)))
        except (VestoError, LookupError, TypeError, ValueError, AttributeError) as error:
            log.warning('the report of model "%s" cannot be read: %s', model.name, error)
            continue
        found += [(model.schema, model.name, *row) for row in rows]
    parts = zip(*found, strict=True) if found else [()] * len(columns)
    return pa.table(
        {
            column.name: pa.array(part, _ARROW[column.type.name])
            for column, part in zip(columns, parts, strict=True)
        }
    )

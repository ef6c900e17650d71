"""SVV_ML_MODEL_FUNCTIONS (ours): the SQL functions of every READY model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

import pyarrow as pa

from vesto.catalog.records import Model, State
from vesto.engines import Column
from vesto.functions import functions_of
from vesto.system_views import Source
from vesto.types import BY_NAME

_TEXT, _SUPER = BY_NAME["varchar"], BY_NAME["super"]


class SvvMlModelFunctions:
    """One row a function; the arrays have the arguments' names, and types as int4 or varchar."""

    columns: tuple[Column, ...] = (
        Column("schema_name", _TEXT), Column("function_name", _TEXT), Column("model_name", _TEXT),
        Column("user_name", _TEXT), Column("argument_names", _SUPER),
        Column("argument_types", _SUPER), Column("return_type", _TEXT),
    )  # fmt: skip

    def rows(self, source: Source) -> pa.Table:
        """The view's rows."""
        ready = [model for model in source.catalog.models() if model.state is State.READY]
        found = [row for model in ready for row in _rows(model)]
        names = [column.name for column in self.columns]
        parts = zip(*found, strict=True) if found else [()] * len(names)
        return pa.table({n: pa.array(p, pa.string()) for n, p in zip(names, parts, strict=True)})


def _rows(model: Model) -> Iterator[tuple[str, ...]]:
    for function in functions_of(model):
        names = [parameter.name for parameter in function.parameters]
        types = [parameter.type.name for parameter in function.parameters]
        yield (
            function.schema, function.name, model.name, model.owner, json.dumps(names),
            json.dumps(types), function.returns.name,
        )  # fmt: skip


SYSTEM_VIEW: Final = SvvMlModelFunctions()

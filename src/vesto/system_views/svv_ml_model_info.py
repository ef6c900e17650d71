"""SVV_ML_MODEL_INFO: STV_ML_MODEL_INFO with the database's name before it."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from vesto.catalog.records import Model
from vesto.engines import Column
from vesto.system_views import Facts
from vesto.system_views.stv_ml_model_info import SYSTEM_VIEW as STATES_VIEW
from vesto.types import BY_NAME

DATABASE: Final = "dev"


class SvvMlModelInfo:
    """One row a model."""

    columns: tuple[Column, ...] = (
        Column("database_name", BY_NAME["varchar"]),
        *STATES_VIEW.columns,
    )

    def rows(self, models: list[Model], facts: Facts) -> pa.Table:
        """The view's rows."""
        names = pa.array([DATABASE] * len(models), pa.string())
        return STATES_VIEW.rows(models, facts).add_column(0, "database_name", names)


SYSTEM_VIEW: Final = SvvMlModelInfo()

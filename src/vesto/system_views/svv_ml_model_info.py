"""SVV_ML_MODEL_INFO: STV_ML_MODEL_INFO with the database's name before it."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from vesto.engines import Column
from vesto.system_views import Source
from vesto.system_views.stv_ml_model_info import SYSTEM_VIEW as STATES_VIEW
from vesto.types import BY_NAME

DATABASE: Final = "dev"


class SvvMlModelInfo:
    """One row a model."""

    columns: tuple[Column, ...] = (
        Column("database_name", BY_NAME["varchar"]),
        *STATES_VIEW.columns,
    )

    def rows(self, source: Source) -> pa.Table:
        """The view's rows."""
        states = STATES_VIEW.rows(source)
        return states.add_column(
            0, "database_name", pa.array([DATABASE] * len(states), pa.string())
        )


SYSTEM_VIEW: Final = SvvMlModelInfo()

"""STV_ML_MODEL_INFO: the state of every model.

Source: Amazon Redshift Database Developer Guide, "STV_ML_MODEL_INFO".
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from vesto.catalog.records import Model, State
from vesto.engines import Column
from vesto.system_views import Facts
from vesto.types import BY_NAME

STATES: Final = {
    State.TRAINING: "Train Model On SageMaker In Progress",
    State.READY: "Model is Ready",
    State.FAILED: "Model Training Failed",
}
_TEXT, _INTEGER = BY_NAME["varchar"], BY_NAME["int4"]


class StvMlModelInfo:
    """One row a model.

    ``is_refreshable`` is 1 where the tables and columns of the training query still exist.
    """

    columns: tuple[Column, ...] = (
        Column("schema_name", _TEXT), Column("user_name", _TEXT), Column("model_name", _TEXT),
        Column("life_cycle", _TEXT), Column("is_refreshable", _INTEGER),
        Column("model_state", _TEXT),
    )  # fmt: skip

    def rows(self, models: list[Model], facts: Facts) -> pa.Table:
        """The view's rows."""
        return pa.table({
            "schema_name": pa.array([m.schema for m in models], pa.string()),
            "user_name": pa.array([m.owner for m in models], pa.string()),
            "model_name": pa.array([m.name for m in models], pa.string()),
            "life_cycle": pa.array([str(m.state) for m in models], pa.string()),
            "is_refreshable": pa.array([int(facts.is_refreshable(m)) for m in models], pa.int32()),
            "model_state": pa.array([STATES[m.state] for m in models], pa.string()),
        })  # fmt: skip


SYSTEM_VIEW: Final = StvMlModelInfo()

"""SVV_ML_MODEL_PROGRESS: how far the training of every model is. Ours; Redshift has none."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from vesto.catalog.records import Model, State
from vesto.engines import Column
from vesto.system_views import Source
from vesto.types import BY_NAME

_COLUMNS: Final = {
    "schema_name": ("varchar", pa.string()), "model_name": ("varchar", pa.string()),
    "version": ("int4", pa.int32()), "job_name": ("varchar", pa.string()),
    "stage": ("varchar", pa.string()), "share": ("float8", pa.float64()),
    "candidates": ("int4", pa.int32()), "metric": ("varchar", pa.string()),
    "score": ("float8", pa.float64()), "seconds_left": ("float8", pa.float64()),
    "started_at": ("timestamp", pa.timestamp("us")),
}  # fmt: skip


class SvvMlModelProgress:
    """One row a model, of the training of its newest version, which goes on or is over.

    ``stage`` names what the training does, at last ``ready`` or ``failed``. ``share`` of the work
    runs from 0 to 1. ``score`` is the best so far, by ``metric``. What is not known, or no
    longer, is NULL: ``candidates`` tried and ``seconds_left`` when it is over. ``started_at`` is UTC.
    """

    columns: tuple[Column, ...] = tuple(
        Column(name, BY_NAME[kind]) for name, (kind, _) in _COLUMNS.items()
    )

    def rows(self, source: Source) -> pa.Table:
        """The view's rows."""
        newest = {model.id: model for model in source.catalog.all_versions()}
        rows = [_row(model, source) for model in newest.values()]
        schema = pa.schema([(name, kind) for name, (_, kind) in _COLUMNS.items()])
        return pa.Table.from_pylist(rows, schema=schema)


def _row(model: Model, source: Source) -> dict[str, Any]:
    step, goes_on = source.progress(model), model.state is State.TRAINING
    began = model.version_created_at or model.created_at
    return {
        "schema_name": model.schema, "model_name": model.name, "version": model.version,
        "job_name": model.definition.job_name or model.definition.source_job,
        "stage": step.stage, "share": step.share,
        "candidates": step.candidates if goes_on else None,
        "metric": step.metric or None, "score": step.score,
        "seconds_left": step.seconds_left if goes_on else None,
        "started_at": began.replace(tzinfo=None),
    }  # fmt: skip


SYSTEM_VIEW: Final = SvvMlModelProgress()

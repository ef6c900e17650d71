"""One run of Vesto's training: ``python -m benchmarks._autopilot_vesto FOLDER``.

The protocol and the clocks are those of ``_autopilot_peer.py``.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import vesto
from benchmarks._autopilot_peer import PREDICTED_ROWS, count_processor_seconds, processor_seconds
from vesto import _native
from vesto.catalog.records import Definition, Parameter
from vesto.programs.image import image
from vesto.programs.storage import content_hash, load
from vesto.training import worker
from vesto.training.job import Job, JobFolder

TYPES: Final = {"regression": "REGRESSION", "binary": "BINARY_CLASSIFICATION",
                "multiclass": "MULTICLASS_CLASSIFICATION"}  # fmt: skip


def main() -> None:
    """Train, predict, and leave both."""
    home = Path(sys.argv[1])
    spec = json.loads((home / "spec.json").read_text())
    train, test = pq.read_table(home / "train.parquet"), pq.read_table(home / "test.parquet")
    count_processor_seconds()
    began = processor_seconds()
    job = _job(train, spec)
    folder = JobFolder(home / "job")
    folder.path.mkdir()
    pq.write_table(train, folder.path / "snapshot.parquet")
    folder.write_job(job)
    worker.train(folder)
    result = folder.read_result()
    assert result is not None
    if result[0].failure:
        raise SystemExit(result[0].failure)
    fit_s = processor_seconds() - began
    program = load(folder.program.read_bytes())
    scorer = _native.Program(image(program, content_hash(folder.program.read_bytes())))
    columns = [test[item.name].combine_chunks() for item in program.inputs]
    after = scorer.probabilities(columns)
    many = [pa.concat_arrays([c] * (1 + PREDICTED_ROWS // len(test))) for c in columns]
    began = processor_seconds()
    rounds = 0
    while processor_seconds() - began < 1:
        scorer.predict(many)
        rounds += 1
    predict_s = processor_seconds() - began
    np.savez(home / "predictions.npz", after=np.asarray(after, np.float64))
    described = {
        "version": vesto.__version__, "labels": list(program.output.labels), "cpu_s": fit_s,
        "rows_per_cpu_s": rounds * len(many[0]) / predict_s,
        "bytes": folder.program.stat().st_size,
    }  # fmt: skip
    (home / "result.json").write_text(json.dumps(described))


def _job(train: pa.Table, spec: dict[str, object]) -> Job:
    target = str(spec["target"])
    parameters = tuple(
        Parameter(field.name, _type(field.type)) for field in train.schema if field.name != target
    )
    definition = Definition(
        statement="", query="", table="", target=target,
        target_type=_type(train.schema.field(target).type), function_schema="public",
        function="f", parameters=parameters, problem_type=TYPES[str(spec["problem"])],
        objective="" if spec["problem"] == "regression" else "ACCURACY",
        max_runtime_s=int(str(spec["budget_s"])), seed=int(str(spec["seed"])),
    )  # fmt: skip
    return Job(
        model_id="m", version=1, definition=definition, total_rows=len(train), rows=len(train),
        notices=(), started_at_s=time.time(), threads=1, memory_mb=0, nice=0, maximum_classes=1000,
    )  # fmt: skip


def _type(kind: pa.DataType) -> str:
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "varchar"
    if pa.types.is_boolean(kind):
        return "bool"
    if pa.types.is_date(kind):
        return "date"
    if pa.types.is_timestamp(kind):
        return "timestamp"
    return "int8" if pa.types.is_integer(kind) else "float8"


if __name__ == "__main__":
    main()

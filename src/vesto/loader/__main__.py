"""The process: reads a request from its input, answers with a line of JSON and Arrow."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from vesto.errors import VestoError
from vesto.loader import load, unload
from vesto.loader.request import LoadRequest, RowError, request_from


def main() -> int:
    """Serve one request."""
    source, target = sys.stdin.buffer, sys.stdout.buffer
    request = request_from(source.readline().decode())
    if isinstance(request, LoadRequest):
        return _load(request, target)
    try:
        rows = unload.write(request, source)
    except Exception as error:  # noqa: BLE001 - whatever happens, the owner is told
        return _answer(target, error=unload.failure(error))
    return _answer(target, rows=rows)


def _load(request: LoadRequest, target: Any) -> int:
    loading = load.Loading(request)
    try:
        rows = loading.read()
        stream = loading.rows()
    except Exception as error:  # noqa: BLE001 - whatever happens, the owner is told
        return _answer(target, errors=loading.errors, error=load.failure(error))
    _answer(target, errors=loading.errors, rows=rows)
    with pa.ipc.new_stream(target, stream.schema) as writer:
        for batch in stream:
            writer.write_batch(batch)
    target.flush()
    return 0


def _answer(
    target: Any, *, rows: int = 0, errors: list[RowError] | None = None,
    error: VestoError | None = None,
) -> int:  # fmt: skip
    answer = {
        "rows": rows,
        "errors": [asdict(row) for row in errors or []],
        "error": error.to_json() if error else "",
    }
    target.write(json.dumps(answer).encode() + b"\n")
    target.flush()
    return 1 if error else 0


if __name__ == "__main__":
    sys.exit(main())

"""The owner's side: starts the process, asks, and takes what it hands over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Final

import pyarrow as pa

from vesto.errors import InputOutputError, VestoError, from_json
from vesto.files import remove_folder
from vesto.loader.request import COMPLETE, LoadRequest, RowError, UnloadRequest

_COMMAND: Final = (sys.executable, "-m", "vesto.loader")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the process said before its rows: how many there are, and what was wrong."""

    rows: int
    errors: tuple[RowError, ...]
    error: VestoError | None


Watch = Callable[[Callable[[], None] | None], None]


@contextmanager
def loading(request: LoadRequest, scratch: Path, watch: Watch) -> Iterator[tuple[Answer, Any]]:
    """The answer, and a reader of the good rows, as long as the process lives.

    ``watch`` is told how to stop the process, and at the end that there is none.
    """
    with _process(scratch, watch) as (process, folder):
        _ask(process, replace(request, scratch=str(folder)).to_json())
        process.stdin.close()
        answer = _read_answer(process.stdout)
        if answer.error is not None:
            yield answer, None
            return
        with pa.ipc.open_stream(process.stdout) as reader:
            yield answer, reader


def unload(
    request: UnloadRequest, reader: pa.RecordBatchReader, scratch: Path, watch: Watch
) -> Answer:
    """Hand the rows over to be written; what the process says at the end."""
    with _process(scratch, watch) as (process, folder):
        _ask(process, replace(request, scratch=str(folder)).to_json())
        try:
            with pa.ipc.new_stream(process.stdin, reader.schema) as writer:
                for batch in reader:
                    writer.write_batch(batch)
            # A stream that breaks off looks like one that ends: only this says that it has.
            process.stdin.write(COMPLETE)
            process.stdin.close()
        except (BrokenPipeError, pa.ArrowException, OSError):
            # It has gone before the end, and says why.
            pass
        return _read_answer(process.stdout)


@contextmanager
def _process(scratch: Path, watch: Watch) -> Iterator[tuple[Any, Path]]:
    scratch.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="load-", dir=scratch))
    process = subprocess.Popen(  # noqa: S603 - our own module
        _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONSAFEPATH": "1"},
    )  # fmt: skip
    watch(process.kill)
    try:
        yield process, folder
    finally:
        watch(None)
        process.kill()
        for stream in (process.stdin, process.stdout):
            _close(stream)
        process.wait()
        remove_folder(folder)


def _close(stream: IO[bytes] | None) -> None:
    try:
        if stream is not None:
            stream.close()
    except OSError:
        pass


def _ask(process: Any, line: str) -> None:
    process.stdin.write(line.encode() + b"\n")
    process.stdin.flush()


def _read_answer(stream: Any) -> Answer:
    line = stream.readline()
    if not line:
        hint = "It may have run out of memory."
        raise InputOutputError("the process that reads and writes files has ended", hint=hint)
    found = json.loads(line)
    errors = tuple(RowError(**row) for row in found["errors"])
    error = from_json(found["error"]) if found["error"] else None
    return Answer(found["rows"], errors, error)

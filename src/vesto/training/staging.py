"""Where training rows stand between the query and the worker.

Without S3_BUCKET that is the job's own folder. With it, it is ``<place>/<job id>``, the place
being a directory or a URL that the setting ``staging`` names for the bucket; a URL's credentials
come from the environment, as pyarrow's file systems read them. With S3_GARBAGE_COLLECT OFF what
the job made is kept there too, in ``<place>/<job name>``.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict, fields
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from vesto.catalog.documents import definition_from, outcome_from
from vesto.catalog.records import Definition, Model, Outcome
from vesto.errors import DataCorrupted, DiskFull, InputOutputError, InvalidParameterValue
from vesto.files import flush_folder, remove_folder
from vesto.programs.storage import load
from vesto.settings import Settings
from vesto.training.job import PROGRAM, JobFolder

KEPT_MODEL: Final = "model.json"
SNAPSHOT: Final = "snapshot.parquet"
log: Final = logging.getLogger(__name__)


def place_of(bucket: str, settings: Settings, home: Path) -> str:
    """The directory or URL that the settings name for a bucket; empty: the job's own folder.

    A warehouse without the setting stages its own files, whatever bucket is named. A relative
    directory starts at ``home``, the warehouse's.

    Raises:
        InvalidParameterValue: The setting names other buckets, or a URL that cannot be used.
    """
    if not bucket or not settings.staging:
        return ""
    if bucket not in settings.staging:
        hint = f"The setting staging names {', '.join(sorted(settings.staging))}."
        raise InvalidParameterValue(f"S3_BUCKET {bucket!r} is not known", hint=hint)
    place = settings.staging[bucket]
    if "://" not in place:
        return str((home / place).absolute())
    if "@" in urlsplit(place).netloc:
        hint = "Credentials come from the environment: take them out of the setting staging."
        raise InvalidParameterValue(f"the place of S3_BUCKET {bucket!r} has credentials", hint=hint)
    if place.startswith("file://"):
        return urlsplit(place).path
    return place.rstrip("/")


def write_snapshot(folder: JobFolder, definition: Definition, rows: pa.Table) -> None:
    """Put the training rows where the worker finds them, whole or not at all.

    Raises:
        DiskFull: There is no room for them.
        InputOutputError: The place cannot be written.
    """
    try:
        if "://" in definition.staging:
            system, path = _remote(folder, definition)
            pq.write_table(rows, f"{path}/{SNAPSHOT}", filesystem=system, compression="zstd")
        else:
            _write_local(_local(folder, definition), rows)
    except (OSError, pa.ArrowException) as error:
        full = "No space" in str(error) or "errno 28" in str(error)
        kind = DiskFull if full else InputOutputError
        where = f" to S3_BUCKET {definition.s3_bucket!r}" if definition.staging else ""
        message = f"the training rows could not be written{where}"
        raise kind(message, detail=str(error)) from error


def _write_local(home: Path, rows: pa.Table) -> None:
    home.mkdir(parents=True, exist_ok=True)
    draft = home / f"{SNAPSHOT}.draft"
    try:
        pq.write_table(rows, draft, compression="zstd")
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.replace(home / SNAPSHOT)
        flush_folder(home)
    except (OSError, pa.ArrowException):
        draft.unlink(missing_ok=True)
        raise


def read_snapshot(folder: JobFolder, definition: Definition) -> pa.Table:
    """The training rows.

    Raises:
        InputOutputError: They are not there or cannot be read.
        MemoryError: There is no room for them.
    """
    try:
        if "://" in definition.staging:
            system, path = _remote(folder, definition)
            with system.open_input_file(f"{path}/{SNAPSHOT}") as file:
                return _read(file)
        return _read(_local(folder, definition) / SNAPSHOT)
    except MemoryError:
        raise  # Arrow's own is one of its exceptions too
    except (OSError, pa.ArrowException) as error:
        raise InputOutputError("the training rows cannot be read", detail=str(error)) from error


def _read(source: Path | pa.NativeFile) -> pa.Table:
    # Where memory has a limit, Arrow waits for ever for threads that could not be started.
    with pq.ParquetFile(source) as file:
        return file.read(use_threads=False)


def remove_staged(folder: JobFolder, definition: Definition) -> None:
    """Remove what was staged outside of the job's folder, unless the user wants to keep it.

    A store that does not answer must not keep a model from being installed or dropped.
    """
    if not definition.staging or not definition.garbage_collect:
        return
    try:
        if "://" in definition.staging:
            system, path = _remote(folder, definition)
            if system.get_file_info(path).type != pafs.FileType.NotFound:
                system.delete_dir(path)
        else:
            remove_folder(_local(folder, definition))
    except (OSError, pa.ArrowException) as error:
        log.warning("staged training rows could not be removed: %s", error)


def keep_files(model: Model, folder: JobFolder) -> None:
    """Keep what a job made in the bucket's place, under the job's name, beyond its model's end.

    A place that does not answer must not keep a model from being installed.
    """
    definition = model.definition
    if not definition.staging:
        return
    parts = {"definition": asdict(definition), "outcome": asdict(model.outcome or Outcome())}
    try:
        system, path = _file_system(definition.staging, definition.job_name)
        system.create_dir(path)
        # Last of all the one that is asked for first.
        files = {file.name: file.read_bytes() for file in folder.made}
        for name, content in {**files, KEPT_MODEL: json.dumps(parts).encode()}.items():
            with system.open_output_stream(f"{path}/{name}") as file:
                file.write(content)
    except (OSError, pa.ArrowException) as error:
        log.warning("what a job made could not be kept in its bucket: %s", error)


def kept_files(staging: str, job_name: str) -> dict[str, bytes]:
    """What ``keep_files`` kept of a job, by the files' names; nothing if it kept nothing.

    Raises:
        InputOutputError: The place cannot be read.
    """
    try:
        system, path = _file_system(staging, job_name)
        listed = system.get_file_info(pafs.FileSelector(path, allow_not_found=True))
        files = [info for info in listed if info.type == pafs.FileType.File]
        if KEPT_MODEL not in {info.base_name for info in files}:
            return {}
        return {info.base_name: system.open_input_file(info.path).read() for info in files}
    except (OSError, pa.ArrowException) as error:
        message = "what the job made cannot be read from S3_BUCKET"
        raise InputOutputError(message, detail=str(error)) from error


def read_kept_model(files: dict[str, bytes]) -> tuple[Definition, Outcome]:
    """Definition and outcome of a kept job; their file is taken from ``files``. It is hostile.

    Raises:
        DataCorrupted: They are damaged, or not those of the program beside them.
    """
    try:
        parts = json.loads(files.pop(KEPT_MODEL))
        definition = definition_from(parts["definition"])
        outcome = outcome_from(parts["outcome"])
        _check_fields(definition)
        _check_fields(outcome)
        program = load(files[PROGRAM])
        inputs = [(parameter.name, parameter.type) for parameter in definition.parameters]
        same = inputs == [(item.name, item.type) for item in program.inputs]
        same &= outcome.return_type == program.output.type
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise DataCorrupted("what the job made is damaged", detail=str(error)) from error
    if not same:
        detail = "The function and the program do not go together."
        raise DataCorrupted("what the job made is damaged", detail=detail)
    return definition, outcome


def _check_fields(record: Definition | Outcome) -> None:
    """Nothing, if every plain field has its type."""
    kinds: dict[str, tuple[type, ...]] = {
        "str": (str,), "bool": (bool,), "int": (int,), "float": (int, float),
    }  # fmt: skip
    for field in fields(record):
        value = getattr(record, field.name)
        if not isinstance(value, kinds.get(str(field.type), (object,))):
            raise TypeError(f"{field.name} is {value!r:.40}")
    for texts in (*record.hyperparameters, getattr(record, "notices", ())):
        if not all(isinstance(text, str) for text in texts):
            raise TypeError(f"{texts!r:.40} are no texts")


def _file_system(staging: str, name: str) -> tuple[pafs.FileSystem, str]:
    """The file system of a place, and the path of a folder in it."""
    if "://" not in staging:
        return pafs.LocalFileSystem(), str(Path(staging) / name)
    system, path = pafs.FileSystem.from_uri(staging)
    return system, f"{path.rstrip('/')}/{name}"


def _local(folder: JobFolder, definition: Definition) -> Path:
    return Path(definition.staging) / folder.path.name if definition.staging else folder.path


def _remote(folder: JobFolder, definition: Definition) -> tuple[pafs.FileSystem, str]:
    """The file system of the place, and the path in it."""
    return _file_system(definition.staging, folder.path.name)

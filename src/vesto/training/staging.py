"""Where training rows stand between the query and the worker.

Without S3_BUCKET that is the job's own folder. With it, it is ``<place>/<model id>``, the place
being a directory or a URL that the setting ``staging`` names for the bucket; a URL's credentials
come from the environment, as pyarrow's file systems read them.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from vesto.catalog.records import Definition
from vesto.errors import DiskFull, InputOutputError, InvalidParameterValue
from vesto.files import flush_folder, remove_folder
from vesto.settings import Settings
from vesto.training.job import JobFolder

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
    """
    try:
        if "://" in definition.staging:
            system, path = _remote(folder, definition)
            return pq.read_table(f"{path}/{SNAPSHOT}", filesystem=system)
        return pq.read_table(_local(folder, definition) / SNAPSHOT)
    except (OSError, pa.ArrowException) as error:
        raise InputOutputError("the training rows cannot be read", detail=str(error)) from error


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


def _local(folder: JobFolder, definition: Definition) -> Path:
    return Path(definition.staging) / folder.path.name if definition.staging else folder.path


def _remote(folder: JobFolder, definition: Definition) -> tuple[pafs.FileSystem, str]:
    """The file system of the place, and the path in it."""
    system, path = pafs.FileSystem.from_uri(definition.staging)
    return system, f"{path.rstrip('/')}/{folder.path.name}"

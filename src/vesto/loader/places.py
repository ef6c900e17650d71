"""Where files are: folders of this machine, or a store that speaks S3."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.fs as pafs

from vesto.errors import (
    DuplicateFile,
    InputOutputError,
    InvalidParameterValue,
    PermissionDenied,
    UndefinedFile,
)
from vesto.loader.filters import CHUNK_BYTES, Filter
from vesto.loader.request import Store

S3: Final = "s3://"


@dataclass(frozen=True, slots=True)
class Place:
    """A path in a file system; ``shown`` is how messages name it."""

    system: pafs.FileSystem
    path: str
    shown: str

    @property
    def is_local(self) -> bool:
        """Whether it is a file of this machine."""
        return isinstance(self.system, pafs.LocalFileSystem)

    def beside(self, path: str) -> Place:
        """Another path of the same system."""
        shown = path
        if self.shown.startswith(S3):
            # Under the same name, be the bucket a store's or a folder.
            common = len(self.path)
            shown = self.shown + path[common:] if path.startswith(self.path) else S3 + path
        return Place(self.system, path, shown)


@contextmanager
def storage_errors(shown: str) -> Iterator[None]:
    """A store's and a disk's errors as ours; what they say of keys stays out.

    Raises:
        UndefinedFile: There is no such file.
        PermissionDenied: The store or the system refuses.
        InputOutputError: Anything else.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise UndefinedFile(f'file "{shown}" does not exist') from error
    except OSError as error:
        text = str(error)
        if "ACCESS_DENIED" in text or isinstance(error, PermissionError):
            message = f'access to "{shown}" is denied'
            hint = "Check the credentials in the environment, or ACCESS_KEY_ID."
            raise PermissionDenied(message, hint=hint) from error
        if any(word in text for word in ("NO_SUCH_BUCKET", "NO_SUCH_KEY", "Path does not exist")):
            raise UndefinedFile(f'file "{shown}" does not exist') from error
        raise InputOutputError(f'"{shown}" cannot be reached', detail=text[:300]) from error


def place_of(text: str, store: Store) -> Place:
    """The place that a path or an ``s3://`` address names."""
    if not text.startswith(S3):
        if not store.local:
            hint = "Name a bucket of the setting staging, or s3://."
            raise PermissionDenied("files of the server are not open", hint=hint)
        path = text.removeprefix("file://")
        return Place(pafs.LocalFileSystem(), path, path)
    address = text.removeprefix(S3)
    bucket, _, key = address.partition("/")
    if not bucket:
        raise InvalidParameterValue(f'"{text}" names no bucket')
    if bucket not in store.mounts:
        return Place(_s3(store), address, text)
    if ".." in key.split("/"):
        raise PermissionDenied(f'"{text}" leaves its bucket')
    return Place(pafs.LocalFileSystem(), f"{store.mounts[bucket]}/{key}", text)


def _s3(store: Store) -> pafs.FileSystem:
    options: dict[str, Any] = {"allow_bucket_creation": False}
    if store.region:
        options["region"] = store.region
    if store.endpoint:
        scheme, _, host = store.endpoint.rpartition("://")
        options |= {"endpoint_override": host, "scheme": scheme or "https"}
        options.setdefault("region", "us-east-1")
    if store.access_key:
        options |= {"access_key": store.access_key, "secret_key": store.secret_key}
        if store.session_token:
            options["session_token"] = store.session_token
    with storage_errors("the store"):
        return pafs.S3FileSystem(**options)


def sources(text: str, store: Store, *, manifest: bool) -> list[Place]:
    """The files that a COPY names: a file, all that begin with a prefix, or a manifest's.

    Raises:
        UndefinedFile: There is none.
    """
    place = place_of(text, store)
    with storage_errors(place.shown):
        if manifest:
            return _listed(place, store)
        info = place.system.get_file_info(place.path)
        if info.type == pafs.FileType.File:
            return [place]
        found = _with_prefix(place, folder=info.type == pafs.FileType.Directory)
    if not found:
        raise UndefinedFile(f'file "{place.shown}" does not exist')
    return found


def _with_prefix(place: Place, *, folder: bool) -> list[Place]:
    parent = place.path.rstrip("/") if folder else place.path.rpartition("/")[0]
    if not parent:
        return []
    selector = pafs.FileSelector(parent, allow_not_found=True, recursive=not place.is_local)
    paths = [
        info.path
        for info in place.system.get_file_info(selector)
        if info.type == pafs.FileType.File and (folder or info.path.startswith(place.path))
    ]
    return [place.beside(path) for path in sorted(paths)]


def _listed(place: Place, store: Store) -> list[Place]:
    """The files of a manifest: ``{"entries": [{"url": ..., "mandatory": true}]}``."""
    with place.system.open_input_stream(place.path) as stream:
        content = stream.read()
    try:
        entries = json.loads(content)["entries"]
        wanted = [(str(e["url"]), bool(e.get("mandatory", False))) for e in entries]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        hint = 'It is JSON: {"entries": [{"url": "s3://...", "mandatory": true}]}.'
        raise InvalidParameterValue(f'"{place.shown}" is no manifest', hint=hint) from error
    found: list[Place] = []
    for url, mandatory in wanted:
        if not place.is_local and not url.startswith(S3):
            raise PermissionDenied(f'the manifest in the store names "{url}" outside of it')
        entry = place_of(url, store)
        there = entry.system.get_file_info(entry.path).type == pafs.FileType.File
        if not there and mandatory:
            raise UndefinedFile(f'file "{entry.shown}" of the manifest does not exist')
        found += [entry] if there else []
    return found


def fetch(place: Place, scratch: Path, compression: str, change: Filter) -> Path:
    """The file as a plain one of this machine: fetched, unpacked, its text changed."""
    if place.is_local and not compression and not change.changes:
        return Path(place.path)
    target = scratch / f"fetched-{len(list(scratch.iterdir()))}"
    with (
        storage_errors(place.shown),
        place.system.open_input_stream(place.path, compression=None) as raw,
        target.open("wb") as file,
    ):
        stream = pa.CompressedInputStream(raw, compression) if compression else raw
        if change.changes:
            change.copy(stream, file)
        else:
            shutil.copyfileobj(stream, file, CHUNK_BYTES)
    return target


def publish(drafts: list[tuple[Path, Place]], *, overwrite: bool) -> None:
    """Put finished files in their places, all or none.

    Raises:
        DuplicateFile: One is there already.
    """
    done: list[Place] = []
    for _, place in drafts:
        with storage_errors(place.shown):
            info = place.system.get_file_info(place.path)
        if info.type != pafs.FileType.NotFound and not overwrite:
            hint = "Add ALLOWOVERWRITE, or write to another place."
            raise DuplicateFile(f'file "{place.shown}" already exists', hint=hint)
    try:
        for draft, place in drafts:
            with storage_errors(place.shown):
                _put(draft, place)
            done.append(place)
    except BaseException:
        for place in done:
            with suppress(OSError):
                place.system.delete_file(place.path)
        raise


def _put(draft: Path, place: Place) -> None:
    if place.is_local:
        target = Path(place.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(target.name + ".draft")
        shutil.copyfile(draft, beside)
        beside.replace(target)
        return
    with draft.open("rb") as file, place.system.open_output_stream(place.path) as stream:
        shutil.copyfileobj(file, stream, CHUNK_BYTES)

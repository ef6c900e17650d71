"""What the process is asked and what it answers: JSON lines, then Arrow."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Final

# What follows the rows to unload when none is missing.
COMPLETE: Final = b"complete\n"
COMPRESSIONS: Final = {"GZIP": "gzip", "ZSTD": "zstd", "BZIP2": "bz2"}
SUFFIXES: Final = {"GZIP": ".gz", "ZSTD": ".zst", "BZIP2": ".bz2", "": ""}


@dataclass(frozen=True, slots=True)
class Store:
    """How ``s3://`` is reached; empty values are left to the environment.

    ``mounts`` are buckets that are folders of this machine; ``local`` whether other files of it
    may be named.
    """

    endpoint: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: str = ""
    session_token: str = ""
    mounts: dict[str, str] = field(default_factory=dict)
    local: bool = False


@dataclass(frozen=True, slots=True)
class TargetColumn:
    """A column to fill: its name, the kind of its type as Redshift names it, and its length."""

    name: str
    kind: str
    engine_type: str
    length: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRequest:
    """Files to read for COPY. ``options`` are those of the statement, by their names."""

    source: str
    columns: tuple[TargetColumn, ...]
    format: str = "DELIMITED"
    compression: str = ""
    manifest: bool = False
    options: dict[str, str] = field(default_factory=dict)
    maximum_errors: int = 0
    store: Store = field(default_factory=Store)
    scratch: str = ""

    def to_json(self) -> str:
        """As one line."""
        return json.dumps({"kind": "load", **asdict(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class UnloadRequest:
    """Files to write for UNLOAD from the Arrow stream that follows."""

    target: str
    format: str = "DELIMITED"
    compression: str = ""
    manifest: bool = False
    overwrite: bool = False
    options: dict[str, str] = field(default_factory=dict)
    partitions: tuple[str, ...] = ()
    store: Store = field(default_factory=Store)
    scratch: str = ""

    def to_json(self) -> str:
        """As one line."""
        return json.dumps({"kind": "unload", **asdict(self)})


def request_from(line: str) -> LoadRequest | UnloadRequest:
    """The request of a line."""
    values: dict[str, Any] = json.loads(line)
    kind = values.pop("kind")
    values["store"] = Store(**values["store"])
    if kind == "unload":
        values["partitions"] = tuple(values["partitions"])
        return UnloadRequest(**values)
    values["columns"] = tuple(TargetColumn(**column) for column in values["columns"])
    return LoadRequest(**values)


@dataclass(frozen=True, slots=True)
class RowError:
    """One row that could not be read: where, and why."""

    file: str
    line: int
    column: str
    kind: str
    value: str
    code: int
    reason: str
    raw: str = ""

    def __str__(self) -> str:
        column = f', column "{self.column}"' if self.column else ""
        return f"{self.file}, line {self.line}{column}: {self.reason}"

"""Make sure that the DuckDB extension in each wheel of a folder still ends with its footer.

A repair may rewrite the library. Where it has lost its footer it gets it again, and the wheel's
RECORD the new hash; a wheel that is whole stays as it is.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import importlib.util
import io
import sys
import tempfile
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Final

MEMBER: Final = "vesto/vesto.duckdb_extension"
PACK: Final = Path(__file__).parent.parent / "native" / "duckdb" / "pack_extension.py"
SYSTEMS: Final = {"linux": "linux", "manylinux": "linux", "macosx": "osx"}
MACHINES: Final = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def pack_extension() -> ModuleType:
    """The script that writes footers."""
    spec = importlib.util.spec_from_file_location("pack_extension", PACK)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def platform_of(wheel: Path) -> str:
    """DuckDB's name of the platform that a wheel is for.

    Raises:
        ValueError: DuckDB has none.
    """
    tag = wheel.stem.rpartition("-")[2].split(".")[0]
    system = next((ours for theirs, ours in SYSTEMS.items() if tag.startswith(theirs)), None)
    machine = next((ours for theirs, ours in MACHINES.items() if tag.endswith(theirs)), None)
    if not system or not machine:
        raise ValueError(f"{wheel.name}: DuckDB has no platform {tag}")
    return f"{system}_{machine}"


def finish(wheel: Path) -> bool:
    """Pack the extension anew if its footer is missing.

    Returns:
        Whether it was.

    Raises:
        ValueError: There is no extension in the wheel, or one for no platform.
    """
    packer = pack_extension()
    with zipfile.ZipFile(wheel) as archive:
        if MEMBER not in archive.namelist():
            raise ValueError(f"{wheel.name} holds no {MEMBER}")
        content = archive.read(MEMBER)
        if packer.has_footer(content):
            return False
        content += packer.footer(platform_of(wheel), f"v{wheel.name.split('-')[1]}")
        rewrite(archive, wheel, content)
    return True


def rewrite(archive: zipfile.ZipFile, wheel: Path, content: bytes) -> None:
    """The same wheel with another extension."""
    with tempfile.NamedTemporaryFile(dir=wheel.parent, suffix=".partial", delete=False) as target:
        partial = Path(target.name)
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as made:
        for entry in archive.infolist():
            data = archive.read(entry)
            if entry.filename == MEMBER:
                data = content
            elif entry.filename.endswith(".dist-info/RECORD"):
                data = with_record(data.decode(), content).encode()
            made.writestr(entry, data, zipfile.ZIP_DEFLATED)
    partial.chmod(wheel.stat().st_mode)
    partial.replace(wheel)


def with_record(record: str, content: bytes) -> str:
    """RECORD with the hash and size of the new extension."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    changed = io.StringIO()
    writer = csv.writer(changed, lineterminator="\n")
    for row in csv.reader(io.StringIO(record)):
        is_it = bool(row) and row[0] == MEMBER
        writer.writerow([MEMBER, f"sha256={digest}", len(content)] if is_it else row)
    return changed.getvalue()


def main() -> int:
    """Read the command line; 0 if every wheel is whole now."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="with wheels in it")
    wheels = sorted(parser.parse_args().folder.glob("*.whl"))
    if not wheels:
        print("finish_wheel: there are no wheels", file=sys.stderr)
        return 1
    for wheel in wheels:
        try:
            packed = finish(wheel)
        except ValueError as error:
            print(f"finish_wheel: {error}", file=sys.stderr)
            return 1
        print(f"{wheel.name}: {'the footer was missing, and is there' if packed else 'whole'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

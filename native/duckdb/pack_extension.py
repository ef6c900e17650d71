"""Append the footer that makes a shared library a DuckDB loadable extension.

The footer has to be the last bytes of the file. Tools that rewrite a library (strip, patchelf,
auditwheel) drop it or bury it, so this runs after all of them, and once more with ``--if-missing``
on what they made of a file that had been packed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

# DuckDB reads eight fields of 32 bytes, the last one first, and a signature, here an empty one.
FIELD_BYTES: Final = 32
SIGNATURE_BYTES: Final = 256
FOOTER_BYTES: Final = 8 * FIELD_BYTES + SIGNATURE_BYTES
MAGIC: Final = "4"
ABI: Final = "C_STRUCT"
# The oldest function table that has what the extension needs first; it asks for more by itself.
API_VERSION: Final = "v1.2.0"
# A WebAssembly custom section named duckdb_signature, which is how DuckDB wraps the footer.
SECTION: Final = b"\x00\x93\x04\x10duckdb_signature\x80\x04"


def footer(platform: str, version: str) -> bytes:
    """The footer for DuckDB's name of the platform, as linux_amd64, and the extension's version.

    Raises:
        ValueError: One of them is longer than its field.
    """
    fields = ["", "", "", ABI, version, API_VERSION, platform, MAGIC]
    return SECTION + b"".join(map(_field, fields)) + bytes(SIGNATURE_BYTES)


def _field(text: str) -> bytes:
    content = text.encode()
    if len(content) > FIELD_BYTES:
        raise ValueError(f"{text!r} is longer than {FIELD_BYTES} bytes")
    return content.ljust(FIELD_BYTES, b"\0")


def has_footer(content: bytes) -> bool:
    """Whether the content ends as an extension does."""
    return content[-FOOTER_BYTES - len(SECTION) : -FOOTER_BYTES] == SECTION and content.endswith(
        _field(MAGIC) + bytes(SIGNATURE_BYTES)
    )


def pack(source: Path, target: Path, platform: str, version: str, *, if_missing: bool) -> bool:
    """Write ``source`` with a footer to ``target``, which may be the same file.

    Returns:
        Whether a footer was added; False where ``if_missing`` let one stand.

    Raises:
        ValueError: There is a footer already, or a field is too long.
    """
    content = source.read_bytes()
    present = has_footer(content)
    if present and not if_missing:
        raise ValueError(f"{source} has a footer already")
    if not present:
        content += footer(platform, version)
    elif source == target:
        return False
    # Replaced in one step: a process that has the old file loaded keeps it whole.
    partial = target.with_name(target.name + ".partial")
    partial.write_bytes(content)
    partial.chmod(source.stat().st_mode)
    partial.replace(target)
    return not present


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line; 0 on success."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", type=Path, help="the shared library")
    parser.add_argument("target", type=Path, help="where to write, as vesto.duckdb_extension")
    parser.add_argument("platform", help="DuckDB's name of the platform, as linux_amd64")
    parser.add_argument("version", help="of the extension, as v0.3.0")
    parser.add_argument(
        "--if-missing", action="store_true", help="let a footer stand that is there already"
    )
    given = parser.parse_args(arguments)
    try:
        pack(given.source, given.target, given.platform, given.version, if_missing=given.if_missing)
    except (OSError, ValueError) as error:
        print(f"pack_extension: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

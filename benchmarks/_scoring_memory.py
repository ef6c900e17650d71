"""How far a query that predicts raises a process's greatest memory above that of a plain scan.

Run by ``benchmarks.scoring`` in a process of its own, with the database's file, the extension, the
program's image and the two queries; prints megabytes. What is counted includes the extension
itself, the program, and all that the threads keep.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import duckdb

THREADS: Final = 2
KIB: Final = 1024
MB: Final = 1e6


def forget_peak() -> None:
    """Let the greatest resident memory be the present one."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_mb() -> float:
    """The greatest resident memory since then."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("VmHWM"))
    return int(line.split()[1]) * KIB / MB


def main() -> None:
    """Print the difference."""
    file, extension, image, scan, query = sys.argv[1:]
    config: dict[str, Any] = {"allow_unsigned_extensions": "true", "threads": THREADS}
    connection = duckdb.connect(file, read_only=True, config=config)
    content = Path(image).read_bytes()
    # A parameter makes DuckDB's Python package load pandas, which is none of ours.
    connection.execute("SELECT octet_length(?)", [content]).fetchall()
    for _ in range(3):
        # The table's blocks stay in DuckDB's cache, and its own allocations settle.
        forget_peak()
        connection.execute(scan).fetchall()
    plain = peak_mb()
    forget_peak()
    connection.execute(f"LOAD '{extension}'")
    connection.execute("SELECT vesto_register_program(?)", [content]).fetchall()
    for _ in range(3):
        connection.execute(query).fetchall()
    sys.stdout.write(f"{peak_mb() - plain:.3f}\n")


if __name__ == "__main__":
    main()

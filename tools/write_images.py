"""Write random programs' images into a folder: what the sanitizers replay and fuzzing starts from.

Those that are too long for fuzzing stand in its folder ``large``, the others in ``small``.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
import warnings
from pathlib import Path
from typing import Final

from hypothesis import HealthCheck, Phase, given, seed, settings

from vesto.programs.check import check
from vesto.programs.image import image
from vesto.programs.program import Program
from vesto.programs.storage import content_hash, dump

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

from large_programs import large_programs  # noqa: E402 - beside this file
from program_strategies import programs  # noqa: E402 - found through the line above

MOST_FUZZED_BYTES: Final = 65536  # -max_len of fuzz.sh


def write(program: Program, folder: Path) -> None:
    """Write one image, named by what is in it."""
    check(program)
    content = image(program, content_hash(dump(program)))
    size = "small" if len(content) <= MOST_FUZZED_BYTES else "large"
    name = hashlib.sha256(content).hexdigest()[:16]
    (folder / size / f"{name}.image").write_bytes(content)


def write_random(folder: Path, count: int) -> None:
    """Write ``count`` random programs, some of them alike, the same ones every time."""

    @seed(0)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(programs())
    def write_one(program: Program) -> None:
        write(program, folder)

    write_one()


def main() -> int:
    """Read the command line; 0 on success."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="is emptied first")
    parser.add_argument("--count", type=int, default=300)
    asked = parser.parse_args()
    if asked.folder.exists():
        shutil.rmtree(asked.folder)
    for size in ("small", "large"):
        (asked.folder / size).mkdir(parents=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numbers that overflow are drawn on purpose
        write_random(asked.folder, asked.count)
    for program in large_programs():
        write(program, asked.folder)
    print(f"{len(list(asked.folder.glob('*/*')))} images in {asked.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

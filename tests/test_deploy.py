"""The files of deploy/, as far as they can be tried without installing them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[1] / "deploy"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    text = (DEPLOY / "vesto.service").read_text()
    # The program is not installed here; systemd looks whether there is one.
    unit = tmp_path / "vesto.service"
    unit.write_text(text.replace("/opt/vesto/bin/vesto", "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")

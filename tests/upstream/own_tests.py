"""Runs a project's own tests, copied from its archive, in a process where bolthead stands behind its classes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(folder: Path, script: str, build: str, *arguments: str) -> tuple[int, str]:
    """How many tests passed, and what was printed, when *script* ran them in *folder* with *build* and *arguments*."""
    (folder / "empty.ini").write_text("[pytest]\n")
    paths = [str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, "-c", script, build, *arguments],
        cwd=folder,
        env={**os.environ, "BOLTHEAD_PURE": "1" if build == "pure" else "", "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"^(\d+) passed", done.stdout, re.MULTILINE)
    assert passed is not None, done.stdout
    return int(passed[1]), done.stdout

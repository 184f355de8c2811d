"""The example application's own tests pass, in a process of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BOARD = Path(__file__).parents[2] / "docs" / "examples" / "board"


def test_board():
    if not BOARD.is_dir():
        pytest.fail(f"the example is not at {BOARD}")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(BOARD)]
    done = subprocess.run(command, cwd=BOARD, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout

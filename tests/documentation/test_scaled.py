"""``docs/examples/scaled``: its own tests, and the whole cluster under load if ``BOLTHEAD_CLUSTER`` is set."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from documentation.page import DOCS

SCALED = DOCS / "examples" / "scaled"


def test_its_own_tests() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "pyproject.toml", "."]
    done = subprocess.run(command, cwd=SCALED, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


@pytest.mark.skipif("BOLTHEAD_CLUSTER" not in os.environ, reason="takes minutes, and HAProxy, PostgreSQL and Redis")
def test_nothing_is_lost() -> None:
    done = subprocess.run([sys.executable, "trial.py"], cwd=SCALED, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr

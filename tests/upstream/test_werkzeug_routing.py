"""Werkzeug's own routing tests, from its released archive, run with our classes in place of Werkzeug's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from upstream import archives

ROOT = Path(__file__).parents[2]
VERSION = "3.1.9"

# Runs in a process of its own: the module that the tests import is replaced before they are collected.
RUN = """
import sys
import pytest
import werkzeug.routing
import bolthead.routing
from bolthead import _core
assert _core.build_name() == sys.argv[1], _core.modules()
sys.modules["werkzeug.routing"] = werkzeug.routing = bolthead.routing
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "-c", "empty.ini", "test_routing.py"]))
"""


def test_werkzeugs_own_tests_pass(build: str, tmp_path: Path) -> None:
    source = archives.fetch("werkzeug", VERSION)
    shutil.copy(source / "tests" / "test_routing.py", tmp_path)
    (tmp_path / "empty.ini").write_text("[pytest]\n")
    paths = [str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, "-c", RUN, build],
        cwd=tmp_path,
        env={**os.environ, "BOLTHEAD_PURE": "1" if build == "pure" else "", "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"^(\d+) passed", done.stdout, re.MULTILINE)
    assert passed is not None, done.stdout
    assert int(passed[1]) >= 70, "the archive's tests were not collected"

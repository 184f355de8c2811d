"""Werkzeug's own routing tests, from its released archive, run with our classes in place of Werkzeug's."""

from __future__ import annotations

import shutil
from pathlib import Path

from upstream import archives, own_tests

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
    passed, _ = own_tests.run(tmp_path, RUN, build)
    assert passed >= 70, "the archive's tests were not collected"

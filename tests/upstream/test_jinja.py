"""Jinja's own tests, from its released archive, with our code generator and rendering behind its classes."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from upstream import archives, own_tests

VERSION = "3.1.6"

# Runs in a process of its own. What Jinja's environments do is replaced before bolthead looks at what is stock.
RUN = """
import sys
from collections import Counter
import pytest
from jinja2 import Environment, Template

render, generate = Template.render, Environment._generate
taken = Counter()

def render_here(self, *args, **kwargs):
    if self.environment.is_async or not rendering.is_stock(self) or not shortcuts.is_stock(self.environment):
        return render(self, *args, **kwargs)
    taken["render"] += 1
    return rendering.render(self, dict(*args, **kwargs))

def generate_here(self, source, name, filename, defer_init=False):
    if not code_generator.is_fit(self, defer_init):
        return generate(self, source, name, filename, defer_init)
    taken["generate"] += 1
    return code_generator.generate(self, source, name, filename)

Template.render, Environment._generate = render_here, generate_here

from bolthead import _core
from bolthead._core.templates import code_generator, rendering, shortcuts

assert _core.build_name() == sys.argv[1], _core.modules()
status = pytest.main(["-q", "-p", "no:cacheprovider", "-c", "empty.ini", "."])
print("taken", taken["render"], taken["generate"])
sys.exit(status)
"""


def test_jinjas_own_tests_pass(build: str, tmp_path: Path) -> None:
    source = archives.fetch("jinja2", VERSION)
    # In async mode templates go Jinja's own way; its tests of that need trio.
    shutil.copytree(source / "tests", tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("test_async*"))
    passed, printed = own_tests.run(tmp_path, RUN, build)
    taken = re.search(r"^taken (\d+) (\d+)$", printed, re.MULTILINE)
    assert taken is not None, printed
    assert passed >= 750, "the archive's tests were not collected"
    assert min(int(taken[1]), int(taken[2])) >= 400, "Jinja's own code was run"

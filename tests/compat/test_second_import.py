"""The package imported a second time in one process: after ``sys.modules`` was restored, and by another interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

AGAIN = "imported a second time in this process"
PURE = os.environ.get("BOLTHEAD_PURE", "") not in ("", "0")


def run(code: str, *command: str, cwd: Path | None = None) -> tuple[list[str], int]:
    """The lines of standard output, and how often the warning was shown."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout.split(), done.stderr.count(AGAIN)


RESTORED = """
import sys
from unittest import mock
{before}
def load():
    with mock.patch.dict("sys.modules", {{"boto3": mock.MagicMock()}}):
        import {package} as framework
        app = framework.Flask("shop")
        app.secret_key = "key"
        @app.route("/")
        def view():
            framework.session["n"] = framework.session.get("n", 0) + 1
            framework.g.path = framework.request.path
            return f"{{framework.g.path}}{{framework.session['n']}}{{framework.url_for('view')}}"
        return app
apps = [load(), load(), load()]
for app in [*apps, *apps]:
    print(app.test_client().get("/").text)
"""


@pytest.mark.parametrize(
    ("package", "before"),
    [("flask", ""), ("bolthead", ""), ("flask", "from bolthead.as_flask import install; install()")],
    ids=["Flask", "bolthead", "as_flask"],
)
def test_sys_modules_restored(package: str, before: str) -> None:
    said, warned = run(RESTORED.format(package=package, before=before))
    assert said == ["/1/"] * 6
    assert PURE or package == "flask" or warned >= 1


INTERPRETERS = """
import _xxsubinterpreters as interpreters
code = '''
from bolthead import Flask, request, _core
app = Flask("shop")
app.add_url_rule("/", "view", lambda: request.path + _core.build_name())
print(app.test_client().get("/").text, flush=True)
'''
for _ in range(3):
    interpreters.run_string(interpreters.create(), code)
"""


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="the module has another name there")
def test_other_interpreters() -> None:
    said, warned = run(INTERPRETERS)
    assert said == (["/pure"] * 3 if PURE else ["/compiled", "/pure", "/pure"])
    assert warned == (0 if PURE else 2)

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


BROKEN = """
import sys
class Broken:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "bolthead._core.primitives.objects":
            raise ImportError("objects.so: undefined symbol: nothing")
sys.meta_path.insert(0, Broken)
try:
    from bolthead import Flask
except ImportError as error:
    print("undefined" in str(error))
"""


@pytest.mark.skipif(PURE, reason="nothing is loaded that could be broken so")
def test_a_broken_extension_module_is_no_second_import() -> None:
    assert run(BROKEN) == (["True"], 0)


FRAMES = """
import traceback
from unittest import mock
for _ in range(2):
    with mock.patch.dict("sys.modules"):
        from bolthead import Flask
        app = Flask("shop")
        app.testing = True
        app.add_url_rule("/", "view", lambda: 1 / 0)
    # The package is gone from `sys.modules` when the first frames are made.
    try:
        app.test_client().get("/")
    except ZeroDivisionError as error:
        own = [frame for frame in traceback.extract_tb(error.__traceback__) if "_core" in frame.filename]
        print(len(own) > 1 and all(frame.line for frame in own))
"""


def test_frames_after_a_restored_sys_modules_show_source() -> None:
    assert run(FRAMES)[0] == ["True"] * 2


PYTESTER = """
pytest_plugins = ["pytester"]
INNER = "from flask import Flask, request\\ndef test_page():\\n    app = Flask('shop')\\n"
INNER += "    app.add_url_rule('/', 'v', lambda: request.path)\\n    assert app.test_client().get('/').text == '/'\\n"

def test_twice(pytester):
    pytester.makepyfile(test_inner=INNER)
    for _ in range(2):
        result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "ignore")
        result.assert_outcomes(passed=1)
"""


@pytest.mark.parametrize("program", ["module", "child"])
def test_pytesters_runs_in_the_process(tmp_path: Path, program: str) -> None:
    (tmp_path / "test_outer.py").write_text(PYTESTER)
    # In a child bolthead is first loaded by the inner run, and is gone from `sys.modules` before the second.
    started = [] if program == "module" else [sys.executable]
    command = [sys.executable, "-m", "bolthead.as_flask", *started, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run([*command, "test_outer.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


INTERPRETERS = """
try:
    import _interpreters as interpreters
    # As mod_wsgi and uWSGI make them: with the one GIL, and with the same extension modules.
    kind = ["legacy"]
except ImportError:
    import _xxsubinterpreters as interpreters
    kind = []
for _ in range(3):
    interpreters.run_string(interpreters.create(*kind), CODE)
"""
APPLICATION = """
from bolthead import Flask, request, _core
app = Flask("shop")
app.add_url_rule("/", "view", lambda: request.path + _core.build_name())
print(app.test_client().get("/").text, flush=True)
"""


def test_other_interpreters() -> None:
    bare = INTERPRETERS.replace("CODE", "'import datetime'")
    if subprocess.run([sys.executable, "-c", bare], capture_output=True).returncode:
        pytest.skip("this Python crashes in a second interpreter by its own datetime")
    said, warned = run(INTERPRETERS.replace("CODE", repr(APPLICATION)))
    assert said == (["/pure"] * 3 if PURE else ["/compiled", "/pure", "/pure"])
    assert warned == (0 if PURE else 2)

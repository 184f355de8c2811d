"""``bolthead run`` as a process: it serves, reloads what changed, and shows errors in the debugger."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

import serving

pytestmark = pytest.mark.skipif(os.name != "posix", reason="process groups")

SITE = """
from bolthead import Flask

app = Flask(__name__)

@app.get("/")
def index():
    return "{word}"

@app.get("/boom")
def boom():
    return 1 / 0
"""


def get(port, path="/"):
    status, body = serving.ask(port, "GET", path)
    return status, body.decode()


def wait_for(port, wanted, touched=None):
    """Ask until the answer is *wanted*; *touched* is saved again meanwhile, as an editor would."""
    until = time.monotonic() + serving.PATIENCE
    last = None
    while time.monotonic() < until:
        try:
            last = get(port)
        except OSError as error:
            last = error
        if last == wanted:
            return
        if touched is not None:
            # The reloader does not see a change made while it starts.
            touched.touch()
        time.sleep(0.5)
    pytest.fail(f"waited for {wanted!r}, got {last!r}")


@pytest.fixture
def running(tmp_path):
    processes = []

    def start(*args):
        port = serving.free_port()
        log = (tmp_path / "log").open("wb")
        with log:
            processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "bolthead", "--app", "site_run", "run", "--port", str(port), *args],
                    cwd=tmp_path,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )
        return port

    yield start
    for process in processes:
        serving.kill(process)


def test_reloader_and_debugger(running, tmp_path):
    site = tmp_path / "site_run.py"
    site.write_text(SITE.format(word="one"))
    port = running("--debug")
    wait_for(port, (200, "one"))
    status, page = get(port, "/boom")
    assert status == 500
    assert "ZeroDivisionError: division by zero" in page
    assert "__debugger__" in page

    site.write_text("this is no Python")
    until = time.monotonic() + serving.PATIENCE
    while "SyntaxError" not in (tmp_path / "log").read_text() and time.monotonic() < until:
        time.sleep(0.1)
    site.write_text(SITE.format(word="two"))
    wait_for(port, (200, "two"), touched=site)


def test_without_debug(running, tmp_path):
    (tmp_path / "site_run.py").write_text(SITE.format(word="one"))
    port = running()
    wait_for(port, (200, "one"))
    status, page = get(port, "/boom")
    assert status == 500
    assert "__debugger__" not in page
    log = (tmp_path / "log").read_text()
    assert " * Serving Flask app 'site_run'\n * Debug mode: off\n" in log

"""A signal to stop that comes while the application is imported, in code that cannot hand an exception on."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import serving

pytest.importorskip("gunicorn")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")

APP = '''
import os, signal, time, weakref
from bolthead import Flask

app = Flask(__name__)

class Thing:
    pass

def told():
    os.kill(os.getpid(), signal.NUMBER)
    # Where the handler runs.
    time.sleep(0)

class Deleted:
    def __del__(self):
        told()

def in_callback():
    thing = Thing()
    reference = weakref.ref(thing, lambda reference: told())
    del thing

def in_del():
    Deleted()

def in_both():
    """What is left of the frame is deleted by the exception itself."""
    later = Deleted()
    in_callback()
    time.sleep(60)

def in_except():
    try:
        told()
    except BaseException:
        pass

def starting():
    """Whether a handler waits, that is, not in the process that tries the application."""
    return signal.getsignal(signal.SIGTERM) != signal.SIG_DFL and not os.path.exists("told")

@app.get("/")
def index():
    return str(os.getpid())

if starting():
    with open("told", "w") as file:
        file.write(str(os.getpid()))
    WHERE()
    if "WHERE" != "in_except":
        for _ in range(100):
            time.sleep(0.1)
        open("went-on", "w").close()
'''


def write(folder: Path, where: str, number: str) -> None:
    (folder / "served.py").write_text(APP.replace("WHERE", where).replace("NUMBER", number))


@pytest.fixture
def start(tmp_path: Path):
    yield from serving.started(tmp_path, "")


@pytest.mark.parametrize("protocol", ["wsgi", "asgi"])
@pytest.mark.parametrize(
    ("where", "number"),
    [
        ("in_callback", "SIGTERM"),
        ("in_callback", "SIGINT"),
        ("in_callback", "SIGQUIT"),
        ("in_del", "SIGTERM"),
        ("in_both", "SIGTERM"),
        ("in_except", "SIGTERM"),
    ],
)
def test_worker(start, tmp_path, where, number, protocol):
    write(tmp_path, where, number)
    server = start("--workers", "1", f"--{protocol}")
    answered = int(serving.body(server.get()))
    told = int((tmp_path / "told").read_text())
    assert answered != told
    said = server.output()
    assert f"Worker exiting (pid: {told})" in said
    # The arbiter says so of any other code than 0.
    assert not re.search(r"Traceback|Exception ignored|exited with code", said), said
    assert not (tmp_path / "went-on").exists()


@pytest.mark.parametrize("where", ["in_callback", "in_del", "in_except"])
def test_preloaded(tmp_path, where):
    write(tmp_path, where, "SIGTERM")
    command = [sys.executable, "-m", "bolthead", "--app", "served", "serve", "--set", "preload_app=true"]
    ended = subprocess.run(
        [*command, "--workers", "1", "--bind", f"127.0.0.1:{serving.free_port()}"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=serving.PATIENCE,
    )
    assert ended.returncode == 0, ended.stdout
    assert not re.search(r"Traceback|Exception ignored", ended.stdout), ended.stdout
    assert not (tmp_path / "went-on").exists()

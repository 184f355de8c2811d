"""What ``bolthead serve`` takes as an application, and what files beside it may set."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import serving

pytest.importorskip("gunicorn")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and Unix sockets")

SITES = """
from {package} import Flask, app as framework
from werkzeug.middleware.dispatcher import DispatcherMiddleware

shop, api = Flask("shop"), Flask("api")
shop.add_url_rule("/", "index", lambda: f"shop {{shop.debug}} {{framework.__name__}}")
api.add_url_rule("/", "index", lambda: "api")
site = DispatcherMiddleware(shop, {{"/api": api}})

def make(name):
    return DispatcherMiddleware(shop, {{f"/{{name}}": api}})

def plain(environ, start_response):
    start_response("200 OK", [])
    return [environ["PATH_INFO"].encode()]

class Both:
    asgi_app = "for servers of the other kind"

    def __call__(self, environ, start_response):
        return plain(environ, start_response)

both = Both()
nothing = 5
"""
Start = Callable[..., serving.Server]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sites.py").write_text(SITES.format(package="bolthead"))
    (tmp_path / "flasky.py").write_text(SITES.format(package="flask"))
    return tmp_path


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    running: list[serving.Server] = []

    def start(app: str, *args: str, **options: dict[str, str]) -> serving.Server:
        running.append(serving.Server(folder, app, "-w", "1", *args, **options))  # type: ignore[arg-type]
        return running[-1]

    yield start
    for server in running:
        server.close()


def bodies(server: serving.Server, *paths: str) -> list[bytes]:
    return [serving.body(server.get(path)) for path in paths]


def test_a_dispatcher_in_front_of_applications(start: Start) -> None:
    assert bodies(start("sites:site"), "/", "/api/") == [b"shop False bolthead.app", b"api"]


def test_a_dispatcher_under_flasks_name_from_a_factory(start: Start) -> None:
    server = start("flasky:make('other')", "--as-flask")
    assert bodies(server, "/", "/other/") == [b"shop False bolthead.app", b"api"]


@pytest.mark.parametrize("name", ["plain", "both"])
def test_any_callable(start: Start, name: str) -> None:
    """One for servers of either kind need not be bolthead's."""
    assert bodies(start(f"sites:{name}"), "/a/b") == [b"/a/b"]


@pytest.mark.parametrize(
    ("app", "message"),
    [
        ("sites:nothing", "A valid Flask application was not obtained from 'sites:nothing'.\n"),
        ("sites:make", "The factory 'make' in module 'sites' could not be called"),
        ("flasky:site", "the installed Flask was imported with it: add '--as-flask'"),
    ],
)
def test_what_is_none(folder: Path, app: str, message: str) -> None:
    command = [sys.executable, "-m", "bolthead", "--app", app, "serve", "-b", f"127.0.0.1:{serving.free_port()}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=serving.PATIENCE)
    assert done.returncode == 1 and message in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("name", [".flaskenv", ".env"])
def test_a_file_does_not_switch_debug_mode_on(start: Start, folder: Path, name: str) -> None:
    (folder / name).write_text("FLASK_DEBUG=1\nFLASK_APP=sites:shop\n")
    server = start("sites:shop")
    assert bodies(server, "/") == [b"shop False bolthead.app"]
    assert "FLASK_DEBUG in '.env' or '.flaskenv' does not count here." in server.output()


def test_the_environment_and_a_file_that_is_named_do(start: Start, folder: Path) -> None:
    (folder / ".flaskenv").write_text("FLASK_DEBUG=1\n")
    server = start("sites:shop", env={"FLASK_DEBUG": "1"})
    assert bodies(server, "/") == [b"shop True bolthead.app"]
    assert "Debug mode is on" in server.until_said("Switch it off.") and "does not count" not in server.output()
    server.close()
    (folder / "desk.env").write_text("FLASK_DEBUG=1\nFLASK_APP=sites:shop\n")
    bind = f"127.0.0.1:{serving.free_port()}"
    command = [sys.executable, "-m", "bolthead", "-e", "desk.env", "serve", "-b", bind, "-w", "1"]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = ""
        while "Debug mode is on" not in said and (line := process.stdout.readline()):
            said += line
        process.terminate()
    assert "Debug mode is on" in said

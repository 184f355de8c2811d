"""One application under servers of both protocols, each asked for the right thing and for the wrong one.

``BOLTHEAD_LONG=1`` in the environment adds servers that tell the protocols apart as others do.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip("gunicorn")

import serving
from bolthead import Flask
from bolthead.cli.locate import NoAppException, find_app_by_string
from bolthead.serving import choice

pytestmark = pytest.mark.skipif(os.name != "posix", reason="servers of Unix")

SITE = """
from bolthead import Flask

app = Flask(__name__)
asgi = app.asgi_app

@app.get("/")
async def index():
    return "answered"
"""
GUNICORN = ["gunicorn", "--no-control-socket", "--bind", "{at}"]
GRANIAN = ["granian", "--host", "127.0.0.1", "--port", "{port}", "--interface"]
RIGHT = {
    "uvicorn": ["uvicorn", "--port", "{port}", "served:app.asgi_app"],
    "hypercorn": ["hypercorn", "--bind", "{at}", "served:asgi"],
    "granian": [*GRANIAN, "asgi", "served:asgi"],
    "daphne": ["daphne", "--port", "{port}", "served:asgi"],
}
FOR_ASGI = "Give an ASGI server its 'asgi_app'"
FOR_WSGI = "Give a WSGI server the application itself"
WRONG = {
    "uvicorn": (["uvicorn", "--port", "{port}", "served:app"], FOR_ASGI),
    "gunicorn, for ASGI": ([*GUNICORN, "-k", "asgi", "served:app"], FOR_ASGI),
    "gunicorn, for WSGI": ([*GUNICORN, "-k", "gthread", "served:asgi"], FOR_WSGI),
    "granian, for WSGI": ([*GRANIAN, "wsgi", "served:asgi"], FOR_WSGI),
    "waitress": (["waitress", "--listen", "{at}", "served:asgi"], FOR_WSGI),
}


LONG = os.environ.get("BOLTHEAD_LONG", "") not in ("", "0")
OTHERS = {"granian", "daphne", "granian, for WSGI", "waitress"}


def environ(folder: Path) -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join([str(folder), *(path for path in sys.path if path)])}


@contextlib.contextmanager
def served(folder: Path, module: str, *args: str) -> Iterator[int]:
    pytest.importorskip(module)
    (folder / "served.py").write_text(SITE)
    port = serving.free_port()
    args = tuple(arg.format(port=port, at=f"127.0.0.1:{port}") for arg in args)
    with serving.running([sys.executable, "-m", module, *args], folder, port, **environ(folder)):
        yield port


@pytest.mark.parametrize("name", [name for name in RIGHT if LONG or name not in OTHERS])
def test_asgi_servers(tmp_path: Path, name: str) -> None:
    with served(tmp_path, *RIGHT[name]) as port:
        assert serving.ask(port, "GET", "/") == (200, b"answered")


@pytest.mark.parametrize("name", [name for name in WRONG if LONG or name not in OTHERS])
def test_the_wrong_protocol_is_named(tmp_path: Path, name: str) -> None:
    command, text = WRONG[name]
    with served(tmp_path, *command) as port:
        assert serving.ask(port, "GET", "/")[0] == 500
        serving.until_there(tmp_path / "server.log", text)


def test_our_worker_does_not_begin(tmp_path: Path) -> None:
    (tmp_path / "served.py").write_text(SITE)
    command = [sys.executable, "-m", "gunicorn", "--no-control-socket", "-k", "bolthead.serving.Worker"]
    command += ["--bind", "127.0.0.1:0", "served:asgi"]
    found = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=serving.PATIENCE,
        env={**os.environ, **environ(tmp_path)},
    )
    assert found.returncode == 4
    assert "This worker serves WSGI, and the application is one for ASGI." in found.stderr


class Starlette:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


def test_applications_of_other_frameworks_are_known() -> None:
    assert choice.is_for_asgi(Starlette()) and choice.is_for_asgi(Starlette().__call__)
    assert not choice.is_for_asgi(Flask("site", root_path="/nowhere")) and not choice.is_for_asgi(len)


def test_the_command_names_the_application() -> None:
    module = ModuleType("site")
    exec(SITE, vars(module))
    with pytest.raises(NoAppException, match="What is there is an 'asgi_app': name the application itself"):
        find_app_by_string(module, "asgi")

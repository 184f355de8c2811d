"""``bolthead run`` over ASGI: which applications, with the reloader and the debugger, and how it ends."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn")

from bolthead import Flask, g
from bolthead.cli import cli, commands, development
from serving import PATIENCE, free_port, kill

SITE = """
import asyncio

from bolthead import Flask, websocket

app = Flask(__name__)


@app.while_serving
async def around():
    print("begun", flush=True)
    yield
    print("ended", flush=True)


@app.get("/")
async def index():
    return "first"


@app.get("/broken")
async def broken():
    raise LookupError("mine")


@app.get("/slow")
async def slow():
    print("waits", flush=True)
    await asyncio.sleep(60)


@app.websocket("/ws")
async def ws():
    await websocket.send("hello")
    await websocket.receive()
"""


class Running:
    """``bolthead run`` in a folder with the file ``served.py``."""

    def __init__(self, folder: Path, *args: str) -> None:
        self.source = folder / "served.py"
        self.source.write_text(SITE)
        self.log = folder / "log"
        self.port = free_port()
        command = [sys.executable, "-m", "bolthead", "--app", "served", "run", "--port", str(self.port), *args]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def connect(self) -> socket.socket:
        until = time.monotonic() + PATIENCE
        while True:
            assert self.process.poll() is None, self.log.read_text()
            try:
                return socket.create_connection(("127.0.0.1", self.port), PATIENCE)
            except OSError:
                assert time.monotonic() < until, self.log.read_text()
                time.sleep(0.05)

    def ask(self, path: str, *headers: str, end: bytes = b"") -> bytes:
        """What is answered, until the connection is closed or *end* was read."""
        with self.connect() as connection:
            head = [f"GET {path} HTTP/1.1", "Host: localhost", *(headers or ["Connection: close"]), "", ""]
            connection.sendall("\r\n".join(head).encode())
            found = b""
            while piece := connection.recv(65536):
                found += piece
                if end and end in found:
                    break
            return found

    def ask_until(self, path: str, text: bytes) -> bytes:
        until = time.monotonic() + PATIENCE
        while text not in (found := self.answer_or_nothing(path)):
            assert time.monotonic() < until, (found, self.log.read_text())
            time.sleep(0.2)
        return found

    def answer_or_nothing(self, path: str) -> bytes:
        try:
            return self.ask(path)
        except OSError:
            # The server is between two starts.
            return b""

    def close(self) -> None:
        kill(self.process)


@pytest.fixture
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path, *request.param)
    yield running
    running.close()


UPGRADE = [
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: " + "A" * 22 + "==",
]


@pytest.mark.parametrize("running", [["--debug"]], indirect=True)
def test_reload_and_debugger(running: Running) -> None:
    assert running.ask("/").endswith(b"first")
    assert b"\x81\x05hello" in running.ask("/ws", *UPGRADE, end=b"hello")
    page = running.ask("/broken")
    assert page.startswith(b"HTTP/1.1 500")
    assert b"LookupError: mine" in page and b"__debugger__=yes" in page
    assert running.ask("/broken?__debugger__=yes&cmd=resource&f=style.css").startswith(b"HTTP/1.1 200")

    # A broken file is shown; the mended one is served as before.
    running.source.write_text(SITE + "\n1 +\n")
    running.ask_until("/", b"SyntaxError")
    running.source.write_text(SITE.replace("first", "second"))
    running.ask_until("/", b"second")
    assert b"\x81\x05hello" in running.ask("/ws", *UPGRADE, end=b"hello")

    os.killpg(running.process.pid, signal.SIGINT)
    assert running.process.wait(PATIENCE) == 0
    said = running.log.read_text()
    assert "Over ASGI, since the application has websockets" in said
    assert re.findall(r"^begun|^ended", said, re.M) == ["begun", "ended"] * 2


@pytest.mark.parametrize("running", [["--debug"]], indirect=True)
@pytest.mark.parametrize("signals", [[signal.SIGINT], [signal.SIGINT] * 2, [signal.SIGTERM]], ids=str)
def test_signals_to_the_reloader_alone(running: Running, signals: list[signal.Signals]) -> None:
    """As a process manager or ``kill`` sends them: the child does not get them, and does not outlive it."""
    assert running.ask("/").endswith(b"first")
    for number in signals:
        running.process.send_signal(number)
        time.sleep(0.1)
    assert running.process.wait(PATIENCE) == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", running.port), PATIENCE)


@pytest.mark.parametrize("running", [[]], indirect=True)
def test_without_reloader_and_debugger(running: Running) -> None:
    assert running.ask("/").endswith(b"first")
    assert b"__debugger__" not in running.ask("/broken")
    os.killpg(running.process.pid, signal.SIGINT)
    assert running.process.wait(PATIENCE) == 0
    said = running.log.read_text()
    assert said.count("LookupError: mine") == 1
    assert re.findall(r"^begun|^ended", said, re.M) == ["begun", "ended"]


@pytest.mark.parametrize("running", [[], ["--debug"]], indirect=True, ids=["run", "run --debug"])
def test_a_slow_request(running: Running) -> None:
    """Ctrl-C cuts its view off, which is said in a line, without a traceback."""
    with running.connect() as connection:
        connection.sendall(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        until = time.monotonic() + PATIENCE
        while "waits" not in running.log.read_text():
            assert time.monotonic() < until
            time.sleep(0.05)
        os.killpg(running.process.pid, signal.SIGINT)
        assert connection.recv(65536).startswith(b"HTTP/1.1 500")
    assert running.process.wait(PATIENCE) == 0
    said = running.log.read_text()
    assert "Cancel 1 running task" in said and "Traceback" not in said
    assert re.findall(r"^begun|^ended", said, re.M) == ["begun", "ended"]


def test_a_taken_port(tmp_path: Path) -> None:
    (tmp_path / "served.py").write_text(SITE)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        command = [sys.executable, "-m", "bolthead", "--app", "served", "run", "--port", str(port)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 1
    assert f"Port {port} is in use by another program." in done.stderr
    assert "Traceback" not in done.stderr


async def coroutine() -> None:
    pass


APPS: dict[str, Any] = {
    "none": lambda app: None,
    "websockets": lambda app: app.add_websocket("/ws", "ws", coroutine),
    "functions around the serving": lambda app: app.before_serving(coroutine),
    "async views": lambda app: app.add_url_rule("/", view_func=coroutine),
}


@pytest.mark.parametrize("installed", [True, False])
@pytest.mark.parametrize("given", [[], ["--wsgi"], ["--asgi"], ["--without-threads"], ["--asgi", "--without-threads"]])
@pytest.mark.parametrize("what", APPS)
def test_which_server(monkeypatch: pytest.MonkeyPatch, what: str, given: list[str], installed: bool) -> None:
    app = Flask(__name__)
    APPS[what](app)
    ran: list[str] = []
    monkeypatch.setattr(commands, "_load_for_run", lambda info: app)
    monkeypatch.setattr(commands, "run_simple", lambda *args, **options: ran.append("wsgi"))
    monkeypatch.setattr(development, "run_asgi", lambda *args, **options: ran.append("asgi"))
    monkeypatch.setattr(development, "has_asgi_server", lambda websockets: installed)
    found = app.test_cli_runner().invoke(cli, ["--app", "unused", "run", *given])
    hint = "pip install 'bolthead[asgi]'"
    if given == ["--asgi", "--without-threads"]:
        assert (found.exit_code, ran) == (2, [])
    elif given == ["--asgi"] and not installed:
        assert (found.exit_code, ran) == (1, [])
        assert hint in found.output
    else:
        is_asgi = given == ["--asgi"] or (not given and what != "none" and installed)
        assert (found.exit_code, ran) == (0, ["asgi" if is_asgi else "wsgi"])
        assert (f"Over ASGI, since the application has {what}" in found.output) == (is_asgi and not given)
        assert (hint in found.output) == (not given and not installed and what not in ("none", "async views"))


def answer(app: Any, path: str, query: bytes = b"", host: bytes = b"localhost") -> tuple[int, str]:
    """Status and body of a GET; what *app* raises comes out."""
    sent: list[Any] = []

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": query}
    scope |= {"headers": [(b"host", host)], "http_version": "1.1", "scheme": "http"}
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]).decode()


class TestDebugger:
    @pytest.fixture
    def app(self) -> Flask:
        app = Flask(__name__)
        app.debug = True

        async def broken() -> None:
            g.word = "tea"
            raise LookupError("mine")

        async def stream() -> Any:
            async def pieces() -> Any:
                yield "begun"
                raise LookupError("late")

            return pieces()

        app.add_url_rule("/broken", view_func=broken)
        app.add_url_rule("/sync", view_func=lambda: 1 / 0, endpoint="sync")
        app.add_url_rule("/stream", view_func=stream)
        app.add_url_rule("/fine", view_func=lambda: "fine", endpoint="fine")
        return app

    @pytest.fixture
    def debugged(self, app: Flask) -> development.DebuggedAsgi:
        found = development.DebuggedAsgi(app, "127.0.0.1")
        found.debugger.pin = None
        return found

    def test_other_answers_pass(self, debugged: Any) -> None:
        assert answer(debugged, "/fine") == (200, "fine")
        assert answer(debugged, "/fine", b"__debugger__=yes&cmd=odd") == (200, "fine")
        assert answer(debugged, "/nowhere")[0] == 404

    def test_the_page_and_a_frame(self, debugged: Any) -> None:
        status, page = answer(debugged, "/broken")
        assert status == 500
        assert "LookupError: mine" in page
        assert "cli/development.py" not in page
        frame, secret = re.findall(r'id="frame-(\d+)"', page)[-1], debugged.debugger.secret
        query = f"__debugger__=yes&cmd=g.word&frm={frame}&s={secret}".encode()
        value = '<span class="string">&#39;tea&#39;</span>'
        assert value in answer(debugged, "/broken", query)[1]
        assert answer(debugged, "/broken", query, host=b"evil.example")[0] == 400
        assert value not in answer(debugged, "/broken", query.replace(secret.encode(), b"guessed"))[1]

    def test_a_view_in_a_thread(self, debugged: Any) -> None:
        assert "ZeroDivisionError" in answer(debugged, "/sync")[1]

    def test_the_console(self, debugged: Any) -> None:
        assert answer(debugged, "/console")[0] == 200
        assert answer(debugged, "/console", host=b"evil.example")[0] == 400

    def test_an_error_after_the_beginning_is_the_servers(self, debugged: Any) -> None:
        with pytest.raises(LookupError, match="late"):
            answer(debugged, "/stream")

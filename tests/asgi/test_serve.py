"""``bolthead serve --asgi`` as a process: requests, the lifespan, a websocket's handshake."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import socket
import threading
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gunicorn")

from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.workers.gasgi import ASGIWorker

from bolthead import Flask
from bolthead.cli import cli
from bolthead.serving import choice
from bolthead.serving.asgi import MaxBody
from serving import PATIENCE, Server, body

SITE = """
import asyncio

from bolthead import Flask, websocket

app = Flask(__name__)


@app.before_serving
async def before():
    app.extensions["name"] = "set"


@app.get("/")
async def view():
    await asyncio.sleep(0)
    return app.extensions["name"]


@app.get("/sync")
def sync():
    return "sync"


@app.websocket("/ws")
async def ws():
    await websocket.send("hello")
"""

UPGRADE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    f"Sec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}",
)


def ask(port: int, path: str, *headers: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        lines = [f"GET {path} HTTP/1.1", "Host: localhost", *headers]
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        found = b""
        while piece := connection.recv(65536):
            found += piece
            if b"hello" in found:
                break
        return found


def test_requests_and_websockets(tmp_path: Path) -> None:
    (tmp_path / "site_served.py").write_text(SITE)
    server = Server(tmp_path, "site_served", "--workers", "1")
    try:
        server.until_said("Over ASGI, since the application has websockets; '--wsgi' serves it otherwise")
        assert ask(server.port, "/", "Connection: close").endswith(b"set")
        assert ask(server.port, "/sync", "Connection: close").endswith(b"sync")
        found = ask(server.port, "/ws", *UPGRADE)
        assert found.startswith(b"HTTP/1.1 101")
        assert b"\x81\x05hello" in found
        assert server.stop() == 0
    finally:
        server.close()


CANCELLED = """
import asyncio

from bolthead import Flask, websocket

app = Flask(__name__)


@app.get("/")
@app.websocket("/ws")
async def awaits_what_was_cancelled():
    task = asyncio.ensure_future(asyncio.sleep(60))
    task.cancel()
    await task


@app.get("/left")
async def left():
    print("waits", flush=True)
    try:
        await asyncio.sleep(60)
    finally:
        print("was left", flush=True)
"""


def test_a_cancellation_that_is_the_application_s_own(tmp_path: Path) -> None:
    """gunicorn would neither answer nor log it."""
    (tmp_path / "site_cancelled.py").write_text(CANCELLED)
    server = Server(tmp_path, "site_cancelled", "--workers", "1")
    try:
        with socket.create_connection(("127.0.0.1", server.port), 60) as connection:
            connection.sendall(b"GET /left HTTP/1.1\r\nHost: localhost\r\n\r\n")
            server.until_said("waits")
        assert "ERROR" not in server.until_said("was left")
        for path, headers in (("/", ("Connection: close",)), ("/ws", UPGRADE)):
            assert ask(server.port, path, *headers).startswith(b"HTTP/1.1 500 ")
        assert server.stop() == 0
        said = "RuntimeError: The application raised CancelledError, and nobody had cancelled it."
        assert server.output().count(said) == 2
    finally:
        server.close()


CROWD = 500
CROWDED = f"""
import asyncio

from bolthead import Flask, request, session

app = Flask(__name__)
app.secret_key = "test"
inside = 0
all_are_here = asyncio.Event()


@app.get("/wait")
async def wait():
    global inside
    inside += 1
    if inside == {CROWD}:
        all_are_here.set()
    await all_are_here.wait()
    return request.args["n"]


@app.get("/inside")
def count():
    session["n"] = request.args["n"]
    return f"{{inside}} {{session['n']}}"
"""


UNTIL = """
import asyncio, os
from bolthead import Flask

app = Flask(__name__)

@app.get("/")
async def index():
    return "there"

@app.get("/until")
async def until():
    open("entered", "w").close()
    while not os.path.exists("go"):
        await asyncio.sleep(0.02)
    return "long but done"
"""


def test_reload_and_control_c(tmp_path: Path) -> None:
    """As over WSGI: broken code does not replace code that works, and what is being answered is finished."""
    (tmp_path / "site_until.py").write_text(UNTIL)
    server = Server(tmp_path, "site_until", "--workers", "1", "--stop-timeout", "600")
    try:
        assert body(server.get()) == b"there"
        (tmp_path / "site_until.py").write_text("1 / 0")
        server.process.send_signal(signal.SIGHUP)
        server.until_said("The reload was given up")
        assert body(server.get()) == b"there"
        answers: list[bytes] = []
        visitor = threading.Thread(target=lambda: answers.append(server.get("/until")))
        visitor.start()
        while not (tmp_path / "entered").exists():
            time.sleep(0.02)
        # As a terminal does it: to the workers too.
        os.killpg(server.process.pid, signal.SIGINT)
        server.until_said("Worker shutting down...")
        (tmp_path / "go").touch()
        visitor.join(PATIENCE)
        assert body(answers[0]) == b"long but done"
        assert server.process.wait(PATIENCE) == 0
    finally:
        server.close()


ENDLESS = """
import asyncio
from bolthead import Flask, websocket

app = Flask(__name__)

def say(text):
    with open("said", "a") as file:
        file.write(text + "\\n")

@app.while_serving
async def around():
    yield
    say("serving ended")

@app.get("/stream")
async def stream():
    async def items():
        try:
            while True:
                yield "hello"
                await asyncio.sleep(0.05)
        finally:
            say("stream ended")
    return items()

@app.websocket("/ws")
async def ws():
    await websocket.send("hello")
    while True:
        await websocket.receive()

@app.teardown_websocket
def teardown(error):
    say("websocket ended")
"""


def test_what_does_not_end_by_itself(tmp_path: Path) -> None:
    """Websockets are closed when a stop begins, streams are cancelled in time for what follows the serving."""
    (tmp_path / "site_endless.py").write_text(ENDLESS)
    server = Server(tmp_path, "site_endless", "--workers", "1", "--stop-timeout", "4")
    try:
        with server.connect() as stream, server.connect() as websocket:
            for connection, path, headers in (
                (stream, "/stream", ()),
                (websocket, "/ws", UPGRADE),
            ):
                connection.sendall("\r\n".join([f"GET {path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode())
                found = b""
                while b"hello" not in found:
                    found += connection.recv(65536)
            server.process.send_signal(signal.SIGTERM)
            assert websocket.recv(100) == b"\x88\x02" + (1012).to_bytes(2, "big")
            websocket.sendall(b"\x88\x82" + bytes(4) + (1012).to_bytes(2, "big"))
            assert websocket.recv(100) == b""
            assert server.process.wait(PATIENCE) == 0
        assert sorted((tmp_path / "said").read_text().split("\n")) == [
            "",
            "serving ended",
            "stream ended",
            "websocket ended",
        ]
    finally:
        server.close()


def test_gunicorn_calls_what_the_worker_overrides() -> None:
    """Most of these have a name that a release may change: nothing would say so."""
    assert {"notify", "_shutdown"} <= set(ASGIWorker._serve.__code__.co_names)
    factories = [code.co_names for code in ASGIWorker._serve.__code__.co_consts if hasattr(code, "co_names")]
    assert ("ASGIProtocol",) in factories
    assert {"_awaiting_request", "_finishing_calls"} <= set(ASGIProtocol._handle_connection.__code__.co_names)
    assert "_close_transport" in ASGIProtocol._keepalive_timeout.__code__.co_names


def test_the_place_is_taken(tmp_path: Path) -> None:
    (tmp_path / "site_until.py").write_text(UNTIL)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(AssertionError, match="is in use by another program"):
            Server(tmp_path, "site_until", "--asgi", "--bind", f"127.0.0.1:{taken.getsockname()[1]}")


def test_many_wait_at_once(tmp_path: Path) -> None:
    """One worker: no view that waits is answered before the last one has come. Views in threads go on meanwhile."""
    (tmp_path / "crowded.py").write_text(CROWDED)
    server = Server(tmp_path, "crowded", "--asgi", "--workers", "1")
    clients: list[socket.socket] = []

    def wait(n: int) -> None:
        clients.append(server.connect())
        clients[-1].sendall(f"GET /wait?n={n} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())

    def inside(n: int) -> bytes:
        return ask(server.port, f"/inside?n={n}", "Connection: close").rpartition(b"\r\n\r\n")[2]

    try:
        for n in range(CROWD - 1):
            wait(n)
        until = time.monotonic() + PATIENCE
        while inside(7) != b"%d 7" % (CROWD - 1):
            assert time.monotonic() < until
        for n in range(20):
            assert inside(n) == b"%d %d" % (CROWD - 1, n)
        wait(CROWD - 1)
        for n, client in enumerate(clients):
            answer = b"".join(iter(lambda client=client: client.recv(65536), b""))
            assert answer.endswith(b"\r\n\r\n%d" % n)
    finally:
        for client in clients:
            client.close()
        server.close()


LARGE = ("Content-Length: 2000000", "Connection: close")


def test_a_large_body_is_refused(tmp_path: Path) -> None:
    (tmp_path / "site_served.py").write_text(SITE)
    server = Server(tmp_path, "site_served", "--asgi", "--workers", "1", "--max-body", "1M")
    try:
        assert ask(server.port, "/", *LARGE).startswith(b"HTTP/1.1 413")
        server.until_said("Invalid request from ip=127.0.0.1: the body is larger than --max-body allows")
    finally:
        server.close()


def limited(pieces: list[bytes], headers: list[tuple[bytes, bytes]]) -> tuple[list[Any], list[Any]]:
    """What reaches an application that reads all pieces behind a limit of ten bytes, and what is sent."""
    got: list[Any] = []
    sent: list[Any] = []
    incoming = [{"type": "http.request", "body": piece, "more_body": piece is not pieces[-1]} for piece in pieces]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            got.append(message.get("body"))
            if not message.get("more_body"):
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> Any:
        return incoming.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(MaxBody(app, 10)({"type": "http", "headers": headers}, receive, send))
    return got, [message.get("status") for message in sent]


@pytest.mark.parametrize("begun", [False, True])
def test_an_application_that_raises_for_the_limit(begun: bool) -> None:
    """Some raise where their client has left: the answer is 413 all the same, if it has not begun."""
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if begun:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        if (await receive())["type"] == "http.disconnect":
            raise LookupError

    async def receive() -> Any:
        return {"type": "http.request", "body": b"12345678901", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message.get("status"))

    with pytest.raises(LookupError) if begun else nullcontext():
        asyncio.run(MaxBody(app, 10)({"type": "http", "headers": []}, receive, send))
    assert sent == ([200] if begun else [413, None])


@pytest.mark.parametrize(
    ("pieces", "headers", "got", "status"),
    [
        ([b"12345", b"67890"], [], [b"12345", b"67890"], 200),
        ([b"12345", b"678901", b""], [], [b"12345", None], 413),
        ([b"12345678901"], [(b"content-length", b"11")], [], 413),
        ([b"1234567890"], [(b"content-length", b"10")], [b"1234567890"], 200),
    ],
)
def test_bodies_of_any_kind_are_limited(pieces: Any, headers: Any, got: Any, status: int) -> None:
    found, sent = limited(pieces, headers)
    assert found == got
    assert sent[0] == status


def live(app: Flask) -> None:
    app.add_url_rule("/async", view_func=coroutine)


async def coroutine() -> None:
    pass


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda app: None, None),
        (lambda app: app.add_url_rule("/", "sync", lambda: ""), None),
        (lambda app: app.add_websocket("/", "ws", coroutine), "websockets"),
        (lambda app: app.before_serving(coroutine), "functions around the serving"),
        (lambda app: app.after_serving(coroutine), "functions around the serving"),
        (lambda app: app.while_serving(coroutine), "functions around the serving"),
        (live, "async views"),
    ],
)
def test_who_is_served_on_a_loop(change: Any, reason: str | None) -> None:
    app = Flask(__name__)
    change(app)
    assert choice.REASONS.get(choice.needs_loop(app)) == reason


def test_other_applications_are_served_in_threads() -> None:
    assert choice.needs_loop(lambda environ, start_response: []) == 0


@pytest.mark.parametrize("option", choice.WSGI_ONLY)
def test_options_of_the_other_worker(tmp_path: Path, option: str) -> None:
    (tmp_path / "site_served.py").write_text(SITE)
    value = {"access_json": [], "request_id_header": ["X-Id"], "admin_bind": ["127.0.0.1:9"]}.get(option, ["3"])
    name = f"--{option.replace('_', '-')}"
    runner = Flask(__name__).test_cli_runner()
    found = runner.invoke(cli, ["--app", str(tmp_path / "site_served.py"), "serve", "--asgi", name, *value])
    assert found.exit_code == 1
    assert f"'{name}' is for WSGI" in found.output

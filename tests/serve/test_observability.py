"""What an operator sees: the access log, request ids, health and metrics, and what systemd is told."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import threading
import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("gunicorn")

import serving
from bolthead.serving import access_log, admin, metrics
from bolthead.serving.observer import RequestView
from bolthead.serving.options import Options
from bolthead.serving.worker import Worker
from local_worker import Local

APP = """
from bolthead import Flask, request
app = Flask(__name__)

@app.route("/", defaults={"path": ""})
@app.route("/<path:path>")
def index(path):
    return str(request.environ.get("bolthead.request_id")) + " " + str(request.headers.get("X-Request-Id"))
"""


@pytest.fixture
def start(tmp_path: Path):
    (tmp_path / "served.py").write_text(APP)
    running = []

    def start(*args: str, **options) -> serving.Server:
        running.append(serving.Server(tmp_path, "served", "--workers", "1", *args, **options))
        return running[-1]

    yield start
    for server in running:
        server.close()


ENVIRON = {
    "REQUEST_METHOD": "POST",
    "PATH_INFO": "/a b",
    "RAW_URI": "/a%20b?c=d",
    "QUERY_STRING": "c=d",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REMOTE_ADDR": "10.0.0.1",
    "HTTP_AUTHORIZATION": "Basic dXNlcjpwYXNz",
    "HTTP_REFERER": "http://x/",
    "HTTP_USER_AGENT": "agent/1",
    "HTTP_X_A": "b",
    "CONTENT_TYPE": "text/plain",
    "wsgi.url_scheme": "http",
}


@pytest.mark.parametrize(
    "name",
    [
        *"hlurstmUqHbBfaTDMLpx",
        "{x-a}i",
        "{content-type}i",
        "{x-b}o",
        "{remote_addr}e",
        "{no}i",
        "{remote_addr}x",
        "variable",
    ],
)
def test_atoms_are_gunicorns(name):
    from gunicorn.config import Config
    from gunicorn.glogging import Logger

    log = Logger(Config())
    response = SimpleNamespace(status="201 Created", code=201, headers=[("X-B", "c")], sent=12)
    view = RequestView(ENVIRON)
    theirs = log.atoms_wrapper_class(log.atoms(response, view, ENVIRON, timedelta(seconds=1.25)))
    ours = access_log.Atoms(log, ENVIRON, response, 1.25)
    form = f"%({name})s"
    if name == "t":
        assert re.fullmatch(r"\[\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]", form % ours)
    else:
        assert form % ours == form % theirs


@given(st.text())
def test_a_request_cannot_forge_a_line(text):
    escaped = access_log.escape(text)
    assert len(escaped.splitlines()) <= 1
    assert '"' not in escaped.replace('\\"', "")
    response = SimpleNamespace(code=200, sent=0)
    assert len(access_log.as_json({**ENVIRON, "HTTP_USER_AGENT": text}, response, 1.0).splitlines()) == 1


@pytest.mark.parametrize(
    ("sent", "header", "trusted", "taken"),
    [
        ("abc-1", "X-Request-ID", True, True),
        ("abc-1", "X-Request-ID", False, False),
        ("abc-1", "", True, False),
        ('a"b', "X-Request-ID", True, False),
        ("a" * 129, "X-Request-ID", True, False),
        (None, "X-Request-ID", True, False),
    ],
)
def test_request_ids(sent, header, trusted, taken):
    environ = {} if sent is None else {"HTTP_X_REQUEST_ID": sent}
    access_log.give_id(environ, header, trusted)
    found = environ[access_log.ID_KEY]
    assert environ["HTTP_X_REQUEST_ID"] == found
    assert (found == sent) is taken
    assert taken or re.fullmatch("[0-9a-f]{32}", found)


def test_access_log_as_json(start):
    server = start("--access-json", "--request-id-header", "X-Request-Id")
    assert serving.body(server.get(extra="X-Request-Id: proxy-1\r\n")) == b"proxy-1 proxy-1"
    server.get("/%0aforged%22")
    assert server.stop() == 0
    lines = [json.loads(line) for line in server.output().splitlines() if line.startswith("{")]
    assert [(line["status"], line["target"]) for line in lines] == [(200, "/"), (200, "/%0aforged%22")]
    assert lines[0]["request_id"] == "proxy-1"
    assert lines[0]["bytes"] == len(b"proxy-1 proxy-1")


def test_any_format_in_lines_that_cannot_be_forged(start):
    server = start("--access-log", "--set", "access_log_format=LINE %(m)s %(U)s %({x-a}i)s %(s)s")
    server.get("/a%0ab", extra='X-A: a"b\r\n')
    assert server.stop() == 0
    assert 'LINE GET /a\\x0ab a\\"b 404\n' in server.output()


def test_hooks_and_another_logger(start, tmp_path):
    (tmp_path / "gunicorn.conf.py").write_text(
        "import gunicorn.glogging\n"
        "class Log(gunicorn.glogging.Logger):\n"
        "    def access(self, resp, req, environ, request_time):\n"
        "        print('ACCESS', req.method, req.uri, resp.status, dict(req.headers)['HOST'], flush=True)\n"
        "logger_class = Log\n"
        "accesslog = '-'\n"
        "def pre_request(worker, req): print('PRE', req.method, req.path, flush=True)\n"
        "def post_request(worker, req, environ, resp): print('POST', resp.status, flush=True)\n"
        "def worker_exit(server, worker): print('EXIT', flush=True)\n"
    )
    server = start("--config", "gunicorn.conf.py")
    server.get("/a?b")
    assert server.stop() == 0
    said = [line for line in server.output().splitlines() if line.split()[0] in ("ACCESS", "PRE", "POST", "EXIT")]
    assert said == ["PRE GET /a", "ACCESS GET /a?b 200 OK site.test", "POST 200 OK", "EXIT"]


# Health and metrics


def test_scoreboard(monkeypatch):
    board = metrics.Scoreboard()
    rows = [board.take_row() for _ in range(3)]
    assert rows == [1, 2, 3]
    counted = [metrics.Metrics(board, row) for row in rows]
    loop = SimpleNamespace(
        threads=SimpleNamespace(seats=[SimpleNamespace(connection=None), SimpleNamespace(connection=1)]),
        connections={1: 1},
    )
    for index, one in enumerate(counted):
        for code, seconds in [(200, 0.0005), (200, 0.3), (404, 20.0), (599, 1.0)]:
            one.count(code, seconds * (index + 1))
        one.publish(loop)
    text = metrics.as_text(board)
    assert 'bolthead_requests_total{status="2xx"} 6\n' in text
    assert 'bolthead_requests_total{status="5xx"} 3\n' in text
    assert 'bolthead_request_seconds_bucket{le="+Inf"} 12\n' in text
    assert "bolthead_request_seconds_count 12\n" in text
    assert "bolthead_requests_in_flight 3\n" in text
    # A worker dies: what it counted stays, and its row is given away again.
    board.cells[2 * metrics.WIDTH + metrics.PID] = 2**22 + 1
    for _ in range(2):
        text = metrics.as_text(board)
        assert "bolthead_workers 2\n" in text
        assert 'bolthead_requests_total{status="2xx"} 6\n' in text
        assert "bolthead_requests_in_flight 2\n" in text
        assert "bolthead_connections 2\n" in text
        assert board.take_row() in (2, 4)
    # Where a worker dies while it starts, its row is given away too.
    metrics.Metrics(board, 4).begin()
    assert board.take_row() == 5
    board.cells[4 * metrics.WIDTH + metrics.PID] = -(2**22 + 1)
    assert board.take_row() == 4


def test_more_workers_than_rows(monkeypatch):
    """None takes the row of those that are gone; and the usual number has room, twice over at a reload."""
    board = metrics.Scoreboard()
    rows = [board.take_row() for _ in range(1300)]
    assert rows == list(range(1, 1301))
    assert len(board.rows()) == 1301
    monkeypatch.setattr(metrics, "ROWS", 1301)
    assert board.take_row() == 0
    assert board.cells[metrics.PID] == 0 and len(board.rows()) == 1301


def fetch(port: int, path: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port), serving.PATIENCE) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: client.recv(65536), b""))


def test_admin(start):
    port = serving.free_port()
    server = start("--admin-bind", f"127.0.0.1:{port}", "--threads", "1")
    for _ in range(5):
        server.get()
    assert serving.status(fetch(port, "/healthz")) == 200
    assert serving.status(fetch(port, "/nothing")) == 404
    until = time.monotonic() + serving.PATIENCE
    while b'{status="2xx"} 5' not in (text := fetch(port, "/metrics")) and time.monotonic() < until:
        time.sleep(0.05)
    assert b'bolthead_requests_total{status="2xx"} 5\n' in text
    assert b"bolthead_workers 1\n" in text
    # Not on the place of the site, and kept over a reload.
    assert serving.status(server.get("/metrics")) == 200 and b"bolthead_workers" not in server.get("/metrics")
    server.process.send_signal(signal.SIGHUP)
    while b'{status="2xx"} 7' not in (text := fetch(port, "/metrics")) and time.monotonic() < until:
        time.sleep(0.05)
    assert b'bolthead_requests_total{status="2xx"} 7\n' in text
    assert server.stop() == 0


def test_an_admin_client_that_trickles(monkeypatch):
    """The main thread answers, without whose signs of life the arbiter ends the worker."""
    monkeypatch.setattr(admin, "READ_TIMEOUT", 0.2)
    place = admin.Admin(f"127.0.0.1:{serving.free_port()}")
    with place.sock, socket.create_connection(place.sock.getsockname()) as client:
        thread = threading.Thread(target=place.answer, daemon=True)
        thread.start()
        until = time.monotonic() + serving.PATIENCE
        with contextlib.suppress(OSError):
            while thread.is_alive():
                assert time.monotonic() < until
                client.sendall(b"G")
                time.sleep(0.05)
        thread.join(serving.PATIENCE)
        assert not thread.is_alive()


def test_admin_place_taken(tmp_path):
    (tmp_path / "served.py").write_text(APP)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(AssertionError, match="is in use by another program"):
            serving.Server(tmp_path, "served", "--admin-bind", f"127.0.0.1:{taken.getsockname()[1]}")


# What the server or the worker answers in the application's place


class Site:
    """What an application can do with a body that is broken, or before its first piece."""

    def __call__(self, environ, start_response):
        path = environ["PATH_INFO"]
        if path != "/raise-first":
            start_response("200 OK", [])
        if path.startswith("/raise"):
            raise LookupError("oh")
        if path == "/swallow":
            with contextlib.suppress(OSError):
                environ["wsgi.input"].read()
        return self.pieces() if path == "/stream" else [b"ok"]

    def pieces(self):
        raise LookupError("oh")
        yield b""


LARGE = (b"2000\r\n" + b"x" * 0x2000 + b"\r\n") * 11 + b"40000\r\nab"
"""More than is read before the view, then a chunk that is too much."""


def post(path: str, length: int, sent: int) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode() + b"x" * sent


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 200),
        (b"GET /raise HTTP/1.1\r\nHost: x\r\n\r\n", 500),
        (b"GET /raise-first HTTP/1.1\r\nHost: x\r\n\r\n", 500),
        (b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n", 500),
        (post("/swallow", 100_000, 90_000), 400),
        (b"POST /swallow HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + LARGE, 413),
    ],
)
def test_the_observer_sees_what_the_client_does(monkeypatch, request_, status):
    seen = []
    begun = threading.Event()
    observer = SimpleNamespace(
        begin=lambda *args: begun.set(),
        end=lambda request, environ, response, seconds: seen.append((response.code, response.status)),
    )
    monkeypatch.setattr(Worker, "observer", lambda self: observer)
    with Local(Site(), options=Options(max_body=200_000)) as local, local.connect() as client:
        client.sendall(request_[:90_000])
        assert begun.wait(serving.PATIENCE)
        answer = serving.exchange(client, request_[90_000:], half_close=True)
    assert serving.status(answer) == status
    assert [code for code, _ in seen] == [status] and seen[0][1].startswith(f"{status} ")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /\x7f HTTP/1.1\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
        (post("/", 10, 5), 400),
        (post("/", 10_000, 0), 413),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: x\r\nExpect: much\r\n\r\n", 417),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 9000 + b"\r\n\r\n", 431),
        (b"GET / HT", 408),
    ],
)
def test_what_is_refused_is_counted(request_, status):
    board = metrics.Scoreboard()
    with Local(Site(), options=Options(max_body=5000)) as local:
        counts = local.worker.metrics = metrics.Metrics(board, board.take_row())
        with local.connect() as client:
            client.sendall(request_)
            if status == 408:
                while not any(connection.data for connection in list(local.loop.waiting.values())):
                    time.sleep(0.005)
                local.loop.now = time.monotonic()
                for connection in list(local.loop.waiting.values()):
                    connection.deadline = 0.0
                local.loop.tick()
            answer = serving.exchange(client, half_close=status != 408)
        assert serving.status(answer) == status
        assert local.idle()
        counts.publish(local.loop)
    text = metrics.as_text(board)
    lines = [line for line in text.splitlines() if line.startswith("bolthead_refused_total") and line[-1] != "0"]
    assert lines == [f'bolthead_refused_total{{status="{status}"}} 1']
    assert "bolthead_request_seconds_count 0\n" in text


# systemd


def test_systemd_is_told(start, tmp_path):
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.bind(str(tmp_path / "n"))
    told.settimeout(serving.PATIENCE)

    def until(state: str) -> None:
        while state not in told.recv(4096).decode().split("\n"):
            pass

    server = start(env={"NOTIFY_SOCKET": str(tmp_path / "n"), "WATCHDOG_USEC": "2000000"})
    until("READY=1")
    until("WATCHDOG=1")
    server.process.send_signal(signal.SIGHUP)
    until("RELOADING=1")
    until("READY=1")
    assert server.stop() == 0
    until("STOPPING=1")
    told.close()


def test_socket_activation(tmp_path):
    """The sockets that systemd opened, from descriptor 3 on."""
    import subprocess
    import sys

    (tmp_path / "served.py").write_text(APP)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        code = (
            "import os, sys; os.dup2(int(sys.argv[1]), 3, True); os.environ['LISTEN_PID'] = str(os.getpid());"
            "os.environ['LISTEN_FDS'] = '1';"
            "os.execv(sys.executable, [sys.executable, '-m', 'bolthead', *sys.argv[2:]])"
        )
        args = ["--app", "served", "serve", "--workers", "1"]
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(listener.fileno()), *args], cwd=tmp_path, pass_fds=[listener.fileno()]
        )
    try:
        assert serving.status(fetch(port, "/")) == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(serving.PATIENCE) == 0
    finally:
        process.kill()
        process.wait()


def test_several_places_and_a_descriptor(start):
    ports = [serving.free_port(), serving.free_port()]
    server = start("--bind", f"127.0.0.1:{ports[0]}", "--bind", f"127.0.0.1:{ports[1]}")
    for port in (*ports, server.port):
        assert serving.status(fetch(port, "/")) == 200
    assert os.getpid() != server.process.pid
    assert server.stop() == 0

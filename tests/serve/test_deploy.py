"""The files of ``docs/examples/deploy``, with the programs they are for."""

from __future__ import annotations

import contextlib
import csv
import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import programs
import serving

pytest.importorskip("gunicorn")

DEPLOY = Path(__file__).resolve().parents[2] / "docs" / "examples" / "deploy"
APP = """
import os, time
from bolthead import Flask, request

app = Flask(__name__)

@app.get("/")
def index():
    return {"pid": os.getpid(), "for": request.headers.get("X-Forwarded-For"), "scheme": request.scheme,
            "host": request.host, "id": request.headers.get("X-Request-ID")}

@app.get("/slow")
def slow():
    time.sleep(float(os.environ.get("LONG", "2")))
    return "slow but done"
"""
RESTARTS = int(os.environ.get("BOLTHEAD_RESTARTS", "2"))
"""How often an instance behind the balancer is stopped; ten for the figures in the documentation."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "served.py").write_text(APP)
    return tmp_path


def ask(port: int, path: str = "/") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=serving.PATIENCE)
    try:
        connection.request("GET", path, headers={"Host": "shop.example.org", "X-Forwarded-For": "6.6.6.6"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@contextlib.contextmanager
def nginx(folder: Path, port: int, site: str) -> Iterator[None]:
    """nginx with *site*, its files in *folder*, while it listens at *port*."""
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log stderr; worker_processes 1; events {{}}\n"
        f"http {{ access_log off; client_body_temp_path {folder}; proxy_temp_path {folder};\n"
        f"fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};\n{site} }}\n"
    )
    command = [programs.need("nginx"), "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with serving.running(command, folder, port):
        yield


def documented(server: serving.Server, port: int) -> str:
    """The documentation's site, at *port* and in front of *server*."""
    site = (DEPLOY / "nginx.conf").read_text().replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")
    return site.replace("listen 8080", f"listen 127.0.0.1:{port}")


def test_nginx(folder: Path) -> None:
    programs.need("nginx")
    port = serving.free_port()
    options = ("--workers", "1", "--request-id-header", "X-Request-ID")
    with (
        contextlib.closing(serving.Server(folder, "served", *options)) as server,
        nginx(folder, port, documented(server, port)),
    ):
        for _ in range(20):
            code, body = ask(port)
            found = json.loads(body)
            assert code == 200
            assert (found["for"], found["host"], found["scheme"]) == ("127.0.0.1", "shop.example.org", "http")
            assert len(found["id"]) == 32


LIVE = """
from bolthead import Flask, websocket

app = Flask(__name__)

@app.websocket("/live")
async def live():
    await websocket.send(websocket.headers["X-Forwarded-For"])
"""


def test_a_websocket_through_nginx(tmp_path: Path) -> None:
    programs.need("nginx")
    (tmp_path / "live.py").write_text(LIVE)
    port = serving.free_port()
    asked = "\r\n".join(
        (
            "GET /live HTTP/1.1",
            "Host: shop.example.org",
            "Connection: Upgrade",
            "Upgrade: WebSocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
            "",
            "",
        )
    )
    with (
        contextlib.closing(serving.Server(tmp_path, "live", "--workers", "1")) as server,
        nginx(tmp_path, port, documented(server, port)),
        socket.create_connection(("127.0.0.1", port), serving.PATIENCE) as visitor,
    ):
        visitor.sendall(asked.encode())
        said = b""
        while b"127.0.0.1" not in said and (piece := visitor.recv(65536)):
            said += piece
    assert said.startswith(b"HTTP/1.1 101 ")
    assert b"\x81\x09127.0.0.1" in said


BEHIND = """
from bolthead import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

app = Flask(__name__)
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1)

@app.get("/")
def index():
    return {"from": request.remote_addr, "session": request.cookies.get("session"),
            "cookie": request.headers.get("Cookie"), "user": request.headers.get("X-Remote-User")}
"""


@pytest.mark.skipif(sys.platform != "linux", reason="127.0.0.2 is a host of its own there")
def test_bytes_beyond_ascii_through_nginx(tmp_path: Path) -> None:
    """A byte above 0x7F blanks no header: the cookie stays, and the client is not taken for the proxy."""
    programs.need("nginx")
    (tmp_path / "served.py").write_text(BEHIND)
    port = serving.free_port()
    with contextlib.closing(serving.Server(tmp_path, "served", "--workers", "1")) as server:
        site = (
            f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{server.port};"
            " proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; } }"
        )
        with nginx(tmp_path, port, site):
            for byte in ("\xff", "\x80", "6.6.6.6, \xe9"):
                cookie = f"name=Jos{byte}; session=abc"
                head = f"X-Forwarded-For: {byte}\r\nCookie: {cookie}\r\nX-Remote-User: {byte}\r\n"
                found = json.loads(serving.body(from_elsewhere(port, f"GET / HTTP/1.0\r\n{head}\r\n")))
                assert found == {"from": "127.0.0.2", "session": "abc", "cookie": cookie, "user": byte}


def from_elsewhere(port: int, request: str) -> bytes:
    """The answer to a request of 127.0.0.2."""
    with socket.create_connection(("127.0.0.1", port), serving.PATIENCE, source_address=("127.0.0.2", 0)) as visitor:
        visitor.sendall(request.encode("latin-1"))
        return b"".join(iter(lambda: visitor.recv(65536), b""))


class Instance:
    """One of two servers behind the balancer."""

    def __init__(self, folder: Path, port: int, admin: int) -> None:
        self.folder, self.port, self.admin = folder, port, admin
        self.start()

    def start(self) -> None:
        binds = ["--bind", f"127.0.0.1:{self.port}", "--admin-bind", f"127.0.0.1:{self.admin}"]
        command = [sys.executable, "-m", "bolthead", "--app", "served", "serve", "--workers", "1", *binds]
        self.process = subprocess.Popen(
            command, cwd=self.folder, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
        )
        until = time.monotonic() + serving.PATIENCE
        while time.monotonic() < until:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if ask(self.admin, "/healthz")[0] == 200:
                    return
            time.sleep(0.05)
        raise AssertionError("it does not start")

    def restart(self) -> None:
        self.process.terminate()
        assert self.process.wait(serving.PATIENCE) == 0
        self.start()

    def close(self) -> None:
        serving.kill(self.process)


def both_up(place: Path) -> None:
    """Wait until the balancer that answers at *place* has found both instances well, three times in a row."""
    until, well = time.monotonic() + serving.PATIENCE, 0
    while well < 3:
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as asking:
            asking.connect(str(place))
            asking.sendall(b"show stat\n")
            table = b"".join(iter(lambda: asking.recv(65536), b"")).decode()
        rows = csv.DictReader(table.removeprefix("# ").splitlines())
        states = {row["svname"]: row["status"] for row in rows if row["pxname"] == "shop"}
        well = well + 1 if states["a"] == states["b"] == "UP" else 0
        assert time.monotonic() < until, table
        # As long as the balancer waits between two looks.
        time.sleep(0.2)


def test_restarts_behind_haproxy(folder: Path) -> None:
    haproxy = programs.need("haproxy")
    front, *ports = (serving.free_port() for _ in range(5))
    config = (DEPLOY / "haproxy.cfg").read_text().replace("/run/haproxy", str(folder))
    for old, new in zip(("8080", "8001", "8002", "9001", "9002"), (front, *ports), strict=True):
        config = config.replace(old, str(new))
    (folder / "haproxy.cfg").write_text(config)
    assert subprocess.run([haproxy, "-c", "-q", "-f", str(folder / "haproxy.cfg")]).returncode == 0
    instances = [Instance(folder, ports[0], ports[2]), Instance(folder, ports[1], ports[3])]
    answers: list[object] = []
    over = threading.Event()

    def visitor(path: str) -> None:
        while not over.is_set():
            try:
                answers.append(ask(front, path)[0])
            except Exception as error:
                answers.append(error)

    threads = [threading.Thread(target=visitor, args=(path,)) for path in ("/", "/", "/", "/slow", "/slow")]
    try:
        with serving.running([haproxy, "-q", "-f", str(folder / "haproxy.cfg")], folder, front):
            both_up(folder / "admin.sock")
            for thread in threads:
                thread.start()
            for number in range(RESTARTS):
                instances[number % 2].restart()
                both_up(folder / "admin.sock")
            over.set()
            for thread in threads:
                thread.join(serving.PATIENCE)
    finally:
        over.set()
        for instance in instances:
            instance.close()
    print(f"{len(answers)} requests during {RESTARTS} stops, {sum(answer != 200 for answer in answers)} not answered")
    assert len(answers) > 100
    assert [answer for answer in answers if answer != 200] == []


def test_systemd(tmp_path: Path) -> None:
    analyze = programs.need("systemd-analyze")
    for unit in ("shop.service", "shop.socket"):
        text = (DEPLOY / unit).read_text()
        # The command is not there; any other is.
        (tmp_path / unit).write_text(
            text.replace("/srv/shop/.venv/bin/bolthead", "/bin/true").replace("notify-reload", "notify")
        )
    done = subprocess.run(
        [analyze, "verify", str(tmp_path / "shop.service"), str(tmp_path / "shop.socket")],
        capture_output=True,
        text=True,
    )
    said = [line for line in done.stderr.splitlines() if "shop." in line]
    assert said == []


def test_gunicorn_with_the_worker(folder: Path) -> None:
    port = serving.free_port()
    command = [sys.executable, "-m", "gunicorn", "-c", str(DEPLOY / "gunicorn.conf.py"), "--bind", f"127.0.0.1:{port}"]
    with serving.running([*command, "--workers", "2", "--no-control-socket", "served:app"], folder, port) as process:
        assert ask(port)[0] == 200
        process.terminate()
        assert process.wait(serving.PATIENCE) == 0


@pytest.mark.parametrize("package", ["flask", "bolthead"])
def test_an_application_of_either(folder: Path, package: str) -> None:
    """The worker serves what gunicorn serves, Flask itself too."""
    pytest.importorskip(package)
    (folder / "either.py").write_text(APP.replace("from bolthead", f"from {package}"))
    port = serving.free_port()
    command = [sys.executable, "-m", "gunicorn", "-k", "bolthead.serving.Worker", "--bind", f"127.0.0.1:{port}"]
    command += ["--threads", "2", "--no-control-socket", "either:app"]
    with serving.running(command, folder, port, BOLTHEAD_MAX_BODY="1k") as process:
        assert ask(port, "/slow") == (200, b"slow but done")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=serving.PATIENCE)
        connection.request("POST", "/", b"x" * 2000)
        assert connection.getresponse().status == 413
        connection.close()
        process.terminate()
        assert process.wait(serving.PATIENCE) == 0


@pytest.mark.parametrize("name", ["compose.yaml", "kubernetes.yaml"])
def test_yaml(name: str) -> None:
    yaml = pytest.importorskip("yaml")
    assert yaml.safe_load((DEPLOY / name).read_text())

"""Too few descriptors, a full disk, a log that is not read, too little memory: the server goes on."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import resource
import selectors
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import serving

pytest.importorskip("gunicorn")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="prlimit and /dev/full")

APP = """
import os, sys, time
from bolthead import Flask, request

app = Flask(__name__)
kept = []

@app.get("/")
def index():
    return "ok"

@app.get("/pid")
def pid():
    return str(os.getpid())

@app.get("/eat")
def eat():
    return str(len(b"x" * int(request.args["bytes"])))

@app.get("/print")
def say():
    print("x" * 70_000)
    return "said"
"""


@pytest.fixture
def start(tmp_path: Path):
    yield from serving.started(tmp_path, APP)


def test_few_descriptors(start):
    server = start("--workers", "1")
    worker = int(serving.body(server.get("/pid")))
    used = len(os.listdir(f"/proc/{worker}/fd"))
    # The worker has counted on more; accept(2) fails.
    resource.prlimit(worker, resource.RLIMIT_NOFILE, (used + 20, used + 20))
    with contextlib.ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(server.connect())
        for _ in range(5):
            assert serving.body(server.get("/")) == b"ok"
    assert serving.body(server.get("/pid")) == str(worker).encode()


def test_many_files_before_the_fork(tmp_path):
    """Those of the worker then have numbers that ``select`` does not take."""
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 2000:
        pytest.skip("open files are limited")
    (tmp_path / "served.py").write_text(
        "import os, resource\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (2000, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))\n"
        "held = [os.open('/dev/null', os.O_RDONLY) for _ in range(1100)]\n"
        "from bolthead import Flask\napp = Flask(__name__)\n"
    )
    admin = serving.free_port()
    args = ("--workers", "1", "--set", "preload_app=true", "--admin-bind", f"127.0.0.1:{admin}")
    server = serving.Server(tmp_path, "served", *args)
    try:
        assert serving.status(server.get()) == 404
        assert serving.ask(admin, "GET", "/healthz") == (200, b"ok\n")
        assert server.stop() == 0
        assert "Traceback" not in server.output()
    finally:
        server.close()


def test_no_descriptor_and_nothing_to_close(monkeypatch):
    from local_worker import Local

    class Exhausted:
        tries = 0

        def accept(self) -> Any:
            self.tries += 1
            raise OSError(errno.EMFILE, "Too many open files")

        def fileno(self) -> int:
            return real.fileno()

        def close(self) -> None:
            real.close()

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b"ok"]

    # With more threads another one may be about to try, too.
    local = Local(app, threads=1)
    (site,) = local.loop.sites.values()
    real, site.sock = site.sock, Exhausted()
    with local, local.connect() as client:
        until = time.monotonic() + serving.PATIENCE
        while local.loop.accepting and time.monotonic() < until:
            time.sleep(0.001)
        # It does not try again at once, but with the next tick.
        assert not local.loop.accepting
        tries = site.sock.tries
        time.sleep(0.05)
        assert site.sock.tries == tries
        site.sock = real
        local.loop.tick()
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize("log", ["accesslog", "errorlog"])
def test_full_disk_of_a_log(start, log):
    server = start("--workers", "1", "--access-log", "--set", f"{log}=/dev/full")
    answers = [serving.body(server.get("/")) for _ in range(50)]
    assert answers == [b"ok"] * 50
    assert server.stop() == 0


def reader_of(path: Path) -> int:
    os.mkfifo(path)
    return os.open(path, os.O_RDONLY | os.O_NONBLOCK)


def test_reader_of_the_log_gone(start, tmp_path):
    reader = reader_of(tmp_path / "pipe")
    server = start("--workers", "1", "--set", f"accesslog={tmp_path / 'pipe'}")
    assert serving.body(server.get("/")) == b"ok"
    os.close(reader)
    assert [serving.body(server.get("/")) for _ in range(50)] == [b"ok"] * 50
    assert server.stop() == 0


def test_log_that_is_not_read(start, tmp_path):
    # As with gunicorn: a line has to be written before the next request. Nothing is lost when it is read again.
    reader = reader_of(tmp_path / "pipe")
    settings = (f"accesslog={tmp_path / 'pipe'}", "access_log_format=" + "x" * 4000)
    server = start("--workers", "1", "--set", settings[0], "--set", settings[1])
    answers: list[bytes] = []
    threads = [threading.Thread(target=lambda: answers.append(serving.body(server.get("/")))) for _ in range(40)]
    for thread in threads:
        thread.start()
    content = b""
    until = time.monotonic() + serving.PATIENCE
    while content.count(b"\n") < 40 and time.monotonic() < until:
        try:
            content += os.read(reader, 1 << 16)
        except BlockingIOError:
            time.sleep(0.01)
    for thread in threads:
        thread.join(serving.PATIENCE)
    assert answers == [b"ok"] * 40
    assert content.count(b"\n") == 40
    os.close(reader)


def test_a_log_that_is_never_read_does_not_hold_up_a_stop(start, tmp_path):
    reader = reader_of(tmp_path / "pipe")
    settings = (f"accesslog={tmp_path / 'pipe'}", "access_log_format=" + "x" * 40_000)
    server = start("--workers", "1", "--stop-timeout", "1", "--set", settings[0], "--set", settings[1])
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(server.connect()) for _ in range(10)]
        for client in clients:
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        # The line of the second request does not fit.
        # Not `select`: this process may have more than 1,024 descriptors by now.
        with selectors.DefaultSelector() as selector:
            for client in clients:
                selector.register(client, selectors.EVENT_READ)
            assert selector.select(serving.PATIENCE)
        assert server.stop() == 0
    os.close(reader)


def test_too_little_memory(start):
    server = start("--workers", "1", "--threads", "2")
    worker = int(serving.body(server.get("/pid")))
    size = int(re.search(r"VmSize:\s+(\d+)", Path(f"/proc/{worker}/status").read_text())[1]) * 1024
    resource.prlimit(worker, resource.RLIMIT_AS, (size + (256 << 20), resource.RLIM_INFINITY))
    for _ in range(3):
        assert server.get("/eat?bytes=2000000000").startswith(b"HTTP/1.1 500 ")
        assert serving.body(server.get("/eat?bytes=1000")) == b"1000"
    assert serving.body(server.get("/pid")) == str(worker).encode()

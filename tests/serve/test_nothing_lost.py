"""Stops, reloads and deaths of workers under load: every request is counted, and answered."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest

import serving

pytest.importorskip("gunicorn")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")

APP = """
import os, time
from bolthead import Flask, request

app = Flask(__name__)

@app.route("/", methods=["GET", "POST"])
def index():
    request.get_data()
    return str(os.getpid())

@app.get("/slow")
def slow():
    open("slow" + request.args["s"], "w").close()
    time.sleep(float(request.args["s"]))
    return "slow but done"

@app.get("/until")
def until():
    open("entered", "w").close()
    while not os.path.exists("go"):
        time.sleep(0.02)
    return "long but done"

@app.get("/stream")
def stream():
    open("streams", "w").close()
    def parts():
        for number in range(20):
            time.sleep(0.1)
            yield f"{number}\\n"
    return parts()

@app.get("/die")
def die():
    os.kill(os.getpid(), 9)
"""


@pytest.fixture
def start(tmp_path: Path):
    yield from serving.started(tmp_path, APP)


def until_exists(path: Path) -> None:
    until = time.monotonic() + serving.PATIENCE
    while not path.exists():
        assert time.monotonic() < until, path
        time.sleep(0.02)


class Load:
    """Clients that ask as fast as they are answered, on kept connections and on new ones."""

    def __init__(self, port: int, kept: int = 4, new: int = 4) -> None:
        self.port = port
        self.answered = 0
        self.failed: list[str] = []
        self.pids: set[str] = set()
        self.over = threading.Event()
        self.lock = threading.Lock()
        kinds = [self._kept] * kept + [self._new] * new
        self.threads = [threading.Thread(target=kind, daemon=True) for kind in kinds]

    def __enter__(self) -> Load:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def stop(self) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join(serving.PATIENCE)

    def _ask(self, connection: http.client.HTTPConnection) -> None:
        try:
            connection.request("POST", "/", b"some body", {"Content-Type": "text/plain"})
            response = connection.getresponse()
            content = response.read().decode()
            assert response.status == 200, response.status
        except Exception as error:
            connection.close()
            with self.lock:
                self.failed.append(repr(error))
        else:
            if response.getheader("Connection") == "close":
                connection.close()
            with self.lock:
                self.answered += 1
                self.pids.add(content)

    def _kept(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=serving.PATIENCE)
        while not self.over.is_set():
            self._ask(connection)
        connection.close()

    def _new(self) -> None:
        while not self.over.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=serving.PATIENCE)
            self._ask(connection)
            connection.close()

    def until(self, pids: int) -> None:
        """Wait until that many workers have answered."""
        until = time.monotonic() + serving.PATIENCE
        while len(self.pids) < pids and time.monotonic() < until:
            time.sleep(0.02)
        assert len(self.pids) >= pids


def test_reloads(start):
    server = start("--workers", "2")
    with Load(server.port) as load:
        for count in (2, 4, 6, 8):
            load.until(count)
            server.process.send_signal(signal.SIGHUP)
        load.until(10)
    assert load.failed == []
    assert load.answered > 100
    assert server.stop() == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_workers_with_a_number_of_requests(start, workers):
    server = start("--workers", workers, "--max-requests", "50", "--max-requests-jitter", "20")
    with Load(server.port) as load:
        load.until(12)
    assert load.failed == []
    assert server.stop() == 0


def test_a_worker_that_is_killed_loses_only_what_it_held(start):
    server = start("--workers", "2", "--threads", "4")
    deaths = 4
    with Load(server.port) as load:
        for count in range(2, 2 + deaths):
            load.until(count)
            os.kill(int(serving.body(server.get())), signal.SIGKILL)
        load.until(2 + deaths)
    # Each client asks one thing at a time.
    assert len(load.failed) <= deaths * len(load.threads)
    assert load.answered > 100
    assert server.stop() == 0


def test_requests_that_kill_their_worker_do_not_end_the_server(start):
    server = start("--workers", "2")
    for _ in range(30):
        assert server.get("/die") == b""
        if "Workers keep dying" in server.output():
            break
    else:
        raise AssertionError(server.output())
    assert serving.status(server.get()) == 200
    assert server.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_finishes_what_is_being_answered(start, tmp_path, number):
    server = start("--workers", "2", "--stop-timeout", "30")
    # A stop before any worker serves answers nothing.
    server.get("/")
    answers: dict[str, bytes] = {}
    paths = ["/slow?s=0.5", "/slow?s=2.5", "/stream"]
    threads = [threading.Thread(target=lambda p=path: answers.update({p: server.get(p)})) for path in paths]
    idle = server.connect()
    for thread in threads:
        thread.start()
    for begun in ("slow0.5", "slow2.5", "streams"):
        until_exists(tmp_path / begun)
    assert server.stop(number) == 0
    for thread in threads:
        thread.join(serving.PATIENCE)
    assert serving.body(answers["/slow?s=0.5"]) == serving.body(answers["/slow?s=2.5"]) == b"slow but done"
    assert b"19\n" in answers["/stream"]
    assert answers["/stream"].endswith(b"0\r\n\r\n")
    assert idle.recv(1) == b""
    idle.close()


def test_a_kept_connection_is_answered_once_more_and_closed(start, tmp_path):
    server = start("--workers", "1")
    kept = server.connect()
    kept.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"Connection: close" not in kept.recv(4096)
    long = threading.Thread(target=server.get, args=("/until",))
    long.start()
    until_exists(tmp_path / "entered")
    server.process.send_signal(signal.SIGTERM)
    server.until_refused()
    kept.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = b""
    while data := kept.recv(4096):
        answer += data
    assert answer.startswith(b"HTTP/1.1 200") and b"\r\nConnection: close\r\n" in answer
    kept.close()
    (tmp_path / "go").touch()
    long.join(serving.PATIENCE)
    assert server.process.wait(serving.PATIENCE) == 0


def test_broken_code_does_not_replace_code_that_works(start, tmp_path):
    note = "open(f'imported-{os.getpid()}', 'w').close()\n"
    (tmp_path / "served.py").write_text(APP + note)
    server = start("--workers", "2")
    # From the log: one worker may take all that one client asks. A worker that had yet to import the code would fail.
    before: set[bytes] = set()
    until = time.monotonic() + serving.PATIENCE
    while len(before) < 2 and time.monotonic() < until:
        time.sleep(0.05)
        booted = re.findall(r"Booting worker with pid: (\d+)", server.output())
        before = {pid.encode() for pid in booted if (tmp_path / f"imported-{pid}").exists()}
    assert len(before) == 2
    (tmp_path / "served.py").write_text("1 / 0")
    server.process.send_signal(signal.SIGHUP)
    until = time.monotonic() + serving.PATIENCE
    while "given up" not in server.output() and time.monotonic() < until:
        time.sleep(0.05)
    assert "ZeroDivisionError" in server.output()
    assert {serving.body(server.get()) for _ in range(20)} <= before
    (tmp_path / "served.py").write_text(APP)
    server.process.send_signal(signal.SIGHUP)
    with Load(server.port, 0, 2) as load:
        load.until(1)
        while load.pids <= {pid.decode() for pid in before}:
            time.sleep(0.05)
    assert load.failed == []
    assert server.stop() == 0


def test_a_broken_configuration_does_not_replace_one_that_works(start, tmp_path):
    config = tmp_path / "gunicorn.conf.py"
    config.write_text("timeout = 31\n")
    (tmp_path / "other").write_text(str(os.getpid()))
    server = start("--workers", "1", "--config", str(config))
    pid = serving.body(server.get())
    for count, (text, said) in enumerate(
        [
            ("timeout = 1 / 0", "fails in line 1: ZeroDivisionError: division by zero"),
            ("certfile, keyfile = 'no.pem', 'key.pem'", "The certificate and key cannot be used: "),
            ("pidfile = '/no/such/pid'", "The pid file /no/such/pid cannot be written: its folder is missing"),
            ("pidfile = '/'", "The pid file / cannot be written: Is a directory"),
            ("pidfile = 'other'", "The pid file other belongs to a running process."),
        ],
        start=1,
    ):
        config.write_text(text)
        server.process.send_signal(signal.SIGHUP)
        until = time.monotonic() + serving.PATIENCE
        while server.output().count("given up") < count and time.monotonic() < until:
            time.sleep(0.05)
        assert said in server.output()
        assert serving.body(server.get()) == pid
    assert "Traceback" not in server.output()
    assert server.stop() == 0


def test_log_files_that_cannot_be_opened_again(start, tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    server = start("--workers", "1", "--set", f"errorlog={folder / 'error.log'}", "--set", "accesslog=logs/access.log")
    pid = serving.body(server.get())
    with (folder / "error.log").open() as before, (folder / "access.log").open() as access:
        shutil.rmtree(folder)
        for number, said in ((signal.SIGUSR1, "not opened again"), (signal.SIGHUP, "given up")):
            server.process.send_signal(number)
            text, until = "", time.monotonic() + serving.PATIENCE
            while said not in text and time.monotonic() < until:
                time.sleep(0.05)
                text += before.read()
            assert said in text
            assert "Traceback" not in text
            assert serving.body(server.get()) == pid
        lines, until = "", time.monotonic() + serving.PATIENCE
        while lines.count("GET / HTTP/1.1") < 3 and time.monotonic() < until:
            time.sleep(0.05)
            lines += access.read()
        assert lines.count("GET / HTTP/1.1") == 3
    folder.mkdir()
    server.process.send_signal(signal.SIGUSR1)
    until_exists(folder / "access.log")
    assert serving.body(server.get()) == pid
    assert server.stop() == 0
    assert "Shutting down" in (folder / "error.log").read_text()


def test_a_stop_does_not_wait_for_a_reload(start, tmp_path):
    """While the workers of before finish what they answer, a stop is a stop at once: nothing new is taken."""
    server = start("--workers", "1", "--stop-timeout", "600")
    answers: list[bytes] = []
    visitor = threading.Thread(target=lambda: answers.append(server.get("/until")))
    visitor.start()
    until_exists(tmp_path / "entered")
    before = re.findall(r"Booting worker with pid: (\d+)", server.output())
    server.process.send_signal(signal.SIGHUP)
    with Load(server.port, 0, 1) as load:
        while load.pids <= set(before):
            time.sleep(0.02)
    server.process.send_signal(signal.SIGTERM)
    server.until_refused()
    (tmp_path / "go").touch()
    visitor.join(serving.PATIENCE)
    assert serving.body(answers[0]) == b"long but done"
    assert server.process.wait(serving.PATIENCE) == 0


def test_a_request_that_takes_too_long_has_its_worker_replaced(start):
    server = start("--workers", "1", "--threads", "4", "--request-timeout", "1")
    stuck = server.connect()
    stuck.sendall(b"GET /slow?s=600 HTTP/1.1\r\nHost: x\r\n\r\n")
    before = serving.body(server.get())
    with Load(server.port, 0, 1) as load:
        load.until(1)
        while load.pids <= {before.decode()}:
            time.sleep(0.05)
    assert load.failed == []
    assert stuck.recv(1) == b""
    stuck.close()
    assert "time.sleep(float(request.args" in server.output()
    assert server.stop() == 0


def test_signals(start):
    server = start("--workers", "1")
    server.process.send_signal(signal.SIGTTIN)
    with Load(server.port, 0, 4) as load:
        load.until(2)
        server.process.send_signal(signal.SIGTTOU)
        server.process.send_signal(signal.SIGUSR1)
        server.process.send_signal(signal.SIGWINCH)
        time.sleep(0.5)
    assert load.failed == []
    assert server.stop(signal.SIGQUIT) == 0


def test_another_server_takes_over(start):
    """USR2 starts a second server on the same sockets; then the first may go."""
    server = start("--workers", "1", "--pid-file", "pid")
    folder = server.log.parent
    with Load(server.port) as load:
        load.until(1)
        server.process.send_signal(signal.SIGUSR2)
        load.until(2)
        other = int((folder / "pid.2").read_text())
        assert server.stop() == 0
        seen = load.answered
        until = time.monotonic() + serving.PATIENCE
        while load.answered < seen + 50 and time.monotonic() < until:
            time.sleep(0.02)
    assert load.failed == []
    os.kill(other, signal.SIGTERM)
    server.until_refused()

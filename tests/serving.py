"""Start ``bolthead serve`` for a test, talk to it over a plain socket, and stop it whatever happens."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

PATIENCE = 60
"""Seconds for a server to come up or go down, on a machine that is busy with something else."""


HALF = int(os.environ.get("BOLTHEAD_PURE", "") not in ("", "0"))
"""Each build's run has its own half of the ports, since both may look for one at the same time."""


HELD: list[socket.socket] = []
"""Sockets of the last 50 ports that were given out."""


def free_port() -> int:
    """A port for a server to listen at.

    Linux does not give it to another program meanwhile: a socket is left bound to it, beside which one that reuses
    addresses, as servers do, may listen.
    """
    while True:
        with socket.socket() as probe:
            if sys.platform == "linux":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
            if port // 2 % 2 == HALF:
                if sys.platform == "linux":
                    HELD.append(probe.dup())
                    if len(HELD) > 50:
                        HELD.pop(0).close()
                return port


def until_there(log: Path, text: str) -> str:
    """Wait for *text* in a file, whose content is returned."""
    until = time.monotonic() + PATIENCE
    while text not in log.read_text() and time.monotonic() < until:
        time.sleep(0.02)
    said = log.read_text()
    assert text in said, said
    return said


class Server:
    """``bolthead serve`` as a process of its own, listening when the constructor returns."""

    def __init__(self, folder: Path, app: str, *args: str, bind: str = "", env: dict[str, str] | None = None):
        self.log = folder / "serve.log"
        self.port = 0 if bind else free_port()
        self.path = bind.removeprefix("unix:")
        command = [sys.executable, "-m", "bolthead", "--app", app, "serve", *args]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "--bind", bind or f"127.0.0.1:{self.port}"],
                cwd=folder,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait()
        except BaseException:
            self.close()
            raise

    def _wait(self) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise AssertionError(f"serve ended with {self.process.returncode}: {self.output()}")
            try:
                self.connect().close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"serve does not listen: {self.output()}")

    def output(self) -> str:
        return self.log.read_text()

    def until_said(self, text: str) -> str:
        """Wait for *text* in the output, which is returned."""
        return until_there(self.log, text)

    def connect(self) -> socket.socket:
        if self.path:
            client = socket.socket(socket.AF_UNIX)
            try:
                client.connect(self.path)
            except OSError:
                client.close()
                raise
        else:
            client = socket.create_connection(("127.0.0.1", self.port))
        client.settimeout(PATIENCE)
        return client

    def talk(self, payload: bytes, *, half_close: bool = False) -> bytes:
        """Everything the server says to *payload* until it closes the connection."""
        with self.connect() as client:
            return exchange(client, payload, half_close=half_close)

    def get(self, path: str = "/", extra: str = "") -> bytes:
        request = f"GET {path} HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n{extra}\r\n"
        return self.talk(request.encode("latin-1"))

    def until_refused(self) -> None:
        """Wait until nobody listens any more."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self.connect().close()
            except OSError:
                return
            assert time.monotonic() < until, "somebody still listens"
            time.sleep(0.02)

    def stop(self, number: int = signal.SIGTERM, *, group: bool = False) -> int:
        """Send a signal, to the process or as a terminal does to its group; the exit code."""
        if group:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        kill(self.process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process that leads a group, and those that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait(PATIENCE)


def exchange(client: socket.socket, *pieces: bytes, half_close: bool) -> bytes:
    """Send *pieces*, and return all that is received until the connection is closed.

    Each of several pieces is a packet as far as that can be arranged. *half_close*: no more is sent after them.
    """
    said = b""
    # The server may answer and close while we are still sending.
    with contextlib.suppress(ConnectionError):
        for piece in pieces:
            client.sendall(piece)
            if len(pieces) > 1:
                time.sleep(0)
        if half_close:
            client.shutdown(socket.SHUT_WR)
    with contextlib.suppress(ConnectionError):
        while data := client.recv(65536):
            said += data
    return said


def status(answer: bytes) -> int:
    """The code of the first response; 0 for a connection closed without one."""
    return int(answer.split(b" ", 2)[1]) if answer else 0


def body(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


def started(folder: Path, source: str) -> Iterator[Callable[..., Server]]:
    """For a fixture: what starts servers of the application in *source* with arguments, and ends them afterwards."""
    (folder / "served.py").write_text(source)
    running: list[Server] = []

    def start(*args: str, **options: Any) -> Server:
        running.append(Server(folder, "served", *args, **options))
        return running[-1]

    yield start
    for server in running:
        server.close()


@contextlib.contextmanager
def running(command: list[str], folder: Path, port: int, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """Any server's process, once it listens at *port*; its output is in ``server.log``."""
    log = folder / "server.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **env}, stdout=file, stderr=file, start_new_session=True
        )
    try:
        until = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            assert process.poll() is None and time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        yield process
    finally:
        kill(process)


def ask(port: int, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    """Status and body of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, body or None, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()

"""A client whose end comes together with its last request: the worker sees it, however its system names that event."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import serving

pytest.importorskip("gunicorn")
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="epoll")

SERVER = """
import select, sys, time

if sys.argv[1] == "unnamed" and hasattr(select, "EPOLLRDHUP"):
    del select.EPOLLRDHUP

from local_worker import Local

def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]

with Local(app, threads=4, keepalive=3600) as local:
    print(local.address[1], flush=True)
    time.sleep(3600)
"""


@pytest.mark.parametrize("name", ["named", "unnamed"])
def test_an_end_that_comes_with_a_request(name: str) -> None:
    """Both are there when the worker looks, and there is one event for both."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, name],
        env={**os.environ, "PYTHONPATH": str(Path(serving.__file__).parent)},
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        with socket.create_connection(("127.0.0.1", int(process.stdout.readline()))) as client:
            client.settimeout(serving.PATIENCE)
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert client.recv(1000).endswith(b"ok")
            process.send_signal(signal.SIGSTOP)
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            client.shutdown(socket.SHUT_WR)
            process.send_signal(signal.SIGCONT)
            said = b"".join(iter(lambda: client.recv(1000), b""))
        assert said.endswith(b"ok")
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()

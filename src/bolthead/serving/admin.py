"""``/healthz`` and ``/metrics``, at a place of their own, answered by the main thread of any worker."""

from __future__ import annotations

import os
import socket
from time import monotonic

from .binds import Bind, claim
from .metrics import Scoreboard, as_text

READ_TIMEOUT = 1.0
"""Seconds for a client to send its request."""


class Admin:
    """The socket and the counts, made by the arbiter before it starts workers, which share them."""

    def __init__(self, bind: Bind) -> None:
        self.board = Scoreboard()
        if "GUNICORN_PID" not in os.environ:
            # After USR2 the server before this one still has the place, and shares it.
            bind = claim(bind)
        if bind.path is not None:
            bind.path.unlink(missing_ok=True)
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.bind(str(bind.path))
        else:
            self.sock = socket.socket(socket.AF_INET6 if ":" in bind.host else socket.AF_INET)
            for option in (socket.SO_REUSEADDR, getattr(socket, "SO_REUSEPORT", socket.SO_REUSEADDR)):
                self.sock.setsockopt(socket.SOL_SOCKET, option, 1)
            self.sock.bind((bind.host, bind.port))
        self.sock.listen(64)
        self.sock.setblocking(False)
        os.set_inheritable(self.sock.fileno(), False)

    def answer(self) -> None:
        """Answer one client, if another worker was not quicker."""
        try:
            client, _ = self.sock.accept()
        except OSError:
            return
        with client:
            until = monotonic() + READ_TIMEOUT
            try:
                asked = b""
                while b"\r\n\r\n" not in asked and len(asked) < 8192:
                    # Never none, which would be no limit at all.
                    client.settimeout(max(until - monotonic(), 0.001))
                    data = client.recv(4096)
                    if not data:
                        break
                    asked += data
                client.sendall(self.respond(asked))
            except OSError:
                pass

    def respond(self, asked: bytes) -> bytes:
        method, _, rest = asked.partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0]
        if method not in (b"GET", b"HEAD"):
            return page("405 Method Not Allowed", "GET, please\n", method)
        if path == b"/healthz":
            return page("200 OK", "ok\n", method)
        if path == b"/metrics":
            return page("200 OK", as_text(self.board), method)
        return page("404 Not Found", "/healthz or /metrics\n", method)


def page(status: str, text: str, method: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
        f"Content-Length: {len(text)}\r\nConnection: close\r\n\r\n"
    )
    return (head + ("" if method == b"HEAD" else text)).encode()

"""``/healthz`` and ``/metrics``, at a place of their own, answered by the main thread of any worker."""

from __future__ import annotations

import os
import socket
from time import monotonic

from .binds import claim, parse_bind
from .metrics import Scoreboard, as_text

READ_TIMEOUT = 1.0
"""Seconds for a client to send its request."""


HANDED_OVER = "BOLTHEAD_ADMIN_FD"
"""The variable that hands the socket to the server after USR2: its descriptor, a space, and its place."""


class Admin:
    """The socket and the counts, made by the arbiter before it starts workers, which share them."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.board = Scoreboard()
        self.bind = parse_bind(place)
        self.sock = self._inherited() or self._listening()
        self.sock.setblocking(False)

    def _inherited(self) -> socket.socket | None:
        """The socket of the server before this one, which goes on with it too."""
        number, _, place = os.environ.pop(HANDED_OVER, "").partition(" ")
        if not number:
            return None
        sock = socket.socket(fileno=int(number))
        if place == self.place:
            return sock
        sock.close()
        return None

    def _listening(self) -> socket.socket:
        bind = claim(self.bind)
        if bind.path is not None:
            sock = socket.socket(socket.AF_UNIX)
            sock.bind(str(bind.path))
        else:
            sock = socket.socket(socket.AF_INET6 if ":" in bind.host else socket.AF_INET)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((bind.host, bind.port))
        sock.listen(64)
        return sock

    def hand_over(self, environ: dict[str, str]) -> None:
        """Let a program that is started with *environ* have the socket."""
        os.set_inheritable(self.sock.fileno(), True)
        environ[HANDED_OVER] = f"{self.sock.fileno()} {self.place}"

    def close(self, *, unlink: bool = False) -> None:
        """Answer no more; *unlink*: nor does another server."""
        self.sock.close()
        if unlink and self.bind.path is not None:
            self.bind.path.unlink(missing_ok=True)

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

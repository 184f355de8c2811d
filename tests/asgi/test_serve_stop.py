"""What ``bolthead serve --asgi`` does with its connections when it stops."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

pytest.importorskip("gunicorn")

from serving import PATIENCE, Server, exchange


def test_kept_connections_do_not_hold_up_a_stop(tmp_path: Path) -> None:
    """They are answered once more, as by the worker for WSGI, then closed: used ones, new ones, and half a head."""
    (tmp_path / "site_kept.py").write_text("from bolthead import Flask\napp = Flask(__name__)\n")
    server = Server(tmp_path, "site_kept", "--asgi", "--workers", "1", "--stop-timeout", "600")
    request = b"GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n"
    try:
        with server.connect() as used, server.connect() as kept, server.connect() as new, server.connect() as half:
            for connection in (used, kept):
                connection.sendall(request)
                assert connection.recv(65536).startswith(b"HTTP/1.1 404 ")
            half.sendall(request[:10])
            server.process.send_signal(signal.SIGTERM)
            server.until_said("Waiting for ")
            used.sendall(request)
            answer = exchange(used, half_close=False)
            assert answer.startswith(b"HTTP/1.1 404 ") and b"connection: close" in answer.lower()
            assert [connection.recv(100) for connection in (kept, new, half)] == [b""] * 3
            assert server.process.wait(PATIENCE) == 0
        assert "Forcing close" not in server.output()
    finally:
        server.close()

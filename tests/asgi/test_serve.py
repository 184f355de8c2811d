"""``bolthead serve --asgi`` as a process: requests, the lifespan, a websocket's handshake."""

from __future__ import annotations

import base64
import socket
from pathlib import Path

from serving import Server

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
    server = Server(tmp_path, "site_served", "--asgi", "--workers", "1")
    try:
        assert ask(server.port, "/", "Connection: close").endswith(b"set")
        assert ask(server.port, "/sync", "Connection: close").endswith(b"sync")
        key = base64.b64encode(bytes(16)).decode()
        upgrade = (
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
        )
        found = ask(server.port, "/ws", *upgrade)
        assert found.startswith(b"HTTP/1.1 101")
        assert b"\x81\x05hello" in found
        assert server.stop() == 0
    finally:
        server.close()

"""What a server with more extensions than others sends: Hypercorn, by HTTP/2 in clear, with a client made of ``h2``."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Any

import pytest

from bolthead import Flask, request

hypercorn = pytest.importorskip("hypercorn.asyncio")
config = pytest.importorskip("hypercorn.config")
h2 = pytest.importorskip("h2.connection")
events = pytest.importorskip("h2.events")

PATIENCE = 60


def site() -> Flask:
    app = Flask("site_under_test", root_path="/nowhere")

    @app.get("/sync")
    def sync() -> Any:
        request.environ["wsgi.early_hints"]([("Link", "</a.css>; rel=preload")])
        request.environ["bolthead.trailers"]([("X-Sum", "1")])
        return "text", {"Trailer": "X-Sum"}

    @app.get("/async")
    async def later() -> Any:
        request.environ["wsgi.early_hints"]([("Link", "</a.css>; rel=preload")])
        add = request.environ["bolthead.trailers"]

        async def walk() -> Any:
            yield "te"
            yield "xt"
            add([("X-Sum", "1")])

        return walk(), {"Trailer": "X-Sum"}

    return app


async def talk(port: int, path: str) -> list[Any]:
    """What comes back of one request: names of events, each with what it holds."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            break
        except OSError:
            assert time.monotonic() < end
            await asyncio.sleep(0.01)
    client = h2.H2Connection()
    client.initiate_connection()
    fields = {":method": "GET", ":path": path, ":authority": "a", ":scheme": "http", "te": "trailers"}
    client.send_headers(1, list(fields.items()), end_stream=True)
    found: list[Any] = []
    try:
        while True:
            writer.write(client.data_to_send())
            data = await asyncio.wait_for(reader.read(65536), PATIENCE)
            assert data, found
            for event in client.receive_data(data):
                if isinstance(event, events.StreamEnded):
                    return found
                if isinstance(event, events.DataReceived):
                    found.append(bytes(event.data))
                elif hasattr(event, "headers"):
                    found.append({bytes(name): bytes(value) for name, value in event.headers})
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("path", ["/sync", "/async"])
def test_early_hints_and_trailers(path: str) -> None:
    async def main() -> list[Any]:
        settings = config.Config()
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        settings.bind = [f"fd://{listener.detach()}"]
        settings.errorlog = None
        settings.graceful_timeout = 1
        stop = asyncio.Event()
        server = asyncio.create_task(
            hypercorn.serve(site().asgi_app, settings, shutdown_trigger=stop.wait, mode="asgi")
        )
        found = await talk(port, path)
        stop.set()
        await asyncio.wait_for(server, PATIENCE)
        return found

    hint, start, *body, trailers = asyncio.run(main())
    assert (hint[b":status"], hint[b"link"]) == (b"103", b"</a.css>; rel=preload")
    assert (start[b":status"], start[b"trailer"]) == (b"200", b"X-Sum")
    assert b"".join(body) == b"text"
    assert trailers == {b"x-sum": b"1"}

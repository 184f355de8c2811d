"""Trailers over ASGI: of whole answers and of streams, announced and not, and where the server cannot send them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from werkzeug.middleware.proxy_fix import ProxyFix

from bolthead import Flask, request
from bolthead._core.lifecycle import asgi_trailers

PAIRS = [("X-Sum", "1"), ("x-other", "é")]


def ask(app: Flask, path: str, method: str = "GET", extension: bool = True) -> list[Any]:
    """The messages of one request."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        await asyncio.sleep(0)
        sent.append(message)

    scope: dict[str, Any] = {"type": "http", "path": path, "query_string": b"", "headers": [(b"host", b"a")]}
    if extension:
        scope["extensions"] = {asgi_trailers.TRAILERS_EXTENSION: {}}
    asyncio.run(app.asgi_app(scope | {"method": method}, receive, send))
    return sent


def site(announced: bool = True) -> Flask:
    app = Flask("site_under_test", root_path="/nowhere")
    headers = {"Trailer": "X-Sum, X-Other"} if announced else {}

    @app.get("/sync")
    def sync() -> Any:
        request.environ["bolthead.trailers"](PAIRS)
        return "text", headers

    @app.get("/async")
    async def later() -> Any:
        request.environ["bolthead.trailers"](PAIRS[:1])
        request.environ["bolthead.trailers"](PAIRS[1:])
        return "text", headers

    @app.get("/pieces")
    def pieces() -> Any:
        add = request.environ["bolthead.trailers"]

        def walk() -> Iterator[str]:
            yield "te"
            yield "xt"
            add(PAIRS)

        return walk(), headers

    @app.get("/stream")
    async def stream() -> Any:
        add = request.environ["bolthead.trailers"]

        async def walk() -> AsyncIterator[str]:
            yield "te"
            add(PAIRS)
            yield "xt"

        return walk(), headers

    @app.get("/none")
    async def none() -> Any:
        return "text", headers

    @app.get("/break")
    async def breaks() -> Any:
        with pytest.raises(ValueError, match="line break"):
            request.environ["bolthead.trailers"]([("X-Sum", "1\r\nX-Forged: 2")])
        return "text", headers

    return app


@pytest.mark.parametrize("path", ["/sync", "/async", "/pieces", "/stream", "/none", "/break"])
@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("wrapped", [True, False])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_follows_the_body(path: str, announced: bool, wrapped: bool, method: str) -> None:
    app = site(announced)
    if wrapped:
        app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    start, *rest = ask(app, path, method)
    assert start["type"] == "http.response.start" and start["status"] == 200
    assert start.get("trailers", False) is announced
    bodies = [message for message in rest if message["type"] == "http.response.body"]
    assert b"".join(message["body"] for message in bodies) == (b"text" if method == "GET" else b"")
    assert [message["more_body"] for message in bodies] == [True] * (len(bodies) - 1) + [False]
    if announced:
        walked = path in ("/pieces", "/stream")
        given = path in ("/sync", "/async") or (walked and method == "GET")
        pairs = [(b"x-sum", b"1"), (b"x-other", b"\xe9")] if given else []
        assert rest[len(bodies) :] == [
            {"type": asgi_trailers.TRAILERS_EXTENSION, "headers": pairs, "more_trailers": False}
        ]
    else:
        assert bodies == rest


def test_a_server_that_cannot() -> None:
    app = Flask("site_under_test", root_path="/nowhere")

    @app.get("/")
    async def index() -> Any:
        return str("bolthead.trailers" in request.environ), {"Trailer": "X-Sum"}

    start, body = ask(app, "/", extension=False)
    assert "trailers" not in start and body["body"] == b"False"
    assert "bolthead.trailers" not in app.test_client().get("/").request.environ
